//! 2025-09-30.clover.

use serde_json::{Value, json};

use super::{Change, follow, take};
use crate::sandbox::{error::ApiError, object::Kind, store::Tx};

pub(super) const CHANGES: &[Change] = &[
    // `Discount.coupon`, an object, became `source.coupon`, an id.
    Change {
        since: "2025-09-30.clover",
        objects: &["discount"],
        undo: |tx, discount| {
            discount["coupon"] = whole(tx, take(discount, "source")["coupon"].take())?;
            Ok(())
        },
    },
    // `PromotionCode.coupon`, an object, became `promotion.coupon`, an id.
    Change {
        since: "2025-09-30.clover",
        objects: &["promotion_code"],
        undo: |tx, code| {
            code["coupon"] = whole(tx, take(code, "promotion")["coupon"].take())?;
            Ok(())
        },
    },
    // Schedules count phases by their duration; subscriptions have schedules of bills.
    Change {
        since: "2025-09-30.clover",
        objects: &["subscription"],
        undo: |_, subscription| {
            super::remove(subscription, &["billing_schedules", "managed_payments"]);
            if subscription["billing_mode"]["type"] == "classic" {
                subscription["billing_mode"] = json!({ "type": "classic" });
            }
            Ok(())
        },
    },
];

/// The coupon itself, where there was an id.
fn whole(tx: &mut Tx<'_>, coupon: Value) -> Result<Value, ApiError> {
    let Some(id) = coupon.as_str() else { return Ok(coupon) };
    let mut coupon = tx.find(Kind::Coupon, id)?.map(|found| found.body).unwrap_or_default();
    follow(tx, "2025-09-30.clover", &mut coupon)?;
    Ok(coupon)
}
