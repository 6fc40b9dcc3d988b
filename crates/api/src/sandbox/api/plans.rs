//! Plans: recurring prices under their older name.

use serde_json::{Value, json};

use super::{Outcome, Page, Request, prices};
use crate::sandbox::{
    billing::items::plan,
    error::ApiError,
    object::{Kind, Object},
    store::{Listing, Tx},
};

/// What a price calls the parameters of a plan.
const RENAMED: &[(&str, &str)] = &[
    ("amount", "unit_amount"),
    ("amount_decimal", "unit_amount_decimal"),
    ("transform_usage", "transform_quantity"),
];
/// Parameters of a plan that a price has in `recurring`.
const RECURRING: &[&str] =
    &["interval", "interval_count", "meter", "trial_period_days", "usage_type"];

fn find(tx: &mut Tx<'_>, id: &str) -> Result<Object, ApiError> {
    let price = tx.find(Kind::Price, id)?.filter(|price| !price.body["recurring"].is_null());
    price.ok_or_else(|| {
        ApiError::invalid(format!("No such plan: '{id}'"))
            .code("resource_missing")
            .param("plan")
            .in_path()
    })
}

pub(super) fn create(tx: &mut Tx<'_>, mut request: Request) -> Outcome {
    let params = &mut request.params;
    let id = params.string("id")?;
    if !params.has("interval") {
        return Err(ApiError::missing("interval"));
    }
    for (name, renamed) in RENAMED {
        params.rename(name, renamed);
    }
    if params.is_hash("product") {
        params.rename("product", "product_data");
    }
    for name in RECURRING {
        params.put_into("recurring", name);
    }
    let shown = plan(&prices::create_with_id(tx, request, id)?);
    tx.emit("plan.created", &as_plan(&shown), None)?;
    Ok(shown)
}

/// What events about a plan tell.
fn as_plan(shown: &Value) -> Object {
    let id = shown["id"].as_str().unwrap_or_default().to_owned();
    let private = Value::Null;
    Object { kind: Kind::Price, id, body: shown.clone(), private }
}

pub(super) fn retrieve(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let price = find(tx, request.id())?;
    request.params.finish()?;
    Ok(plan(&price.body))
}

pub(super) fn update(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let before = plan(&find(tx, request.id())?.body);
    let shown = plan(&prices::update(tx, request)?);
    tx.emit_change("plan.updated", &as_plan(&before), &as_plan(&shown))?;
    Ok(shown)
}

/// Subscriptions that have it keep it.
pub(super) fn delete(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let price = find(tx, request.id())?;
    request.params.finish()?;
    tx.delete(&price)?;
    tx.emit("price.deleted", &price, None)?;
    tx.emit("plan.deleted", &as_plan(&plan(&price.body)), None)?;
    Ok(json!({ "id": price.id, "object": "plan", "deleted": true }))
}

pub(super) fn list(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let page = Page::take(&mut params)?;
    let active = params.boolean("active")?;
    let listing = Listing { parent: params.string("product")?, ..Listing::default() };
    let created = params.time_range("created")?;
    params.finish()?;
    let mut answer = page.answer(tx, "/v1/plans", Kind::Price, listing, |price| {
        !price.body["recurring"].is_null()
            && active.is_none_or(|active| price.is("active") == active)
            && created.contains(price.integer("created").unwrap_or(0))
    })?;
    for price in answer["data"].as_array_mut().into_iter().flatten() {
        *price = plan(&Value::take(price));
    }
    Ok(answer)
}
