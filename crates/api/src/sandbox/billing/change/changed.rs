//! The items that a change leaves, and in what they differ from those before.

use serde_json::{Value, json};

use super::{Change, ItemChange};
use crate::sandbox::{
    billing::{calendar::Interval, items as subscription_items, offer::Wanted, proration::Period},
    error::ApiError,
    object::{Kind, Object},
};

/// The items after a change.
pub(super) fn items(
    subscription: &Object,
    change: &Change,
    anchor: i64,
) -> Result<Vec<Value>, ApiError> {
    let mut values = subscription_items::of(subscription).to_vec();
    for item in &change.items {
        match item {
            ItemChange::Add(new) => {
                let interval = Interval::of_price(&new.price.body);
                let end = match subscription.integer("trial_end").filter(|end| *end > change.at) {
                    Some(trial_end) => trial_end,
                    None => interval
                        .map_or(change.at, |interval| interval.next_boundary(anchor, change.at)),
                };
                values.push(new.value(
                    &subscription.id,
                    Period { start: change.at, end },
                    change.at,
                ));
            }
            ItemChange::Set(set) => {
                let value = values
                    .iter_mut()
                    .find(|value| value["id"] == set.id)
                    .ok_or_else(|| no_such_item(&set.id))?;
                if let Some(price) = &set.price {
                    subscription_items::set_price(value, &price.body);
                }
                if let Some(quantity) = set.quantity {
                    value["quantity"] = json!(quantity);
                }
                if set.metadata.is_object() {
                    value["metadata"] = set.metadata.clone();
                }
                if let Some(tax_rates) = &set.tax_rates {
                    value["tax_rates"] = json!(tax_rates);
                }
            }
            ItemChange::Remove { id } => {
                let place = values
                    .iter()
                    .position(|value| value["id"] == *id)
                    .ok_or_else(|| no_such_item(id))?;
                values.remove(place);
            }
        }
    }
    if values.is_empty() {
        return Err(ApiError::invalid_param(
            "items",
            "A subscription must have at least one active plan. \
             To cancel a subscription, please use the cancel API endpoint on the subscription object.",
        ));
    }
    Ok(values)
}

fn no_such_item(id: &str) -> ApiError {
    ApiError::no_such(Kind::SubscriptionItem, id, "items[0][id]")
}

/// The discounts that items of the change are to hold, by the items' ids.
pub(super) fn discounts(change: &Change) -> Vec<(String, Vec<Wanted>)> {
    let of_item = |item: &ItemChange| match item {
        ItemChange::Add(new) => {
            (!new.discounts.is_empty()).then(|| (new.id.clone(), new.discounts.clone()))
        }
        ItemChange::Set(set) => Some((set.id.clone(), set.discounts.clone()?)),
        ItemChange::Remove { .. } => None,
    };
    change.items.iter().filter_map(of_item).collect()
}

/// Whether an item goes on at another interval, for which the old periods do not fit.
pub(super) fn has_new_interval(old: &[Value], new: &[Value]) -> bool {
    new.iter().any(|item| {
        let before = old.iter().find(|before| before["id"] == item["id"]);
        before.is_some_and(|before| {
            subscription_items::interval(before) != subscription_items::interval(item)
        })
    })
}

/// Whether an item is charged differently.
pub(super) fn charges_differ(before: &Value, after: &Value) -> bool {
    before["price"]["id"] != after["price"]["id"] || before["quantity"] != after["quantity"]
}
