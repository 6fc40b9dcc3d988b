//! The subscription object, read from any API version, and what can be said about it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    customers::Customer,
    invoices::Invoice,
    object::{Identified, List, Object, Reference, null_default, open_enum},
    payment_methods::PaymentMethod,
    prices::Plan,
    subscription_items::SubscriptionItem,
};

open_enum! {
    /// Where a subscription stands. Source: <https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses>.
    pub enum SubscriptionStatus {
        /// The first payment has not been made; expires after 23 hours.
        Incomplete = "incomplete",
        /// The first payment was never made. Final.
        IncompleteExpired = "incomplete_expired",
        /// In a trial.
        Trialing = "trialing",
        /// Paid up. Also while the first invoice after a trial is still being collected.
        Active = "active",
        /// The latest invoice is not paid; Stripe still tries.
        PastDue = "past_due",
        /// Ended. Final.
        Canceled = "canceled",
        /// Stripe has given up on the latest invoice but keeps the subscription.
        Unpaid = "unpaid",
        /// Billing and service rest.
        Paused = "paused",
    }
}

impl SubscriptionStatus {
    /// Whether no subscription ever leaves this status.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Canceled | Self::IncompleteExpired)
    }
}

/// A subscription. Source: <https://docs.stripe.com/api/subscriptions/object>.
///
/// Times are Unix seconds. The fields are as Stripe sends them; where versions differ, the methods answer for all.
#[derive(Clone, Debug, Deserialize)]
pub struct Subscription {
    /// `sub_…`.
    pub id: String,
    /// Whose it is.
    pub customer: Option<Reference<Customer>>,
    /// Where it stands.
    pub status: SubscriptionStatus,
    /// When it was made.
    #[serde(default, deserialize_with = "null_default")]
    pub created: i64,
    /// What it is for.
    #[serde(default, deserialize_with = "null_default")]
    pub items: List<SubscriptionItem>,
    /// Until 2025-03-31 only; see [`Subscription::period_start`].
    pub current_period_start: Option<i64>,
    /// Until 2025-03-31 only; see [`Subscription::period_end`].
    pub current_period_end: Option<i64>,
    /// The legacy single plan, still sent beside the items.
    pub plan: Option<Plan>,
    /// One of two encodings of a planned end; see [`Subscription::scheduled_end`].
    pub cancel_at: Option<i64>,
    /// The other one.
    #[serde(default, deserialize_with = "null_default")]
    pub cancel_at_period_end: bool,
    /// When the cancellation was asked for, which is not when it takes effect.
    pub canceled_at: Option<i64>,
    /// When it ended.
    pub ended_at: Option<i64>,
    /// Why it was or will be canceled.
    pub cancellation_details: Option<CancellationDetails>,
    /// Start of the trial.
    pub trial_start: Option<i64>,
    /// End of the trial.
    pub trial_end: Option<i64>,
    /// Lower-case ISO 4217 code.
    pub currency: Option<String>,
    /// `charge_automatically` or `send_invoice`.
    pub collection_method: Option<String>,
    /// What renewals are charged to; the customer's default when absent.
    pub default_payment_method: Option<Reference<PaymentMethod>>,
    /// The newest invoice.
    pub latest_invoice: Option<Reference<Invoice>>,
    /// Set while payments are not collected; the status stays `active`.
    pub pause_collection: Option<PauseCollection>,
    /// A schedule that will change it.
    pub schedule: Option<Reference<Identified>>,
    /// Discounts since 2025-03-31.
    #[serde(default, deserialize_with = "null_default")]
    pub discounts: Vec<Reference<Identified>>,
    /// The discount before that.
    pub discount: Option<Reference<Identified>>,
    /// The simulated clock it lives by, in test mode.
    pub test_clock: Option<Reference<Identified>>,
    /// Whether money is real.
    #[serde(default, deserialize_with = "null_default")]
    pub livemode: bool,
    /// What the maker of it noted.
    #[serde(default, deserialize_with = "null_default")]
    pub metadata: BTreeMap<String, String>,
}

impl Subscription {
    /// Whose it is.
    pub fn customer_id(&self) -> Option<&str> {
        self.customer.as_ref().map(Reference::id)
    }

    /// Start of the current period: the items' earliest, else the subscription's own.
    pub fn period_start(&self) -> Option<i64> {
        self.items
            .data
            .iter()
            .filter_map(|item| item.current_period_start)
            .min()
            .or(self.current_period_start)
    }

