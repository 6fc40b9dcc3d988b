//! Money that went back: what a refund or a dispute does to access.

use serde::{Deserialize, Serialize};

use super::Reason;
use crate::stripe::disputes::DisputeStatus;

/// What the operator decides about money that goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suspension {
    /// Whether a full refund of the latest invoice suspends access.
    pub on_refund: bool,
    /// Whether a dispute suspends access: while it is open, and when it is lost and about the latest invoice.
    pub on_dispute: bool,
}

impl Default for Suspension {
    fn default() -> Self {
        Self { on_refund: true, on_dispute: true }
    }
}

/// Money of a subscription that went back. Kept as text, since there is hardly ever any.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoneyBack {
    /// An invoice whose payment was refunded in full.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refunded_invoice: Option<String>,
    /// The gravest dispute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dispute: Option<Dispute>,
}

/// A dispute about a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// The invoice that was paid with it.
    pub invoice: String,
    /// Where it stands, Stripe's word.
    pub status: String,
}

impl MoneyBack {
    /// As it is kept; `None` for nothing.
    pub fn to_text(&self) -> Option<String> {
        (*self != Self::default()).then(|| serde_json::to_string(self).unwrap_or_default())
    }

    /// Reads what [`Self::to_text`] wrote. What no longer reads counts as nothing, until the next look at Stripe.
    pub fn from_text(text: Option<&str>) -> Self {
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// Why it suspends access, when it does. A question of the bank's that takes no money back does not, nor does
    /// what went back of an invoice that a later one has followed.
    pub(super) fn suspends(
        &self,
        latest_invoice: Option<&str>,
        rules: Suspension,
    ) -> Option<Reason> {
        let is_latest = |invoice: &str| latest_invoice == Some(invoice);
        let disputed = self.dispute.as_ref().is_some_and(|dispute| {
            match DisputeStatus::from(dispute.status.as_str()) {
                DisputeStatus::NeedsResponse | DisputeStatus::UnderReview => true,
                DisputeStatus::Lost => is_latest(&dispute.invoice),
                _ => false,
            }
        });
        let refunded = self.refunded_invoice.as_deref().is_some_and(is_latest);
        if rules.on_dispute && disputed {
            Some(Reason::Disputed)
        } else if rules.on_refund && refunded {
            Some(Reason::Refunded)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_that_went_back_suspends_as_the_operator_says() {
        let (on, off) = (Suspension::default(), Suspension { on_refund: false, on_dispute: false });
        let no_disputes = Suspension { on_dispute: false, ..on };
        let no_refunds = Suspension { on_refund: false, ..on };
        let (disputed, refunded) = (Some(Reason::Disputed), Some(Reason::Refunded));
        for (refund, dispute, rules, expected) in [
            (None, None, on, None),
            (Some("in_2"), None, on, refunded),
            (Some("in_2"), None, no_refunds, None),
            // It was paid again since.
            (Some("in_1"), None, on, None),
            (None, Some(("in_2", "needs_response")), on, disputed),
            (None, Some(("in_1", "under_review")), on, disputed),
            (None, Some(("in_1", "under_review")), no_disputes, None),
            (None, Some(("in_2", "won")), on, None),
            (None, Some(("in_2", "lost")), on, disputed),
            (None, Some(("in_1", "lost")), on, None),
            (None, Some(("in_2", "warning_needs_response")), on, None),
            (None, Some(("in_2", "prevented")), on, None),
            (None, Some(("in_2", "new_in_2030")), on, None),
            (Some("in_2"), Some(("in_2", "under_review")), on, disputed),
            (Some("in_2"), Some(("in_2", "under_review")), no_disputes, refunded),
            (Some("in_2"), Some(("in_2", "under_review")), off, None),
        ] {
            let money = MoneyBack {
                refunded_invoice: refund.map(str::to_owned),
                dispute: dispute.map(|(invoice, status)| Dispute {
                    invoice: invoice.to_owned(),
                    status: status.to_owned(),
                }),
            };
            assert_eq!(money.suspends(Some("in_2"), rules), expected, "{money:?} {rules:?}");
            assert_eq!(MoneyBack::from_text(money.to_text().as_deref()), money);
        }
        let refunded = MoneyBack { refunded_invoice: Some("in_1".to_owned()), dispute: None };
        assert_eq!(refunded.suspends(None, on), None);
        assert_eq!(MoneyBack::default().to_text(), None);
        assert_eq!(MoneyBack::from_text(Some("no JSON")), MoneyBack::default());
    }
}
