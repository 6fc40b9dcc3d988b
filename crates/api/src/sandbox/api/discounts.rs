//! `discounts` of a request, and the discounts that customers and subscriptions hold.

use serde_json::{Value, json};

use super::{Outcome, Request, customers};
use crate::sandbox::{
    billing::{
        offer::{Offer, Wanted},
        redeem::Holder,
    },
    error::ApiError,
    object::{Kind, Object},
    params::Params,
    store::Tx,
};

/// Most discounts that can be on one thing.
const MOST: usize = 20;

/// An element of `discounts`.
#[derive(Debug, Clone)]
pub(super) enum GivenDiscount {
    Coupon(String),
    PromotionCode(String),
    /// One that is held already and stays.
    Held(String),
}

/// Elements of `discounts` with the names of their parameters.
pub(super) type GivenDiscounts = Vec<(GivenDiscount, String)>;

/// Reads `discounts`; an empty value is the empty list.
pub(super) fn take_discounts(params: &mut Params) -> Result<Option<GivenDiscounts>, ApiError> {
    let path = params.name("discounts");
    let given = params.hashes("discounts", |discount| {
        let given = [
            discount.string("coupon")?.map(GivenDiscount::Coupon),
            discount.string("promotion_code")?.map(GivenDiscount::PromotionCode),
            discount.string("discount")?.map(GivenDiscount::Held),
        ];
        let names = ["coupon", "promotion_code", "discount"].map(|name| discount.name(name));
        let mut given =
            given.into_iter().zip(names).filter_map(|(given, name)| Some((given?, name)));
        match (given.next(), given.next()) {
            (Some(only), None) => Ok(only),
            _ => Err(ApiError::invalid_param(
                discount.name("coupon"),
                "You must pass exactly one of coupon, discount or promotion_code.",
            )),
        }
    })?;
    if given.as_ref().is_some_and(|given| given.len() > MOST) {
        let message = format!("You can pass at most {MOST} discounts.");
        return Err(ApiError::invalid_param(path, message));
    }
    Ok(given)
}

/// `coupon` or `promotion_code`, which versions before basil take for customers; an empty one (`Some(None)`) takes the
/// discount away.
pub(super) fn take_one(
    params: &mut Params,
) -> Result<Option<Option<(GivenDiscount, String)>>, ApiError> {
    let coupon = params.clearable("coupon")?;
    let code = params.clearable("promotion_code")?;
    let is_given = coupon.is_some() || code.is_some();
    let coupon = coupon.flatten().map(|id| (GivenDiscount::Coupon(id), "coupon"));
    let code = code.flatten().map(|id| (GivenDiscount::PromotionCode(id), "promotion_code"));
    let given = coupon.or(code).map(|(given, name)| (given, name.to_owned()));
    Ok(is_given.then_some(given))
}

/// `discounts`, or the one discount that versions before basil take in their place; an empty one takes all away.
pub(super) fn take_discounts_or_one(
    params: &mut Params,
    takes_one: bool,
) -> Result<Option<GivenDiscounts>, ApiError> {
    let given = take_discounts(params)?;
    let one = if takes_one { take_one(params)? } else { None };
    match (given, one) {
        (Some(_), Some(_)) => Err(ApiError::invalid(
            "You may only specify one of these parameters: discounts, coupon or promotion_code.",
        )
        .param("discounts")),
        (given, one) => Ok(given.or(one.map(|one| one.into_iter().collect()))),
    }
}

/// Looks the discounts up and refuses those that are not for this customer.
pub(super) fn resolve(
    tx: &mut Tx<'_>,
    given: GivenDiscounts,
    customer: Option<&str>,
    amount: Option<(i64, &str)>,
) -> Result<Vec<Wanted>, ApiError> {
    let mut wanted = Vec::new();
    for (given, param) in given {
        let offer = match given {
            GivenDiscount::Coupon(id) => tx.offer_of_coupon(&id, &param)?,
            GivenDiscount::PromotionCode(id) => tx.offer_of_code(&id, &param)?,
            GivenDiscount::Held(id) => {
                wanted.push(Wanted::Held(tx.get(Kind::Discount, &id, &param)?));
                continue;
            }
        };
        tx.check_offer(&offer, customer, amount, &param)?;
        wanted.push(Wanted::New(offer));
    }
    Ok(wanted)
}

/// The offers among discounts for something new, which can hold none yet.
pub(super) fn offers(wanted: Vec<Wanted>) -> Vec<Offer> {
    let offer = |wanted| match wanted {
        Wanted::New(offer) => Some(offer),
        Wanted::Held(_) => None,
    };
    wanted.into_iter().filter_map(offer).collect()
}

/// Gives the customer a discount in place of the one there is.
pub(super) fn give(tx: &mut Tx<'_>, customer: &mut Object, offer: &Offer) -> Result<(), ApiError> {
    let held = customer.body["discount"].take();
    let discount = tx.redeem(offer, Some(&customer.id), Holder::Customer)?;
    match held["id"].as_str() {
        Some(id) => tx.switch_discount(id, &discount)?,
        None => tx.emit("customer.discount.created", &discount, None)?,
    }
    customer.body["discount"] = discount.body;
    Ok(())
}

/// Takes the customer's discount away, if it has one.
pub(super) fn take_away(tx: &mut Tx<'_>, customer: &mut Object) -> Result<(), ApiError> {
    let held = customer.body["discount"].take();
    held["id"].as_str().map_or(Ok(()), |id| tx.end_discount(id))
}

fn none_held(kind: Kind, id: &str) -> ApiError {
    ApiError::invalid(format!("No active discount for {}: {id}", kind.noun()))
        .code("resource_missing")
        .in_path()
}

pub(super) fn retrieve_of_customer(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let customer = customers::live(tx, request.id(), "customer").map_err(ApiError::in_path)?;
    request.params.finish()?;
    match &customer.body["discount"] {
        Value::Null => Err(none_held(Kind::Customer, &customer.id)),
        discount => Ok(discount.clone()),
    }
}

pub(super) fn delete_of_customer(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let before = customers::live(tx, request.id(), "customer").map_err(ApiError::in_path)?;
    request.params.finish()?;
    let discount = before.body["discount"].clone();
    let Some(id) = discount["id"].as_str() else {
        return Err(none_held(Kind::Customer, &before.id));
    };
    tx.end_discount(id)?;
    let mut customer = before.clone();
    customer.body["discount"] = Value::Null;
    tx.update(&before, &customer)?;
    Ok(deleted(discount))
}

/// A discount that is no more: it has no end, and says so.
fn deleted(mut discount: Value) -> Value {
    discount.as_object_mut().map(|body| body.remove("end"));
    discount["deleted"] = json!(true);
    discount
}

pub(super) fn delete_of_subscription(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let before =
        tx.get(Kind::Subscription, request.id(), "subscription").map_err(ApiError::in_path)?;
    request.params.finish()?;
    let held = tx.discounts(&before.body["discounts"])?;
    let Some(last) = held.into_iter().next_back() else {
        return Err(none_held(Kind::Subscription, &before.id));
    };
    let mut subscription = before.clone();
    tx.hold_for_subscription(&mut subscription, &[])?;
    tx.update(&before, &subscription)?;
    Ok(deleted(last.body))
}
