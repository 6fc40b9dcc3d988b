//! Which payment paid which invoice, since 2025-03-31. Source: <https://docs.stripe.com/api/invoice-payment>.

use serde::Deserialize;

use super::{
    form::Params,
    object::{self, Identified, Object, Reference},
    request::Request,
};

/// A payment of an invoice.
#[derive(Clone, Debug, Deserialize)]
pub struct InvoicePayment {
    /// `inpay_…`.
    pub id: String,
    /// `in_…`.
    pub invoice: Option<Reference<Identified>>,
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
