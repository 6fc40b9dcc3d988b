//! When the clock has to look at an object next.

use super::object::{Kind, Object};

/// Unix seconds of the next thing that happens to the object by itself; `None` when nothing does.
pub(crate) fn due(object: &Object) -> Option<i64> {
    match object.kind {
        Kind::CheckoutSession if object.text("status") == Some("open") => {
            object.integer("expires_at")
        }
        _ => None,
    }
}
