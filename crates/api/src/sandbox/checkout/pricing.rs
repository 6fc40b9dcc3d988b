//! What a Checkout Session costs: its lines, its discount and their sums.

use serde_json::{Value, json};

use crate::sandbox::{
    billing::{
        discount::{Part, Reduction, reduce},
        items,
        offer::Offer,
        tax::{self, Taxation},
    },
    error::ApiError,
    object::{Kind, Object},
    store::Tx,
};

/// Reckons a session's lines and totals anew from its prices, quantities, offer and taxes.
pub(crate) fn reckon(
    tx: &mut Tx<'_>,
    session: &mut Object,
    offer: Option<&Offer>,
) -> Result<(), ApiError> {
    let data = &session.private["subscription_data"];
    let has_trial = !(data["trial_days"].is_null() && data["trial_end"].is_null());
    let mut lines = match session.private["line_items"].take() {
        Value::Array(lines) => lines,
        _ => Vec::new(),
    };
    let mut due_now = Vec::new();
    for line in &lines {
        let is_free = has_trial && is_recurring(line);
        due_now.push(if is_free { 0 } else { tx.item_cost(line)? });
    }
    let currency = session.text("currency").unwrap_or_default();
    let reduction = offer.and_then(|offer| Reduction::of_coupon("", &offer.coupon.body, currency));
    let taken = off_lines(&lines, &due_now, reduction);
    let taxation = taxation(tx, session)?;
    let (mut taxes, mut line_taxes) = (Vec::new(), json!({}));
    for ((line, amount), off) in lines.iter_mut().zip(&due_now).zip(&taken) {
        let own = taxes_of_line(tx, session, line, amount - off, &taxation)?;
        let on_top = tax::sum(&own, "exclusive");
        line["amount_subtotal"] = json!(amount);
        line["amount_discount"] = json!(off);
        line["amount_tax"] = json!(on_top + tax::sum(&own, "inclusive"));
        line["amount_total"] = json!(amount - off + on_top);
        taxes.extend(own.as_array().into_iter().flatten().cloned());
        if let Some(id) = line["id"].as_str() {
            line_taxes[id] = own;
        }
    }
    let taxes = json!(tax::total(taxes.iter()));
    let sum = |amounts: &[i64]| amounts.iter().fold(0_i64, |sum, more| sum.saturating_add(*more));
    let (subtotal, off) = (sum(&due_now), sum(&taken));
    session.private["line_items"] = Value::Array(lines);
    session.body["discounts"] = offer.map_or_else(|| json!([]), |offer| json!([shown(offer)]));
    if session.body["automatic_tax"]["enabled"] == true {
        session.body["automatic_tax"]["status"] = json!(taxation.status());
    }
    if session.text("mode") != Some("setup") {
        let on_top = tax::sum(&taxes, "exclusive");
        session.body["amount_subtotal"] = json!(subtotal);
        session.body["amount_total"] = json!(subtotal - off + on_top);
        session.body["total_details"]["amount_discount"] = json!(off);
        session.body["total_details"]["amount_tax"] = json!(on_top + tax::sum(&taxes, "inclusive"));
    }
    session.private["taxes"] = taxes;
    session.private["line_taxes"] = line_taxes;
    Ok(())
}

/// By what the session's lines are taxed that have no rates of their own.
fn taxation(tx: &mut Tx<'_>, session: &Object) -> Result<Taxation, ApiError> {
    let customer = match session.text("customer") {
        Some(id) => tx.find(Kind::Customer, id)?,
        None => None,
    };
    let customer = customer.map(|customer| customer.body).unwrap_or_default();
    let typed = &session.private["tax_country"];
    let country = if typed.is_string() { typed } else { &customer["address"]["country"] };
    Ok(Taxation::new(
        &session.private["subscription_data"]["kept"]["default_tax_rates"],
        session.body["automatic_tax"]["enabled"] == true,
        country,
        &customer["tax_exempt"],
    ))
}

fn taxes_of_line(
    tx: &mut Tx<'_>,
    session: &Object,
    line: &Value,
    amount: i64,
    taxation: &Taxation,
) -> Result<Value, ApiError> {
    let id = line["id"].as_str().unwrap_or_default();
    let own = tax::ids(&session.private["tax_rates"][id]);
    Ok(json!(tx.taxes(amount, &own, taxation, &line["price"]["id"])?))
}

/// The session's taxes in words, with what each comes to and whether it is in the amounts already.
pub(super) fn shown_taxes(
    tx: &mut Tx<'_>,
    session: &Object,
) -> Result<Vec<(String, i64)>, ApiError> {
    tax::shown(tx, &session.private["taxes"])
}

/// Takes the country that the customer pays tax in.
pub(super) fn set_country(
    tx: &mut Tx<'_>,
    mut session: Object,
    country: &str,
) -> Result<(), ApiError> {
    let country = country.trim().to_ascii_uppercase();
    if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
        let message = "Enter the country's two letters, such as US or DE.";
        return Err(ApiError::invalid_param("tax_country", message));
    }
    session.private["tax_country"] = json!(country);
    let offer = offer(tx, &session)?;
    reckon(tx, &mut session, offer.as_ref())?;
    tx.save(&session)
}

/// What one reduction takes off each line.
fn off_lines(lines: &[Value], amounts: &[i64], reduction: Option<Reduction>) -> Vec<i64> {
    let part = |(line, amount): (_, &i64)| {
        let line: &Value = line;
        let product = line["price"]["product"].as_str().unwrap_or_default();
        // The product is borrowed from the line, which outlives the parts.
        Part {
            amount: *amount,
            product,
            invoice_item: None,
            subscription_item: None,
            is_discountable: true,
        }
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

fn is_recurring(line: &Value) -> bool {
    !line["price"]["recurring"].is_null()
}

/// What all lines of a session cost, trial or not.
pub(crate) fn order_total(tx: &mut Tx<'_>, session: &Object) -> Result<i64, ApiError> {
    let lines = session.private["line_items"].as_array().map_or(&[] as &[Value], Vec::as_slice);
    items::total(tx, lines)
}

/// What the recurring lines cost each period, with the taxes that come on top.
pub(super) fn recurring_total(tx: &mut Tx<'_>, session: &Object) -> Result<Option<i64>, ApiError> {
    let taxation = taxation(tx, session)?;
    let mut total = None;
    let lines = session.private["line_items"].as_array().into_iter().flatten();
    for line in lines.filter(|line| is_recurring(line)) {
        let amount = tx.item_cost(line)?;
        let taxes = taxes_of_line(tx, session, line, amount, &taxation)?;
        total = Some(total.unwrap_or(0_i64) + amount + tax::sum(&taxes, "exclusive"));
    }
    Ok(total)
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
    let total = order_total(tx, session)?;
    let amount = Some((total, session.text("currency").unwrap_or_default()));
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
    reckon(tx, &mut session, offer.as_ref())?;
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
    reckon(tx, &mut session, offer.as_ref())?;
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
