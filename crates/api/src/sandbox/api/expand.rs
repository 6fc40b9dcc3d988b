//! `expand[]`: ids replaced by the objects they name, and the members shown only when asked for.

use serde_json::Value;

use super::{
    Tree, balance, checkout_sessions, invoices, list::envelope, sources, tax_codes, tax_ids,
};
use crate::sandbox::{
    error::ApiError,
    form,
    object::Kind,
    store::{Listing, Tx},
    versions::{self, Version},
};

/// Stripe's limit of levels; the `data` of a list is one.
const MAX_DEPTH: usize = 4;

/// Members that Stripe's objects may have and ours do not, each of some object: asked for, they are left out.
const OPTIONAL: &[&str] = &[
    "account",
    "applies_to",
    "cash_balance",
    "charge",
    "currency_options",
    "custom_fields",
    "failure_balance_transaction",
    "hooks",
    "invoice_credit_balance",
    "next_action",
    "payment_record",
    "presentment_details",
    "radar_options",
    "rule",
    "tax",
    "threshold_reason",
    "transfer",
    "transfer_reversal",
];

/// Takes `expand` out of the parameters.
pub(super) fn take(tree: &mut Tree) -> Result<Vec<String>, ApiError> {
    let Some(node) = tree.remove("expand") else { return Ok(Vec::new()) };
    let paths = form::elements(&node).and_then(|elements| {
        elements
            .into_iter()
            .map(|(_, path)| path.as_str().map(str::to_owned))
            .collect::<Option<Vec<_>>>()
    });
    paths.ok_or_else(|| ApiError::invalid_param("expand", "Invalid array"))
}

/// Expands `body` in place.
pub(super) fn expand(
    tx: &mut Tx<'_>,
    version: Version,
    body: &mut Value,
    paths: &[String],
) -> Result<(), ApiError> {
    for path in paths {
        let segments: Vec<&str> = path.split('.').collect();
        if segments.len() > MAX_DEPTH {
            return Err(ApiError::invalid(format!(
                "You cannot expand more than {MAX_DEPTH} levels of a property. Property: {path}"
            ))
            .code("property_expansion_max_depth"));
        }
        walk(tx, version, body, &segments, path)?;
    }
    Ok(())
}

fn walk(
    tx: &mut Tx<'_>,
    version: Version,
    node: &mut Value,
    segments: &[&str],
    path: &str,
) -> Result<(), ApiError> {
    if let Value::Array(elements) = node {
        return elements
            .iter_mut()
            .try_for_each(|element| walk(tx, version, element, segments, path));
    }
    let Some((field, rest)) = segments.split_first() else { return Ok(()) };
    if node.is_null() || node["deleted"] == true {
        return Ok(());
    }
    if *field == "total_details" && rest.first() == Some(&"breakdown") {
        include_breakdown(tx, version, node)?;
    }
    if *field == "data"
        && let Some(part @ ("discounts" | "taxes")) = rest.first().copied()
    {
        include_in_lines(tx, version, node, part)?;
    }
    if node.get(field).is_none() {
        match included(tx, node, field)? {
            Some(mut value) => {
                versions::downgrade(tx, version, &mut value)?;
                node[*field] = value;
            }
            // What a price has none of it does not show.
            None if node["object"] == "price" && matches!(*field, "currency_options" | "tiers") => {
                return Ok(());
            }
            None if OPTIONAL.contains(field) => return Ok(()),
            None => return Err(not_expandable(path)),
        }
    }
    let is_leaf = rest.is_empty();
    let child = &mut node[*field];
    if let Value::Array(ids) = child {
        for id in ids {
            resolve(tx, version, id, field, is_leaf, path)?;
        }
    } else {
        resolve(tx, version, child, field, is_leaf, path)?;
    }
    walk(tx, version, &mut node[*field], rest, path)
}

/// Adds to a Checkout Session's `total_details` what they are made of.
fn include_breakdown(
    tx: &mut Tx<'_>,
    version: Version,
    session: &mut Value,
) -> Result<(), ApiError> {
    let id = session["id"].as_str().unwrap_or_default().to_owned();
    let found = tx.find(Kind::CheckoutSession, &id)?;
    let Some(found) = found.filter(|_| session["total_details"].is_object()) else {
        return Ok(());
    };
    let mut breakdown = checkout_sessions::breakdown(tx, &found)?;
    versions::downgrade(tx, version, &mut breakdown)?;
    session["total_details"]["breakdown"] = breakdown;
    Ok(())
}

/// Adds to the lines of a Checkout Session what reduces or taxes each.
fn include_in_lines(
    tx: &mut Tx<'_>,
    version: Version,
    list: &mut Value,
    part: &str,
) -> Result<(), ApiError> {
    let id = list["url"].as_str().and_then(|url| {
        url.strip_prefix("/v1/checkout/sessions/")?.strip_suffix("/line_items").map(str::to_owned)
    });
    let found = match id {
        Some(id) => tx.find(Kind::CheckoutSession, &id)?,
        None => None,
    };
    let Some(session) = found else { return Ok(()) };
    for line in list["data"].as_array_mut().into_iter().flatten() {
        let mut value = checkout_sessions::breakdown_of_line(tx, &session, line)?[part].take();
        versions::downgrade(tx, version, &mut value)?;
        line[part] = value;
    }
    Ok(())
}

