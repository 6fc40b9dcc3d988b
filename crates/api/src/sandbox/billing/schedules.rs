//! Subscription schedules: phases that follow each other, moved on by the clock.

use serde_json::{Value, json};

use super::{
    calendar::{Interval, Unit},
    cancel::{self, Ending},
    change::{self, Change, ItemChange, Proration, SetItem},
    items::{self, NewItem},
    redeem::Holder,
    subscribe::{FirstPayment, NewSubscription, subscribe},
};
use crate::sandbox::{
    error::ApiError,
    object::{Kind, Object},
    payment::Presence,
    store::Tx,
};

/// When the clock has to look at a schedule: at its start, and at the end of its current phase.
pub(crate) fn due(schedule: &Object) -> Option<i64> {
    match schedule.text("status")? {
        "not_started" => schedule.body["phases"][0]["start_date"].as_i64(),
        "active" => schedule.body["current_phase"]["end_date"].as_i64(),
        _ => None,
    }
}

/// Whether its phases still lie ahead.
pub(crate) fn is_live(schedule: &Object) -> bool {
    matches!(schedule.text("status"), Some("not_started" | "active"))
}

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

/// A schedule with these phases, not stored yet.
pub(crate) fn blank(customer: &Object, phases: Vec<Value>, end_behavior: &str, now: i64) -> Object {
    let body = json!({
        "application": null,
        "billing_mode": { "flexible": { "proration_discounts": "included" }, "type": "flexible", "updated_at": now },
        "canceled_at": null,
        "completed_at": null,
        "current_phase": null,
        "customer": customer.id,
        "customer_account": null,
        "default_settings": {
            "application_fee_percent": null,
            "automatic_tax": { "disabled_reason": null, "enabled": false, "liability": null },
            "billing_cycle_anchor": "automatic",
            "billing_thresholds": null,
            "collection_method": "charge_automatically",
            "default_payment_method": null,
            "description": null,
            "invoice_settings": { "account_tax_ids": null, "days_until_due": null, "issuer": { "type": "self" } },
            "on_behalf_of": null,
            "transfer_data": null,
        },
        "end_behavior": end_behavior,
        "metadata": {},
        "pause_schedules": [],
        "phases": phases,
        "released_at": null,
        "released_subscription": null,
        "status": "not_started",
        "subscription": null,
        "test_clock": customer.body["test_clock"],
    });
    Object::new(Kind::SubscriptionSchedule, now, body)
}

/// A schedule of what a subscription is now, until its period ends. The subscription is saved with it.
pub(crate) fn from_subscription(
    tx: &mut Tx<'_>,
    before: &Object,
    end_behavior: &str,
) -> Result<Object, ApiError> {
    if before.body["schedule"].is_string() {
        return Err(ApiError::invalid_param(
            "from_subscription",
            "You cannot migrate a subscription that is already attached to a schedule.",
        ));
    }
    let customer = before.text("customer").unwrap_or_default().to_owned();
    let customer = tx.get(Kind::Customer, &customer, "customer")?;
    let now = tx.now();
    let mut start = now;
    let mut kept = Vec::new();
    for item in items::of(before) {
        start = start.min(items::period(item).start);
        let price = item["price"]["id"].as_str().unwrap_or_default();
        kept.push(phase_item(price, item["quantity"].as_i64().unwrap_or(1)));
    }
    let end = items::last_period_end(before).unwrap_or(now);
    let currency = before.text("currency").unwrap_or_default();
    let mut schedule = blank(&customer, vec![phase(start, end, currency, kept)], end_behavior, now);
    attach(&mut schedule, &before.id, 0);
    let mut subscription = before.clone();
    subscription.body["schedule"] = json!(schedule.id);
    tx.create(&schedule)?;
    tx.update(before, &subscription)?;
    Ok(schedule)
}

/// The schedule runs this subscription, in this phase.
fn attach(schedule: &mut Object, subscription: &str, place: usize) {
    let phase = &schedule.body["phases"][place];
    let current = json!({ "end_date": phase["end_date"], "start_date": phase["start_date"] });
    schedule.body["subscription"] = json!(subscription);
    schedule.body["current_phase"] = current;
    schedule.body["status"] = json!("active");
}

