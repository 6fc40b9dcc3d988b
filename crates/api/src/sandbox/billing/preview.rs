//! Invoices as they would be. What leads to one is done in a transaction that is taken back.

use serde_json::{Value, json};

use super::{
    change::{self, Change, ItemChange, Proration},
    discount::Reduction,
    invoice::{DRAFT_TIME, Draft},
    items, lines,
    proration::Period,
    renew, schedules,
};
use crate::sandbox::{
    error::ApiError,
    object::{Kind, Object, random_word},
    schedule,
    store::{Listing, Tx},
};

/// How often time is let pass, at most, until there is an invoice. What happens on the way to one is a trial told of, a
/// phase entered, or the like.
const MOST_STEPS: usize = 32;

/// A change whose invoice is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Preview {
    pub(crate) changes: Vec<ItemChange>,
    pub(crate) proration: Proration,
    /// Unix seconds the proration is counted at.
    pub(crate) at: i64,
    pub(crate) restarts_cycle: bool,
    /// Only what each renewal charges, without prorations.
    pub(crate) recurring_only: bool,
    /// What reduces the invoice besides the discounts there are.
    pub(crate) further: Vec<Reduction>,
}

/// There is no invoice to come.
pub(crate) fn none_upcoming(customer: &str) -> ApiError {
    ApiError::invalid(format!("No upcoming invoices for customer: {customer}"))
        .code("invoice_upcoming_none")
        .in_path()
}

/// The next invoice of a subscription once it is changed. Nothing is written.
pub(crate) fn of_change(
    tx: &mut Tx<'_>,
    subscription: &Object,
    preview: Preview,
) -> Result<Object, ApiError> {
    let change = Change {
        items: preview.changes,
        proration: preview.proration,
        at: preview.at,
        restarts_cycle: preview.restarts_cycle,
    };
    let planned = change::plan(tx, subscription, &change)?;
    let counted_at = (!planned.prorations.is_empty()).then_some(change.at);
    let now = tx.now();
    let customer = subscription.text("customer").unwrap_or_default().to_owned();
    let currency = subscription.text("currency").unwrap_or_default().to_owned();
    let mut invoice_lines = Vec::new();
    let mut reductions = Vec::new();
    if !preview.recurring_only {
        let mut pending = lines::pending(tx, &customer, Some(&subscription.id))?;
        // The invoice of a change takes what waits for the subscription alone.
        let own = |item: &Object| lines::subscription_of(item) == Some(&subscription.id);
        pending.retain(|item| !planned.invoices_now || own(item));
        reductions.extend(tx.reductions_of_items(&pending, &currency)?);
        invoice_lines.extend(pending.iter().map(lines::of_invoice_item));
        invoice_lines.extend(
            planned.prorations.into_iter().map(|item| lines::of_invoice_item(&item.object(now))),
        );
    }
    let mut changed = subscription.clone();
    items::set(&mut changed, planned.items);
    let mut period = Period { start: now, end: now };
    let end = items::first_period_end(&changed).unwrap_or(now);
    let ends_before = changed.integer("cancel_at").is_some_and(|cancel| cancel <= end);
    if planned.invoices_now && !preview.recurring_only {
        invoice_lines.extend(planned.new_periods);
    } else if !ends_before || preview.recurring_only {
        let ending = items::of(&changed).iter().map(items::period);
        period = ending
            .filter(|period| period.end == end)
            .min_by_key(|period| period.start)
            .unwrap_or(Period { start: now, end });
        invoice_lines.extend(next_periods(tx, &changed)?);
    }
    reductions.extend(planned.item_reductions);
    let owner = tx.get(Kind::Customer, &customer, "customer")?;
    reductions.extend(tx.reductions_of_all(&owner, Some(&changed), &currency)?);
    reductions.extend(preview.further);
    if invoice_lines.is_empty() {
        return Err(none_upcoming(&customer));
    }
    let draft = Draft {
        customer: &owner,
        reductions,
        subscription: Some(&changed),
        reason: "upcoming",
        currency,
        lines: invoice_lines,
        period,
        finalizes_itself: false,
        days_until_due: subscription.integer("days_until_due"),
    };
    let mut invoice = upcoming(tx, draft)?;
    if let Some(at) = counted_at.filter(|_| !preview.recurring_only) {
        invoice.body["parent"]["subscription_details"]["subscription_proration_date"] = json!(at);
    }
    Ok(invoice)
}

/// The lines of the next renewal.
fn next_periods(tx: &mut Tx<'_>, subscription: &Object) -> Result<Vec<Value>, ApiError> {
    let anchor = subscription.integer("billing_cycle_anchor").unwrap_or(0);
    let next = items::first_period_end(subscription);
    let mut renewed = Vec::new();
    for item in items::of(subscription) {
        let Period { end, .. } = items::period(item);
        if Some(end) != next {
            continue;
        }
        let Some(interval) = items::interval(item) else { continue };
        let mut item = item.clone();
        items::set_period(
            &mut item,
            Period { start: end, end: interval.next_boundary(anchor, end) },
        );
        renewed.extend(tx.period_lines(&item, &subscription.id, false)?);
    }
    Ok(renewed)
}

