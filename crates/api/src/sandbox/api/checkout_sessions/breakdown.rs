//! What the totals of a Checkout Session are made of: each discount, and each tax rate.

use serde_json::{Value, json};

use crate::sandbox::{
    error::ApiError,
    object::{Kind, Object},
    store::Tx,
};

/// `total_details.breakdown`
pub(in crate::sandbox::api) fn breakdown(
    tx: &mut Tx<'_>,
    session: &Object,
) -> Result<Value, ApiError> {
    made_of(
        tx,
        session,
        &session.body["total_details"]["amount_discount"],
        &session.private["taxes"],
    )
}

/// `discounts` and `taxes` of one of the session's lines.
pub(in crate::sandbox::api) fn breakdown_of_line(
    tx: &mut Tx<'_>,
    session: &Object,
    line: &Value,
) -> Result<Value, ApiError> {
    let id = line["id"].as_str().unwrap_or_default();
    made_of(tx, session, &line["amount_discount"], &session.private["line_taxes"][id])
}

fn made_of(
    tx: &mut Tx<'_>,
    session: &Object,
    off: &Value,
    taxes: &Value,
) -> Result<Value, ApiError> {
    let mut shown = Vec::new();
    for tax in taxes.as_array().into_iter().flatten() {
        let rate = tax["tax_rate_details"]["tax_rate"].as_str().unwrap_or_default();
        // Sessions have no word for rates that somebody has set by hand.
        let reason = Some(&tax["taxability_reason"]).filter(|reason| **reason != "not_available");
        shown.push(json!({
            "amount": tax["amount"],
            "rate": tx.tax_rate(rate, "tax_rate")?.body,
            "taxability_reason": reason,
            "taxable_amount": tax["taxable_amount"],
        }));
    }
    let discounts: Vec<Value> = discount(tx, session)?
        .map(|discount| json!({ "amount": off, "discount": discount }))
        .into_iter()
        .collect();
    Ok(json!({ "discounts": discounts, "taxes": shown }))
}

/// The session's only discount, as what it is while nothing else holds it.
fn discount(tx: &mut Tx<'_>, session: &Object) -> Result<Option<Value>, ApiError> {
    let named = &session.body["discounts"][0];
    let code = &named["promotion_code"];
    let coupon = match (&named["coupon"], code.as_str()) {
        (Value::String(_), _) => named["coupon"].clone(),
        (_, Some(code)) => {
            let code = tx.find(Kind::PromotionCode, code)?;
            code.map(|code| code.body["promotion"]["coupon"].clone()).unwrap_or_default()
        }
        _ => return Ok(None),
    };
    let word = session.id.trim_start_matches("cs_test_");
    Ok(Some(json!({
        "id": format!("di_{}", &word[..word.len().min(24)]),
        "object": "discount",
        "checkout_session": session.id,
        "customer": session.body["customer"],
        "customer_account": null,
        "end": null,
        "invoice": null,
        "invoice_item": null,
        "promotion_code": code,
        "source": { "coupon": coupon, "type": "coupon" },
        "start": session.body["created"],
        "subscription": null,
        "subscription_item": null,
    })))
}