/// Carries out what is due: the start, or the end of a phase.
pub(crate) fn step(tx: &mut Tx<'_>, schedule: Object) -> Result<(), ApiError> {
    if schedule.text("status") == Some("not_started") {
        return start(tx, schedule).map(drop);
    }
    let phases = schedule.body["phases"].as_array().map_or(0, Vec::len);
    let current = &schedule.body["current_phase"]["start_date"];
    let place = schedule.body["phases"]
        .as_array()
        .and_then(|phases| phases.iter().position(|phase| phase["start_date"] == *current));
    let next = place.map_or(phases, |place| place + 1);
    if next < phases {
        return enter(tx, schedule, next).map(drop);
    }
    match schedule.text("end_behavior") {
        Some("cancel") => complete(tx, schedule),
        _ => {
            let mut schedule = schedule;
            schedule.body["completed_at"] = json!(tx.now());
            let released = release(tx, schedule)?;
            tx.emit("subscription_schedule.completed", &released, None)
        }
    }
}

/// Starts a schedule: its subscription is made with the first phase's items.
pub(crate) fn start(tx: &mut Tx<'_>, before: Object) -> Result<Object, ApiError> {
    let mut schedule = before.clone();
    let customer = schedule.text("customer").unwrap_or_default().to_owned();
    let customer = tx.get(Kind::Customer, &customer, "customer")?;
    let first = schedule.body["phases"][0].clone();
    let mut recurring = Vec::new();
    for item in first["items"].as_array().into_iter().flatten() {
        let price = tx.get(Kind::Price, item["price"].as_str().unwrap_or_default(), "phases")?;
        let quantity = item["quantity"].as_i64().unwrap_or(1);
        recurring.push(NewItem::of(price, quantity, item["metadata"].clone()));
    }
    let started = subscribe(
        tx,
        NewSubscription {
            customer,
            items: recurring,
            one_time: Vec::new(),
            trial_end: first["trial_end"].as_i64(),
            anchor: None,
            prorates: true,
            default_payment_method: first["default_payment_method"].as_str().map(str::to_owned),
            days_until_due: None,
            first_payment: FirstPayment::Now {
                payment_method: None,
                presence: Presence::OffSession,
            },
            offers: Vec::new(),
            cancel_at_period_end: false,
            cancel_at: None,
            kept: json!({ "metadata": first["metadata"], "schedule": schedule.id }),
        },
    )?;
    let mut subscription = started.subscription;
    take_discounts(tx, &mut subscription, &first)?;
    tx.save(&subscription)?;
    attach(&mut schedule, &subscription.id, 0);
    tx.update(&before, &schedule)?;
    Ok(schedule)
}

/// Moves a schedule to a phase: the subscription gets the phase's items.
pub(crate) fn enter(tx: &mut Tx<'_>, before: Object, place: usize) -> Result<Object, ApiError> {
    let mut schedule = before.clone();
    let id = schedule.text("subscription").unwrap_or_default().to_owned();
    let old = tx.get(Kind::Subscription, &id, "subscription")?;
    let phase = schedule.body["phases"][place].clone();
    let mut subscription = old.clone();
    if phase["metadata"].as_object().is_some_and(|metadata| !metadata.is_empty()) {
        subscription.body["metadata"] = phase["metadata"].clone();
    }
    take_discounts(tx, &mut subscription, &phase)?;
    let mut basis = old.clone();
    basis.body["discounts"] = subscription.body["discounts"].clone();
    let change = Change {
        items: item_changes(tx, &old, &phase)?,
        proration: Proration::parse(phase["proration_behavior"].as_str().unwrap_or_default()),
        at: tx.now(),
        restarts_cycle: phase["billing_cycle_anchor"] == "phase_start",
    };
    let planned = change::plan(tx, &basis, &change)?;
    change::apply(tx, &old, subscription, planned, Presence::OffSession)?;
    attach(&mut schedule, &id, place);
    tx.update(&before, &schedule)?;
    Ok(schedule)
}

