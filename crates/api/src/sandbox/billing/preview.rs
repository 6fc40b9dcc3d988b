//! Invoices as they would be: of a change, and of a subscription not started yet.

use serde_json::{Value, json};

use super::{
    change::{self, Change, ItemChange, Proration},
    discount::Reduction,
    invoice::{DRAFT_TIME, Draft},
    items, lines,
    proration::Period,
    redeem::reductions_of_wanted,
};
use crate::sandbox::{
    error::ApiError,
    object::{Kind, Object, random_word},
    store::Tx,
};

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
    /// What reduces the invoice in place of the discounts there are.
    pub(crate) reductions: Option<Vec<Reduction>>,
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
    let now = tx.now();
    let customer = subscription.text("customer").unwrap_or_default().to_owned();
    let mut invoice_lines = Vec::new();
    if !preview.recurring_only {
        let pending = lines::pending(tx, &customer, Some(&subscription.id))?;
        invoice_lines.extend(pending.iter().map(lines::of_invoice_item));
        invoice_lines.extend(
            planned.prorations.into_iter().map(|item| lines::of_invoice_item(&item.object(now))),
        );
    }
    let mut changed = subscription.clone();
    items::set(&mut changed, planned.items);
    let mut period = Period { start: now, end: now };
    if planned.invoices_now && !preview.recurring_only {
        invoice_lines.extend(planned.new_periods);
    } else if changed.body["cancel_at"].is_null() || preview.recurring_only {
        period.end = items::first_period_end(&changed).unwrap_or(now);
        invoice_lines.extend(next_periods(tx, &changed)?);
    }
    let mut reductions = planned.item_reductions;
    reductions.extend(match preview.reductions {
        Some(given) => given,
        None => {
            let customer = tx.get(Kind::Customer, &customer, "customer")?;
            let currency = changed.text("currency").unwrap_or_default().to_owned();
            tx.reductions_of_all(&customer, Some(&changed), &currency)?
        }
    });
    upcoming(tx, &customer, Some(&changed), invoice_lines, period, reductions)
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

/// The first invoice of a subscription to these prices, given with their quantities.
pub(crate) fn of_new_items(
    tx: &mut Tx<'_>,
    customer: &Object,
    new: &[items::NewItem],
    trial_end: Option<i64>,
    reductions: Option<Vec<Reduction>>,
) -> Result<Object, ApiError> {
    let now = tx.now();
    let trial_end = trial_end.filter(|end| *end > now);
    let mut invoice_lines = Vec::new();
    for item in new {
        let boundary = super::calendar::Interval::of_price(&item.price.body)
            .map(|interval| interval.next_boundary(trial_end.unwrap_or(now), now));
        let period = Period { start: now, end: trial_end.or(boundary).unwrap_or(now) };
        let value = item.value("", period, now);
        invoice_lines.extend(tx.period_lines(&value, "", trial_end.is_some())?);
    }
    let period = Period { start: now, end: now };
    let currency = new.first().and_then(|item| item.price.text("currency")).unwrap_or("usd");
    let mut own = Vec::new();
    for item in new {
        let wanted = reductions_of_wanted(&item.discounts, currency).into_iter();
        own.extend(wanted.map(|reduction| reduction.for_item(&item.id)));
    }
    own.extend(match reductions {
        Some(given) => given,
        None => tx.reductions_of_all(customer, None, currency)?,
    });
    upcoming(tx, &customer.id, None, invoice_lines, period, own)
}

fn upcoming(
    tx: &mut Tx<'_>,
    customer: &str,
    subscription: Option<&Object>,
    invoice_lines: Vec<Value>,
    period: Period,
    reductions: Vec<Reduction>,
) -> Result<Object, ApiError> {
    let customer = tx.get(Kind::Customer, customer, "customer")?;
    let line_currency = invoice_lines.first().and_then(|line| line["currency"].as_str());
    let currency =
        subscription.and_then(|subscription| subscription.text("currency")).or(line_currency);
    let currency = currency.unwrap_or("usd").to_owned();
    let draft = Draft {
        customer: &customer,
        reductions,
        subscription,
        reason: "upcoming",
        currency,
        lines: invoice_lines,
        period,
        finalizes_itself: false,
        days_until_due: None,
    };
    let mut invoice = tx.drafted(draft, period.end)?;
    invoice.id = format!("upcoming_in_{}", random_word(24));
    invoice.body["id"] = json!(invoice.id);
    invoice.body["next_payment_attempt"] = json!(period.end + DRAFT_TIME);
    Ok(invoice)
}
