//! Changing what a subscription charges: items, quantities, cycle, with proration.

use serde_json::{Value, json};

use super::{
    calendar::Interval,
    collect::Collected,
    discount::{Part, reduce},
    invoice::Draft,
    items::{self, NewItem},
    lines::{self, NewInvoiceItem},
    proration::{Period, share},
    redeem::{off_item, set_off_item},
};
use crate::sandbox::{
    error::ApiError,
    object::{Kind, Object},
    payment::Presence,
    store::Tx,
};

/// `proration_behavior`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proration {
    /// Prorations wait for the next invoice.
    Create,
    /// Prorations are invoiced at once.
    AlwaysInvoice,
    None,
}

impl Proration {
    /// The words, in Stripe's order.
    pub(crate) const WORDS: &[&str] = &["always_invoice", "create_prorations", "none"];

    pub(crate) fn parse(word: &str) -> Proration {
        match word {
            "always_invoice" => Proration::AlwaysInvoice,
            "none" => Proration::None,
            _ => Proration::Create,
        }
    }
}

/// A change to one item.
#[derive(Debug, Clone)]
pub(crate) enum ItemChange {
    Add(NewItem),
    Set { id: String, price: Option<Object>, quantity: Option<i64>, metadata: Value },
    Remove { id: String },
}

/// What to change.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) items: Vec<ItemChange>,
    pub(crate) proration: Proration,
    /// Unix seconds the proration is counted at; now, unless a preview is to be met.
    pub(crate) at: i64,
    /// Starts a new cycle now: `billing_cycle_anchor=now`, or a trial that ends now.
    pub(crate) restarts_cycle: bool,
}

/// The result of a change, worked out but not written.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    pub(crate) items: Vec<Value>,
    /// New `billing_cycle_anchor`, when the cycle starts anew.
    pub(crate) anchor: Option<i64>,
    /// Credits and debits for the rest of the current periods.
    pub(crate) prorations: Vec<NewInvoiceItem>,
    /// Whole periods that start now because the cycle does.
    pub(crate) new_periods: Vec<Value>,
    /// Whether an invoice is made at once.
    pub(crate) invoices_now: bool,
    /// What the changed items get off their running period.
    pub(crate) taken_off: Vec<(String, i64)>,
}

/// Works out a change.
pub(crate) fn plan(
    tx: &mut Tx<'_>,
    subscription: &Object,
    change: &Change,
) -> Result<Planned, ApiError> {
    let old = items::of(subscription).to_vec();
    let is_trial = subscription.text("status") == Some("trialing") && !change.restarts_cycle;
    let anchor = subscription.integer("billing_cycle_anchor").unwrap_or(change.at);
    let mut new = changed_items(subscription, change, anchor)?;
    let restarts = !is_trial && (change.restarts_cycle || needs_new_cycle(&old, &new));
    if restarts {
        for item in &mut new {
            let end = items::interval(item)
                .map_or(change.at, |interval| interval.next_boundary(change.at, change.at));
            items::set_period(item, Period { start: change.at, end });
        }
    }
    let off = off_items(tx, subscription, &new)?;
    let mut prorations = Vec::new();
    let was_trial = subscription.text("status") == Some("trialing");
    if !was_trial && change.proration != Proration::None {
        for item in &old {
            let after = new.iter().find(|after| after["id"] == item["id"]);
            if restarts || after.is_none_or(|after| charges_differ(item, after)) {
                let paid = amount(item) - off_item(subscription, item);
                let credit = proration(tx, subscription, item, change.at, "Unused", -paid)?;
                prorations.extend(credit);
            }
        }
        for (item, off) in new.iter().zip(&off).filter(|_| !restarts) {
            let before = old.iter().find(|before| before["id"] == item["id"]);
            if before.is_none_or(|before| charges_differ(before, item)) {
                let price = amount(item) - off;
                prorations.extend(proration(
                    tx,
                    subscription,
                    item,
                    change.at,
                    "Remaining",
                    price,
                )?);
            }
        }
    }
    let mut new_periods = Vec::new();
    for item in new.iter().filter(|_| restarts) {
        let product = tx.product_name(&item["price"])?;
        new_periods.push(lines::of_subscription_item(item, &subscription.id, false, &product));
    }
    let is_changed = |item: &Value| {
        let before = old.iter().find(|before| before["id"] == item["id"]);
        before.is_none_or(|before| charges_differ(before, item))
    };
    let taken_off = new
        .iter()
        .zip(off)
        .filter(|(item, _)| is_changed(item))
        .filter_map(|(item, off)| Some((item["id"].as_str()?.to_owned(), off)))
        .collect();
    let invoices_now =
        restarts || (change.proration == Proration::AlwaysInvoice && !prorations.is_empty());
    Ok(Planned {
        items: new,
        anchor: restarts.then_some(change.at),
        prorations,
        new_periods,
        invoices_now,
        taken_off,
    })
}

