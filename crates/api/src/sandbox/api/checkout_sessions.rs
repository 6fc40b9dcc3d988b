//! Checkout Sessions: made, listed and expired by the API; the customer completes them on their page.

mod breakdown;
mod parts;
mod shapes;

use serde_json::{Value, json};

pub(super) use self::breakdown::{breakdown, breakdown_of_line};
use self::parts::{check_tax, only_one_of, resolve_lines, take_line_rates, take_subscription_data};
use super::{
    Outcome, Page, Request, customers,
    discounts::{self, take_discounts},
    list::envelope,
    prices::GivenPrice,
};
use crate::sandbox::{
    checkout::{
        customer_details,
        pricing::{order_total, reckon},
    },
    error::ApiError,
    object::{Kind, Object, random_word},
    params::Metadata,
    store::{Listing, Tx},
};

/// Seconds a session stays open unless the request says otherwise; also the longest it may.
const LONGEST: i64 = 86_400;
/// Seconds a session stays open at least.
const SHORTEST: i64 = 1_800;

/// Parameters that decide nothing in the sandbox and are shown again as they came.
const KEPT: &[&str] = &[
    "adaptive_pricing",
    "after_expiration",
    "branding_settings",
    "consent_collection",
    "custom_fields",
    "excluded_payment_method_types",
    "invoice_creation",
    "managed_payments",
    "name_collection",
    "optional_items",
    "payment_method_options",
    "permissions",
    "phone_number_collection",
    "saved_payment_method_options",
    "shipping_address_collection",
    "shipping_options",
    "tax_id_collection",
    "wallet_options",
];

/// The same, of texts.
const KEPT_TEXTS: &[&str] = &[
    "billing_address_collection",
    "integration_identifier",
    "locale",
    "origin_context",
    "redirect_on_completion",
    "return_url",
    "submit_type",
];

struct LineItem {
    price: GivenPrice,
    quantity: i64,
    tax_rates: Option<(Vec<String>, String)>,
    adjustable_quantity: Option<Value>,
}

/// What a session that was asked for nothing else shows.
fn unset() -> Value {
    json!({
        "adaptive_pricing": { "enabled": false },
        "after_expiration": null,
        "allowed_payment_method_types": null,
        "billing_address_collection": null,
        "client_secret": null,
        "collected_information": null,
        "consent": null,
        "consent_collection": null,
        "currency_conversion": null,
        "custom_fields": [],
        "custom_text": {
            "after_submit": null, "shipping_address": null, "submit": null, "terms_of_service_acceptance": null,
        },
        "customer_account": null,
        "integration_identifier": null,
        "invoice": null,
        "locale": null,
        "managed_payments": null,
        "optional_items": null,
        "origin_context": null,
        "payment_intent": null,
        "payment_link": null,
        "payment_method_configuration_details": null,
        "payment_method_options": { "card": { "request_three_d_secure": "automatic" } },
        "payment_method_types": ["card"],
        "permissions": null,
        "phone_number_collection": { "enabled": false },
        "recovered_from": null,
        "saved_payment_method_options": null,
        "setup_intent": null,
        "shipping_address_collection": null,
        "shipping_cost": null,
        "shipping_options": [],
        "status": "open",
        "submit_type": null,
        "subscription": null,
        "wallet_options": null,
    })
}

