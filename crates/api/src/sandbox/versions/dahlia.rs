//! 2026-03-25.dahlia.

use serde_json::json;

use super::{Change, remove};

/// The kinds that name who pays as an account, too.
const PAYING: &[&str] = &[
    "billing_portal.session",
    "checkout.session",
    "credit_note",
    "customer",
    "discount",
    "invoice",
    "invoiceitem",
    "payment_intent",
    "payment_method",
    "promotion_code",
    "setup_intent",
    "subscription",
    "subscription_schedule",
];

pub(super) const CHANGES: &[Change] = &[
    // `ui_mode` names what is shown: `hosted_page` was `hosted`, `embedded_page` was `embedded`, `elements` was
    // `custom`.
    Change {
        since: "2026-03-25.dahlia",
        objects: &["checkout.session"],
        undo: |_, session| {
            let before = match session["ui_mode"].as_str() {
                Some("hosted_page") => "hosted",
                Some("embedded_page") => "embedded",
                Some("elements") => "custom",
                _ => return Ok(()),
            };
            session["ui_mode"] = json!(before);
            Ok(())
        },
    },
    // Accounts pay beside customers.
    Change {
        since: "2026-03-25.dahlia",
        objects: PAYING,
        undo: |_, object| {
            remove(object, &["customer_account"]);
            Ok(())
        },
    },
];
