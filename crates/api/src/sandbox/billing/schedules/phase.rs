//! What a phase of a schedule holds, and what it makes of its subscription.

use serde_json::{Map, Value, json};

use crate::sandbox::{
    billing::{
        calendar::{Interval, Unit},
        change::{ItemChange, SetItem},
        items::{self, NewItem},
        offer::Wanted,
    },
    error::ApiError,
    object::{Kind, Object},
    store::Tx,
};

/// A time after which a phase that lasts `count` of a price's own periods, or of `unit`, is over.
pub(crate) fn phase_end(start: i64, unit: Unit, count: i64) -> i64 {
    Interval { unit, count }.next_boundary(start, start)
}

/// When one period of a price that starts then is over.
pub(crate) fn period_end(price: &Object, start: i64) -> i64 {
    Interval::of_price(&price.body).map_or(start, |interval| interval.next_boundary(start, start))
}

/// A phase with every member, from what a request (or a subscription) gives.
pub(crate) fn phase(start: i64, end: i64, currency: &str, items: Vec<Value>) -> Value {
    json!({
        "add_invoice_items": [],
        "application_fee_percent": null,
        "billing_cycle_anchor": null,
        "billing_thresholds": null,
        "collection_method": null,
        "currency": currency,
        "default_payment_method": null,
        "default_tax_rates": [],
        "description": null,
        "discounts": [],
        "end_date": end,
        "invoice_settings": null,
        "items": items,
        "metadata": {},
        "on_behalf_of": null,
        "proration_behavior": "create_prorations",
        "start_date": start,
        "transfer_data": null,
        "trial_end": null,
    })
}

/// An item of a phase.
pub(crate) fn phase_item(price: &str, quantity: i64) -> Value {
    json!({
        "billing_thresholds": null,
        "discounts": [],
        "metadata": {},
        "price": price,
        "quantity": quantity,
        "tax_rates": [],
    })
}

/// What a subscription is now, as a phase that lasts until its periods end.
pub(super) fn of_subscription(subscription: &Object, now: i64) -> Value {
    let held = |ids: &Value| -> Value {
        let ids = ids.as_array().into_iter().flatten();
        ids.map(|id| json!({ "coupon": null, "discount": id, "promotion_code": null })).collect()
    };
    let mut start = now;
    let mut kept = Vec::new();
    for item in items::of(subscription) {
        start = start.min(items::period(item).start);
        let price = item["price"]["id"].as_str().unwrap_or_default();
        let mut shown = phase_item(price, item["quantity"].as_i64().unwrap_or(1));
        shown["discounts"] = held(&item["discounts"]);
        shown["metadata"] = item["metadata"].clone();
        shown["tax_rates"] = item["tax_rates"].clone();
        kept.push(shown);
    }
    let end = items::last_period_end(subscription).unwrap_or(now);
    let currency = subscription.text("currency").unwrap_or_default();
    let mut shown = phase(start, end, currency, kept);
    shown["discounts"] = held(&subscription.body["discounts"]);
    for name in ["default_payment_method", "default_tax_rates", "description", "metadata"] {
        shown[name] = subscription.body[name].clone();
    }
    if subscription.body["automatic_tax"]["enabled"] == true {
        shown["automatic_tax"] = subscription.body["automatic_tax"].clone();
    }
    shown
}

/// The discounts that a phase (or an item of one) names. One of a coupon that is held already stays.
pub(super) fn discounts(
    tx: &mut Tx<'_>,
    named: &Value,
    held: &Value,
) -> Result<Vec<Wanted>, ApiError> {
    let held = tx.discounts(held)?;
    let mut wanted = Vec::new();
    for entry in named.as_array().into_iter().flatten() {
        let offer = match (&entry["coupon"], &entry["promotion_code"], &entry["discount"]) {
            (Value::String(coupon), ..) => tx.offer_of_coupon(coupon, "phases")?,
            (_, Value::String(code), _) => tx.offer_of_code(code, "phases")?,
            (.., Value::String(id)) => {
                wanted.push(Wanted::Held(tx.get(Kind::Discount, id, "phases")?));
                continue;
            }
            _ => continue,
        };
        let same = |own: &&Object| own.body["source"]["coupon"] == offer.coupon.id.as_str();
        wanted.push(match held.iter().find(same) {
            Some(own) => Wanted::Held(own.clone()),
            None => Wanted::New(offer),
        });
    }
    Ok(wanted)
}

