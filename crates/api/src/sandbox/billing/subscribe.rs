//! Starting a subscription: its first periods, its first invoice and the first payment.

use serde_json::{Value, json};

use super::{
    calendar::Interval,
    collect::Collected,
    invoice::Draft,
    items::{self, NewItem},
    lines,
    offer::Offer,
    proration::{Period, share},
    redeem::Holder,
};
use crate::sandbox::{
    error::ApiError,
    object::{Kind, Object},
    payment::Presence,
    store::Tx,
};

/// Seconds before a trial's end at which `trial_will_end` is told.
pub(crate) const TRIAL_NOTICE: i64 = 3 * 86_400;

/// A subscription to be started.
#[derive(Debug, Clone)]
pub(crate) struct NewSubscription {
    pub(crate) customer: Object,
    /// Recurring prices; at least one.
    pub(crate) items: Vec<NewItem>,
    /// One-time prices that go on the first invoice.
    pub(crate) one_time: Vec<NewItem>,
    /// Unix seconds.
    pub(crate) trial_end: Option<i64>,
    /// Unix seconds ahead at which the first whole period starts.
    pub(crate) anchor: Option<i64>,
    /// Whether the time until the anchor is charged.
    pub(crate) prorates: bool,
    pub(crate) default_payment_method: Option<String>,
    /// `send_invoice` with this many days to pay.
    pub(crate) days_until_due: Option<i64>,
    pub(crate) first_payment: FirstPayment,
    /// What reduces its invoices.
    pub(crate) offers: Vec<Offer>,
    /// `cancel_at_period_end`
    pub(crate) cancel_at_period_end: bool,
    /// Unix seconds.
    pub(crate) cancel_at: Option<i64>,
    /// Members of the subscription that are kept as they came: `metadata`, `description`, …
    pub(crate) kept: Value,
}

/// Who makes the first payment.
#[derive(Debug, Clone)]
pub(crate) enum FirstPayment {
    /// It is tried at once, with this payment method or the default one.
    Now { payment_method: Option<Object>, presence: Presence },
    /// The customer confirms it later: `default_incomplete`.
    ByTheCustomer,
}

/// A subscription that was started.
#[derive(Debug, Clone)]
pub(crate) struct Started {
    pub(crate) subscription: Object,
    pub(crate) invoice: Object,
    /// `None` when the payment is left to the customer.
    pub(crate) collected: Option<Collected>,
}

/// Starts a subscription at the transaction's time.
pub(crate) fn subscribe(tx: &mut Tx<'_>, new: NewSubscription) -> Result<Started, ApiError> {
    let now = tx.now();
    let currency = one_currency(&new)?;
    let trial_end = new.trial_end.filter(|end| *end > now);
    let anchor = trial_end.or(new.anchor).unwrap_or(now);
    let id = Kind::Subscription.new_id();
    let mut subscription = Object::with_id(
        Kind::Subscription,
        id,
        now,
        blank(&new, &currency, anchor, trial_end, now),
    );
    if let (Some(body), Value::Object(kept)) = (subscription.body.as_object_mut(), new.kept.clone())
    {
        body.extend(kept);
    }
    let first_period = |item: &NewItem| {
        let boundary = Interval::of_price(&item.price.body)
            .map(|interval| interval.next_boundary(anchor, now));
        Period { start: now, end: trial_end.or(boundary).unwrap_or(now) }
    };
    let mut values = Vec::new();
    for item in &new.items {
        let mut value = item.value(&subscription.id, first_period(item), now);
        tx.hold_for_item(&mut value, &item.discounts, &new.customer.id)?;
        values.push(value);
    }
    items::set(&mut subscription, values);
    if new.cancel_at_period_end {
        super::cancel::schedule_at_period_end(&mut subscription, now);
    } else if let Some(time) = new.cancel_at {
        subscription.body["cancel_at"] = json!(time);
        subscription.body["canceled_at"] = json!(now);
    }

    let mut held = Vec::new();
    for offer in &new.offers {
        let holder = Holder::Subscription(&subscription.id);
        held.push(json!(tx.redeem(offer, Some(&new.customer.id), holder)?.id));
    }
    subscription.body["discounts"] = Value::Array(held);
    let mut invoice = first_invoice(tx, &new, &subscription, currency, trial_end.is_some())?;
    subscription.body["latest_invoice"] = json!(invoice.id);
    let told_of_end = trial_end.is_some_and(|end| end - now <= TRIAL_NOTICE);
    subscription.private["trial_will_end_told"] = json!(told_of_end);
    tx.create(&subscription)?;
    tx.index_items(&subscription)?;
    if told_of_end {
        tx.emit("customer.subscription.trial_will_end", &subscription, None)?;
    }
    tx.create(&invoice)?;
    let before = subscription.clone();
    tx.settle_discounts(&invoice, Some(&mut subscription))?;
    tx.update(&before, &subscription)?;
    if new.days_until_due.is_some() {
        return Ok(Started { subscription, invoice, collected: None });
    }
    tx.finalize_invoice(&mut invoice)?;
    let collected = match new.first_payment {
        FirstPayment::ByTheCustomer if invoice.integer("amount_remaining") != Some(0) => None,
        FirstPayment::ByTheCustomer => {
            Some(tx.collect_invoice(&mut invoice, None, Presence::OnSession)?)
        }
        FirstPayment::Now { payment_method, presence } => {
            let payment_method = match payment_method {
                Some(given) => Some(given),
                None => tx.payment_method_for(&new.customer.id, Some(&subscription))?,
            };
            Some(tx.collect_invoice(&mut invoice, payment_method.as_ref(), presence)?)
        }
    };
    // Paying has changed its status.
    let subscription = tx.get(Kind::Subscription, &subscription.id, "id")?;
    Ok(Started { subscription, invoice, collected })
}