    /// End of the current period: the items' latest, else the subscription's own. Items have had it since
    /// 2025-03-31; payloads with both are seen. `None` must be read as "not known".
    pub fn period_end(&self) -> Option<i64> {
        self.items
            .data
            .iter()
            .filter_map(|item| item.current_period_end)
            .max()
            .or(self.current_period_end)
    }

    /// When it is planned to end: `cancel_at`, or the period's end when it is canceled at that. An end that has
    /// come is [`Subscription::ended_at`].
    pub fn scheduled_end(&self) -> Option<i64> {
        if self.status.is_final() {
            return None;
        }
        self.cancel_at.or_else(|| self.period_end().filter(|_| self.cancel_at_period_end))
    }

    /// The products of all items, in their order.
    pub fn product_ids(&self) -> impl Iterator<Item = &str> {
        let legacy = self.plan.as_ref().filter(|_| self.items.data.is_empty());
        let items = self.items.data.iter().filter_map(SubscriptionItem::product_id);
        items.chain(legacy.and_then(Plan::product_id))
    }

    /// The first item's product.
    pub fn product_id(&self) -> Option<&str> {
        self.product_ids().next()
    }

    /// The first item's price.
    pub fn price_id(&self) -> Option<&str> {
        match self.items.data.first() {
            Some(item) => item.price_id(),
            None => self.plan.as_ref()?.id.as_deref(),
        }
    }

    /// The first item's interval: `day`, `week`, `month`, `year`.
    pub fn interval(&self) -> Option<&str> {
        match self.items.data.first() {
            Some(item) => item.interval(),
            None => self.plan.as_ref()?.interval.as_deref(),
        }
    }

    /// What the first item costs each interval, for its whole quantity, in minor units; `None` for
    /// prices without a plain amount (tiers).
    pub fn amount(&self) -> Option<i64> {
        match self.items.data.first() {
            Some(item) => item.unit_amount()?.checked_mul(item.quantity.unwrap_or(1)),
            None => self.plan.as_ref()?.amount,
        }
    }

    /// Lower-case ISO 4217 code: its own, else the first price's.
    pub fn currency(&self) -> Option<&str> {
        self.currency.as_deref().or_else(|| match self.items.data.first() {
            Some(item) => item.currency(),
            None => self.plan.as_ref()?.currency.as_deref(),
        })
    }

    /// What a portal flow names to change it.
    pub fn item_id(&self) -> Option<&str> {
        self.items.data.first().map(|item| item.id.as_str())
    }

    /// The newest invoice.
    pub fn latest_invoice_id(&self) -> Option<&str> {
        self.latest_invoice.as_ref().map(Reference::id)
    }
}

impl Object for Subscription {
    fn id(&self) -> &str {
        &self.id
    }
}

/// Why a subscription was or will be canceled.
#[derive(Clone, Debug, Deserialize)]
pub struct CancellationDetails {
    /// `cancellation_requested`, `payment_failed`, `payment_disputed`, …
    pub reason: Option<String>,
    /// What the customer chose as a reason: `too_expensive`, …
    pub feedback: Option<String>,
    /// What the customer wrote.
    pub comment: Option<String>,
}

/// How payments are not collected for a while.
#[derive(Clone, Debug, Deserialize)]
pub struct PauseCollection {
    /// `keep_as_draft`, `mark_uncollectible` or `void`.
    pub behavior: Option<String>,
    /// Unix seconds; `None` until somebody resumes it.
    pub resumes_at: Option<i64>,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(fields: Value) -> Subscription {
        let mut object = json!({ "id": "sub_1", "object": "subscription", "customer": "cus_1", "status": "active" });
        object.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        // Through text, as payloads come.
        serde_json::from_str(&object.to_string()).unwrap()
    }

    fn item(fields: Value) -> Value {
        let mut item = json!({ "id": "si_1", "object": "subscription_item", "quantity": 1 });
        item.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        json!({ "object": "list", "data": [item], "has_more": false, "total_count": 1, "url": "/v1/…" })
    }

    #[test]
    fn the_period_stands_on_items_or_on_top() {
        let on_top = json!({ "current_period_end": 10, "items": item(json!({})) });
        let on_items = json!({ "items": item(json!({ "current_period_end": 20 })) });
        let on_both =
            json!({ "current_period_end": 10, "items": item(json!({ "current_period_end": 20 })) });
        let nowhere = json!({ "items": null });
        for (fields, end) in
            [(on_top, Some(10)), (on_items, Some(20)), (on_both, Some(20)), (nowhere, None)]
        {
            assert_eq!(read(fields.clone()).period_end(), end, "{fields}");
        }
    }

