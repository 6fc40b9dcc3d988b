//! Subscription schedules: phases that follow each other, moved on by the clock.

mod phase;

use serde_json::{Value, json};

pub(crate) use self::phase::{period_end, phase, phase_end, phase_item};
use super::{
    cancel::{self, Ending},
    change::{self, Change, Proration},
    lines,
    offer::Wanted,
    subscribe::{FirstPayment, NewSubscription, subscribe},
};
use crate::sandbox::{
    error::ApiError,
    object::{Kind, Object},
    payment::Presence,
    store::Tx,
};

/// Seconds before a schedule's end at which it is told of.
const EXPIRY_NOTICE: i64 = 7 * 86_400;

/// When the clock has to look at a schedule: at its start, at the end of its current phase, and before its own end.
pub(crate) fn due(schedule: &Object) -> Option<i64> {
    match schedule.text("status")? {
        "not_started" => schedule.body["phases"][0]["start_date"].as_i64(),
        "active" => phase_ends_at(schedule).into_iter().chain(expiring_at(schedule)).min(),
        _ => None,
    }
}

fn phase_ends_at(schedule: &Object) -> Option<i64> {
    schedule.body["current_phase"]["end_date"].as_i64()
}

/// When the end of the last phase is to be told of; none once it has been, and for shorter schedules.
fn expiring_at(schedule: &Object) -> Option<i64> {
    let phases = schedule.body["phases"].as_array()?;
    let begun = phases.first()?["start_date"].as_i64()?.max(schedule.integer("created")?);
    let end = phases.last()?["end_date"].as_i64()?;
    let is_told = schedule.private["expiry_told"].as_i64() == Some(end);
    Some(end - EXPIRY_NOTICE).filter(|notice| *notice > begun && !is_told)
}

/// Whether its phases still lie ahead.
pub(crate) fn is_live(schedule: &Object) -> bool {
    matches!(schedule.text("status"), Some("not_started" | "active"))
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
    let phases = vec![phase::of_subscription(before, now)];
    let mut schedule = blank(&customer, phases, end_behavior, now);
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
    if phase_ends_at(&schedule).is_some_and(|end| end > tx.now()) {
        return tell_expiry(tx, schedule);
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

fn tell_expiry(tx: &mut Tx<'_>, mut schedule: Object) -> Result<(), ApiError> {
    let last = schedule.body["phases"].as_array().and_then(|phases| phases.last());
    schedule.private["expiry_told"] =
        last.map(|phase| phase["end_date"].clone()).unwrap_or_default();
    tx.save(&schedule)?;
    tx.emit("subscription_schedule.expiring", &schedule, None)
}

/// Starts a schedule: its subscription is made with the first phase's items.
pub(crate) fn start(tx: &mut Tx<'_>, before: Object) -> Result<Object, ApiError> {
    let mut schedule = before.clone();
    let customer = schedule.text("customer").unwrap_or_default().to_owned();
    let customer = tx.get(Kind::Customer, &customer, "customer")?;
    let first = schedule.body["phases"][0].clone();
    let named = phase::discounts(tx, &first["discounts"], &Value::Null)?;
    let offers = named.into_iter().filter_map(|wanted| match wanted {
        Wanted::New(offer) => Some(offer),
        Wanted::Held(_) => None,
    });
    let mut kept = phase::terms(&schedule, &first, &Value::Null);
    kept.insert("schedule".to_owned(), json!(schedule.id));
    let items = phase::new_items(tx, &first["items"])?;
    let one_time = phase::new_items(tx, &first["add_invoice_items"])?;
    let started = subscribe(
        tx,
        NewSubscription {
            customer,
            items,
            one_time,
            trial_end: first["trial_end"].as_i64(),
            anchor: None,
            prorates: true,
            default_payment_method: first["default_payment_method"].as_str().map(str::to_owned),
            days_until_due: phase::days_until_due(&schedule, &first),
            first_payment: FirstPayment::Now {
                payment_method: None,
                presence: Presence::OffSession,
            },
            offers: offers.collect(),
            cancel_at_period_end: false,
            cancel_at: None,
            kept: Value::Object(kept),
        },
    )?;
    attach(&mut schedule, &started.subscription.id, 0);
    tx.update(&before, &schedule)?;
    Ok(schedule)
}

/// Moves a schedule to a phase: the subscription gets what the phase holds. The phase may be the one it is in, changed.
pub(crate) fn enter(tx: &mut Tx<'_>, before: Object, place: usize) -> Result<Object, ApiError> {
    let mut schedule = before.clone();
    let id = schedule.text("subscription").unwrap_or_default().to_owned();
    let old = tx.get(Kind::Subscription, &id, "subscription")?;
    let phase = schedule.body["phases"][place].clone();
    let is_entered = schedule.body["current_phase"]["start_date"] != phase["start_date"];
    let mut subscription = old.clone();
    let terms = phase::terms(&schedule, &phase, &old.body["metadata"]);
    if let Some(body) = subscription.body.as_object_mut() {
        body.extend(terms);
    }
    let wanted = phase::discounts(tx, &phase["discounts"], &old.body["discounts"])?;
    tx.hold_for_subscription(&mut subscription, &wanted)?;
    for one_time in phase::new_items(tx, &phase["add_invoice_items"])? {
        if is_entered {
            tx.add_one_time(&subscription, &one_time)?;
        }
    }
    let mut basis = old.clone();
    basis.body["discounts"] = subscription.body["discounts"].clone();
    let change = Change {
        items: phase::item_changes(tx, &old, &phase)?,
        proration: Proration::parse(phase["proration_behavior"].as_str().unwrap_or_default()),
        at: tx.now(),
        restarts_cycle: is_entered && phase["billing_cycle_anchor"] == "phase_start",
    };
    let planned = change::plan(tx, &basis, &change)?;
    change::apply(tx, &old, subscription, planned, Presence::OffSession)?;
    attach(&mut schedule, &id, place);
    tx.update(&before, &schedule)?;
    Ok(schedule)
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

/// How a schedule is canceled: what becomes of the time that is paid for, and of what waits for an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cancellation {
    pub(crate) prorates: bool,
    pub(crate) invoices_now: bool,
}

/// Ends the schedule and its subscription now.
pub(crate) fn cancel(
    tx: &mut Tx<'_>,
    mut schedule: Object,
    cancellation: Cancellation,
) -> Result<Object, ApiError> {
    schedule.body["status"] = json!("canceled");
    schedule.body["canceled_at"] = json!(tx.now());
    schedule.body["current_phase"] = Value::Null;
    tx.save(&schedule)?;
    if let Some(id) = schedule.text("subscription").map(str::to_owned) {
        let mut subscription = tx.get(Kind::Subscription, &id, "subscription")?;
        if cancellation.prorates {
            cancel::credit_unused_time(tx, &subscription)?;
        }
        let customer = subscription.text("customer").unwrap_or_default().to_owned();
        let waits = lines::pending(tx, &customer, Some(&id))?
            .iter()
            .any(|item| lines::subscription_of(item) == Some(&id));
        if cancellation.invoices_now && waits {
            change::invoice_pending(tx, &mut subscription, Presence::OffSession)?;
        }
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
