//! Charges: what an attempt to pay did to a card.

use serde_json::{Value, json};

use super::balance::Booking;
use crate::sandbox::{
    cards::Decline,
    error::ApiError,
    object::{Kind, Object},
    store::Tx,
};

impl Tx<'_> {
    /// Charges a payment method for an intent, or notes how it declined.
    pub(super) fn charge(
        &mut self,
        intent: &Object,
        payment_method: &Object,
        decline: Option<Decline>,
    ) -> Result<Object, ApiError> {
        let amount = &intent.body["amount"];
        let outcome = match decline {
            None => json!({
                "advice_code": null, "network_advice_code": null, "network_decline_code": null,
                "network_status": "approved_by_network", "reason": null, "risk_level": "normal", "risk_score": 20,
                "seller_message": "Payment complete.", "type": "authorized",
            }),
            Some(decline) => json!({
                "advice_code": "try_again_later", "network_advice_code": null, "network_decline_code": "01",
                "network_status": "declined_by_network", "reason": decline.decline_code, "risk_level": "normal",
                "risk_score": 20, "seller_message": "The bank did not return any further details with this decline.",
                "type": "issuer_declined",
            }),
        };
        let mut charge = Object::new(
            Kind::Charge,
            self.now(),
            json!({
                "amount": amount,
                "amount_captured": if decline.is_none() { amount.clone() } else { json!(0) },
                "amount_refunded": 0,
                "application": null,
                "application_fee": null,
                "application_fee_amount": null,
                "balance_transaction": null,
                "billing_details": payment_method.body["billing_details"],
                "calculated_statement_descriptor": "SANDBOX",
                "captured": decline.is_none(),
                "currency": intent.body["currency"],
                "customer": intent.body["customer"],
                "description": intent.body["description"],
                "disputed": false,
                "failure_balance_transaction": null,
                "failure_code": decline.map(|decline| decline.code),
                "failure_message": decline.map(Decline::message),
                "fraud_details": {},
                "metadata": intent.body["metadata"],
                "on_behalf_of": null,
                "outcome": outcome,
                "paid": decline.is_none(),
                "payment_intent": intent.id,
                "payment_method": payment_method.id,
                "payment_method_details": payment_method_details(payment_method, amount),
                "receipt_email": null,
                "receipt_number": null,
                "receipt_url": null,
                "refunded": false,
                "review": null,
                "shipping": intent.body["shipping"],
                "source_transfer": null,
                "statement_descriptor": null,
                "statement_descriptor_suffix": null,
                "status": if decline.is_none() { "succeeded" } else { "failed" },
                "transfer_data": null,
                "transfer_group": null,
            }),
        );
        if decline.is_some() {
            self.insert(&charge)?;
            self.emit("charge.failed", &charge, None)?;
            return Ok(charge);
        }
        let booked = self.book(Booking::charge(&charge))?;
        charge.body["balance_transaction"] = json!(booked.id);
        self.insert(&charge)?;
        self.emit("charge.succeeded", &charge, None)?;
        Ok(charge)
    }
}

fn payment_method_details(payment_method: &Object, amount: &Value) -> Value {
    let kind = payment_method.text("type").unwrap_or("card");
    let card = &payment_method.body["card"];
    if kind != "card" {
        return json!({ "type": kind, kind: {} });
    }
    json!({
        "type": "card",
        "card": {
            "amount_authorized": amount,
            "authorization_code": null,
            "brand": card["brand"],
            "checks": card["checks"],
            "country": card["country"],
            "exp_month": card["exp_month"],
            "exp_year": card["exp_year"],
            "fingerprint": card["fingerprint"],
            "funding": card["funding"],
            "installments": null,
            "last4": card["last4"],
            "mandate": null,
            "network": card["brand"],
            "network_token": { "used": false },
            "network_transaction_id": null,
            "regulated_status": "unregulated",
            "three_d_secure": null,
            "wallet": null,
        },
    })
}
