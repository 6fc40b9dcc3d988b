//! Subscription items: a price, a quantity and the period paid for.

use serde_json::{Value, json};

use super::{calendar::Interval, offer::Wanted, proration::Period};
use crate::sandbox::{
    error::ApiError,
    object::{Kind, Object},
    store::Tx,
};

/// A price to subscribe to.
#[derive(Debug, Clone)]
pub(crate) struct NewItem {
    pub(crate) price: Object,
    pub(crate) quantity: i64,
    pub(crate) metadata: Value,
    /// `si_…`, known before there is the item, so that discounts can name it.
    pub(crate) id: String,
    /// Tax rates of its own, as objects.
    pub(crate) tax_rates: Vec<Value>,
    /// Discounts of its own.
    pub(crate) discounts: Vec<Wanted>,
}

impl NewItem {
    /// A quantity of a price, with nothing of its own.
    pub(crate) fn of(price: Object, quantity: i64, metadata: Value) -> NewItem {
        NewItem {
            price,
            quantity,
            metadata,
            id: Kind::SubscriptionItem.new_id(),
            tax_rates: Vec::new(),
            discounts: Vec::new(),
        }
    }

    /// What a whole period of it costs, in minor units.
    pub(crate) fn amount(&self, tx: &mut Tx<'_>) -> Result<i64, ApiError> {
        tx.cost(&self.price.body, self.quantity)
    }

    /// The item as the subscription holds it.
    pub(crate) fn value(&self, subscription: &str, period: Period, now: i64) -> Value {
        let mut item = json!({
            "id": self.id,
            "object": "subscription_item",
            "billing_thresholds": null,
            "created": now,
            "current_period_end": period.end,
            "current_period_start": period.start,
            "discounts": [],
            "metadata": if self.metadata.is_object() { self.metadata.clone() } else { json!({}) },
            "quantity": self.quantity,
            "subscription": subscription,
            "tax_rates": self.tax_rates,
        });
        set_price(&mut item, &self.price.body);
        item
    }
}

/// Puts another price on an item.
pub(crate) fn set_price(item: &mut Value, price: &Value) {
    item["price"] = price.clone();
    item["plan"] = plan(price);
}

/// The items of a subscription.
pub(crate) fn of(subscription: &Object) -> &[Value] {
    subscription.body["items"]["data"].as_array().map_or(&[], Vec::as_slice)
}

/// Replaces the items, and the `plan` and `quantity` that the API still sends for subscriptions with one item.
pub(crate) fn set(subscription: &mut Object, items: Vec<Value>) {
    let id = subscription.id.clone();
    let (plan, quantity) = match items.as_slice() {
        [only] => (only["plan"].clone(), only["quantity"].clone()),
        _ => (Value::Null, Value::Null),
    };
    let count = items.len();
    let body = &mut subscription.body;
    body["items"] = json!({
        "object": "list", "data": items, "has_more": false, "total_count": count,
        "url": format!("/v1/subscription_items?subscription={id}"),
    });
    body["plan"] = plan;
    body["quantity"] = quantity;
}

/// An item's current period.
pub(crate) fn period(item: &Value) -> Period {
    Period {
        start: item["current_period_start"].as_i64().unwrap_or(0),
        end: item["current_period_end"].as_i64().unwrap_or(0),
    }
}

/// Puts an item on another period.
pub(crate) fn set_period(item: &mut Value, period: Period) {
    item["current_period_start"] = json!(period.start);
    item["current_period_end"] = json!(period.end);
}

/// What a whole period of all these items costs, in minor units.
pub(crate) fn total(tx: &mut Tx<'_>, items: &[Value]) -> Result<i64, ApiError> {
    items.iter().try_fold(0_i64, |sum, item| Ok(tx.item_cost(item)?.saturating_add(sum)))
}

/// When the first of the current periods ends.
pub(crate) fn first_period_end(subscription: &Object) -> Option<i64> {
    of(subscription).iter().filter_map(|item| item["current_period_end"].as_i64()).min()
}

/// When the last of the current periods ends.
pub(crate) fn last_period_end(subscription: &Object) -> Option<i64> {
    of(subscription).iter().filter_map(|item| item["current_period_end"].as_i64()).max()
}

/// How often an item is charged.
pub(crate) fn interval(item: &Value) -> Option<Interval> {
    Interval::of_price(&item["price"])
}

impl Tx<'_> {
    /// The name of the product an item sells.
    pub(crate) fn product_name(&mut self, price: &Value) -> Result<String, ApiError> {
        let product = price["product"].as_str().unwrap_or_default();
        let found = self.find(Kind::Product, product)?;
        Ok(found
            .and_then(|product| product.text("name").map(str::to_owned))
            .unwrap_or_else(|| product.to_owned()))
    }

    /// Keeps what finds a subscription by one of its items.
    pub(crate) fn index_items(&mut self, subscription: &Object) -> Result<(), ApiError> {
        for item in of(subscription) {
            let id = item["id"].as_str().unwrap_or_default();
            if self.find(Kind::SubscriptionItem, id)?.is_none() {
                let body = json!({ "subscription": subscription.id });
                self.insert(&Object::with_id(
                    Kind::SubscriptionItem,
                    id.to_owned(),
                    self.now(),
                    body,
                ))?;
            }
        }
        Ok(())
    }
}

/// The legacy view of a recurring price.
pub(crate) fn plan(price: &Value) -> Value {
    let recurring = &price["recurring"];
    json!({
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": price["billing_scheme"],
        "created": price["created"],
        "currency": price["currency"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "livemode": false,
        "metadata": price["metadata"],
        "meter": recurring["meter"],
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": price["tiers_mode"],
        "transform_usage": price["transform_quantity"],
        "trial_period_days": recurring["trial_period_days"],
        "usage_type": recurring["usage_type"],
    })
}
