//! Sources: the cards of customers as they were before payment methods. A source is kept as the payment method it
//! also is (`card_…` works wherever `pm_…` does) and shown here as the card.

use serde_json::{Value, json};

use super::{Outcome, Page, Request, customers, list::envelope, payment_methods, tokens};
use crate::sandbox::{
    cards::{self, billing_details},
    error::ApiError,
    object::{Kind, Object, random_word},
    params::{Metadata, Params},
    payment,
    store::{Listing, Tx},
};

/// Where each part of a source's address is in billing details.
const ADDRESS: [(&str, &str); 6] = [
    ("address_city", "city"),
    ("address_country", "country"),
    ("address_line1", "line1"),
    ("address_line2", "line2"),
    ("address_state", "state"),
    ("address_zip", "postal_code"),
];

/// Whether a payment method is a source.
pub(super) fn is_source(method: &Object) -> bool {
    method.id.starts_with("card_")
}

/// The payment method as a card.
pub(super) fn card(method: &Object) -> Value {
    let (details, checks) = (&method.body["billing_details"], &method.body["card"]["checks"]);
    let mut card = json!({
        "id": method.id,
        "object": "card",
        "address_line1_check": checks["address_line1_check"],
        "address_zip_check": checks["address_postal_code_check"],
        "allow_redisplay": method.body["allow_redisplay"],
        "brand": cards::brand_name(method.body["card"]["brand"].as_str().unwrap_or_default()),
        "customer": method.body["customer"],
        "cvc_check": checks["cvc_check"],
        "dynamic_last4": null,
        "metadata": method.body["metadata"],
        "name": details["name"],
        "tokenization_method": null,
    });
    for name in
        ["country", "exp_month", "exp_year", "fingerprint", "funding", "last4", "regulated_status"]
    {
        card[name] = method.body["card"][name].clone();
    }
    for (flat, nested) in ADDRESS {
        card[flat] = details["address"][nested].clone();
    }
    card
}

/// Tells of a source as sources are shown.
pub(super) fn shown(method: &Object) -> Object {
    Object { body: card(method), ..method.clone() }
}

/// Makes the card behind a token a source of the customer, which the caller saves: the first one is its default.
pub(super) fn add(
    tx: &mut Tx<'_>,
    customer: &mut Object,
    token: &str,
    metadata: Option<Metadata>,
) -> Result<Object, ApiError> {
    let (card, name) = tokens::redeem(tx, token, "source")?;
    let mut method = card.payment_method(tx.now(), billing_details(name.as_deref(), None));
    if let Some(decline) = payment::attach_decline(&method) {
        let mut error = decline.error();
        error.keeps_changes = false;
        return Err(error);
    }
    method.id = format!("card_{}", random_word(24));
    method.body["id"] = json!(method.id);
    Metadata::apply(metadata, &mut method.body);
    if customer.body["default_source"].is_null() {
        customer.body["default_source"] = json!(method.id);
    }
    Ok(method)
}

/// Stores what [`add`] made, once its customer is stored.
pub(super) fn attach(
    tx: &mut Tx<'_>,
    customer: &Object,
    mut method: Object,
) -> Result<Object, ApiError> {
    tx.insert(&method)?;
    tx.attach(&mut method, &customer.id)?;
    tx.emit("customer.source.created", &shown(&method), None)?;
    Ok(method)
}

/// The sources of a customer, newest first.
pub(super) fn of_customer(tx: &mut Tx<'_>, customer: &str) -> Result<Vec<Value>, ApiError> {
    let (found, _) = tx.list(Kind::PaymentMethod, &Listing::of_customer(customer), is_source)?;
    Ok(found.iter().map(card).collect())
}

pub(super) fn create(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let before = customers::live(tx, request.id(), "customer").map_err(ApiError::in_path)?;
    let mut params = request.params;
    let token = params.required("source")?;
    let metadata = params.metadata()?;
    params.finish()?;
    let mut customer = before.clone();
    let method = add(tx, &mut customer, &token, metadata)?;
    let method = attach(tx, &customer, method)?;
    tx.update(&before, &customer)?;
    Ok(card(&method))
}

pub(super) fn retrieve(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let method = find(tx, &request)?;
    request.params.finish()?;
    Ok(card(&method))
}

pub(super) fn update(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let before = find(tx, &request)?;
    let mut params = request.params;
    let mut method = before.clone();
    take_changes(&mut params, &mut method.body)?;
    let metadata = params.metadata()?;
    params.finish()?;
    Metadata::apply(metadata, &mut method.body);
    tx.save(&method)?;
    tx.emit_change("customer.source.updated", &shown(&before), &shown(&method))?;
    Ok(card(&method))
}

fn take_changes(params: &mut Params, method: &mut Value) -> Result<(), ApiError> {
    for (flat, nested) in ADDRESS {
        if let Some(value) = params.clearable(flat)? {
            method["billing_details"]["address"][nested] = json!(value);
        }
    }
    if let Some(name) = params.clearable("name")? {
        method["billing_details"]["name"] = json!(name);
    }
    for name in ["exp_month", "exp_year"] {
        if let Some(value) = params.integer(name)? {
            method["card"][name] = json!(value);
        }
    }
    Ok(())
}

pub(super) fn delete(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let method = find(tx, &request)?;
    request.params.finish()?;
    let id = method.id.clone();
    payment_methods::detach_from(tx, method)?;
    Ok(json!({ "id": id, "object": "card", "deleted": true }))
}

/// What the customer loses with a source: the newest of the others becomes its default.
pub(super) fn forget(tx: &mut Tx<'_>, owner: &str, source: &Object) -> Result<(), ApiError> {
    tx.emit("customer.source.deleted", &shown(source), None)?;
    let Some(customer) = tx.find(Kind::Customer, owner)? else { return Ok(()) };
    if customer.body["default_source"] != source.id {
        return Ok(());
    }
    let next = of_customer(tx, owner)?.into_iter().next();
    let mut changed = customer.clone();
    changed.body["default_source"] = next.map(|card| card["id"].clone()).unwrap_or_default();
    tx.update(&customer, &changed)
}

pub(super) fn list(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let customer = customers::live(tx, request.id(), "customer").map_err(ApiError::in_path)?;
    let mut params = request.params;
    let page = Page::take(&mut params)?;
    let kind = params.string("object")?;
    params.finish()?;
    let url = format!("/v1/customers/{}/sources", customer.id);
    if kind.is_some_and(|kind| kind != "card") {
        return Ok(envelope(&url, Vec::new(), false));
    }
    page.slice(&url, &of_customer(tx, &customer.id)?)
}

/// A source of the customer in the path.
fn find(tx: &mut Tx<'_>, request: &Request) -> Result<Object, ApiError> {
    let customer = customers::live(tx, request.id(), "customer").map_err(ApiError::in_path)?;
    let id = request.ids.get(1).cloned().unwrap_or_default();
    let found = tx.find(Kind::PaymentMethod, &id)?;
    found
        .filter(|method| is_source(method) && method.text("customer") == Some(&customer.id))
        .ok_or_else(|| {
            ApiError::invalid(format!("No such source: '{id}'"))
                .code("resource_missing")
                .param("id")
                .in_path()
        })
}
