//! 2024-04-10.

use serde_json::json;

use super::{Change, take};

pub(super) const CHANGES: &[Change] = &[
    // `Product.features` became `marketing_features`.
    Change {
        since: "2024-04-10",
        objects: &["product"],
        undo: |_, product| {
            product["features"] = take(product, "marketing_features");
            Ok(())
        },
    },
    // Captures became asynchronous unless asked for otherwise.
    Change {
        since: "2024-04-10",
        objects: &["payment_intent"],
        undo: |_, intent| {
            if intent["capture_method"] == "automatic_async" {
                intent["capture_method"] = json!("automatic");
            }
            Ok(())
        },
    },
];