/// What the discounts that go on take off each item's whole period. One that a single invoice uses up is left for
/// that invoice.
fn off_items(
    tx: &mut Tx<'_>,
    subscription: &Object,
    items: &[Value],
) -> Result<Vec<i64>, ApiError> {
    let customer = subscription.text("customer").unwrap_or_default().to_owned();
    let customer = tx.get(Kind::Customer, &customer, "customer")?;
    let currency = subscription.text("currency").unwrap_or_default();
    let mut reductions = tx.reductions(&customer, Some(subscription), currency)?;
    reductions.retain(|reduction| !reduction.is_once);
    let parts: Vec<Part<'_>> = items
        .iter()
        .map(|item| Part {
            amount: amount(item),
            product: item["price"]["product"].as_str().unwrap_or_default(),
            invoice_item: None,
            is_discountable: true,
        })
        .collect();
    let mut off = vec![0; items.len()];
    for shares in reduce(&parts, &reductions) {
        for (off, share) in off.iter_mut().zip(shares) {
            *off += share;
        }
    }
    Ok(off)
}

/// Writes a planned change and collects what is due at once. `subscription` may carry further changes.
pub(crate) fn apply(
    tx: &mut Tx<'_>,
    before: &Object,
    mut subscription: Object,
    planned: Planned,
    presence: Presence,
) -> Result<(Object, Option<(Object, Collected)>), ApiError> {
    items::set(&mut subscription, planned.items);
    for (item, off) in planned.taken_off {
        set_off_item(&mut subscription, &item, off);
    }
    if let Some(anchor) = planned.anchor {
        subscription.body["billing_cycle_anchor"] = json!(anchor);
    }
    for proration in planned.prorations {
        tx.create(&proration.object(tx.now()))?;
    }
    if subscription.is("cancel_at_period_end") {
        subscription.body["cancel_at"] = json!(items::last_period_end(&subscription));
    }
    tx.index_items(&subscription)?;
    if !planned.invoices_now {
        tx.update(before, &subscription)?;
        return Ok((subscription, None));
    }
    let mut invoice = update_invoice(tx, &mut subscription, planned.new_periods)?;
    subscription.body["latest_invoice"] = json!(invoice.id);
    tx.update(before, &subscription)?;
    tx.finalize_invoice(&mut invoice)?;
    let customer = subscription.text("customer").unwrap_or_default().to_owned();
    let payment_method = tx.payment_method_for(&customer, Some(&subscription))?;
    let collected = tx.collect_invoice(&mut invoice, payment_method.as_ref(), presence)?;
    let subscription = tx.get(Kind::Subscription, &subscription.id, "id")?;
    Ok((subscription, Some((invoice, collected))))
}

/// Invoices and collects at once what waits for this subscription.
pub(crate) fn invoice_pending(
    tx: &mut Tx<'_>,
    subscription: &mut Object,
    presence: Presence,
) -> Result<(), ApiError> {
    let mut invoice = update_invoice(tx, subscription, Vec::new())?;
    subscription.body["latest_invoice"] = json!(invoice.id);
    tx.save(subscription)?;
    tx.finalize_invoice(&mut invoice)?;
    let customer = subscription.text("customer").unwrap_or_default().to_owned();
    let method = tx.payment_method_for(&customer, Some(subscription))?;
    tx.collect_invoice(&mut invoice, method.as_ref(), presence)?;
    Ok(())
}

