//! `customers/{}/balance_transactions`: how a customer's balance came to be what it is.

use serde_json::json;

use super::{Outcome, Page, Request, customers};
use crate::sandbox::{
    billing::credit::BalanceChange,
    error::ApiError,
    object::{Kind, Object},
    params::Metadata,
    store::{Listing, Tx},
};

pub(super) fn create(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let before = customers::live(tx, request.id(), "customer").map_err(ApiError::in_path)?;
    let mut params = request.params;
    let amount = params.integer("amount")?.ok_or_else(|| ApiError::missing("amount"))?;
    let currency = params.currency("currency")?.ok_or_else(|| ApiError::missing("currency"))?;
    let description = params.clearable("description")?.flatten();
    let metadata = Metadata::new_value(params.metadata()?);
    params.finish()?;
    if before.text("currency").is_some_and(|own| own != currency) {
        return Err(ApiError::invalid_param(
            "currency",
            "The currency of a balance transaction has to be the customer's.",
        ));
    }
    if amount == 0 {
        return Err(ApiError::invalid_param("amount", "The amount must not be zero.")
            .code("parameter_invalid_integer"));
    }
    let mut customer = before.clone();
    let balance = before.integer("balance").unwrap_or(0).saturating_add(amount);
    customer.body["balance"] = json!(balance);
    customer.body["currency"] = json!(currency);
    tx.update(&before, &customer)?;
    let change =
        BalanceChange { description, metadata, ..BalanceChange::plain("adjustment", amount) };
    Ok(tx.note_balance(&customer, change)?.map(|noted| noted.body).unwrap_or_default())
}

/// The transaction in the path, of the customer in the path.
fn find(tx: &mut Tx<'_>, request: &Request) -> Result<Object, ApiError> {
    let kind = Kind::CustomerBalanceTransaction;
    let id = request.ids.get(1).map(String::as_str).unwrap_or_default();
    let found = tx.find(kind, id)?.filter(|noted| noted.text("customer") == Some(request.id()));
    found.ok_or_else(|| ApiError::no_such(kind, id, "transaction").in_path())
}

pub(super) fn retrieve(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let noted = find(tx, &request)?;
    request.params.finish()?;
    Ok(noted.body)
}

pub(super) fn update(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut noted = find(tx, &request)?;
    let mut params = request.params;
    let description = params.clearable("description")?;
    let metadata = params.metadata()?;
    params.finish()?;
    if let Some(description) = description {
        noted.body["description"] = json!(description);
    }
    Metadata::apply(metadata, &mut noted.body);
    tx.save(&noted)?;
    Ok(noted.body)
}

pub(super) fn list(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let customer = customers::live(tx, request.id(), "customer").map_err(ApiError::in_path)?;
    let mut params = request.params;
    let page = Page::take(&mut params)?;
    let created = params.time_range("created")?;
    let invoice = params.string("invoice")?;
    params.finish()?;
    let url = format!("/v1/customers/{}/balance_transactions", customer.id);
    let listing = Listing::of_customer(&customer.id);
    page.answer(tx, &url, Kind::CustomerBalanceTransaction, listing, |noted| {
        created.contains(noted.integer("created").unwrap_or(0))
            && invoice.as_deref().is_none_or(|invoice| noted.text("invoice") == Some(invoice))
    })
}