    #[test]
    fn a_planned_end_has_two_encodings() {
        for (fields, end) in [
            (json!({ "cancel_at_period_end": true, "cancel_at": 20, "canceled_at": 5 }), Some(20)),
            (json!({ "cancel_at_period_end": false, "cancel_at": 30 }), Some(30)),
            (json!({ "cancel_at_period_end": true, "current_period_end": 40 }), Some(40)),
            (json!({ "cancel_at_period_end": true }), None),
            (json!({ "canceled_at": 5, "current_period_end": 40 }), None),
            (
                json!({ "status": "canceled", "cancel_at": 20, "cancel_at_period_end": true, "ended_at": 20 }),
                None,
            ),
        ] {
            assert_eq!(read(fields.clone()).scheduled_end(), end, "{fields}");
        }
    }

    #[test]
    fn product_and_price_are_found_in_every_shape() {
        let price = |product: Value| {
            json!({ "id": "price_1", "object": "price", "product": product, "unit_amount": 500, "currency": "usd",
                "recurring": { "interval": "month", "interval_count": 1, "meter": null } })
        };
        let plan = json!({ "id": "price_1", "object": "plan", "product": "prod_1", "amount": 500, "currency": "usd",
            "interval": "month" });
        for fields in [
            json!({ "items": item(json!({ "price": price(json!("prod_1")) })) }),
            json!({ "items": item(json!({ "price": price(json!({ "id": "prod_1", "object": "product", "name": "P" })) })) }),
            json!({ "items": item(json!({ "price": price(json!({ "id": "prod_1", "deleted": true })) })) }),
            json!({ "items": item(json!({ "plan": plan })) }),
            json!({ "plan": plan, "quantity": 1 }),
        ] {
            let subscription = read(fields);
            assert_eq!(subscription.product_id(), Some("prod_1"));
            assert_eq!(subscription.price_id(), Some("price_1"));
            assert_eq!(subscription.interval(), Some("month"));
            assert_eq!(subscription.amount(), Some(500));
            assert_eq!(subscription.currency(), Some("usd"));
        }
    }

    #[test]
    fn amounts_follow_the_quantity_and_may_be_unknown() {
        let with = |quantity: Value, amount: Value| {
            read(json!({ "items": item(json!({ "quantity": quantity, "price": { "id": "p", "unit_amount": amount } })) }))
                .amount()
        };
        assert_eq!(with(json!(3), json!(500)), Some(1500));
        assert_eq!(with(json!(null), json!(500)), Some(500));
        assert_eq!(with(json!(1), json!(null)), None);
        assert_eq!(with(json!(i64::MAX), json!(2)), None);
    }

    #[test]
    fn references_are_read_as_ids_and_as_objects() {
        let subscription = read(json!({
            "customer": { "id": "cus_2", "object": "customer", "deleted": true },
            "latest_invoice": { "id": "in_1", "status": "open", "parent": { "subscription_details": { "subscription": "sub_1" } } },
            "default_payment_method": "pm_1",
            "discount": { "id": "di_1", "coupon": { "id": "c" } },
            "discounts": ["di_1"],
            "test_clock": "clock_1",
        }));
        assert_eq!(subscription.customer_id(), Some("cus_2"));
        let invoice = subscription.latest_invoice.as_ref().and_then(Reference::object).unwrap();
        assert_eq!((invoice.id(), invoice.subscription_id()), ("in_1", Some("sub_1")));
    }

    #[test]
    fn values_not_known_today_survive() {
        let subscription = read(json!({
            "status": "hibernating",
            "status_details": { "hibernating": { "since": 1 } },
            "collection_method": "barter",
            "pause_collection": { "behavior": "forget" },
            "schedule": null,
        }));
        assert_eq!(subscription.status, SubscriptionStatus::Other("hibernating".into()));
        assert!(!subscription.status.is_final());
    }

    #[test]
    fn any_field_but_id_and_status_may_be_absent() {
        for payload in [
            r#"{"id":"sub_1","status":"active"}"#,
            r#"{"id":"sub_1","status":"active","items":{}}"#,
        ] {
            let subscription: Subscription = serde_json::from_str(payload).unwrap();
            assert_eq!((subscription.product_id(), subscription.period_end()), (None, None));
        }
    }
}
