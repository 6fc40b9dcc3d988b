//! What the clock does: periods renew, trials and plans end, drafts are finalized, failed payments tried again.

use serde_json::{Value, json};

use super::{
    cancel::{self, Ending},
    change::Proration,
    invoice::Draft,
    items, lines, pause, pending_update,
    preview::{self, Preview},
    proration::Period,
    schedules,
    trial::{self, TrialEnding},
};
use crate::sandbox::{
    error::ApiError,
    object::{Kind, Object},
    payment::Presence,
    schedule::{self, INCOMPLETE_TIME},
    store::Tx,
};

/// Carries out what is due for the object at the transaction's time.
pub(crate) fn run(tx: &mut Tx<'_>, kind: Kind, id: &str) -> Result<(), ApiError> {
    let Some(mut object) = tx.find(kind, id)? else { return Ok(()) };
    if schedule::due(&object).is_none_or(|due| due > tx.now()) {
        return Ok(());
    }
    match kind {
        Kind::Subscription => {
            // A phase that ends with the period decides what the next period charges.
            let schedule = object.text("schedule").map(str::to_owned);
            if let Some(id) = schedule
                && let Some(schedule) = tx.find(Kind::SubscriptionSchedule, &id)?
                && schedules::due(&schedule).is_some_and(|due| due <= tx.now())
            {
                return schedules::step(tx, schedule);
            }
            step_subscription(tx, &mut object)
        }
        Kind::SubscriptionSchedule => schedules::step(tx, object),
        Kind::Invoice => step_invoice(tx, &mut object),
        Kind::PaymentIntent => tx.settle_debit(object),
        Kind::Refund => tx.settle_refund(&object),
        Kind::CheckoutSession => expire_session(tx, &mut object),
        Kind::Dispute => tx.miss_dispute(object),
        _ => Ok(()),
    }
}

fn expire_session(tx: &mut Tx<'_>, session: &mut Object) -> Result<(), ApiError> {
    session.body["status"] = json!("expired");
    session.body["url"] = Value::Null;
    tx.save(session)?;
    tx.emit("checkout.session.expired", session, None)
}

fn step_subscription(tx: &mut Tx<'_>, subscription: &mut Object) -> Result<(), ApiError> {
    let now = tx.now();
    let is_over = |time: Option<i64>| time.is_some_and(|time| time <= now);
    if subscription.text("status") == Some("incomplete") {
        if is_over(subscription.integer("created").map(|created| created + INCOMPLETE_TIME)) {
            return cancel::expire_incomplete(tx, subscription);
        }
        return Ok(());
    }
    if is_over(subscription.integer("cancel_at")) {
        return cancel::end(tx, subscription, Ending::Planned);
    }
    if is_over(pending_update::expires_at(subscription)) {
        return pending_update::expire(tx, subscription);
    }
    if subscription.text("status") == Some("paused") {
        return pause::resume(tx, subscription).map(drop);
    }
    if is_over(subscription.body["pause_collection"]["resumes_at"].as_i64()) {
        let before = subscription.clone();
        subscription.body["pause_collection"] = Value::Null;
        return tx.update(&before, subscription);
    }
    if is_over(schedule::upcoming_at(subscription))
        && !is_over(items::first_period_end(subscription))
    {
        return tell_upcoming(tx, subscription);
    }
    let is_trial = subscription.text("status") == Some("trialing");
    if is_trial && !is_over(subscription.integer("trial_end")) {
        subscription.private["trial_will_end_told"] = json!(true);
        tx.save(subscription)?;
        return tx.emit("customer.subscription.trial_will_end", subscription, None);
    }
    let ending = if is_trial { trial::ending(tx, subscription)? } else { TrialEnding::Renews };
    match ending {
        TrialEnding::Renews => renew(tx, subscription),
        _ => trial::end(tx, subscription, ending),
    }
}

