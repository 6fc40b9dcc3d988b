//! Promotion codes: words that customers type for a coupon.

use serde_json::{Value, json};

use super::{Outcome, Page, Request, customers};
use crate::sandbox::{
    billing::offer,
    error::ApiError,
    object::{Kind, Object, random_word},
    params::{Metadata, Params},
    store::{Listing, Tx},
};

fn find(tx: &mut Tx<'_>, id: &str) -> Result<Object, ApiError> {
    tx.get(Kind::PromotionCode, id, "promotion_code").map_err(ApiError::in_path)
}

pub(super) fn create(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let takes_coupon = request.is_before("2025-09-30");
    let mut params = request.params;
    let promotion = params.hash("promotion", |promotion| {
        promotion.choice("type", &["coupon"])?;
        promotion.required("coupon")
    })?;
    // Before clover the coupon stood alone.
    let alone = if takes_coupon { params.string("coupon")? } else { None };
    let code = params.string("code")?;
    let active = params.boolean("active")?.unwrap_or(true);
    let customer = params.string("customer")?;
    let expires_at = params.integer("expires_at")?;
    let max_redemptions = params.integer_from("max_redemptions", 1)?;
    let restrictions = params.hash("restrictions", take_restrictions)?;
    let metadata = params.metadata()?;
    params.finish()?;
    let coupon = promotion.or(alone).ok_or_else(|| ApiError::missing("promotion"))?;
    let coupon = tx.get(Kind::Coupon, &coupon, "promotion[coupon]")?;
    if let Some(customer) = &customer {
        customers::live(tx, customer, "customer")?;
    }
    let code = code.unwrap_or_else(|| random_word(8).to_uppercase());
    check_code(tx, &code, customer.as_deref())?;
    let body = json!({
        "active": active,
        "code": code,
        "customer": customer,
        "customer_account": null,
        "expires_at": expires_at,
        "max_redemptions": max_redemptions,
        "metadata": Metadata::new_value(metadata),
        "promotion": { "coupon": coupon.id, "type": "coupon" },
        "restrictions": restrictions.unwrap_or_else(|| json!({
            "first_time_transaction": false, "minimum_amount": null, "minimum_amount_currency": null,
        })),
        "times_redeemed": 0,
    });
    let promotion_code = Object::new(Kind::PromotionCode, tx.now(), body);
    tx.create(&promotion_code)?;
    shown(tx, promotion_code)
}

fn take_restrictions(params: &mut Params) -> Result<Value, ApiError> {
    params.kept("currency_options")?;
    let minimum = params.integer_from("minimum_amount", 1)?;
    let currency = params.string("minimum_amount_currency")?;
    if minimum.is_some() && currency.is_none() {
        return Err(ApiError::missing(params.name("minimum_amount_currency")));
    }
    Ok(json!({
        "first_time_transaction": params.boolean("first_time_transaction")?.unwrap_or(false),
        "minimum_amount": minimum,
        "minimum_amount_currency": currency,
    }))
}

/// A code is one word, and unique among the active ones that its customer can use.
fn check_code(tx: &mut Tx<'_>, code: &str, customer: Option<&str>) -> Result<(), ApiError> {
    let is_word = code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_word {
        let message = "The code may only contain letters, digits and dashes.";
        return Err(ApiError::invalid_param("code", message));
    }
    let listing = Listing::of_lookup(&code.to_lowercase());
    let clashes = |other: &Object| {
        let owner = other.text("customer");
        other.is("active") && (owner.is_none() || customer.is_none() || owner == customer)
    };
    if tx.list(Kind::PromotionCode, &listing, clashes)?.0.is_empty() {
        return Ok(());
    }
    let message = format!("An active promotion code with `code: {code}` already exists.");
    Err(ApiError::invalid_param("code", message))
}

/// As the API shows it: whether it is active depends on its coupon, on the time and on its use.
fn shown(tx: &mut Tx<'_>, mut code: Object) -> Outcome {
    let coupon = code.body["promotion"]["coupon"].as_str().unwrap_or_default();
    let coupon = tx.find(Kind::Coupon, coupon)?.map(|coupon| coupon.body).unwrap_or_default();
    code.body["active"] = json!(offer::is_active(&code.body, &coupon, tx.now()));
    Ok(code.body)
}

pub(super) fn retrieve(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let code = find(tx, request.id())?;
    request.params.finish()?;
    shown(tx, code)
}

pub(super) fn update(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let before = find(tx, request.id())?;
    let mut params = request.params;
    let active = params.boolean("active")?;
    let metadata = params.metadata()?;
    params.kept("restrictions")?;
    params.finish()?;
    let mut code = before.clone();
    if let Some(active) = active {
        if active && !before.is("active") {
            check_code(tx, before.text("code").unwrap_or_default(), before.text("customer"))?;
        }
        code.body["active"] = json!(active);
    }
    Metadata::apply(metadata, &mut code.body);
    tx.update(&before, &code)?;
    shown(tx, code)
}

pub(super) fn list(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let page = Page::take(&mut params)?;
    let listing = Listing {
        customer: params.string("customer")?,
        parent: params.string("coupon")?,
        lookup: params.string("code")?.map(|code| code.to_lowercase()),
        ..Listing::default()
    };
    let active = params.boolean("active")?;
    let created = params.time_range("created")?;
    params.finish()?;
    page.answer(tx, "/v1/promotion_codes", Kind::PromotionCode, listing, |code| {
        active.is_none_or(|active| code.is("active") == active)
            && created.contains(code.integer("created").unwrap_or(0))
    })
}
