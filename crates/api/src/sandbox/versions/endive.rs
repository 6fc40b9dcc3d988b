//! 2026-09-30.endive and 2026-10-28.endive.

use serde_json::json;

use super::{Change, remove};

pub(super) const CHANGES: &[Change] = &[
    // The portal can pause subscriptions, and its sessions can end at a log-in.
    Change {
        since: "2026-10-28.endive",
        objects: &["billing_portal.configuration"],
        undo: |_, configuration| {
            remove(&mut configuration["features"], &["subscription_pause"]);
            Ok(())
        },
    },
    Change {
        since: "2026-10-28.endive",
        objects: &["billing_portal.session"],
        undo: |_, session| {
            remove(session, &["after_expiration"]);
            if session["flow"].is_object() {
                remove(&mut session["flow"], &["subscription_pause"]);
            }
            Ok(())
        },
    },
    // Schedules can pause.
    Change {
        since: "2026-10-28.endive",
        objects: &["subscription_schedule"],
        undo: |_, schedule| {
            remove(schedule, &["pause_schedules"]);
            Ok(())
        },
    },
    // A subscription tells why it is paused.
    Change {
        since: "2026-09-30.endive",
        objects: &["subscription"],
        undo: |_, subscription| {
            remove(subscription, &["status_details"]);
            if subscription["pending_update"].is_object() {
                remove(&mut subscription["pending_update"], &["cancel_at_period_end"]);
            }
            Ok(())
        },
    },
    Change {
        since: "2026-09-30.endive",
        objects: &["subscription_schedule"],
        undo: |_, schedule| {
            remove(schedule, &["pause_schedules"]);
            Ok(())
        },
    },
    // Payment methods are chosen by the account; sessions tell what was allowed.
    Change {
        since: "2026-09-30.endive",
        objects: &["checkout.session"],
        undo: |_, session| {
            remove(session, &["allowed_payment_method_types"]);
            if session["payment_method_types"].is_null() {
                session["payment_method_types"] = json!(["card"]);
            }
            Ok(())
        },
    },
    // Prices tell the trial that subscriptions to them start with.
    Change {
        since: "2026-09-30.endive",
        objects: &["price"],
        undo: |_, price| {
            if price["recurring"].is_object() {
                remove(&mut price["recurring"], &["trial_period_days"]);
            }
            Ok(())
        },
    },
    // Products tell their tax details.
    Change {
        since: "2026-09-30.endive",
        objects: &["product"],
        undo: |_, product| {
            remove(product, &["tax_details"]);
            Ok(())
        },
    },
];
