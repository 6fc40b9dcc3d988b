//! Refunds: money of a charge given back, whole or in part.

use serde_json::{Value, json};

use super::{balance::Booking, behaviour_of};
use crate::sandbox::{
    billing::amounts::written,
    cards::Behaviour,
    error::ApiError,
    object::{Kind, Object},
    store::Tx,
};

/// What is to be given back.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewRefund {
    /// Minor units; what is left of the charge when not given.
    pub(crate) amount: Option<i64>,
    pub(crate) reason: Option<String>,
    pub(crate) metadata: Value,
}

/// How much of a charge can be given back, or why it cannot.
fn refundable(charge: &Object, wanted: Option<i64>) -> Result<i64, ApiError> {
    let id = &charge.id;
    if charge.text("status") != Some("succeeded") {
        return Err(ApiError::invalid(format!(
            "Charge {id} has failed: only successful charges can be refunded."
        ))
        .code("charge_not_refundable"));
    }
    if charge.is("refunded") {
        let message = format!("Charge {id} has already been refunded.");
        return Err(ApiError::invalid(message).code("charge_already_refunded"));
    }
    // An inquiry leaves the money where it is, so it can still be given back.
    if charge.private["is_charged_back"] == true {
        let message = format!("Charge {id} has been charged back; cannot issue a refund.");
        return Err(ApiError::invalid(message).code("charge_disputed"));
    }
    let left = charge.integer("amount_captured").unwrap_or(0)
        - charge.integer("amount_refunded").unwrap_or(0);
    let amount = wanted.unwrap_or(left);
    if amount > left {
        let currency = charge.text("currency").unwrap_or_default();
        return Err(ApiError::invalid_param(
            "amount",
            format!(
                "Refund amount ({}) is greater than unrefunded amount on charge ({})",
                written(amount, currency),
                written(left, currency)
            ),
        ));
    }
    Ok(amount)
}

impl Tx<'_> {
    /// Gives money of a charge back, at once.
    pub(crate) fn refund(
        &mut self,
        charge: &mut Object,
        new: NewRefund,
    ) -> Result<Object, ApiError> {
        let amount = refundable(charge, new.amount)?;
        let behaviour = self.behaviour_of_charge(charge)?;
        let is_late = behaviour == Behaviour::RefundsLater;
        let mut refund = Object::new(
            Kind::Refund,
            self.now(),
            json!({
                "amount": amount,
                "balance_transaction": null,
                "charge": charge.id,
                "currency": charge.body["currency"],
                "customer": charge.body["customer"],
                "customer_account": null,
                "destination_details": { "card": {
                    "reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund",
                }, "type": "card" },
                "metadata": if new.metadata.is_object() { new.metadata } else { json!({}) },
                "payment_intent": charge.body["payment_intent"],
                "payment_method": charge.body["payment_method"],
                "reason": new.reason,
                "receipt_number": null,
                "source_transfer_reversal": null,
                "status": if is_late { "pending" } else { "succeeded" },
                "transfer_reversal": null,
            }),
        );
        // Stripe's carry no livemode.
        refund.body.as_object_mut().map(|body| body.remove("livemode"));
        let booked = self.book(Booking::refund(&refund))?;
        refund.body["balance_transaction"] = json!(booked.id);
        if is_late || behaviour == Behaviour::FailsRefunds {
            self.settle_later(&mut refund)?;
        }
        self.create(&refund)?;

        let before = charge.clone();
        let refunded = charge.integer("amount_refunded").unwrap_or(0) + amount;
        charge.body["amount_refunded"] = json!(refunded);
        charge.body["refunded"] = json!(charge.integer("amount_captured") == Some(refunded));
        self.save(charge)?;
        self.emit_change("charge.refunded", &before, charge)?;
        Ok(refund)
    }

    fn behaviour_of_charge(&mut self, charge: &Object) -> Result<Behaviour, ApiError> {
        let method = match charge.text("payment_method").map(str::to_owned) {
            Some(id) => self.find(Kind::PaymentMethod, &id)?,
            None => None,
        };
        Ok(method.map_or(Behaviour::Pays, |method| behaviour_of(&method)))
    }

    /// Settles a refund: a pending one is there, one that only seemed to be comes back.
    pub(crate) fn settle_refund(&mut self, before: &Object) -> Result<(), ApiError> {
        let mut refund = before.clone();
        refund.private["settles_at"] = Value::Null;
        if before.text("status") == Some("pending") {
            refund.body["status"] = json!("succeeded");
            self.save(&refund)?;
            self.emit_change("refund.updated", before, &refund)?;
            return self.emit_change("charge.refund.updated", before, &refund);
        }
        let booked = self.book(Booking::refund_failure(before))?;
        refund.body["status"] = json!("failed");
        refund.body["failure_reason"] = json!("lost_or_stolen_card");
        refund.body["failure_balance_transaction"] = json!(booked.id);
        self.save(&refund)?;
        let id = before.text("charge").unwrap_or_default();
        let mut charge = self.get(Kind::Charge, id, "charge")?;
        let refunded =
            charge.integer("amount_refunded").unwrap_or(0) - before.integer("amount").unwrap_or(0);
        charge.body["amount_refunded"] = json!(refunded);
        charge.body["refunded"] = json!(false);
        self.save(&charge)?;
        self.emit_change("refund.updated", before, &refund)?;
        self.emit_change("charge.refund.updated", before, &refund)?;
        self.emit("refund.failed", &refund, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_left_of_a_successful_charge_is_refundable() {
        let charge = |status: &str, refunded: i64, is_charged_back: bool| {
            let body = json!({
                "status": status, "currency": "usd", "amount_captured": 900, "amount_refunded": refunded,
                "refunded": refunded == 900,
            });
            Object::new(Kind::Charge, 0, body)
                .with_private(json!({ "is_charged_back": is_charged_back }))
        };
        for (charge, wanted, expected) in [
            (charge("succeeded", 0, false), None, Ok(900)),
            (charge("succeeded", 400, false), None, Ok(500)),
            (charge("succeeded", 400, false), Some(100), Ok(100)),
            (charge("succeeded", 400, false), Some(501), Err(None)),
            (charge("succeeded", 900, false), None, Err(Some("charge_already_refunded"))),
            (charge("failed", 0, false), None, Err(Some("charge_not_refundable"))),
            (charge("succeeded", 0, true), None, Err(Some("charge_disputed"))),
        ] {
            let answer = refundable(&charge, wanted);
            let answer = answer.map_err(|error| error.code);
            assert_eq!(answer, expected.map_err(|code| code.map(str::to_owned)));
        }
    }
}