/// The invoice of the first period, not stored yet; its one-time parts are.
fn first_invoice(
    tx: &mut Tx<'_>,
    new: &NewSubscription,
    subscription: &Object,
    currency: String,
    is_trial: bool,
) -> Result<Object, ApiError> {
    let now = tx.now();
    let mut pending = lines::pending(tx, &new.customer.id, Some(&subscription.id))?;
    for one_time in &new.one_time {
        pending.push(tx.add_one_time(subscription, one_time)?);
    }
    let mut invoice_lines: Vec<Value> = pending.iter().map(lines::of_invoice_item).collect();
    for item in items::of(subscription) {
        let mut period = tx.period_lines(item, &subscription.id, is_trial)?;
        if let Some(whole) = partial_first_period(item, new).filter(|_| !is_trial) {
            for line in &mut period {
                let amount = line["amount"].as_i64().filter(|_| new.prorates).unwrap_or(0);
                let partial = json!(share(amount, whole, now));
                line["amount"] = partial.clone();
                line["subtotal"] = partial;
            }
        }
        invoice_lines.extend(period);
    }
    let mut reductions = tx.reductions_of_items(&pending, &currency)?;
    reductions.extend(tx.reductions(&new.customer, Some(subscription), &currency)?);
    let draft = Draft {
        customer: &new.customer,
        reductions,
        subscription: Some(subscription),
        reason: "subscription_create",
        currency,
        lines: invoice_lines,
        period: Period { start: now, end: now },
        finalizes_itself: new.days_until_due.is_some(),
        days_until_due: new.days_until_due,
    };
    let invoice = tx.drafted(draft, now)?;
    for mut item in pending {
        item.body["invoice"] = json!(invoice.id);
        tx.save(&item)?;
    }
    Ok(invoice)
}

/// The whole period that a first period is part of, when it is shorter.
fn partial_first_period(item: &Value, new: &NewSubscription) -> Option<Period> {
    let anchor = new.anchor?;
    let interval = items::interval(item)?;
    let Period { start, end } = items::period(item);
    let whole_start = interval.boundary_before(anchor, end);
    (whole_start != start).then_some(Period { start: whole_start, end })
}

fn one_currency(new: &NewSubscription) -> Result<String, ApiError> {
    let mut currencies =
        new.items.iter().chain(&new.one_time).map(|item| item.price.text("currency").unwrap_or(""));
    let first = currencies.next().unwrap_or("usd").to_owned();
    match currencies.find(|currency| *currency != first) {
        Some(other) => Err(ApiError::invalid_param(
            "items",
            format!(
                "The price specified only supports `{other}`. This doesn't match the expected currency: `{first}`."
            ),
        )),
        None => Ok(first),
    }
}

fn blank(
    new: &NewSubscription,
    currency: &str,
    anchor: i64,
    trial_end: Option<i64>,
    now: i64,
) -> Value {
    let status = match (trial_end, new.days_until_due) {
        (Some(_), _) => "trialing",
        (None, Some(_)) => "active",
        (None, None) => "incomplete",
    };
    let mut body = json!({
        "application": null,
        "application_fee_percent": null,
        "automatic_tax": { "disabled_reason": null, "enabled": false, "liability": null },
        "billing_cycle_anchor_config": null,
        "billing_schedules": [],
        "billing_thresholds": null,
        "cancel_at": null,
        "cancel_at_period_end": false,
        "canceled_at": null,
        "cancellation_details": { "comment": null, "feedback": null, "reason": null },
        "customer_account": null,
        "default_source": null,
        "default_tax_rates": [],
        "description": null,
        "discounts": [],
        "ended_at": null,
        "invoice_settings": { "account_tax_ids": null, "issuer": { "type": "self" } },
        "items": null,
        "latest_invoice": null,
        "managed_payments": null,
        "metadata": {},
        "next_pending_invoice_item_invoice": null,
        "on_behalf_of": null,
        "pause_collection": null,
        "payment_settings": {
            "payment_method_options": null, "payment_method_types": null, "save_default_payment_method": "off",
        },
        "pending_invoice_item_interval": null,
        "pending_setup_intent": null,
        "pending_update": null,
        "plan": null,
        "quantity": null,
        "schedule": null,
        "transfer_data": null,
        "trial_settings": { "end_behavior": { "missing_payment_method": "create_invoice" } },
    });
    let given = json!({
        "billing_cycle_anchor": anchor,
        "billing_mode": { "flexible": { "proration_discounts": "included" }, "type": "flexible", "updated_at": now },
        "collection_method": if new.days_until_due.is_some() { "send_invoice" } else { "charge_automatically" },
        "currency": currency,
        "customer": new.customer.id,
        "days_until_due": new.days_until_due,
        "default_payment_method": new.default_payment_method,
        "start_date": now,
        "status": status,
        "test_clock": new.customer.body["test_clock"],
        "trial_end": trial_end,
        "trial_start": trial_end.map(|_| now),
    });
    if let (Some(body), Value::Object(given)) = (body.as_object_mut(), given) {
        body.extend(given);
    }
    body
}
