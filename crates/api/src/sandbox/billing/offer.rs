//! Coupons and promotion codes: who may redeem them, for what, and how they read. Pure.

use serde_json::Value;

use super::{amounts::written, discount::Reduction};
use crate::sandbox::object::Object;

/// What a discount is made of.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    pub(crate) coupon: Object,
    /// The promotion code it was asked for by.
    pub(crate) promotion_code: Option<Object>,
}

/// A discount that something is to have.
#[derive(Debug, Clone)]
pub(crate) enum Wanted {
    /// Of an offer that has been checked and is redeemed when the thing comes to be.
    New(Offer),
    /// One that is held already, and stays.
    Held(Object),
}

/// What a redemption is checked against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Redemption<'a> {
    pub(crate) customer: Option<&'a str>,
    /// Minor units and currency of what is bought, where they are known.
    pub(crate) amount: Option<(i64, &'a str)>,
    /// Whether the customer has paid before.
    pub(crate) has_paid: bool,
    /// Unix seconds.
    pub(crate) now: i64,
}

/// Whether the coupon can still be redeemed.
pub(crate) fn is_valid(coupon: &Value, now: i64) -> bool {
    let is_in_time = coupon["redeem_by"].as_i64().is_none_or(|end| now <= end);
    is_in_time && !is_exhausted(coupon)
}

/// Whether a promotion code can be redeemed by somebody.
pub(crate) fn is_active(code: &Value, coupon: &Value, now: i64) -> bool {
    let is_in_time = code["expires_at"].as_i64().is_none_or(|end| now <= end);
    code["active"] == true && is_in_time && !is_exhausted(code) && is_valid(coupon, now)
}

fn is_exhausted(redeemable: &Value) -> bool {
    let redeemed = redeemable["times_redeemed"].as_i64().unwrap_or(0);
    redeemable["max_redemptions"].as_i64().is_some_and(|most| redeemed >= most)
}

/// Why the offer is not for this redemption, in words for whoever asked.
pub(crate) fn refusal(
    offer: &Offer,
    redemption: &Redemption<'_>,
) -> Option<(String, &'static str)> {
    let coupon = &offer.coupon.body;
    if let Some((_, currency)) = redemption.amount
        && Reduction::of_coupon("", coupon, currency).is_none()
    {
        return Some((
            format!("The coupon {} takes off an amount in another currency.", offer.coupon.id),
            "coupon_currency_mismatch",
        ));
    }
    let Some(code) = offer.promotion_code.as_ref().map(|code| &code.body) else {
        let message = || format!("Coupon expired: {}", offer.coupon.id);
        return (!is_valid(coupon, redemption.now)).then(|| (message(), "coupon_expired"));
    };
    let restrictions = &code["restrictions"];
    let least = restrictions["minimum_amount"].as_i64().unwrap_or(0);
    let reason = if !is_active(code, coupon, redemption.now) {
        "This promotion code has expired or is no longer active.".to_owned()
    } else if code["customer"].as_str().is_some_and(|owner| redemption.customer != Some(owner)) {
        "This promotion code is for another customer.".to_owned()
    } else if restrictions["first_time_transaction"] == true && redemption.has_paid {
        "This promotion code cannot be redeemed because the associated customer has prior transactions."
            .to_owned()
    } else if let Some((amount, _)) = redemption.amount
        && amount < least
    {
        let currency = restrictions["minimum_amount_currency"].as_str().unwrap_or_default();
        format!("This promotion code needs an order of at least {}.", written(least, currency))
    } else {
        return None;
    };
    Some((reason, "promotion_code_invalid"))
}

/// A coupon as customers read it: `50% off for 3 months`.
pub(crate) fn in_words(coupon: &Value) -> String {
    let off = match coupon["amount_off"].as_i64() {
        Some(amount) => written(amount, coupon["currency"].as_str().unwrap_or_default()),
        None => format!("{}%", coupon["percent_off"]),
    };
    match (coupon["duration"].as_str(), coupon["duration_in_months"].as_i64()) {
        (Some("forever"), _) => format!("{off} off forever"),
        (Some("repeating"), Some(1)) => format!("{off} off for 1 month"),
        (Some("repeating"), Some(months)) => format!("{off} off for {months} months"),
        _ => format!("{off} off"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sandbox::object::Kind;

    fn offer(coupon: Value, code: Option<Value>) -> Offer {
        let object = |kind, body| Object::with_id(kind, "X".to_owned(), 0, body);
        Offer {
            coupon: object(Kind::Coupon, coupon),
            promotion_code: code.map(|code| object(Kind::PromotionCode, code)),
        }
    }

    #[test]
    fn offers_are_refused_for_their_time_number_customer_and_order() {
        let half = || json!({ "percent_off": 50, "times_redeemed": 0 });
        let code = |fields: Value| {
            let mut code = json!({ "active": true, "times_redeemed": 1, "restrictions": {} });
            for (name, value) in fields.as_object().unwrap() {
                code[name] = value.clone();
            }
            Some(code)
        };
        let restricted = |fields: Value| code(json!({ "restrictions": fields }));
        let order = Redemption {
            customer: Some("cus_1"),
            amount: Some((900, "usd")),
            has_paid: true,
            now: 100,
        };
        for (coupon, code, is_refused) in [
            (half(), None, false),
            (json!({ "percent_off": 50, "redeem_by": 99 }), None, true),
            (json!({ "percent_off": 50, "times_redeemed": 2, "max_redemptions": 2 }), None, true),
            (json!({ "amount_off": 50, "currency": "eur" }), None, true),
            (half(), code(json!({})), false),
            (half(), code(json!({ "active": false })), true),
            (half(), code(json!({ "expires_at": 99 })), true),
            (half(), code(json!({ "max_redemptions": 1 })), true),
            (half(), code(json!({ "customer": "cus_1" })), false),
            (half(), code(json!({ "customer": "cus_2" })), true),
            (half(), restricted(json!({ "first_time_transaction": true })), true),
            (
                half(),
                restricted(json!({ "minimum_amount": 900, "minimum_amount_currency": "usd" })),
                false,
            ),
            (
                half(),
                restricted(json!({ "minimum_amount": 901, "minimum_amount_currency": "usd" })),
                true,
            ),
        ] {
            let refused = refusal(&offer(coupon.clone(), code.clone()), &order).is_some();
            assert_eq!(refused, is_refused, "{coupon} {code:?}");
        }
    }
}
