//! Coupons. They can be kept and read; no invoice is reduced by one yet.

use serde_json::{Value, json};

use super::{Outcome, Page, Request};
use crate::sandbox::{
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
    let currency = params.string("currency")?;
    let percent_off = params.string("percent_off")?;
    let duration = params
        .choice("duration", &["forever", "once", "repeating"])?
        .unwrap_or_else(|| "once".to_owned());
    let months = params.integer_from("duration_in_months", 1)?;
    let name = params.clearable("name")?.flatten();
    let max_redemptions = params.integer_from("max_redemptions", 1)?;
    let redeem_by = params.integer("redeem_by")?;
    let metadata = params.metadata()?;
    params.kept("applies_to");
    params.kept("currency_options");
    params.finish()?;
    let percent_off = percent_off.map(|text| percentage(&text)).transpose()?;
    if percent_off.is_none() && amount_off.is_none() {
        return Err(ApiError::missing("percent_off"));
    }
    if amount_off.is_some() && currency.is_none() {
        return Err(ApiError::missing("currency"));
    }
    if duration == "repeating" && months.is_none() {
        return Err(ApiError::missing("duration_in_months"));
    }
    let body = json!({
        "amount_off": amount_off,
        "currency": currency,
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
    let coupon = Object::with_id(Kind::Coupon, id, tx.now(), body);
    tx.create(&coupon)?;
    Ok(coupon.body)
}

/// A JSON number with at most two decimals, above 0 and up to 100.
fn percentage(text: &str) -> Result<Value, ApiError> {
    let number: Option<serde_json::Number> = serde_json::from_str(text).ok();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let hundredths =
        format!("{whole}{fraction:0<2}").parse::<i64>().ok().filter(|_| fraction.len() <= 2);
    match (number, hundredths) {
        (Some(number), Some(1..=10_000)) => Ok(Value::Number(number)),
        _ => Err(ApiError::invalid_param(
            "percent_off",
            "Invalid percent_off: must be between 0 and 100",
        )),
    }
}

pub(super) fn retrieve(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let coupon = find(tx, request.id())?;
    request.params.finish()?;
    Ok(coupon.body)
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
    Ok(coupon.body)
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
