//! Which payment paid which invoice, since 2025-03-31. Source: <https://docs.stripe.com/api/invoice-payment>.

use serde::Deserialize;

use super::{
    form::Params,
    object::{self, Identified, Object, Reference, null_default},
    request::Request,
};

/// A payment of an invoice.
#[derive(Clone, Debug, Deserialize)]
pub struct InvoicePayment {
    /// `inpay_…`.
    pub id: String,
    /// `in_…`.
    pub invoice: Option<Reference<Identified>>,
    /// What it is made with.
    pub payment: Option<Payment>,
}

impl InvoicePayment {
    /// Whether it waits for the customer, usually to confirm it with their bank. Unknown, thus no, when the intent was
    /// not expanded.
    pub fn requires_action(&self) -> bool {
        let intent = self.payment.as_ref().and_then(|payment| payment.payment_intent.as_ref());
        intent.and_then(Reference::object).is_some_and(PaymentIntent::requires_action)
    }
}

/// What an invoice is paid with.
#[derive(Clone, Debug, Deserialize)]
pub struct Payment {
    /// Absent when it is a charge or a payment record.
    pub payment_intent: Option<Reference<PaymentIntent>>,
}

/// A payment on its way. Source: <https://docs.stripe.com/api/payment_intents/object>.
#[derive(Clone, Debug, Deserialize)]
pub struct PaymentIntent {
    /// `pi_…`.
    pub id: String,
    /// Stripe's word: `requires_payment_method`, `requires_action`, `processing`, `succeeded`, …
    #[serde(default, deserialize_with = "null_default")]
    pub status: String,
    /// Why the last try failed.
    pub last_payment_error: Option<LastPaymentError>,
}

impl PaymentIntent {
    /// A bank's question to a customer who is not there can also fail the payment.
    /// Source: <https://docs.stripe.com/declines/codes>.
    fn requires_action(&self) -> bool {
        let error = self.last_payment_error.as_ref().and_then(|error| error.code.as_deref());
        self.status == "requires_action"
            || (self.status == "requires_payment_method"
                && error == Some("authentication_required"))
    }
}

/// Why a payment failed.
#[derive(Clone, Debug, Deserialize)]
pub struct LastPaymentError {
    /// `authentication_required`, `card_declined`, …
    pub code: Option<String>,
}

impl Object for InvoicePayment {
    fn id(&self) -> &str {
        &self.id
    }
}

/// What a payment intent paid.
pub fn of_payment_intent(id: &str) -> Request<object::List<InvoicePayment>> {
    let payment = Params::new().with("type", "payment_intent").with("payment_intent", id);
    Request::get(["invoice_payments"]).params(Params::new().with("payment", payment))
}

/// What is being tried to pay an invoice, with the payment intents.
pub fn open_of_invoice(id: &str) -> Request<object::List<InvoicePayment>> {
    Request::get(["invoice_payments"])
        .params(Params::new().with("invoice", id).with("status", "open"))
        .expand("data.payment.payment_intent")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_payment_waits_for_the_customer_when_their_bank_asks() {
        let error = |code: &str| json!({ "code": code });
        for (status, error, waits) in [
            ("requires_action", Value::Null, true),
            ("requires_payment_method", error("authentication_required"), true),
            ("requires_payment_method", error("card_declined"), false),
            ("requires_payment_method", Value::Null, false),
            ("processing", error("authentication_required"), false),
        ] {
            let intent = json!({ "id": "pi_1", "status": status, "last_payment_error": error });
            let payment = json!({ "id": "inpay_1", "payment": { "payment_intent": intent } });
            let payment: InvoicePayment = serde_json::from_value(payment).unwrap();
            assert_eq!(payment.requires_action(), waits, "{status} {error}");
        }
        let by_id = json!({ "id": "inpay_1", "payment": { "payment_intent": "pi_1" } });
        let by_id: InvoicePayment = serde_json::from_value(by_id).unwrap();
        assert!(!by_id.requires_action());
    }
}
