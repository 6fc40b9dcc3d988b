//! Configurations of the Customer Portal.

use serde_json::{Value, json};

use super::{Outcome, Page, Request, checkout_sessions::check_url};
use crate::sandbox::{
    billing::change::Proration,
    error::ApiError,
    object::{Kind, Object},
    params::{Metadata, Params},
    store::{Listing, Tx},
};

const CUSTOMER_UPDATES: &[&str] = &["address", "email", "name", "phone", "shipping", "tax_id"];
const REASONS: &[&str] = &[
    "customer_service",
    "low_quality",
    "missing_features",
    "other",
    "switched_service",
    "too_complex",
    "too_expensive",
    "unused",
];
const SUBSCRIPTION_UPDATES: &[&str] = &["price", "promotion_code", "quantity"];
/// Most products that `subscription_update` offers.
const MAX_PRODUCTS: usize = 10;

pub(super) fn create(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let now = tx.now();
    let mut configuration = blank(now);
    let mut params = request.params;
    if !params.has("features") {
        return Err(ApiError::missing("features"));
    }
    change(tx, &mut configuration, &mut params)?;
    params.finish()?;
    check(tx, &configuration)?;
    tx.create(&configuration)?;
    Ok(configuration.body)
}

/// A configuration with every feature turned off.
fn blank(now: i64) -> Object {
    let body = json!({
        "active": true,
        "application": null,
        "business_profile": { "headline": null, "privacy_policy_url": null, "terms_of_service_url": null },
        "default_return_url": null,
        "features": {
            "customer_update": { "allowed_updates": [], "enabled": false },
            "invoice_history": { "enabled": false },
            "payment_method_update": { "enabled": false, "payment_method_configuration": null },
            "subscription_cancel": {
                "cancellation_reason": { "enabled": false, "options": [], "feedback_options": null },
                "enabled": false, "mode": "at_period_end", "proration_behavior": "none",
            },
            "subscription_pause": {
                "duration": { "interval_options": [{ "interval": "month", "interval_count": 1 }],
                    "type": "interval_options" },
                "enabled": false,
            },
            "subscription_update": {
                "billing_cycle_anchor": null, "default_allowed_updates": [], "enabled": false, "products": [],
                "proration_behavior": "none", "schedule_at_period_end": { "conditions": [] },
                "trial_update_behavior": "end_trial",
            },
        },
        "is_default": false,
        "login_page": { "enabled": false, "url": null },
        "metadata": {},
        "name": null,
        "updated": now,
    });
    Object::new(Kind::BillingPortalConfiguration, now, body)
}

/// The default configuration, as if its settings had been saved in Stripe's dashboard, which is where they are made:
/// those made by the API are never the default.
pub(super) fn default(tx: &mut Tx<'_>) -> Result<Object, ApiError> {
    let is_default = |found: &Object| found.is("is_default") && found.is("active");
    let (found, _) = tx.list(Kind::BillingPortalConfiguration, &Listing::default(), is_default)?;
    if let Some(default) = found.into_iter().next() {
        return Ok(default);
    }
    let mut default = blank(tx.now());
    default.body["is_default"] = json!(true);
    let features = &mut default.body["features"];
    features["customer_update"] =
        json!({ "allowed_updates": ["email", "address", "phone", "name"], "enabled": true });
    for name in ["invoice_history", "payment_method_update", "subscription_cancel"] {
        features[name]["enabled"] = json!(true);
    }
    tx.create(&default)?;
    Ok(default)
}

pub(super) fn update(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let before = find(tx, request.id())?;
    let mut configuration = before.clone();
    let mut params = request.params;
    if let Some(active) = params.boolean("active")? {
        configuration.body["active"] = json!(active);
    }
    change(tx, &mut configuration, &mut params)?;
    params.finish()?;
    check(tx, &configuration)?;
    if configuration != before {
        configuration.body["updated"] = json!(tx.now());
    }
    tx.update(&before, &configuration)?;
    Ok(configuration.body)
}

