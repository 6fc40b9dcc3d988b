//! Charges.

use serde_json::json;

use super::{Outcome, Page, Request, customers, sources, tokens};
use crate::sandbox::{
    billing::amounts::check_least,
    cards::billing_details,
    error::ApiError,
    object::{Kind, Object, random_word},
    params::Metadata,
    store::{Listing, Tx},
};

fn find(tx: &mut Tx<'_>, id: &str) -> Result<Object, ApiError> {
    tx.get(Kind::Charge, id, "charge").map_err(ApiError::in_path)
}

/// Charges a token, or a source of a customer, at once: how cards were charged before there were intents.
pub(super) fn create(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let amount = params.integer_from("amount", 1)?.ok_or_else(|| ApiError::missing("amount"))?;
    let currency = params.currency("currency")?.ok_or_else(|| ApiError::missing("currency"))?;
    let customer = params.string("customer")?;
    let source = params.string("source")?.or(params.string("card")?);
    let captures = params.boolean("capture")?.unwrap_or(true);
    let mut what = json!({
        "amount": amount,
        "currency": currency,
        "metadata": Metadata::new_value(params.metadata()?),
        "shipping": params.kept("shipping")?,
    });
    for name in [
        "description",
        "receipt_email",
        "statement_descriptor",
        "statement_descriptor_suffix",
        "transfer_group",
    ] {
        what[name] = json!(params.string(name)?);
    }
    params.ignore(&["on_behalf_of", "radar_options", "transfer_data"])?;
    params.finish()?;
    check_least(amount, what["currency"].as_str().unwrap_or_default())?;
    let customer = match customer {
        Some(id) => Some(customers::live(tx, &id, "customer")?),
        None => None,
    };
    let method = match &customer {
        Some(customer) => source_of(tx, customer, source.as_deref())?,
        None => source_of_token(tx, source)?,
    };
    what["customer"] = json!(customer.map(|customer| customer.id));
    what["source"] = sources::card(&method);
    let (charge, decline) = tx.charge_directly(&what, &method, captures)?;
    match decline {
        None => Ok(charge.body),
        Some(decline) => Err(decline.error().detail("charge", json!(charge.id))),
    }
}

/// A source of a customer: the one that is named, or the default one.
fn source_of(tx: &mut Tx<'_>, customer: &Object, named: Option<&str>) -> Result<Object, ApiError> {
    let missing = |param: &str, message: String| {
        let mut error = ApiError::card("missing", None, message).param(param);
        error.keeps_changes = false;
        error
    };
    let Some(id) = named.or(customer.text("default_source")) else {
        let message = "Cannot charge a customer that has no active card".to_owned();
        return Err(missing("card", message));
    };
    let own = |method: &Object| method.text("customer") == Some(customer.id.as_str());
    tx.find(Kind::PaymentMethod, id)?.filter(own).ok_or_else(|| {
        let customer = &customer.id;
        let message = format!("Customer {customer} does not have a linked source with ID {id}.");
        missing("source", message)
    })
}

/// The card behind a token, stored as a source that is nobody's.
fn source_of_token(tx: &mut Tx<'_>, token: Option<String>) -> Result<Object, ApiError> {
    let token = token.ok_or_else(|| {
        ApiError::invalid("Must provide source or customer.").code("parameter_missing")
    })?;
    let (card, name) = tokens::redeem(tx, &token, "source")?;
    let mut method = card.payment_method(tx.now(), billing_details(name.as_deref(), None));
    method.id = format!("card_{}", random_word(24));
    method.body["id"] = json!(method.id);
    tx.insert(&method)?;
    Ok(method)
}

/// Captures a charge that was made with `capture=false`.
pub(super) fn capture(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut charge = find(tx, request.id())?;
    let mut params = request.params;
    let amount = params.integer_from("amount", 1)?;
    let email = params.string("receipt_email")?;
    params.ignore(&[
        "statement_descriptor",
        "statement_descriptor_suffix",
        "transfer_data",
        "transfer_group",
    ])?;
    params.finish()?;
    let id = charge.id.clone();
    if let Some(intent) = charge.text("payment_intent") {
        return Err(ApiError::invalid(format!(
            "Charge {id} was created by the PaymentIntent {intent}, which is to be captured in its place."
        )));
    }
    if charge.text("status") != Some("succeeded") || charge.is("refunded") {
        return Err(ApiError::invalid(format!("Charge {id} could not be captured."))
            .code("charge_not_capturable"));
    }
    if charge.is("captured") {
        return Err(ApiError::invalid(format!("Charge {id} has already been captured."))
            .code("charge_already_captured"));
    }
    let held = charge.integer("amount").unwrap_or(0);
    let amount = amount.unwrap_or(held);
    if amount > held {
        let message = "You cannot capture a charge for an amount greater than it already has.";
        return Err(ApiError::invalid_param("amount", message).code("amount_too_large"));
    }
    if let Some(email) = email {
        charge.body["receipt_email"] = json!(email);
    }
    tx.capture_charge(&mut charge, amount)?;
    Ok(charge.body)
}

pub(super) fn retrieve(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let charge = find(tx, request.id())?;
    request.params.finish()?;
    Ok(charge.body)
}

pub(super) fn update(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let before = find(tx, request.id())?;
    let mut params = request.params;
    let metadata = params.metadata()?;
    let description = params.clearable("description")?;
    let receipt_email = params.clearable("receipt_email")?;
    let report = params
        .hash("fraud_details", |details| details.choice("user_report", &["fraudulent", "safe"]))?;
    params.finish()?;
    let mut charge = before.clone();
    Metadata::apply(metadata, &mut charge.body);
    for (name, value) in [("description", description), ("receipt_email", receipt_email)] {
        if let Some(value) = value {
            charge.body[name] = json!(value);
        }
    }
    if let Some(report) = report.flatten() {
        charge.body["fraud_details"]["user_report"] = json!(report);
    }
    tx.update(&before, &charge)?;
    Ok(charge.body)
}

pub(super) fn list(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let page = Page::take(&mut params)?;
    let listing = Listing {
        customer: params.string("customer")?,
        parent: params.string("payment_intent")?,
        ..Listing::default()
    };
    let created = params.time_range("created")?;
    params.finish()?;
    page.answer(tx, "/v1/charges", Kind::Charge, listing, |charge| {
        created.contains(charge.integer("created").unwrap_or(0))
    })
}

/// Lists what has come of charges: refunds or disputes.
pub(super) fn list_behind(tx: &mut Tx<'_>, request: Request, path: &str, kind: Kind) -> Outcome {
    let mut params = request.params;
    let page = Page::take(&mut params)?;
    let listing = Listing {
        parent: params.string("charge")?,
        lookup: params.string("payment_intent")?,
        ..Listing::default()
    };
    let created = params.time_range("created")?;
    params.finish()?;
    page.answer(tx, path, kind, listing, |found| {
        created.contains(found.integer("created").unwrap_or(0))
    })
}
