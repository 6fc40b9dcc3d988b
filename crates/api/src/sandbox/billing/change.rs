//! Changing what a subscription charges: items, quantities, cycle, with proration.

mod changed;

use serde_json::{Value, json};

use super::{
    collect::Collected,
    discount::{Part, Reduction, reduce},
    invoice::Draft,
    items::{self, NewItem},
    lines::{self, NewInvoiceItem},
    offer::Wanted,
    proration::{Period, share},
    redeem::{off_item, reductions_of_wanted, set_off_item},
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
    Set(SetItem),
    Remove { id: String },
}

/// What is set anew on an item; what is not given stays.
#[derive(Debug, Clone, Default)]
pub(crate) struct SetItem {
    pub(crate) id: String,
    pub(crate) price: Option<Object>,
    pub(crate) quantity: Option<i64>,
    pub(crate) metadata: Value,
    /// Tax rates as objects.
    pub(crate) tax_rates: Option<Vec<Value>>,
    pub(crate) discounts: Option<Vec<Wanted>>,
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
    /// The discounts that items are to hold from now on.
    pub(crate) discounts: Vec<(String, Vec<Wanted>)>,
    /// What reduces single items once they hold them.
    pub(crate) item_reductions: Vec<Reduction>,
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
    let mut new = changed::items(subscription, change, anchor)?;
    let discounts = changed::discounts(change);
    let old_costs = costs(tx, &old)?;
    let new_costs = costs(tx, &new)?;
    let becomes_paid =
        old_costs.iter().all(|cost| *cost == 0) && new_costs.iter().any(|cost| *cost > 0);
    let restarts = !is_trial
        && (change.restarts_cycle || changed::has_new_interval(&old, &new) || becomes_paid);
    if restarts {
        for item in &mut new {
            let end = items::interval(item)
                .map_or(change.at, |interval| interval.next_boundary(change.at, change.at));
            items::set_period(item, Period { start: change.at, end });
        }
    }
    let item_reductions = item_reductions(tx, subscription, &new, &discounts)?;
    let off = off_items(tx, subscription, &new, &new_costs, &item_reductions)?;
    let before = |item: &Value| old.iter().find(|before| before["id"] == item["id"]);
    let is_changed =
        |item: &Value| before(item).is_none_or(|before| changed::charges_differ(before, item));
    let mut prorations = Vec::new();
    let was_trial = subscription.text("status") == Some("trialing");
    if !was_trial && change.proration != Proration::None {
        for (item, cost) in old.iter().zip(&old_costs) {
            let after = new.iter().find(|after| after["id"] == item["id"]);
            if restarts || after.is_none_or(|after| changed::charges_differ(item, after)) {
                let paid = cost - off_item(subscription, item);
                let credit = proration(tx, subscription, item, change.at, "Unused", -paid)?;
                prorations.extend(credit);
            }
        }
        for ((item, off), cost) in new.iter().zip(&off).zip(&new_costs).filter(|_| !restarts) {
            if is_changed(item) {
                let price = cost - off;
                let debit = proration(tx, subscription, item, change.at, "Remaining", price)?;
                prorations.extend(debit);
            }
        }
    }
    let mut new_periods = Vec::new();
    for item in new.iter().filter(|_| restarts) {
        new_periods.extend(tx.period_lines(item, &subscription.id, false)?);
    }
    let taken_off = new
        .iter()
        .zip(off)
        .filter(|(item, _)| is_changed(item))
        .filter_map(|(item, off)| Some((item["id"].as_str()?.to_owned(), off)))
        .collect();
    let invoices_now =
        restarts || (change.proration == Proration::AlwaysInvoice && !prorations.is_empty());
    Ok(Planned {
        anchor: restarts.then_some(change.at),
        items: new,
        prorations,
        new_periods,
        invoices_now,
        taken_off,
        discounts,
        item_reductions,
    })
}

/// What a whole period of each item costs.
fn costs(tx: &mut Tx<'_>, items: &[Value]) -> Result<Vec<i64>, ApiError> {
    items.iter().map(|item| tx.item_cost(item)).collect()
}

/// What reduces single items once they hold the discounts of the change.
fn item_reductions(
    tx: &mut Tx<'_>,
    subscription: &Object,
    items: &[Value],
    discounts: &[(String, Vec<Wanted>)],
) -> Result<Vec<Reduction>, ApiError> {
    let currency = subscription.text("currency").unwrap_or_default();
    let mut reductions = Vec::new();
    for item in items {
        match discounts.iter().find(|(id, _)| item["id"] == *id) {
            Some((id, wanted)) => {
                let wanted = reductions_of_wanted(wanted, currency).into_iter();
                reductions.extend(wanted.map(|reduction| reduction.for_item(id)));
            }
            None => {
                reductions.extend(tx.reductions_of_held(std::slice::from_ref(item), currency)?);
            }
        }
    }
    Ok(reductions)
}

/// What the discounts that go on take off each item's whole period. One that a single invoice uses up is left for
/// that invoice.
fn off_items(
    tx: &mut Tx<'_>,
    subscription: &Object,
    items: &[Value],
    costs: &[i64],
    item_reductions: &[Reduction],
) -> Result<Vec<i64>, ApiError> {
    let customer = subscription.text("customer").unwrap_or_default().to_owned();
    let customer = tx.get(Kind::Customer, &customer, "customer")?;
    let currency = subscription.text("currency").unwrap_or_default();
    let mut reductions = item_reductions.to_vec();
    reductions.extend(tx.reductions_of_all(&customer, Some(subscription), currency)?);
    reductions.retain(|reduction| !reduction.is_once);
    let parts: Vec<Part<'_>> = items
        .iter()
        .zip(costs)
        .map(|(item, cost)| Part {
            amount: *cost,
            product: item["price"]["product"].as_str().unwrap_or_default(),
            invoice_item: None,
            subscription_item: item["id"].as_str(),
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

impl Planned {
    /// Redeems the discounts that its items are to hold.
    pub(super) fn hold_discounts(
        &mut self,
        tx: &mut Tx<'_>,
        subscription: &Object,
    ) -> Result<(), ApiError> {
        let customer = subscription.text("customer").unwrap_or_default();
        for (id, wanted) in std::mem::take(&mut self.discounts) {
            if let Some(item) = self.items.iter_mut().find(|item| item["id"] == id) {
                tx.hold_for_item(item, &wanted, customer)?;
            }
        }
        Ok(())
    }
}

/// Writes a planned change and collects what is due at once. `subscription` may carry further changes.
pub(crate) fn apply(
    tx: &mut Tx<'_>,
    before: &Object,
    mut subscription: Object,
    mut planned: Planned,
    presence: Presence,
) -> Result<(Object, Option<(Object, Collected)>), ApiError> {
    planned.hold_discounts(tx, before)?;
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
        tax_rates: item["tax_rates"].clone(),
    }))
}
