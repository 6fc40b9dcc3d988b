//! Paused subscriptions: no periods and no invoices until they are resumed.

use serde_json::{Value, json};

use super::{
    cancel,
    change::{self, Change, Proration},
};
use crate::sandbox::{error::ApiError, object::Object, payment::Presence, store::Tx};

/// How a subscription is to be paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pause {
    /// Unix seconds at which it goes on by itself.
    pub(crate) resumes_at: Option<i64>,
    /// Whether the time that is paid for and not used is credited.
    pub(crate) credits_unused_time: bool,
    /// Whether what waits is invoiced at once.
    pub(crate) invoices: bool,
}

/// Why a subscription cannot be paused.
fn refusal(subscription: &Object) -> Option<&'static str> {
    let status = subscription.text("status");
    if !matches!(status, Some("active" | "past_due" | "trialing")) {
        Some("Only subscriptions that are `active`, `trialing` or `past_due` can be paused.")
    } else if subscription.body["schedule"].is_string() {
        Some("You cannot pause a subscription that is managed by a subscription schedule.")
    } else if subscription.text("collection_method") == Some("send_invoice") {
        Some("Only subscriptions that charge automatically can be paused.")
    } else {
        None
    }
}

/// Pauses a subscription now.
pub(crate) fn pause(tx: &mut Tx<'_>, before: &Object, pause: Pause) -> Result<Object, ApiError> {
    if let Some(reason) = refusal(before) {
        return Err(ApiError::invalid(reason));
    }
    let now = tx.now();
    if pause.credits_unused_time {
        cancel::credit_unused_time(tx, before)?;
    }
    let mut subscription = before.clone();
    if pause.invoices {
        change::invoice_pending(tx, &mut subscription, Presence::OffSession)?;
    }
    subscription.body["status"] = json!("paused");
    subscription.body["status_details"] = details("pause_requested", now);
    subscription.private["resumes_at"] = json!(pause.resumes_at);
    tx.save(&subscription)?;
    tx.emit_change("customer.subscription.paused", before, &subscription)?;
    tx.emit_change("customer.subscription.updated", before, &subscription)?;
    Ok(subscription)
}

/// `status_details` of a paused subscription.
pub(crate) fn details(why: &str, now: i64) -> Value {
    json!({ "paused": { "type": "subscription", "subscription": { "type": why }, "transitioned_at": now } })
}

/// Goes on with a paused subscription: a new cycle starts now.
pub(crate) fn resume(tx: &mut Tx<'_>, before: &Object) -> Result<Object, ApiError> {
    if before.text("status") != Some("paused") {
        return Err(ApiError::invalid("You cannot resume a subscription that is not `paused`."));
    }
    let mut subscription = before.clone();
    subscription.body["status"] = json!("active");
    subscription.body.as_object_mut().map(|body| body.remove("status_details"));
    subscription.private["resumes_at"] = Value::Null;
    let change = Change {
        items: Vec::new(),
        proration: Proration::None,
        at: tx.now(),
        restarts_cycle: true,
    };
    let planned = change::plan(tx, before, &change)?;
    let (changed, _) = change::apply(tx, before, subscription, planned, Presence::OffSession)?;
    tx.emit("customer.subscription.resumed", &changed, None)?;
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::object::Kind;

    #[test]
    fn only_what_runs_and_charges_by_itself_is_paused() {
        for (status, schedule, collection, is_refused) in [
            ("active", None, "charge_automatically", false),
            ("trialing", None, "charge_automatically", false),
            ("paused", None, "charge_automatically", true),
            ("canceled", None, "charge_automatically", true),
            ("active", Some("sub_sched_1"), "charge_automatically", true),
            ("active", None, "send_invoice", true),
        ] {
            let body =
                json!({ "status": status, "schedule": schedule, "collection_method": collection });
            let refused = refusal(&Object::new(Kind::Subscription, 0, body)).is_some();
            assert_eq!(refused, is_refused, "{status} {schedule:?} {collection}");
        }
    }
}