/// The subscription's items become the phase's: first to first, the rest added or removed.
fn item_changes(
    tx: &mut Tx<'_>,
    subscription: &Object,
    phase: &Value,
) -> Result<Vec<ItemChange>, ApiError> {
    let mut changes = Vec::new();
    let wanted = phase["items"].as_array().map_or(&[] as &[Value], Vec::as_slice);
    let held = items::of(subscription);
    for (place, item) in wanted.iter().enumerate() {
        let price = tx.get(Kind::Price, item["price"].as_str().unwrap_or_default(), "phases")?;
        let quantity = item["quantity"].as_i64().unwrap_or(1);
        changes.push(match held.get(place).and_then(|item| item["id"].as_str()) {
            Some(id) => ItemChange::Set(SetItem {
                id: id.to_owned(),
                price: Some(price),
                quantity: Some(quantity),
                ..SetItem::default()
            }),
            None => ItemChange::Add(NewItem::of(price, quantity, item["metadata"].clone())),
        });
    }
    for item in held.iter().skip(wanted.len()) {
        changes.push(ItemChange::Remove { id: item["id"].as_str().unwrap_or_default().to_owned() });
    }
    Ok(changes)
}

/// Puts a phase's coupons on the subscription, which the caller saves.
fn take_discounts(
    tx: &mut Tx<'_>,
    subscription: &mut Object,
    phase: &Value,
) -> Result<(), ApiError> {
    let customer = subscription.text("customer").map(str::to_owned);
    for discount in phase["discounts"].as_array().into_iter().flatten() {
        let Some(coupon) = discount["coupon"].as_str() else { continue };
        let offer = tx.offer_of_coupon(coupon, "phases")?;
        let holder = Holder::Subscription(&subscription.id);
        let held = tx.redeem(&offer, customer.as_deref(), holder)?;
        if let Some(discounts) = subscription.body["discounts"].as_array_mut() {
            discounts.push(json!(held.id));
        }
    }
    Ok(())
}

/// Ends the schedule together with its subscription, as it was planned.
fn complete(tx: &mut Tx<'_>, mut schedule: Object) -> Result<(), ApiError> {
    // It ends first, or the end of its subscription would end it as well.
    schedule.body["status"] = json!("completed");
    schedule.body["completed_at"] = json!(tx.now());
    schedule.body["current_phase"] = Value::Null;
    tx.save(&schedule)?;
    let id = schedule.text("subscription").unwrap_or_default().to_owned();
    let mut subscription = tx.get(Kind::Subscription, &id, "subscription")?;
    cancel::end(tx, &mut subscription, Ending::Planned)?;
    tx.emit("subscription_schedule.completed", &schedule, None)
}

/// Lets the subscription go on by itself.
pub(crate) fn release(tx: &mut Tx<'_>, mut schedule: Object) -> Result<Object, ApiError> {
    detach(tx, &schedule)?;
    schedule.body["released_subscription"] = schedule.body["subscription"].take();
    schedule.body["released_at"] = json!(tx.now());
    schedule.body["status"] = json!("released");
    schedule.body["current_phase"] = Value::Null;
    tx.save(&schedule)?;
    tx.emit("subscription_schedule.released", &schedule, None)?;
    Ok(schedule)
}

/// Ends the schedule and its subscription now.
pub(crate) fn cancel(tx: &mut Tx<'_>, mut schedule: Object) -> Result<Object, ApiError> {
    schedule.body["status"] = json!("canceled");
    schedule.body["canceled_at"] = json!(tx.now());
    schedule.body["current_phase"] = Value::Null;
    tx.save(&schedule)?;
    if let Some(id) = schedule.text("subscription").map(str::to_owned) {
        let mut subscription = tx.get(Kind::Subscription, &id, "subscription")?;
        cancel::end(tx, &mut subscription, Ending::Requested)?;
    }
    tx.emit("subscription_schedule.canceled", &schedule, None)?;
    Ok(schedule)
}

fn detach(tx: &mut Tx<'_>, schedule: &Object) -> Result<(), ApiError> {
    let Some(id) = schedule.text("subscription") else { return Ok(()) };
    let before = tx.get(Kind::Subscription, id, "subscription")?;
    let mut subscription = before.clone();
    subscription.body["schedule"] = Value::Null;
    tx.update(&before, &subscription)
}
