//! Coupons.

use serde_json::{Value, json};

use super::{Outcome, Page, Request};
use crate::sandbox::{
    billing::{discount::hundredths, offer},
    error::ApiError,
    object::{Kind, Object},
    params::Metadata,
    store::{Listing, Tx},
};

fn find(tx: &mut Tx<'_>, id: &str) -> Result<Object, ApiError> {
    tx.get(Kind::Coupon, id, "coupon").map_err(ApiError::in_path)
}

pub(super) fn create(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let id = params.string("id")?.unwrap_or_else(|| Kind::Coupon.new_id());
    let amount_off = params.integer_from("amount_off", 1)?;
    let currency = params.currency("currency")?;
    let percent_off = params.string("percent_off")?;
    let duration = params
        .choice("duration", &["forever", "once", "repeating"])?
        .unwrap_or_else(|| "once".to_owned());
    let months = params.integer_from("duration_in_months", 1)?;
    let name = params.clearable("name")?.flatten();
    let max_redemptions = params.integer_from("max_redemptions", 1)?;
    let redeem_by = params.integer("redeem_by")?;
    let metadata = params.metadata()?;
    let applies_to = params.hash("applies_to", |to| {
        Ok(json!({ "products": to.strings("products")?.unwrap_or_default() }))
    })?;
    let options = params.kept("currency_options")?.map(amounts_of).transpose()?;
    params.finish()?;
    let percent_off = percent_off.map(|text| percentage(&text)).transpose()?;
    if percent_off.is_none() && amount_off.is_none() {
        return Err(ApiError::missing("percent_off"));
    }
    if percent_off.is_some() && amount_off.is_some() {
        return Err(ApiError::invalid_param(
            "percent_off",
            "You may only specify one of these parameters: amount_off, percent_off.",
        ));
    }
    if amount_off.is_some() && currency.is_none() {
        return Err(ApiError::missing("currency"));
    }
    for product in applies_to.iter().flat_map(|to| to["products"].as_array()).flatten() {
        let id = product.as_str().unwrap_or_default();
        tx.get(Kind::Product, id, "applies_to[products]")?;
    }
    if duration == "repeating" && months.is_none() {
        return Err(ApiError::missing("duration_in_months"));
    }
    let mut body = json!({
        "amount_off": amount_off,
        "currency": currency.map(|currency| currency.to_ascii_lowercase()),
        "duration": duration,
        "duration_in_months": months,
        "max_redemptions": max_redemptions,
        "metadata": Metadata::new_value(metadata),
        "name": name,
        "percent_off": percent_off,
        "redeem_by": redeem_by,
        "times_redeemed": 0,
        "valid": true,
    });
    // Stripe shows these only when they are set.
    for (name, value) in [("applies_to", applies_to), ("currency_options", options)] {
        if let Some(value) = value {
            body[name] = value;
        }
    }
    let coupon = Object::with_id(Kind::Coupon, id, tx.now(), body);
    tx.create(&coupon)?;
    Ok(coupon.body)
}

/// `currency_options`: `{"eur": {"amount_off": 400}}`.
fn amounts_of(options: Value) -> Result<Value, ApiError> {
    let mut amounts = json!({});
    for (currency, option) in options.as_object().into_iter().flatten() {
        let amount = option["amount_off"].as_str().and_then(|text| text.parse::<i64>().ok());
        let param = || format!("currency_options[{currency}][amount_off]");
        let amount = amount
            .filter(|amount| *amount > 0)
            .ok_or_else(|| ApiError::invalid_param(param(), "Invalid integer"))?;
        amounts[currency] = json!({ "amount_off": amount });
    }
    Ok(amounts)
}

/// As the API shows it: whether it is valid depends on the time and on its use.
fn shown(tx: &Tx<'_>, mut coupon: Object) -> Value {
    coupon.body["valid"] = json!(offer::is_valid(&coupon.body, tx.now()));
    coupon.body
}

/// A JSON number with at most two decimals, above 0 and up to 100.
fn percentage(text: &str) -> Result<Value, ApiError> {
    let number: Option<Value> = serde_json::from_str(text).ok();
    match number.as_ref().and_then(|number| Some((number, hundredths(number)?))) {
        Some((number, 1..=10_000)) => Ok(number.clone()),
        _ => Err(ApiError::invalid_param(
            "percent_off",
            "Invalid percent_off: must be between 0 and 100",
        )),
    }
}

pub(super) fn retrieve(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let coupon = find(tx, request.id())?;
    request.params.finish()?;
    Ok(shown(tx, coupon))
}

pub(super) fn update(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let before = find(tx, request.id())?;
    let mut params = request.params;
    let name = params.clearable("name")?;
    let metadata = params.metadata()?;
    params.finish()?;
    let mut coupon = before.clone();
    if let Some(name) = name {
        coupon.body["name"] = json!(name);
    }
    Metadata::apply(metadata, &mut coupon.body);
    tx.update(&before, &coupon)?;
    Ok(shown(tx, coupon))
}

pub(super) fn delete(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let coupon = find(tx, request.id())?;
    request.params.finish()?;
    tx.delete(&coupon)?;
    tx.emit("coupon.deleted", &coupon, None)?;
    Ok(json!({ "id": coupon.id, "object": "coupon", "deleted": true }))
}

pub(super) fn list(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let page = Page::take(&mut params)?;
    let created = params.time_range("created")?;
    params.finish()?;
    page.answer(tx, "/v1/coupons", Kind::Coupon, Listing::default(), |coupon| {
        created.contains(coupon.integer("created").unwrap_or(0))
    })
}
