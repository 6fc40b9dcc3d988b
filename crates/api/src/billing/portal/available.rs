//! Which flows of the portal fit, as one pure rule: what Stripe would refuse is refused before it is asked, with a
//! reason for people.

use shared::plans::Interval;

use crate::{
    billing::subscriptions::SubscriptionRow, catalog::PortalSettings, stripe::SubscriptionStatus,
};

/// A flow of the portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    CustomerUpdate,
    PaymentMethodUpdate,
    Cancel,
    Pause,
    Update,
    UpdateConfirm,
}

impl Wanted {
    /// The flow that Stripe calls `word`.
    pub(super) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "customer_update" => Self::CustomerUpdate,
            "payment_method_update" => Self::PaymentMethodUpdate,
            "subscription_cancel" => Self::Cancel,
            "subscription_pause" => Self::Pause,
            "subscription_update" => Self::Update,
            "subscription_update_confirm" => Self::UpdateConfirm,
            _ => return None,
        })
    }

    pub(super) const fn needs_subscription(self) -> bool {
        !matches!(self, Self::CustomerUpdate | Self::PaymentMethodUpdate)
    }

    /// Why the catalog does not offer it; `None` when it does.
    pub(super) fn not_offered(self, portal: &PortalSettings) -> Option<&'static str> {
        let (offered, reason) = match self {
            Self::CustomerUpdate => {
                (!portal.customer_update.is_empty(), "Changing your details is not offered.")
            }
            Self::PaymentMethodUpdate => {
                (portal.payment_method_update, "Changing the payment method is not offered.")
            }
            Self::Cancel => (portal.cancel.is_some(), "Cancelling is not offered."),
            Self::Pause => (portal.pause, "Pausing is not offered."),
            Self::Update | Self::UpdateConfirm => {
                (portal.update.is_some(), "Changing the plan is not offered.")
            }
        };
        (!offered).then_some(reason)
    }

    /// Why it does not fit this subscription; `None` when it does.
    pub(super) fn does_not_fit(self, row: &SubscriptionRow) -> Option<&'static str> {
        let ends = row.cancel_at.is_some() || row.cancel_at_period_end;
        match (self, row.status()) {
            (_, SubscriptionStatus::Canceled | SubscriptionStatus::IncompleteExpired) => {
                Some("The subscription has ended.")
            }
            (_, SubscriptionStatus::Incomplete) => Some("The first payment is still outstanding."),
            (Self::Cancel, _) if ends => Some("The subscription is already set to end."),
            (Self::Pause, SubscriptionStatus::Paused) => {
                Some("The subscription is paused already.")
            }
            (Self::Pause, _) if ends => Some("The subscription is set to end."),
            (Self::Pause, SubscriptionStatus::Active) => None,
            (Self::Pause, _) => Some("Only a subscription that is paid for can be paused."),
            (Self::Update | Self::UpdateConfirm, SubscriptionStatus::Paused) => {
                Some("The subscription is paused; resume it first.")
            }
            (Self::Update | Self::UpdateConfirm, _) if ends => {
                Some("The subscription is set to end; take that back first.")
            }
            _ => None,
        }
    }
}

/// Whether a change of plan waits for the end of the period, by the catalog's conditions.
pub(super) fn waits_for_period_end(
    conditions: &[String],
    amounts: (Option<i64>, i64),
    intervals: (Option<Interval>, Interval),
) -> bool {
    let holds = |condition: &String| match condition.as_str() {
        "decreasing_item_amount" => amounts.0.is_some_and(|before| amounts.1 < before),
        "shortening_interval" => intervals == (Some(Interval::Year), Interval::Month),
        _ => false,
    };
    conditions.iter().any(holds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        billing::subscriptions,
        catalog::{Catalog, UpdateSettings},
    };

    fn row(status: &str, ends: bool) -> SubscriptionRow {
        let mut row = subscriptions::blank();
        row.status = status.to_owned();
        row.cancel_at = ends.then_some(1);
        row
    }

    #[test]
    fn flows_fit_some_subscriptions() {
        use Wanted::{Cancel, Pause, Update, UpdateConfirm};
        for (status, ends, fitting) in [
            ("active", false, &[Cancel, Pause, Update, UpdateConfirm][..]),
            ("active", true, &[]),
            ("trialing", false, &[Cancel, Update, UpdateConfirm]),
            ("past_due", false, &[Cancel, Update, UpdateConfirm]),
            ("unpaid", false, &[Cancel, Update, UpdateConfirm]),
            ("paused", false, &[Cancel]),
            ("incomplete", false, &[]),
            ("incomplete_expired", false, &[]),
            ("canceled", false, &[]),
            ("new_in_2030", false, &[Cancel, Update, UpdateConfirm]),
        ] {
            let row = row(status, ends);
            for flow in [Cancel, Pause, Update, UpdateConfirm] {
                let fits = flow.does_not_fit(&row).is_none();
                assert_eq!(fits, fitting.contains(&flow), "{flow:?} {status} {ends}");
            }
        }
    }

    #[test]
    fn what_the_catalog_leaves_out_is_not_offered() {
        let words = [
            "customer_update",
            "payment_method_update",
            "subscription_cancel",
            "subscription_pause",
            "subscription_update",
            "subscription_update_confirm",
        ];
        let nothing = PortalSettings {
            payment_method_update: false,
            customer_update: Vec::new(),
            cancel: None,
            pause: false,
            update: None,
            ..Catalog::built_in().portal
        };
        let all = PortalSettings { pause: true, ..Catalog::built_in().portal };
        for word in words {
            let flow = Wanted::parse(word).unwrap();
            assert!(flow.not_offered(&nothing).is_some(), "{word}");
            assert_eq!(flow.not_offered(&all), None, "{word}");
        }
        assert_eq!(Wanted::parse("refund"), None);
    }

    #[test]
    fn the_catalog_says_which_changes_wait() {
        let conditions = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let update = |words: &[&str]| UpdateSettings {
            proration: "none".to_owned(),
            promotion_codes: false,
            schedule_at_period_end: conditions(words),
        };
        let (month, year) = (Interval::Month, Interval::Year);
        for (words, amounts, intervals, waits) in [
            (&[][..], (Some(1_000), 500), (Some(month), month), false),
            (&["decreasing_item_amount"], (Some(1_000), 500), (Some(month), month), true),
            (&["decreasing_item_amount"], (Some(500), 1_000), (Some(month), month), false),
            (&["decreasing_item_amount"], (None, 1_000), (None, month), false),
            (&["shortening_interval"], (Some(500), 1_000), (Some(year), month), true),
            (&["shortening_interval"], (Some(500), 400), (Some(month), year), false),
        ] {
            let conditions = update(words).schedule_at_period_end;
            assert_eq!(waits_for_period_end(&conditions, amounts, intervals), waits, "{words:?}");
        }
    }
}
