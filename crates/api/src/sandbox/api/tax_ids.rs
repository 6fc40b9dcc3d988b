//! Tax ids: of customers, and the account's own.

use serde_json::{Value, json};

use super::{Outcome, Page, Request, customers};
use crate::sandbox::{
    billing::tax_ids::{NewTaxId, check},
    error::ApiError,
    object::{Kind, Object},
    params::Params,
    store::{Listing, Tx},
};

/// Whose tax id it is: a customer's id, or none for the account.
fn take_owner(params: &mut Params) -> Result<Option<Option<String>>, ApiError> {
    params.hash("owner", |owner| {
        let kind = owner.choice("type", &["account", "application", "customer", "self"])?;
        let customer = owner.string("customer")?;
        owner.string("account")?;
        match (kind.as_deref(), customer) {
            (Some("customer"), None) => Err(ApiError::missing(owner.name("customer"))),
            (Some("customer"), customer) => Ok(customer),
            (Some(_), _) => Ok(None),
            (None, _) => Err(ApiError::missing(owner.name("type"))),
        }
    })
}

fn take_new(params: &mut Params) -> Result<NewTaxId, ApiError> {
    let new = NewTaxId { kind: params.required("type")?, value: params.required("value")? };
    check(&new, "type")?;
    Ok(new)
}

/// The tax ids that come with a new customer: `tax_id_data`.
pub(super) fn take_data(params: &mut Params) -> Result<Vec<NewTaxId>, ApiError> {
    Ok(params.hashes("tax_id_data", take_new)?.unwrap_or_default())
}

pub(super) fn create(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let new = take_new(&mut params)?;
    let owner = take_owner(&mut params)?.flatten();
    params.finish()?;
    let owner = owner.map(|id| customers::live(tx, &id, "owner[customer]")).transpose()?;
    tx.add_tax_id(owner.as_ref(), &new).map(|added| added.body)
}

pub(super) fn create_of_customer(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let customer = customers::live(tx, request.id(), "customer").map_err(ApiError::in_path)?;
    let mut params = request.params;
    let new = take_new(&mut params)?;
    params.finish()?;
    tx.add_tax_id(Some(&customer), &new).map(|added| added.body)
}

fn find(tx: &mut Tx<'_>, id: &str) -> Result<Object, ApiError> {
    tx.get(Kind::TaxId, id, "id").map_err(ApiError::in_path)
}

fn find_of_customer(tx: &mut Tx<'_>, ids: &[String]) -> Result<Object, ApiError> {
    let [customer, id] = ids else { return Err(ApiError::missing("id")) };
    let found = find(tx, id)?;
    if found.text("customer") == Some(customer) {
        return Ok(found);
    }
    Err(ApiError::no_such(Kind::TaxId, id, "id").in_path())
}

pub(super) fn retrieve(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let found = find(tx, request.id())?;
    request.params.finish()?;
    Ok(found.body)
}

pub(super) fn retrieve_of_customer(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let found = find_of_customer(tx, &request.ids)?;
    request.params.finish()?;
    Ok(found.body)
}

pub(super) fn delete(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let found = find(tx, request.id())?;
    request.params.finish()?;
    remove(tx, &found)
}

pub(super) fn delete_of_customer(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let found = find_of_customer(tx, &request.ids)?;
    request.params.finish()?;
    remove(tx, &found)
}

fn remove(tx: &mut Tx<'_>, tax_id: &Object) -> Outcome {
    tx.remove_tax_id(tax_id)?;
    Ok(json!({ "id": tax_id.id, "object": "tax_id", "deleted": true }))
}

pub(super) fn list(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let page = Page::take(&mut params)?;
    let owner = take_owner(&mut params)?;
    params.finish()?;
    let customer = owner.flatten();
    let is_of_account = customer.is_none();
    let listing = Listing { customer, ..Listing::default() };
    page.answer(tx, "/v1/tax_ids", Kind::TaxId, listing, |tax_id| {
        !is_of_account || tax_id.body["customer"].is_null()
    })
}

pub(super) fn list_of_customer(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let customer = customers::live(tx, request.id(), "customer").map_err(ApiError::in_path)?;
    let mut params = request.params;
    let page = Page::take(&mut params)?;
    params.finish()?;
    let url = format!("/v1/customers/{}/tax_ids", customer.id);
    page.answer(tx, &url, Kind::TaxId, Listing::of_customer(&customer.id), |_| true)
}

/// The tax ids of a customer, as `expand` shows them.
pub(super) fn of_customer(tx: &mut Tx<'_>, customer: &str) -> Result<Vec<Value>, ApiError> {
    let (found, _) = tx.list(Kind::TaxId, &Listing::of_customer(customer), |_| true)?;
    Ok(found.into_iter().map(|tax_id| tax_id.body).collect())
}
