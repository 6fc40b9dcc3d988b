//! What the Checkout page shows, read from the session.

use serde_json::Value;

use super::{
    Cadence, CheckoutDiscount, CheckoutLine, CheckoutPage, IsRequired, Mode, SessionStatus,
    pricing, requires_card, return_url,
};
use crate::sandbox::{
    billing::{offer::in_words, pricing::unit},
    error::ApiError,
    object::{Kind, Object},
    store::Tx,
};

/// The page of a session.
pub(super) fn page(tx: &mut Tx<'_>, session: &Object) -> Result<CheckoutPage, ApiError> {
    let mut lines = Vec::new();
    for line in session.private["line_items"].as_array().into_iter().flatten() {
        lines.push(checkout_line(tx, line)?);
    }
    let customer = match session.text("customer") {
        Some(id) => tx.find(Kind::Customer, id)?,
        None => None,
    };
    let email = customer
        .as_ref()
        .and_then(|customer| customer.text("email"))
        .or(session.text("customer_email"));
    let data = &session.private["subscription_data"];
    let due_now = session.integer("amount_total").unwrap_or(0);
    let trial_days = data["trial_days"].as_i64();
    let text = |field: &str| session.text(field).map(str::to_owned);
    Ok(CheckoutPage {
        id: session.id.clone(),
        mode: match session.text("mode") {
            Some("payment") => Mode::Payment,
            Some("setup") => Mode::Setup,
            _ => Mode::Subscription,
        },
        status: match session.text("status") {
            Some("complete") => SessionStatus::Complete,
            Some("open")
                if session.integer("expires_at").is_some_and(|end| end > tx.sandbox_now()) =>
            {
                SessionStatus::Open
            }
            _ => SessionStatus::Expired,
        },
        merchant: tx.business().to_owned(),
        email: email.map(str::to_owned),
        email_is_fixed: email.is_some(),
        lines,
        currency: text("currency").unwrap_or_default(),
        due_now,
        recurring_total: pricing::recurring_total(tx, session)?,
        trial_days,
        trial_end: data["trial_end"].as_i64().or(trial_days.map(|days| tx.now() + days * 86_400)),
        card_required: requires_card(session),
        consent_to_terms: session.body["consent_collection"]["terms_of_service"] == "required",
        allow_promotion_codes: session.is("allow_promotion_codes"),
        discount: discount(tx, session)?,
        taxes: pricing::shown_taxes(tx, session)?,
        tax_country: tax_country(session, customer.as_ref()),
        tax_id: tax_id(session),
        debit: debit(session),
        submit_message: session.body["custom_text"]["submit"]["message"]
            .as_str()
            .map(str::to_owned),
        cancel_url: text("cancel_url"),
        success_url: return_url(session),
        expires_at: session.integer("expires_at").unwrap_or(0),
    })
}

/// The country that tax is reckoned for, where that is asked for.
fn tax_country(session: &Object, customer: Option<&Object>) -> Option<Option<String>> {
    if session.body["automatic_tax"]["enabled"] != true {
        return None;
    }
    let known = customer.map(|customer| &customer.body["address"]["country"]);
    let typed = session.private["tax_country"].as_str().or(known.and_then(Value::as_str));
    Some(typed.map(str::to_owned))
}

/// The kind of bank account that the session may be paid from, when something is to be paid now.
pub(super) fn debit(session: &Object) -> Option<&'static str> {
    let allowed = session.private["payment_method_types"].as_array()?;
    let kind = match session.text("currency")? {
        "usd" => "us_bank_account",
        "eur" => "sepa_debit",
        _ => return None,
    };
    let is_due = session.integer("amount_total").unwrap_or(0) > 0;
    (is_due && allowed.iter().any(|allowed| allowed == kind)).then_some(kind)
}

/// Whether a tax id is asked for, and has to be given.
pub(super) fn tax_id(session: &Object) -> Option<IsRequired> {
    let collection = &session.body["tax_id_collection"];
    (collection["enabled"] == true).then(|| IsRequired(collection["required"] == "if_supported"))
}

fn discount(tx: &mut Tx<'_>, session: &Object) -> Result<Option<CheckoutDiscount>, ApiError> {
    let Some(offer) = pricing::offer(tx, session)? else { return Ok(None) };
    let code = offer.promotion_code.as_ref().and_then(|code| code.text("code"));
    Ok(Some(CheckoutDiscount {
        code: code.filter(|_| session.is("allow_promotion_codes")).map(str::to_owned),
        text: in_words(&offer.coupon.body),
        amount: session.body["total_details"]["amount_discount"].as_i64().unwrap_or(0),
    }))
}

fn checkout_line(tx: &mut Tx<'_>, line: &Value) -> Result<CheckoutLine, ApiError> {
    let price = &line["price"];
    let product = tx.find(Kind::Product, price["product"].as_str().unwrap_or_default())?;
    let quantity = line["quantity"].as_i64().unwrap_or(1);
    Ok(CheckoutLine {
        id: line["id"].as_str().unwrap_or_default().to_owned(),
        adjustable: pricing::adjustable(line),
        name: line["description"].as_str().unwrap_or_default().to_owned(),
        description: product
            .as_ref()
            .and_then(|product| product.text("description"))
            .map(str::to_owned),
        image: product
            .as_ref()
            .and_then(|product| product.body["images"][0].as_str())
            .map(str::to_owned),
        quantity,
        unit_amount: unit(price).map(str::to_owned),
        amount: tx.cost(price, quantity)?,
        recurring: Cadence::of_price(price),
    })
}
