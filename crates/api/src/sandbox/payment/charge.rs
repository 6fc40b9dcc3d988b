//! Charges: what an attempt to pay did to a card.

use serde_json::{Value, json};

use super::{Presence, Verdict, balance::Booking, behaviour_of, charge_verdict};
use crate::sandbox::{
    cards::{Behaviour, Decline},
    error::ApiError,
    object::{Kind, Object},
    store::Tx,
};

/// What became of the money of a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    Captured,
    /// Held, to be captured by hand.
    Held,
    /// On its way.
    Pending,
    Not(Decline),
}

impl Tx<'_> {
    /// Charges a payment method for an intent, or notes how it declined.
    pub(super) fn charge(
        &mut self,
        intent: &Object,
        payment_method: &Object,
        taken: Taken,
    ) -> Result<Object, ApiError> {
        self.charge_for(&intent.body, Some(&intent.id), payment_method, taken)
    }

    /// Charges a payment method, or notes how it declined. `what` has the members of the charge that say what for.
    fn charge_for(
        &mut self,
        what: &Value,
        intent: Option<&str>,
        payment_method: &Object,
        taken: Taken,
    ) -> Result<Object, ApiError> {
        let decline = match taken {
            Taken::Not(decline) => Some(decline),
            Taken::Captured | Taken::Held | Taken::Pending => None,
        };
        let is_captured = matches!(taken, Taken::Captured | Taken::Pending);
        let status = match taken {
            Taken::Captured | Taken::Held => "succeeded",
            Taken::Pending => "pending",
            Taken::Not(_) => "failed",
        };
        let amount = &what["amount"];
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
                "amount_captured": if is_captured { amount.clone() } else { json!(0) },
                "amount_refunded": 0,
                "application": null,
                "application_fee": null,
                "application_fee_amount": null,
                "balance_transaction": null,
                "billing_details": payment_method.body["billing_details"],
                "calculated_statement_descriptor": "SANDBOX",
                "captured": is_captured,
                "currency": what["currency"],
                "customer": what["customer"],
                "description": what["description"],
                "disputed": false,
                "failure_balance_transaction": null,
                "failure_code": decline.map(|decline| decline.code),
                "failure_message": decline.map(Decline::message),
                "fraud_details": {},
                "metadata": what["metadata"],
                "on_behalf_of": null,
                "outcome": outcome,
                "paid": status == "succeeded",
                "payment_intent": intent,
                "payment_method": payment_method.id,
                "payment_method_details": payment_method_details(payment_method, amount),
                "receipt_email": what["receipt_email"],
                "receipt_number": null,
                "receipt_url": null,
                "refunded": false,
                "review": null,
                "shipping": what["shipping"],
                "source": what["source"],
                "source_transfer": null,
                "statement_descriptor": what["statement_descriptor"],
                "statement_descriptor_suffix": what["statement_descriptor_suffix"],
                "status": status,
                "transfer_data": null,
                "transfer_group": what["transfer_group"],
            }),
        );
        if taken == Taken::Captured {
            let booked = self.book(Booking::charge(&charge))?;
            charge.body["balance_transaction"] = json!(booked.id);
        }
        self.insert(&charge)?;
        self.emit(&format!("charge.{status}"), &charge, None)?;
        Ok(charge)
    }

    /// Holds the money of an intent that is captured by hand.
    pub(super) fn hold_charge(
        &mut self,
        intent: &mut Object,
        payment_method: &Object,
    ) -> Result<(), ApiError> {
        let charge = self.charge(intent, payment_method, Taken::Held)?;
        intent.body["status"] = json!("requires_capture");
        intent.body["amount_capturable"] = intent.body["amount"].clone();
        intent.body["latest_charge"] = json!(charge.id);
        intent.body["last_payment_error"] = Value::Null;
        self.save(intent)?;
        self.emit("payment_intent.amount_capturable_updated", intent, None)
    }

    /// Captures what is held; what is left of it goes back to the card.
    pub(crate) fn capture(&mut self, intent: &mut Object, amount: i64) -> Result<(), ApiError> {
        let mut charge = self.held_charge(intent)?;
        self.capture_charge(&mut charge, amount)?;
        intent.body["status"] = json!("succeeded");
        intent.body["amount_capturable"] = json!(0);
        intent.body["amount_received"] = json!(amount);
        self.save(intent)?;
        self.emit("payment_intent.succeeded", intent, None)
    }

    /// Captures what a charge holds; what is left of it goes back to the card.
    pub(crate) fn capture_charge(
        &mut self,
        charge: &mut Object,
        amount: i64,
    ) -> Result<(), ApiError> {
        let rest = charge.integer("amount").unwrap_or(0) - amount;
        charge.body["captured"] = json!(true);
        charge.body["amount_captured"] = json!(amount);
        charge.body["amount_refunded"] = json!(rest);
        let booked = self.book(Booking::charge(charge))?;
        charge.body["balance_transaction"] = json!(booked.id);
        self.save(charge)?;
        self.emit("charge.captured", charge, None)
    }

    /// Charges a card without an intent, as before there were any. Nobody is there to be asked. The charge, and how it
    /// was declined.
    pub(crate) fn charge_directly(
        &mut self,
        what: &Value,
        payment_method: &Object,
        captures: bool,
    ) -> Result<(Object, Option<Decline>), ApiError> {
        let (taken, decline) = match charge_verdict(payment_method, Presence::OffSession) {
            Verdict::Declined(decline) => (Taken::Not(decline), Some(decline)),
            _ if captures => (Taken::Captured, None),
            _ => (Taken::Held, None),
        };
        let charge = self.charge_for(what, None, payment_method, taken)?;
        if let (Behaviour::IsDisputed(ground), Taken::Captured) =
            (behaviour_of(payment_method), taken)
        {
            self.open_dispute(charge.clone(), ground)?;
        }
        Ok((charge, decline))
    }

    /// Lets go of what is held for an intent; the caller saves the intent.
    pub(crate) fn release_held(&mut self, intent: &mut Object) -> Result<(), ApiError> {
        let before = self.held_charge(intent)?;
        let mut charge = before.clone();
        charge.body["refunded"] = json!(true);
        charge.body["amount_refunded"] = charge.body["amount"].clone();
        self.save(&charge)?;
        intent.body["amount_capturable"] = json!(0);
        self.emit_change("charge.refunded", &before, &charge)
    }

    fn held_charge(&mut self, intent: &Object) -> Result<Object, ApiError> {
        self.get(Kind::Charge, intent.text("latest_charge").unwrap_or_default(), "charge")
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