pub(super) fn create(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let is_endive = request.is_endive();
    // Sessions live on the sandbox's own time, also those of customers on a test clock.
    let now = tx.sandbox_now();
    let mut params = request.params;
    let mode = params
        .choice("mode", &["payment", "setup", "subscription"])?
        .ok_or_else(|| ApiError::missing("mode"))?;
    let ui_mode = params.choice(
        "ui_mode",
        &["elements", "embedded_page", "form", "hosted_page", "hosted", "embedded"],
    )?;
    let ui_mode =
        ui_mode.filter(|mode| mode != "hosted").unwrap_or_else(|| "hosted_page".to_owned());
    let success_url = params.string("success_url")?;
    let cancel_url = params.string("cancel_url")?;
    if ui_mode == "hosted_page" && success_url.is_none() {
        return Err(ApiError::missing("success_url"));
    }
    for (name, url) in [("success_url", &success_url), ("cancel_url", &cancel_url)] {
        if let Some(url) = url {
            check_url(name, url)?;
        }
    }
    let customer = params.string("customer")?;
    let customer_email = params.string("customer_email")?;
    if customer.is_some() && customer_email.is_some() {
        return Err(only_one_of("customer", "customer_email"));
    }
    let line_items = params.hashes("line_items", |item| {
        Ok(LineItem {
            price: GivenPrice::take(item)?,
            quantity: item.integer_from("quantity", 1)?.unwrap_or(1),
            tax_rates: take_line_rates(item)?,
            adjustable_quantity: item.hash("adjustable_quantity", |adjustable| {
                Ok(json!({
                    "enabled": adjustable.boolean("enabled")?.unwrap_or(false),
                    "maximum": adjustable.integer_from("maximum", 1)?.unwrap_or(99),
                    "minimum": adjustable.integer_from("minimum", 0)?.unwrap_or(0),
                }))
            })?,
        })
    })?;
    let expires_at = params.integer("expires_at")?.unwrap_or(now + LONGEST);
    if !(now + SHORTEST..=now + LONGEST).contains(&expires_at) {
        return Err(ApiError::invalid_param(
            "expires_at",
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.",
        ));
    }
    let allow_promotion_codes = params.boolean("allow_promotion_codes")?;
    let given_discounts = take_discounts(&mut params)?;
    if allow_promotion_codes.is_some() && given_discounts.is_some() {
        return Err(only_one_of("allow_promotion_codes", "discounts"));
    }
    let client_reference_id = params.string("client_reference_id")?;
    let currency = params.currency("currency")?;
    let collection = params.choice("payment_method_collection", &["always", "if_required"])?;
    let customer_creation = params.choice("customer_creation", &["always", "if_required"])?;
    let customer_update = params.kept("customer_update")?;
    let automatic_tax = params.hash("automatic_tax", |tax| {
        tax.kept("liability")?;
        Ok(tax.boolean("enabled")?.unwrap_or(false))
    })?;
    let custom_text = params.kept("custom_text")?;
    let subscription_data =
        params.hash("subscription_data", |data| take_subscription_data(data, tx.now()))?;
    let payment_intent_data = params.kept("payment_intent_data")?;
    let setup_intent_data = params.kept("setup_intent_data")?;
    params.kept("payment_method_configuration")?;
    params.kept("payment_method_data")?;
    let allowed = params.strings("allowed_payment_method_types")?;
    let types = if is_endive { None } else { params.strings("payment_method_types")? };
    let payment_method_types = types.or(allowed.clone());
    let metadata = params.metadata()?;
    let mut kept = Vec::new();
    for name in KEPT {
        kept.push((*name, params.kept(name)?));
    }
    for name in KEPT_TEXTS {
        kept.push((*name, params.string(name)?.map(Value::from)));
    }
    params.finish()?;

    let customer = customer.map(|id| customers::live(tx, &id, "customer")).transpose()?;
    if customer.is_none() && customer_update.is_some() {
        return Err(ApiError::invalid_param(
            "customer_update",
            "`customer_update` can only be used with `customer`.",
        ));
    }
    let kept_value = |name: &str| {
        kept.iter().find(|(known, _)| *known == name).and_then(|(_, value)| value.as_ref())
    };
    check_tax(
        customer.as_ref(),
        customer_update.as_ref(),
        automatic_tax,
        kept_value("tax_id_collection"),
    )?;
    if subscription_data.is_some() && mode != "subscription" {
        return Err(ApiError::invalid_param(
            "subscription_data",
            format!("You can not pass `subscription_data` in `{mode}` mode."),
        ));
    }
    let (lines, tax_rates) = resolve_lines(tx, line_items.unwrap_or_default(), &mode)?;
    let subscription_data = subscription_data.map(|data| data.resolve(tx)).transpose()?;
    let details = customer_details(tx, customer.as_ref(), customer_email.as_deref())?;
    let currency =
        lines.first().and_then(|line| line["currency"].as_str().map(str::to_owned)).or(currency);

    let secret = random_word(48);
    let amounts = (mode != "setup").then_some(0);
    let mut body = unset();
    let given = json!({
        "allow_promotion_codes": allow_promotion_codes,
        "amount_subtotal": amounts,
        "amount_total": amounts,
        "automatic_tax": {
            "enabled": automatic_tax.unwrap_or(false),
            "liability": automatic_tax.filter(|enabled| *enabled).map(|_| json!({ "type": "self" })),
            "provider": automatic_tax.filter(|enabled| *enabled).map(|_| "stripe"),
            "status": null,
        },
        "cancel_url": cancel_url,
        "client_reference_id": client_reference_id,
        "currency": currency,
        "customer": customer.as_ref().map(|customer| &customer.id),
        "customer_creation": match (&customer, mode.as_str()) {
            (Some(_), _) => Value::Null,
            (None, "payment") => json!(customer_creation.unwrap_or_else(|| "if_required".to_owned())),
            (None, _) => json!("always"),
        },
        "customer_details": details,
        "customer_email": customer_email,
        "discounts": [],
        "expires_at": expires_at,
        "invoice_creation": (mode == "payment").then(|| json!({ "enabled": false, "invoice_data": {} })),
        "metadata": Metadata::new_value(metadata),
        "mode": mode,
        "payment_method_collection": collection.unwrap_or_else(|| {
            let default = if mode == "subscription" { "always" } else { "if_required" };
            default.to_owned()
        }),
        "payment_status": if mode == "setup" { "no_payment_required" } else { "unpaid" },
        "success_url": success_url,
        "total_details": amounts.map(|_| json!({ "amount_discount": 0, "amount_shipping": 0, "amount_tax": 0 })),
        "ui_mode": ui_mode,
        "url": tx.page_url(&format!("/pay/{secret}")),
    });
    if let (Some(body), Value::Object(given)) = (body.as_object_mut(), given) {
        body.extend(given);
    }
    if let Some(types) = payment_method_types.as_ref().filter(|types| !types.is_empty()) {
        body["payment_method_types"] = json!(types);
    }
    body["allowed_payment_method_types"] = json!(allowed);
    for (name, value) in kept {
        if let Some(value) = value {
            body[name] = shapes::complete(name, value);
        }
    }
    for (name, text) in custom_text.as_ref().and_then(Value::as_object).into_iter().flatten() {
        body["custom_text"][name] = text.clone();
    }
    let id = Kind::CheckoutSession.new_id();
    if ui_mode != "hosted_page" {
        // It has no page of its own: the business's shows it, by its secret.
        body["client_secret"] = json!(format!("{id}_secret_{}", random_word(48)));
        body["url"] = Value::Null;
    }
    let session = Object::with_id(Kind::CheckoutSession, id, now, body);
    let mut session = session.with_private(json!({
        "secret": secret,
        "line_items": lines,
        "tax_rates": tax_rates,
        "payment_method_types": payment_method_types,
        "subscription_data": subscription_data,
        "payment_intent_data": payment_intent_data,
        "setup_intent_data": setup_intent_data,
        "customer_update": customer_update,
    }));
    let total = order_total(tx, &session)?;
    let amount = Some((total, session.text("currency").unwrap_or_default()));
    let customer = session.text("customer");
    let wanted = discounts::resolve(tx, given_discounts.unwrap_or_default(), customer, amount)?;
    // Checkout takes one discount.
    reckon(tx, &mut session, discounts::offers(wanted).first())?;
    tx.insert(&session)?;
    Ok(session.body)
}