/// Drafts the invoice of a change: what waits for this subscription, and `lines`. The caller saves the subscription.
pub(crate) fn update_invoice(
    tx: &mut Tx<'_>,
    subscription: &mut Object,
    invoice_lines: Vec<Value>,
) -> Result<Object, ApiError> {
    let customer_id = subscription.text("customer").unwrap_or_default().to_owned();
    let customer = tx.get(Kind::Customer, &customer_id, "customer")?;
    let pending = lines::pending(tx, &customer_id, Some(&subscription.id))?;
    let pending = pending
        .into_iter()
        .filter(|item| lines::subscription_of(item) == Some(&subscription.id))
        .collect();
    let now = tx.now();
    let currency = subscription.text("currency").unwrap_or_default().to_owned();
    let draft = Draft {
        customer: &customer,
        reductions: tx.reductions(&customer, Some(subscription), &currency)?,
        subscription: Some(subscription),
        reason: "subscription_update",
        currency,
        lines: invoice_lines,
        period: Period { start: now, end: now },
        finalizes_itself: false,
        days_until_due: None,
    };
    let invoice = tx.draft_invoice(draft, pending)?;
    tx.settle_discounts(&invoice, Some(subscription))?;
    Ok(invoice)
}

fn changed_items(
    subscription: &Object,
    change: &Change,
    anchor: i64,
) -> Result<Vec<Value>, ApiError> {
    let mut values = items::of(subscription).to_vec();
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
            ItemChange::Set { id, price, quantity, metadata } => {
                let value = values
                    .iter_mut()
                    .find(|value| value["id"] == *id)
                    .ok_or_else(|| no_such_item(id))?;
                if let Some(price) = price {
                    items::set_price(value, &price.body);
                }
                if let Some(quantity) = quantity {
                    value["quantity"] = json!(quantity);
                }
                if metadata.is_object() {
                    value["metadata"] = metadata.clone();
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

/// Whether the new items cannot go on in the old periods: another interval, or free before and paid now.
fn needs_new_cycle(old: &[Value], new: &[Value]) -> bool {
    let has_new_interval = new.iter().any(|item| {
        let before = old.iter().find(|before| before["id"] == item["id"]);
        before.is_some_and(|before| items::interval(before) != items::interval(item))
    });
    let total = |values: &[Value]| values.iter().map(amount).fold(0_i64, i64::saturating_add);
    has_new_interval || (total(old) == 0 && total(new) > 0)
}

fn charges_differ(before: &Value, after: &Value) -> bool {
    before["price"]["id"] != after["price"]["id"] || before["quantity"] != after["quantity"]
}

fn amount(item: &Value) -> i64 {
    lines::price_amount(&item["price"], item["quantity"].as_i64().unwrap_or(1))
}

/// The credit (`charged` below zero) or debit for the rest of an item's period, for which `charged` is the whole.
fn proration(
    tx: &mut Tx<'_>,
    subscription: &Object,
    item: &Value,
    at: i64,
    which: &str,
    charged: i64,
) -> Result<Option<NewInvoiceItem>, ApiError> {
    let period = items::period(item);
    // An item that was added in the middle pays for the rest of a whole period.
    let whole = items::interval(item).map_or(period, |interval| {
        let anchor = subscription.integer("billing_cycle_anchor").unwrap_or(period.start);
        Period { start: interval.boundary_before(anchor, period.end), end: period.end }
    });
    let prorated = share(charged, whole, at);
    if prorated == 0 {
        return Ok(None);
    }
    let quantity = item["quantity"].as_i64().unwrap_or(1);
    let product = tx.product_name(&item["price"])?;
    Ok(Some(NewInvoiceItem {
        customer: subscription.text("customer").unwrap_or_default().to_owned(),
        amount: prorated,
        currency: subscription.text("currency").unwrap_or_default().to_owned(),
        description: Some(lines::proration_text(which, quantity, &product, at)),
        quantity,
        period: Period { start: at, end: period.end },
        price: item["price"].clone(),
        subscription: Some((subscription.id.clone(), item["id"].as_str().map(str::to_owned))),
        test_clock: subscription.body["test_clock"].clone(),
        proration: true,
        invoice: None,
        metadata: Value::Null,
    }))
}
