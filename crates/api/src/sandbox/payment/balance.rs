//! Balance transactions: what charges, refunds and disputes do to the account's money.

use serde_json::{Value, json};

use crate::sandbox::{
    error::ApiError,
    object::{Kind, Object},
    store::Tx,
};

/// What Stripe takes of a charge: 2.9 % in thousandths, and a fixed part in minor units.
const FEE_PER_MILLE: i64 = 29;
const FIXED_FEE: i64 = 30;
/// What a dispute costs, in minor units.
const DISPUTE_FEE: i64 = 1_500;
/// Seconds until money is available.
const SETTLES_IN: i64 = 2 * 86_400;

/// A movement of money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Booking {
    /// Minor units; below zero when money leaves.
    amount: i64,
    fee: i64,
    currency: String,
    /// `charge`, `refund` or `adjustment`.
    kind: &'static str,
    /// `reporting_category`
    category: &'static str,
    description: Option<String>,
    /// The charge, refund or dispute it is for.
    source: String,
}

impl Booking {
    /// Money of a charge that was accepted.
    pub(super) fn charge(charge: &Object) -> Booking {
        let amount = charge.integer("amount_captured").unwrap_or(0);
        Booking {
            fee: amount.saturating_mul(FEE_PER_MILLE) / 1_000 + FIXED_FEE,
            description: charge.text("description").map(str::to_owned),
            ..Booking::of(charge, amount, "charge", "charge")
        }
    }

    /// Money given back. Stripe keeps its fee.
    pub(super) fn refund(refund: &Object) -> Booking {
        let amount = -refund.integer("amount").unwrap_or(0);
        Booking {
            description: Some("REFUND FOR PAYMENT".to_owned()),
            ..Booking::of(refund, amount, "refund", "refund")
        }
    }

    /// Money of a refund that came back.
    pub(super) fn refund_failure(refund: &Object) -> Booking {
        let amount = refund.integer("amount").unwrap_or(0);
        Booking {
            description: Some("REFUND FAILURE".to_owned()),
            ..Booking::of(refund, amount, "refund_failure", "refund_failure")
        }
    }

    /// Money that a bank takes back for a dispute, with the dispute's fee.
    pub(super) fn withdrawal(dispute: &Object) -> Booking {
        let amount = -dispute.integer("amount").unwrap_or(0);
        let charge = dispute.text("charge").unwrap_or_default();
        Booking {
            fee: DISPUTE_FEE,
            description: Some(format!("Chargeback withdrawal for {charge}")),
            ..Booking::of(dispute, amount, "adjustment", "dispute")
        }
    }

    /// Money and fee that come back with a dispute that was won.
    pub(super) fn reinstatement(dispute: &Object) -> Booking {
        let charge = dispute.text("charge").unwrap_or_default();
        Booking {
            fee: -DISPUTE_FEE,
            description: Some(format!("Chargeback reversal for {charge}")),
            ..Booking::of(
                dispute,
                dispute.integer("amount").unwrap_or(0),
                "adjustment",
                "dispute_reversal",
            )
        }
    }

    fn of(source: &Object, amount: i64, kind: &'static str, category: &'static str) -> Booking {
        Booking {
            amount,
            fee: 0,
            currency: source.text("currency").unwrap_or_default().to_owned(),
            kind,
            category,
            description: None,
            source: source.id.clone(),
        }
    }

    fn object(self, now: i64) -> Object {
        let fees: Vec<Value> = (self.fee != 0)
            .then(|| {
                let about =
                    if self.kind == "charge" { "Stripe processing fees" } else { "Dispute fee" };
                json!({
                    "amount": self.fee, "application": null, "currency": self.currency, "description": about,
                    "type": "stripe_fee",
                })
            })
            .into_iter()
            .collect();
        let mut object = Object::new(
            Kind::BalanceTransaction,
            now,
            json!({
                "amount": self.amount,
                "available_on": now + SETTLES_IN,
                "balance_type": "payments",
                "currency": self.currency,
                "description": self.description,
                "exchange_rate": null,
                "fee": self.fee,
                "fee_details": fees,
                "net": self.amount - self.fee,
                "reporting_category": self.category,
                "source": self.source,
                "status": "pending",
                "type": self.kind,
            }),
        );
        // Stripe's carry no livemode.
        object.body.as_object_mut().map(|body| body.remove("livemode"));
        object
    }
}

impl Tx<'_> {
    /// Books a movement of money.
    pub(super) fn book(&mut self, booking: Booking) -> Result<Object, ApiError> {
        let booked = booking.object(self.now());
        self.insert(&booked)?;
        Ok(booked)
    }
}
