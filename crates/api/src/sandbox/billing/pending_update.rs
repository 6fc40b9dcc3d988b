//! Updates that wait for their payment: `payment_behavior=pending_if_incomplete`.
//!
//! The subscription stays what it was until the invoice of the change is paid; 23 hours later the change is off.

use serde_json::{Value, json};

use super::{
    change::{self, Planned},
    items,
    redeem::set_off_item,
};
use crate::sandbox::{
    error::ApiError,
    object::{Kind, Object},
    payment::{Presence, Verdict, charge_verdict},
    schedule::INCOMPLETE_TIME,
    store::Tx,
};

/// What a change may set; the rest of the subscription is as it was.
const CHANGED: &[&str] =
    &["billing_cycle_anchor", "discounts", "items", "plan", "quantity", "status", "trial_end"];

/// When the subscription's pending update is off.
pub(crate) fn expires_at(subscription: &Object) -> Option<i64> {
    subscription.body["pending_update"]["expires_at"].as_i64()
}

/// Whether a change that is invoiced now would have to wait for its payment.
pub(crate) fn has_to_wait(tx: &mut Tx<'_>, subscription: &Object) -> Result<bool, ApiError> {
    let customer = subscription.text("customer").unwrap_or_default().to_owned();
    let method = tx.payment_method_for(&customer, Some(subscription))?;
    let verdict = method.map(|method| charge_verdict(&method, Presence::OnSession));
    Ok(verdict != Some(Verdict::Accepted))
}

/// Makes the invoice of a change and keeps the change for when it is paid. `changed` is the subscription with what
/// the request changes besides its items.
pub(crate) fn hold(
    tx: &mut Tx<'_>,
    before: &Object,
    mut changed: Object,
    mut planned: Planned,
) -> Result<Object, ApiError> {
    let now = tx.now();
    planned.hold_discounts(tx, before)?;
    items::set(&mut changed, planned.items.clone());
    for (item, off) in planned.taken_off {
        set_off_item(&mut changed, &item, off);
    }
    if let Some(anchor) = planned.anchor {
        changed.body["billing_cycle_anchor"] = json!(anchor);
    }
    for proration in planned.prorations {
        tx.create(&proration.object(now))?;
    }
    let mut invoice = change::update_invoice(tx, &mut changed, planned.new_periods)?;
    let mut subscription = before.clone();
    subscription.body["latest_invoice"] = json!(invoice.id);
    subscription.body["pending_update"] = json!({
        "billing_cycle_anchor": planned.anchor,
        "cancel_at_period_end": null,
        "discount": null,
        "discounts": null,
        "expires_at": now + INCOMPLETE_TIME,
        "metadata": null,
        "subscription_items": planned.items,
        "trial_end": null,
        "trial_from_plan": null,
    });
    let fields = CHANGED.iter().map(|name| ((*name).to_owned(), changed.body[*name].clone()));
    subscription.private["pending_update"] = json!({
        "body": Value::Object(fields.collect()),
        "taken_off": changed.private["taken_off"],
    });
    tx.update(before, &subscription)?;
    tx.finalize_invoice(&mut invoice)?;
    let customer = subscription.text("customer").unwrap_or_default().to_owned();
    let method = tx.payment_method_for(&customer, Some(&subscription))?;
    tx.collect_invoice(&mut invoice, method.as_ref(), Presence::OnSession)?;
    tx.get(Kind::Subscription, &subscription.id, "id")
}

/// Whether the subscription waits for this invoice to be paid.
pub(crate) fn waits_for(subscription: &Object, invoice: &Object) -> bool {
    !subscription.body["pending_update"].is_null()
        && subscription.text("latest_invoice") == Some(&invoice.id)
}

/// The invoice is paid: the change comes.
pub(crate) fn apply(tx: &mut Tx<'_>, before: &Object) -> Result<(), ApiError> {
    let mut subscription = before.clone();
    let held = subscription.private["pending_update"].take();
    for name in CHANGED {
        subscription.body[*name] = held["body"][*name].clone();
    }
    subscription.private["taken_off"] = held["taken_off"].clone();
    subscription.body["pending_update"] = Value::Null;
    tx.index_items(&subscription)?;
    tx.update(before, &subscription)?;
    tx.emit("customer.subscription.pending_update_applied", &subscription, None)
}

/// The change is off: its invoice is voided, and with it the prorations.
pub(crate) fn expire(tx: &mut Tx<'_>, before: &Object) -> Result<(), ApiError> {
    let mut subscription = before.clone();
    subscription.body["pending_update"] = Value::Null;
    subscription.private["pending_update"] = Value::Null;
    tx.update(before, &subscription)?;
    if let Some(id) = before.text("latest_invoice")
        && let Some(mut invoice) = tx.find(Kind::Invoice, id)?
        && invoice.text("status") == Some("open")
    {
        tx.void_invoice(&mut invoice)?;
    }
    tx.emit("customer.subscription.pending_update_expired", &subscription, None)
}