/// What a phase's `items`, or its `add_invoice_items`, are to be.
pub(super) fn new_items(tx: &mut Tx<'_>, named: &Value) -> Result<Vec<NewItem>, ApiError> {
    let mut new = Vec::new();
    for item in named.as_array().into_iter().flatten() {
        let price = tx.get(Kind::Price, item["price"].as_str().unwrap_or_default(), "phases")?;
        let quantity = item["quantity"].as_i64().unwrap_or(1);
        let mut wanted = NewItem::of(price, quantity, item["metadata"].clone());
        wanted.tax_rates = item["tax_rates"].as_array().cloned().unwrap_or_default();
        wanted.discounts = discounts(tx, &item["discounts"], &Value::Null)?;
        new.push(wanted);
    }
    Ok(new)
}

/// The subscription's items become the phase's: first to first, the rest added or removed.
pub(super) fn item_changes(
    tx: &mut Tx<'_>,
    subscription: &Object,
    phase: &Value,
) -> Result<Vec<ItemChange>, ApiError> {
    let mut changes = Vec::new();
    let held = items::of(subscription);
    let wanted = new_items(tx, &phase["items"])?;
    let count = wanted.len();
    for (place, item) in wanted.into_iter().enumerate() {
        let Some(before) = held.get(place) else {
            changes.push(ItemChange::Add(item));
            continue;
        };
        let named = &phase["items"][place]["discounts"];
        changes.push(ItemChange::Set(SetItem {
            id: before["id"].as_str().unwrap_or_default().to_owned(),
            price: Some(item.price),
            quantity: Some(item.quantity),
            metadata: merged(&before["metadata"], &item.metadata),
            tax_rates: Some(item.tax_rates),
            discounts: Some(discounts(tx, named, &before["discounts"])?),
        }));
    }
    for item in held.iter().skip(count) {
        changes.push(ItemChange::Remove { id: item["id"].as_str().unwrap_or_default().to_owned() });
    }
    Ok(changes)
}

/// Metadata with further keys, which stand in for those there are.
fn merged(before: &Value, more: &Value) -> Value {
    let mut all = before.as_object().cloned().unwrap_or_default();
    all.extend(more.as_object().cloned().unwrap_or_default());
    Value::Object(all)
}

/// What the phase, or else the schedule by default, says of its subscription besides items and discounts, as members of
/// the subscription; `metadata` is what it has.
pub(super) fn terms(schedule: &Object, phase: &Value, metadata: &Value) -> Map<String, Value> {
    let by_default = &schedule.body["default_settings"];
    let mut terms = Map::new();
    let mut set = |name: &str, value: Value| terms.insert(name.to_owned(), value);
    for name in ["automatic_tax", "default_payment_method", "description"] {
        let own = [&phase[name], &by_default[name]].into_iter().find(|value| !value.is_null());
        own.map(|value| set(name, value.clone()));
    }
    let rates = phase["default_tax_rates"].as_array().cloned().unwrap_or_default();
    set("default_tax_rates", json!(rates));
    set("metadata", merged(metadata, &phase["metadata"]));
    let sent = days_until_due(schedule, phase);
    let method = if sent.is_some() { "send_invoice" } else { "charge_automatically" };
    set("collection_method", json!(method));
    set("days_until_due", json!(sent));
    terms
}

/// Days that customers have to pay the invoices they are sent; none when they are charged.
pub(super) fn days_until_due(schedule: &Object, phase: &Value) -> Option<i64> {
    const DAYS_TO_PAY: i64 = 30;
    let by_default = &schedule.body["default_settings"];
    let method = phase["collection_method"].as_str().or(by_default["collection_method"].as_str());
    let days = |settings: &Value| settings["invoice_settings"]["days_until_due"].as_i64();
    (method == Some("send_invoice"))
        .then(|| days(phase).or(days(by_default)).unwrap_or(DAYS_TO_PAY))
}