/// Replaces an id by its object.
fn resolve(
    tx: &mut Tx<'_>,
    version: Version,
    value: &mut Value,
    field: &str,
    is_leaf: bool,
    path: &str,
) -> Result<(), ApiError> {
    let Some(id) = value.as_str() else {
        let is_plain = !(value.is_null() || value.is_object() || value.is_array());
        return if is_plain && is_leaf { Err(not_expandable(path)) } else { Ok(()) };
    };
    if field == "tax_code" {
        *value = tax_codes::find(id).unwrap_or_else(|| value.clone());
        return Ok(());
    }
    let found = match kind_of(field) {
        // What a movement of money is for can be of several kinds.
        None if field == "source" => tx.find_any(id)?,
        None => return Err(not_expandable(path)),
        // Some rates are known without being kept.
        Some(Kind::TaxRate) => tx.tax_rate(id, "expand").ok(),
        Some(kind) => tx.find(kind, id)?,
    };
    if let Some(object) = found {
        *value = match object.kind {
            Kind::BalanceTransaction => balance::shown(tx.now(), object.body),
            Kind::PaymentMethod if field == "default_source" => sources::card(&object),
            _ => object.body,
        };
        versions::downgrade(tx, version, value)?;
    }
    Ok(())
}

fn not_expandable(path: &str) -> ApiError {
    ApiError::invalid_param("expand", format!("This property cannot be expanded ({path})."))
}

/// What a field that holds an id refers to.
fn kind_of(field: &str) -> Option<Kind> {
    Some(match field {
        "balance_transaction" => Kind::BalanceTransaction,
        "charge" | "latest_charge" => Kind::Charge,
        "configuration" => Kind::BillingPortalConfiguration,
        "coupon" => Kind::Coupon,
        "customer" => Kind::Customer,
        "discount" | "discounts" => Kind::Discount,
        "default_payment_method" | "default_source" | "payment_method" => Kind::PaymentMethod,
        "default_price" | "price" => Kind::Price,
        "invoice" | "latest_invoice" => Kind::Invoice,
        "payment_intent" => Kind::PaymentIntent,
        "pending_setup_intent" | "setup_intent" => Kind::SetupIntent,
        "product" => Kind::Product,
        "promotion_code" => Kind::PromotionCode,
        "schedule" => Kind::SubscriptionSchedule,
        "subscription" | "released_subscription" => Kind::Subscription,
        "tax_rate" => Kind::TaxRate,
        "test_clock" => Kind::TestClock,
        _ => return None,
    })
}

/// Members left out unless asked for.
fn included(tx: &mut Tx<'_>, node: &Value, field: &str) -> Result<Option<Value>, ApiError> {
    let id = node["id"].as_str().unwrap_or_default().to_owned();
    match (node["object"].as_str().unwrap_or_default(), field) {
        ("checkout.session", "line_items") => {
            let Some(session) = tx.find(Kind::CheckoutSession, &id)? else { return Ok(None) };
            let lines = session.private["line_items"].as_array().cloned().unwrap_or_default();
            Ok(Some(envelope(&format!("/v1/checkout/sessions/{id}/line_items"), lines, false)))
        }
        ("customer", "subscriptions") => {
            let is_live =
                |status: Option<&str>| !matches!(status, Some("canceled" | "incomplete_expired"));
            let (found, _) = tx.list(Kind::Subscription, &Listing::of_customer(&id), |object| {
                is_live(object.text("status"))
            })?;
            let data = found.into_iter().map(|object| object.body).collect();
            Ok(Some(envelope(&format!("/v1/customers/{id}/subscriptions"), data, false)))
        }
        ("customer", "sources") => {
            let cards = sources::of_customer(tx, &id)?;
            Ok(Some(envelope(&format!("/v1/customers/{id}/sources"), cards, false)))
        }
        ("customer", "tax_ids") => {
            let held = tax_ids::of_customer(tx, &id)?;
            Ok(Some(envelope(&format!("/v1/customers/{id}/tax_ids"), held, false)))
        }
        ("invoice", "payments") => Ok(Some(invoices::payments(tx, &id)?)),
        ("invoice", "confirmation_secret") => invoices::confirmation_secret(tx, &id).map(Some),
        ("charge", "refunds") => {
            let (refunds, _) = tx.list(Kind::Refund, &Listing::of_parent(&id), |_| true)?;
            let data = refunds.into_iter().map(|refund| refund.body).collect();
            Ok(Some(envelope(&format!("/v1/charges/{id}/refunds"), data, false)))
        }
        ("price", "tiers" | "currency_options") => {
            let price = tx.find(Kind::Price, &id)?;
            Ok(price.map(|price| price.private[field].clone()).filter(|value| !value.is_null()))
        }
        ("product", "default_price") => Ok(Some(Value::Null)),
        _ => Ok(None),
    }
}