/// Applies the parameters that create and update share.
fn change(
    tx: &mut Tx<'_>,
    configuration: &mut Object,
    params: &mut Params,
) -> Result<(), ApiError> {
    let body = &mut configuration.body;
    params.hash("business_profile", |profile| {
        for name in ["headline", "privacy_policy_url", "terms_of_service_url"] {
            if let Some(value) = profile.clearable(name)? {
                if let (Some(url), true) = (&value, name.ends_with("_url")) {
                    check_url(&profile.name(name), url)?;
                }
                body["business_profile"][name] = json!(value);
            }
        }
        Ok(())
    })?;
    if let Some(url) = params.clearable("default_return_url")? {
        if let Some(url) = &url {
            check_url("default_return_url", url)?;
        }
        body["default_return_url"] = json!(url);
    }
    if let Some(name) = params.clearable("name")? {
        body["name"] = json!(name);
    }
    let login = params.hash("login_page", |page| page.boolean("enabled"))?.flatten();
    if let Some(enabled) = login {
        let url = enabled.then(|| tx.page_url("/portal/login"));
        body["login_page"] = json!({ "enabled": enabled, "url": url });
    }
    params.hash("features", |features| {
        let shown = &mut body["features"];
        for name in ["invoice_history", "payment_method_update", "subscription_pause"] {
            features.hash(name, |feature| {
                if let Some(enabled) = feature.boolean("enabled")? {
                    shown[name]["enabled"] = json!(enabled);
                }
                if let Some(id) = feature.clearable("payment_method_configuration")? {
                    shown[name]["payment_method_configuration"] = json!(id);
                }
                if let Some(duration) = feature.hash("duration", take_duration)? {
                    shown[name]["duration"] = duration;
                }
                Ok(())
            })?;
        }
        features.hash("customer_update", |feature| {
            set_enabled(feature, &mut shown["customer_update"])?;
            if let Some(allowed) = words(feature, "allowed_updates", CUSTOMER_UPDATES)? {
                shown["customer_update"]["allowed_updates"] = json!(allowed);
            }
            Ok(())
        })?;
        features.hash("subscription_cancel", |feature| {
            change_cancel(feature, &mut shown["subscription_cancel"])
        })?;
        features.hash("subscription_update", |feature| {
            change_update(feature, &mut shown["subscription_update"])
        })?;
        Ok(())
    })?;
    Metadata::apply(params.metadata()?, body);
    Ok(())
}

/// How long subscriptions may be paused.
fn take_duration(params: &mut Params) -> Result<Value, ApiError> {
    let kind = params.choice("type", &["indefinite", "interval_options"])?;
    let kind = kind.ok_or_else(|| ApiError::missing(params.name("type")))?;
    let options = params.hashes("interval_options", |option| {
        let unit = option.choice("interval", &["day", "month", "week", "year"])?;
        let unit = unit.ok_or_else(|| ApiError::missing(option.name("interval")))?;
        let count = option.integer_from("interval_count", 1)?.unwrap_or(1);
        Ok(json!({ "interval": unit, "interval_count": count }))
    })?;
    if kind == "interval_options" && options.as_ref().is_none_or(Vec::is_empty) {
        return Err(ApiError::missing(params.name("interval_options")));
    }
    Ok(json!({ "interval_options": options.unwrap_or_default(), "type": kind }))
}

/// How many of a product customers may choose.
fn take_adjustable(params: &mut Params) -> Result<Value, ApiError> {
    Ok(json!({
        "enabled": params.boolean("enabled")?.unwrap_or(false),
        "maximum": params.integer_from("maximum", 1)?,
        "minimum": params.integer_from("minimum", 1)?.unwrap_or(1),
    }))
}

fn set_enabled(feature: &mut Params, shown: &mut Value) -> Result<(), ApiError> {
    if let Some(enabled) = feature.boolean("enabled")? {
        shown["enabled"] = json!(enabled);
    }
    Ok(())
}

fn change_cancel(feature: &mut Params, shown: &mut Value) -> Result<(), ApiError> {
    set_enabled(feature, shown)?;
    if let Some(mode) = feature.choice("mode", &["at_period_end", "immediately"])? {
        shown["mode"] = json!(mode);
    }
    if let Some(proration) = feature.choice("proration_behavior", Proration::WORDS)? {
        shown["proration_behavior"] = json!(proration);
    }
    feature.hash("cancellation_reason", |reason| {
        set_enabled(reason, &mut shown["cancellation_reason"])?;
        if let Some(options) = words(reason, "options", REASONS)? {
            shown["cancellation_reason"]["options"] = json!(options);
        }
        if let Some(options) = reason.kept("feedback_options")? {
            shown["cancellation_reason"]["feedback_options"] = options;
        }
        Ok(())
    })?;
    Ok(())
}

