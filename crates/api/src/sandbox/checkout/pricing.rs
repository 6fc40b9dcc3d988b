//! What a Checkout Session costs: its lines, its discount and their sums.

use serde_json::{Value, json};

use crate::sandbox::{
    billing::{
        discount::{Part, Reduction, reduce},
        lines::price_amount,
        offer::Offer,
    },
    error::ApiError,
    object::Object,
    store::Tx,
};

/// Reckons a session's lines and totals anew from its prices, quantities and offer.
pub(crate) fn reckon(session: &mut Object, offer: Option<&Offer>) {
    let data = &session.private["subscription_data"];
    let has_trial = !(data["trial_days"].is_null() && data["trial_end"].is_null());
    let mut lines = match session.private["line_items"].take() {
        Value::Array(lines) => lines,
        _ => Vec::new(),
    };
    let due_now: Vec<i64> = lines
        .iter()
        .map(|line| if has_trial && is_recurring(line) { 0 } else { whole_amount(line) })
        .collect();
    let currency = session.text("currency").unwrap_or_default();
    let reduction = offer.and_then(|offer| Reduction::of_coupon("", &offer.coupon.body, currency));
    let taken = off_lines(&lines, &due_now, reduction);
    for ((line, amount), off) in lines.iter_mut().zip(&due_now).zip(&taken) {
        line["amount_subtotal"] = json!(amount);
        line["amount_discount"] = json!(off);
        line["amount_total"] = json!(amount - off);
    }
    let sum = |amounts: &[i64]| amounts.iter().fold(0_i64, |sum, more| sum.saturating_add(*more));
    let (subtotal, off) = (sum(&due_now), sum(&taken));
    session.private["line_items"] = Value::Array(lines);
    session.body["discounts"] = offer.map_or_else(|| json!([]), |offer| json!([shown(offer)]));
    if session.text("mode") != Some("setup") {
        session.body["amount_subtotal"] = json!(subtotal);
        session.body["amount_total"] = json!(subtotal - off);
        session.body["total_details"]["amount_discount"] = json!(off);
    }
}

/// What one reduction takes off each line.
fn off_lines(lines: &[Value], amounts: &[i64], reduction: Option<Reduction>) -> Vec<i64> {
    let part = |(line, amount): (_, &i64)| {
        let line: &Value = line;
        let product = line["price"]["product"].as_str().unwrap_or_default();
        // The product is borrowed from the line, which outlives the parts.
        Part { amount: *amount, product, invoice_item: None, is_discountable: true }
    };
    let parts: Vec<Part<'_>> = lines.iter().zip(amounts).map(part).collect();
    let taken = reduce(&parts, reduction.as_slice());
    taken.into_iter().next().unwrap_or_else(|| vec![0; lines.len()])
}

fn shown(offer: &Offer) -> Value {
    match &offer.promotion_code {
        Some(code) => json!({ "coupon": null, "promotion_code": code.id }),
        None => json!({ "coupon": offer.coupon.id, "promotion_code": null }),
    }
}

/// What a session's line costs for a whole period, trial or not.
pub(super) fn whole_amount(line: &Value) -> i64 {
    price_amount(&line["price"], line["quantity"].as_i64().unwrap_or(1))
}

fn is_recurring(line: &Value) -> bool {
    !line["price"]["recurring"].is_null()
}

/// What all lines of a session cost, trial or not.
pub(crate) fn order_total(session: &Object) -> i64 {
    let lines = session.private["line_items"].as_array().into_iter().flatten();
    lines.map(whole_amount).fold(0, i64::saturating_add)
}

/// What the recurring lines cost each period.
pub(super) fn recurring_total(session: &Object) -> Option<i64> {
    let lines = session.private["line_items"].as_array()?;
    let mut recurring = lines.iter().filter(|line| is_recurring(line)).peekable();
    recurring.peek()?;
    Some(recurring.map(whole_amount).fold(0, i64::saturating_add))
}

/// The offer that the session's discount is made of.
pub(super) fn offer(tx: &mut Tx<'_>, session: &Object) -> Result<Option<Offer>, ApiError> {
    let discount = &session.body["discounts"][0];
    match (discount["promotion_code"].as_str(), discount["coupon"].as_str()) {
        (Some(code), _) => tx.offer_of_code(code, "discounts[0][promotion_code]").map(Some),
        (None, Some(coupon)) => tx.offer_of_coupon(coupon, "discounts[0][coupon]").map(Some),
        (None, None) => Ok(None),
    }
}

/// Refuses an offer that is not for this session, or is no longer.
pub(super) fn check(tx: &mut Tx<'_>, session: &Object, offer: &Offer) -> Result<(), ApiError> {
    let amount = Some((order_total(session), session.text("currency").unwrap_or_default()));
    tx.check_offer(offer, session.text("customer"), amount, "promotion_code")
}

/// Puts the offer behind a code that the customer typed on the session; an empty one takes it off.
pub(super) fn apply_code(tx: &mut Tx<'_>, mut session: Object, text: &str) -> Result<(), ApiError> {
    if !session.is("allow_promotion_codes") {
        return Err(ApiError::invalid("This Checkout Session takes no promotion codes."));
    }
    let offer = match text.trim() {
        "" => None,
        text => Some(tx.offer_of_text(text)?.ok_or_else(|| {
            ApiError::invalid_param("promotion_code", "This code is invalid.")
                .code("promotion_code_invalid")
        })?),
    };
    if let Some(offer) = &offer {
        check(tx, &session, offer)?;
    }
    reckon(&mut session, offer.as_ref());
    tx.save(&session)
}

/// Changes the quantity of a line that allows it.
pub(super) fn set_quantity(
    tx: &mut Tx<'_>,
    mut session: Object,
    line: &str,
    quantity: i64,
) -> Result<(), ApiError> {
    let lines = session.private["line_items"].as_array_mut();
    let found = lines.into_iter().flatten().find(|known| known["id"] == line);
    let bounds = found.as_ref().and_then(|line| adjustable(line));
    let (Some(found), Some((least, most))) = (found, bounds) else {
        return Err(ApiError::invalid("The quantity of this item cannot be changed."));
    };
    if !(least..=most).contains(&quantity) {
        let message = format!("Choose a quantity from {least} to {most}.");
        return Err(ApiError::invalid_param("quantity", message));
    }
    found["quantity"] = json!(quantity);
    let offer = offer(tx, &session)?;
    reckon(&mut session, offer.as_ref());
    tx.save(&session)
}

/// The least and the most of a line that the customer may order, when that is theirs to say.
pub(super) fn adjustable(line: &Value) -> Option<(i64, i64)> {
    let adjustable = line["adjustable_quantity"].as_object()?;
    let number =
        |name: &str, default| adjustable.get(name).and_then(Value::as_i64).unwrap_or(default);
    (adjustable.get("enabled") == Some(&json!(true)))
        .then(|| (number("minimum", 0).max(1), number("maximum", 99)))
}