pub(super) fn check_url(param: &str, url: &str) -> Result<(), ApiError> {
    let is_web = url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if is_web {
        return Ok(());
    }
    Err(ApiError::invalid_param(param, "Not a valid URL").code("url_invalid"))
}

fn find(tx: &mut Tx<'_>, id: &str) -> Result<Object, ApiError> {
    tx.get(Kind::CheckoutSession, id, "session").map_err(ApiError::in_path)
}

pub(super) fn retrieve(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let session = find(tx, request.id())?;
    request.params.finish()?;
    Ok(session.body)
}

pub(super) fn update(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut session = find(tx, request.id())?;
    let mut params = request.params;
    let metadata = params.metadata()?;
    params.kept("collected_information")?;
    params.kept("shipping_options")?;
    params.finish()?;
    Metadata::apply(metadata, &mut session.body);
    tx.save(&session)?;
    Ok(session.body)
}

pub(super) fn expire(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut session = find(tx, request.id())?;
    request.params.finish()?;
    if session.text("status") != Some("open") {
        return Err(ApiError::invalid(format!(
            "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session has a status of \
             {}.",
            session.text("status").unwrap_or_default()
        )));
    }
    session.body["status"] = json!("expired");
    session.body["url"] = Value::Null;
    tx.save(&session)?;
    tx.emit("checkout.session.expired", &session, None)?;
    Ok(session.body)
}

pub(super) fn line_items(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let session = find(tx, request.id())?;
    let mut params = request.params;
    let page = Page::take(&mut params)?;
    params.finish()?;
    let lines = session.private["line_items"].as_array().cloned().unwrap_or_default();
    let url = format!("/v1/checkout/sessions/{}/line_items", session.id);
    if lines.is_empty() {
        return Ok(envelope(&url, lines, false));
    }
    page.slice(&url, &lines)
}

pub(super) fn list(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let page = Page::take(&mut params)?;
    let listing = Listing {
        customer: params.string("customer")?,
        parent: params.string("subscription")?,
        status: params.choice("status", &["complete", "expired", "open"])?,
        ..Listing::default()
    };
    let payment_intent = params.string("payment_intent")?;
    let created = params.time_range("created")?;
    let email = params.hash("customer_details", |details| details.required("email"))?;
    params.finish()?;
    page.answer(tx, "/v1/checkout/sessions", Kind::CheckoutSession, listing, |session| {
        created.contains(session.integer("created").unwrap_or(0))
            && payment_intent
                .as_deref()
                .is_none_or(|intent| session.text("payment_intent") == Some(intent))
            && email
                .as_deref()
                .is_none_or(|email| session.body["customer_details"]["email"] == email)
    })
}
