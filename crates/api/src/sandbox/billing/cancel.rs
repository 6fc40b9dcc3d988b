//! Ending subscriptions: planned, at once, or because nobody pays.

use serde_json::{Value, json};

use super::{
    items,
    lines::{self, NewInvoiceItem},
    proration::{Period, share},
    redeem::off_item,
    schedules,
};
use crate::sandbox::{
    error::ApiError,
    object::{Kind, Object},
    store::{Listing, Tx},
};

/// Why a subscription ends now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Somebody asked for it to end now.
    Requested,
    /// Its planned end has come.
    Planned,
    /// No payment came through.
    PaymentFailed,
}

/// Plans the end for when the paid time is over.
pub(crate) fn schedule_at_period_end(subscription: &mut Object, now: i64) {
    let end = items::last_period_end(subscription);
    let body = &mut subscription.body;
    body["cancel_at_period_end"] = json!(true);
    body["cancel_at"] = json!(end);
    body["canceled_at"] = json!(now);
    body["cancellation_details"]["reason"] = json!("cancellation_requested");
}

/// Takes a planned end back.
pub(crate) fn unschedule(subscription: &mut Object) {
    let body = &mut subscription.body;
    body["cancel_at_period_end"] = json!(false);
    body["cancel_at"] = Value::Null;
    body["canceled_at"] = Value::Null;
    body["cancellation_details"] = json!({ "comment": null, "feedback": null, "reason": null });
}

/// Ends a subscription now. Its unpaid invoices are no longer tried.
pub(crate) fn end(
    tx: &mut Tx<'_>,
    subscription: &mut Object,
    ending: Ending,
) -> Result<(), ApiError> {
    let now = tx.now();
    let was_incomplete = subscription.text("status") == Some("incomplete");
    let body = &mut subscription.body;
    body["status"] = json!("canceled");
    body["ended_at"] = json!(now);
    if body["canceled_at"].is_null() {
        body["canceled_at"] = json!(now);
    }
    if ending != Ending::Planned {
        body["cancel_at"] = Value::Null;
        body["cancel_at_period_end"] = json!(false);
    }
    let reason =
        if ending == Ending::PaymentFailed { "payment_failed" } else { "cancellation_requested" };
    body["cancellation_details"]["reason"] = json!(reason);
    body["pause_collection"] = Value::Null;
    let schedule = body["schedule"].take();
    tx.save(subscription)?;
    if let Some(id) = schedule.as_str() {
        end_schedule(tx, id, ending)?;
    }
    stop_collecting(tx, &subscription.id, was_incomplete)?;
    tx.emit("customer.subscription.deleted", subscription, None)
}

/// A schedule ends with its subscription, unless it has ended it.
fn end_schedule(tx: &mut Tx<'_>, id: &str, ending: Ending) -> Result<(), ApiError> {
    let Some(mut schedule) = tx.find(Kind::SubscriptionSchedule, id)? else { return Ok(()) };
    if !schedules::is_live(&schedule) {
        return Ok(());
    }
    schedule.body["status"] = json!("canceled");
    schedule.body["canceled_at"] = json!(tx.now());
    schedule.body["current_phase"] = Value::Null;
    tx.save(&schedule)?;
    let name = match ending {
        Ending::PaymentFailed => "subscription_schedule.aborted",
        Ending::Planned | Ending::Requested => "subscription_schedule.canceled",
    };
    tx.emit(name, &schedule, None)
}

/// Ends a subscription whose first payment never came.
pub(crate) fn expire_incomplete(
    tx: &mut Tx<'_>,
    subscription: &mut Object,
) -> Result<(), ApiError> {
    let before = subscription.clone();
    subscription.body["status"] = json!("incomplete_expired");
    subscription.body["ended_at"] = json!(tx.now());
    tx.save(subscription)?;
    stop_collecting(tx, &subscription.id, true)?;
    tx.emit_change("customer.subscription.updated", &before, subscription)
}

fn stop_collecting(tx: &mut Tx<'_>, subscription: &str, voids: bool) -> Result<(), ApiError> {
    let is_unpaid = |invoice: &Object| matches!(invoice.text("status"), Some("open" | "draft"));
    let (invoices, _) = tx.list(Kind::Invoice, &Listing::of_parent(subscription), is_unpaid)?;
    for mut invoice in invoices {
        if voids && invoice.text("status") == Some("open") {
            tx.void_invoice(&mut invoice)?;
            continue;
        }
        let before = invoice.clone();
        invoice.body["auto_advance"] = json!(false);
        invoice.body["automatically_finalizes_at"] = Value::Null;
        invoice.body["next_payment_attempt"] = Value::Null;
        tx.update(&before, &invoice)?;
    }
    Ok(())
}

/// Credits the unused time of the current periods, as a waiting invoice item for each.
pub(crate) fn credit_unused_time(tx: &mut Tx<'_>, subscription: &Object) -> Result<(), ApiError> {
    let now = tx.now();
    if subscription.integer("trial_end").is_some_and(|end| end > now) {
        return Ok(());
    }
    for item in items::of(subscription) {
        let quantity = item["quantity"].as_i64().unwrap_or(1);
        let period = items::period(item);
        let paid = tx.item_cost(item)? - off_item(subscription, item);
        let amount = -share(paid, period, now);
        if amount == 0 {
            continue;
        }
        let product = tx.product_name(&item["price"])?;
        let credit = NewInvoiceItem {
            customer: subscription.text("customer").unwrap_or_default().to_owned(),
            amount,
            currency: subscription.text("currency").unwrap_or_default().to_owned(),
            description: Some(lines::proration_text("Unused", quantity, &product, now)),
            quantity,
            period: Period { start: now, end: period.end },
            price: item["price"].clone(),
            subscription: Some((subscription.id.clone(), item["id"].as_str().map(str::to_owned))),
            test_clock: subscription.body["test_clock"].clone(),
            proration: true,
            invoice: None,
            metadata: Value::Null,
            tax_rates: item["tax_rates"].clone(),
        };
        tx.create(&credit.object(now))?;
    }
    Ok(())
}