fn change_update(feature: &mut Params, shown: &mut Value) -> Result<(), ApiError> {
    set_enabled(feature, shown)?;
    if let Some(allowed) = words(feature, "default_allowed_updates", SUBSCRIPTION_UPDATES)? {
        shown["default_allowed_updates"] = json!(allowed);
    }
    if let Some(proration) = feature.choice("proration_behavior", Proration::WORDS)? {
        shown["proration_behavior"] = json!(proration);
    }
    if let Some(trial) =
        feature.choice("trial_update_behavior", &["continue_trial", "end_trial"])?
    {
        shown["trial_update_behavior"] = json!(trial);
    }
    if let Some(anchor) = feature.choice("billing_cycle_anchor", &["now", "unchanged"])? {
        shown["billing_cycle_anchor"] = json!(anchor);
    }
    let conditions = feature.hash("schedule_at_period_end", |schedule| {
        schedule.hashes("conditions", |condition| {
            let kind =
                condition.choice("type", &["decreasing_item_amount", "shortening_interval"])?;
            kind.map(|kind| json!({ "type": kind }))
                .ok_or_else(|| ApiError::missing(condition.name("type")))
        })
    })?;
    if let Some(conditions) = conditions.flatten() {
        shown["schedule_at_period_end"]["conditions"] = json!(conditions);
    }
    let products = feature.hashes("products", |product| {
        let id = product.required("product")?;
        let prices = product.strings("prices")?.ok_or_else(|| ApiError::missing(product.name("prices")))?;
        let adjustable = product.hash("adjustable_quantity", take_adjustable)?;
        Ok(json!({
            "adjustable_quantity": adjustable.unwrap_or_else(|| json!({ "enabled": false, "maximum": null, "minimum": 1 })),
            "prices": prices,
            "product": id,
        }))
    })?;
    if let Some(products) = products {
        shown["products"] = json!(products);
    }
    Ok(())
}

fn words(params: &mut Params, name: &str, known: &[&str]) -> Result<Option<Vec<String>>, ApiError> {
    let param = params.name(name);
    let words = params.strings(name)?;
    for (index, word) in words.iter().flatten().enumerate() {
        if !known.contains(&word.as_str()) {
            let param = format!("{param}[{index}]");
            return Err(ApiError::invalid_param(
                &param,
                format!("Invalid {param}: must be one of {}", known.join(", ")),
            ));
        }
    }
    Ok(words)
}

/// What Stripe requires of a configuration as a whole.
fn check(tx: &mut Tx<'_>, configuration: &Object) -> Result<(), ApiError> {
    let features = &configuration.body["features"];
    let update = &features["subscription_update"];
    if features["customer_update"]["enabled"] == true
        && features["customer_update"]["allowed_updates"].as_array().is_none_or(Vec::is_empty)
    {
        return Err(ApiError::missing("features[customer_update][allowed_updates]"));
    }
    if update["enabled"] != true {
        return Ok(());
    }
    let is_missing = |name: &str| update[name].as_array().is_none_or(Vec::is_empty);
    if let Some(name) =
        ["default_allowed_updates", "products"].into_iter().find(|name| is_missing(name))
    {
        return Err(ApiError::missing(format!("features[subscription_update][{name}]")));
    }
    if features["payment_method_update"]["enabled"] != true {
        return Err(ApiError::invalid_param(
            "features[payment_method_update][enabled]",
            "You must enable `payment_method_update` if `subscription_update` is enabled.",
        ));
    }
    let products = update["products"].as_array().map_or(&[] as &[Value], Vec::as_slice);
    if products.len() > MAX_PRODUCTS {
        return Err(ApiError::invalid_param(
            "features[subscription_update][products]",
            format!("You may only specify up to {MAX_PRODUCTS} products."),
        ));
    }
    for (place, product) in products.iter().enumerate() {
        let param = format!("features[subscription_update][products][{place}]");
        let id = product["product"].as_str().unwrap_or_default();
        tx.get(Kind::Product, id, &format!("{param}[product]"))?;
        for (index, price) in product["prices"].as_array().into_iter().flatten().enumerate() {
            let param = format!("{param}[prices][{index}]");
            let price = tx.get(Kind::Price, price.as_str().unwrap_or_default(), &param)?;
            if price.text("product") != Some(id) {
                return Err(ApiError::invalid_param(
                    &param,
                    format!("The price {} does not belong to the product {id}.", price.id),
                ));
            }
            if price.body["recurring"].is_null() {
                return Err(ApiError::invalid_param(
                    &param,
                    "Only recurring prices can be offered in the customer portal.",
                ));
            }
        }
    }
    Ok(())
}

fn find(tx: &mut Tx<'_>, id: &str) -> Result<Object, ApiError> {
    tx.get(Kind::BillingPortalConfiguration, id, "configuration").map_err(ApiError::in_path)
}

pub(super) fn retrieve(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let configuration = find(tx, request.id())?;
    request.params.finish()?;
    Ok(configuration.body)
}

pub(super) fn list(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let page = Page::take(&mut params)?;
    let active = params.boolean("active")?;
    let is_default = params.boolean("is_default")?;
    params.finish()?;
    let url = "/v1/billing_portal/configurations";
    page.answer(tx, url, Kind::BillingPortalConfiguration, Listing::default(), |configuration| {
        active.is_none_or(|active| configuration.is("active") == active)
            && is_default.is_none_or(|is_default| configuration.is("is_default") == is_default)
    })
}