/// Tells of the invoice that the renewal will make. It has no id: there is none yet.
fn tell_upcoming(tx: &mut Tx<'_>, subscription: &mut Object) -> Result<(), ApiError> {
    let asked = Preview {
        changes: Vec::new(),
        proration: Proration::None,
        at: tx.now(),
        restarts_cycle: false,
        recurring_only: false,
        further: Vec::new(),
    };
    let mut invoice = preview::of_change(tx, subscription, asked)?;
    invoice.body.as_object_mut().map(|body| body.remove("id"));
    subscription.private["upcoming_told"] = json!(items::first_period_end(subscription));
    tx.save(subscription)?;
    tx.emit("invoice.upcoming", &invoice, None)
}

/// Starts the next period of every item whose period is over, and drafts the invoice for them.
fn renew(tx: &mut Tx<'_>, subscription: &mut Object) -> Result<(), ApiError> {
    let before = subscription.clone();
    let now = tx.now();
    let anchor = subscription.integer("billing_cycle_anchor").unwrap_or(now);
    let mut values = items::of(subscription).to_vec();
    let mut invoice_lines = Vec::new();
    let mut ended = Period { start: now, end: now };
    for item in &mut values {
        let period = items::period(item);
        let Some(interval) = items::interval(item).filter(|_| period.end <= now) else { continue };
        ended = period;
        items::set_period(
            item,
            Period { start: period.end, end: interval.next_boundary(anchor, period.end) },
        );
        invoice_lines.extend(tx.period_lines(item, &subscription.id, false)?);
    }
    items::set(subscription, values);
    if subscription.text("status") == Some("trialing") {
        subscription.body["status"] = json!("active");
    }
    let customer = subscription.text("customer").unwrap_or_default().to_owned();
    let customer = tx.get(Kind::Customer, &customer, "customer")?;
    let pending = lines::pending(tx, &customer.id, Some(&subscription.id))?;
    let pause = subscription.body["pause_collection"]["behavior"].as_str().map(str::to_owned);
    let is_unpaid = subscription.text("status") == Some("unpaid");
    let currency = subscription.text("currency").unwrap_or_default().to_owned();
    let draft = Draft {
        customer: &customer,
        reductions: tx.reductions(&customer, Some(subscription), &currency)?,
        subscription: Some(subscription),
        reason: "subscription_cycle",
        currency,
        lines: invoice_lines,
        period: ended,
        finalizes_itself: !is_unpaid && pause.as_deref() != Some("keep_as_draft"),
        days_until_due: subscription.integer("days_until_due"),
    };
    let mut invoice = tx.draft_invoice(draft, pending)?;
    tx.settle_discounts(&invoice, Some(subscription))?;
    subscription.body["latest_invoice"] = json!(invoice.id);
    tx.update(&before, subscription)?;
    match pause.as_deref() {
        Some("void") => {
            tx.finalize_invoice(&mut invoice)?;
            tx.void_invoice(&mut invoice)
        }
        Some("mark_uncollectible") => {
            tx.finalize_invoice(&mut invoice)?;
            tx.mark_uncollectible(&mut invoice)
        }
        _ => Ok(()),
    }
}

fn step_invoice(tx: &mut Tx<'_>, invoice: &mut Object) -> Result<(), ApiError> {
    if invoice.text("status") == Some("draft") {
        tx.finalize_invoice(invoice)?;
        if invoice.text("collection_method") == Some("send_invoice") {
            return tx.emit("invoice.sent", invoice, None);
        }
    }
    let customer = invoice.text("customer").unwrap_or_default().to_owned();
    let subscription = tx.subscription_of_invoice(invoice)?;
    let payment_method = match invoice.text("default_payment_method").map(str::to_owned) {
        Some(id) => tx.find(Kind::PaymentMethod, &id)?,
        None => tx.payment_method_for(&customer, subscription.as_ref())?,
    };
    tx.collect_invoice(invoice, payment_method.as_ref(), Presence::OffSession).map(drop)
}