/// An invoice of what waits for the customer's next one (or, of a subscription that ends, for its last); `reductions`
/// are for it all.
pub(crate) fn of_pending(
    tx: &mut Tx<'_>,
    customer: &Object,
    subscription: Option<&Object>,
    reductions: Vec<Reduction>,
) -> Result<Object, ApiError> {
    let own = subscription.map(|subscription| subscription.id.as_str());
    let pending = lines::pending(tx, &customer.id, own)?;
    let Some(currency) = pending.first().and_then(|item| item.text("currency")) else {
        return Err(none_upcoming(&customer.id));
    };
    let currency = currency.to_owned();
    let mut all = tx.reductions_of_items(&pending, &currency)?;
    all.extend(reductions);
    let now = tx.now();
    let draft = Draft {
        customer,
        reductions: all,
        subscription,
        reason: "upcoming",
        currency,
        lines: pending.iter().map(lines::of_invoice_item).collect(),
        period: Period { start: now, end: now },
        finalizes_itself: false,
        days_until_due: None,
    };
    upcoming(tx, draft)
}

/// An invoice that has been made as the preview of itself.
pub(crate) fn of_made(
    tx: &mut Tx<'_>,
    made: &Object,
    recurring_only: bool,
) -> Result<Object, ApiError> {
    let customer = made.text("customer").unwrap_or_default();
    let customer = tx.get(Kind::Customer, customer, "customer")?;
    let subscription = tx.subscription_of_invoice(made)?;
    let of_items = |line: &Value| {
        let details = &line["parent"]["subscription_item_details"];
        details.is_object() && details["invoice_item"].is_null()
    };
    let mut invoice_lines = made.body["lines"]["data"].as_array().cloned().unwrap_or_default();
    invoice_lines.retain(|line| !recurring_only || of_items(line));
    for line in &mut invoice_lines {
        let rates = &made.private["tax_rates"][line["id"].as_str().unwrap_or_default()];
        line["tax_rates"] = rates.clone();
    }
    let time = |name: &str| made.integer(name).unwrap_or(0);
    let draft = Draft {
        customer: &customer,
        reductions: tx.reductions_of_invoice(made)?,
        subscription: subscription.as_ref(),
        reason: "upcoming",
        currency: made.text("currency").unwrap_or_default().to_owned(),
        lines: invoice_lines,
        period: Period { start: time("period_start"), end: time("period_end") },
        finalizes_itself: false,
        days_until_due: subscription.as_ref().and_then(|own| own.integer("days_until_due")),
    };
    upcoming(tx, draft)
}

/// The next invoice that a schedule leads to, after those in `known`. What happens until then is written.
pub(crate) fn next_of_schedule(
    tx: &mut Tx<'_>,
    schedule: &Object,
    known: &[String],
) -> Result<Object, ApiError> {
    let customer = schedule.text("customer").unwrap_or_default();
    for _ in 0..MOST_STEPS {
        let schedule = tx.get(Kind::SubscriptionSchedule, &schedule.id, "schedule")?;
        let own = schedule.text("subscription").or(schedule.text("released_subscription"));
        let subscription = match own.map(str::to_owned) {
            Some(id) => tx.find(Kind::Subscription, &id)?,
            None => None,
        };
        if let Some(subscription) = &subscription {
            let made = Listing::of_parent(&subscription.id);
            let (mut made, _) = tx.list(Kind::Invoice, &made, |made| !known.contains(&made.id))?;
            if let Some(first) = made.pop() {
                return Ok(first);
            }
        }
        let due = |object: &Object| Some((schedule::due(object)?, object.kind, object.id.clone()));
        let of_schedule = schedules::due(&schedule)
            .map(|due| (due, Kind::SubscriptionSchedule, schedule.id.clone()));
        // What is due at the same time is the schedule's to decide first.
        let next = of_schedule.into_iter().chain(subscription.as_ref().and_then(due));
        let Some((due, kind, id)) = next.min_by_key(|(due, ..)| *due) else { break };
        tx.set_now(due.max(tx.now()));
        renew::run(tx, kind, &id)?;
    }
    Err(none_upcoming(customer))
}

fn upcoming(tx: &mut Tx<'_>, draft: Draft<'_>) -> Result<Object, ApiError> {
    let period = draft.period;
    let mut invoice = tx.drafted(draft, period.end)?;
    invoice.id = format!("upcoming_in_{}", random_word(24));
    invoice.body["id"] = json!(invoice.id);
    invoice.body["lines"]["url"] = json!(format!("/v1/invoices/{}/lines", invoice.id));
    for line in invoice.body["lines"]["data"].as_array_mut().into_iter().flatten() {
        line["invoice"] = json!(invoice.id);
    }
    if invoice.text("collection_method") == Some("charge_automatically") {
        invoice.body["next_payment_attempt"] = json!(period.end + DRAFT_TIME);
    }
    Ok(invoice)
}

/// Takes the subscription out of the preview of one that there is not.
pub(crate) fn forget_subscription(invoice: &mut Object) {
    let body = &mut invoice.body;
    body["parent"] = Value::Null;
    for line in body["lines"]["data"].as_array_mut().into_iter().flatten() {
        line["subscription"] = Value::Null;
        for details in ["subscription_item_details", "invoice_item_details"] {
            if line["parent"][details].is_object() {
                line["parent"][details]["subscription"] = Value::Null;
            }
        }
    }
}
