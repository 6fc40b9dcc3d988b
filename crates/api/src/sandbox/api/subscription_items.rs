//! Subscription items on their own: each operation is an update of their subscription.

use serde_json::json;

use super::{
    Outcome, Page, Request,
    discounts::{self, take_discounts},
    list::envelope,
    prices::GivenPrice,
    tax_rates::{self, take_ids},
};
use crate::sandbox::{
    billing::{
        change::{self, Change, ItemChange, Proration, SetItem},
        items::{self, NewItem},
    },
    error::ApiError,
    object::{Kind, Object},
    params::{Metadata, Params},
    payment::Presence,
    store::Tx,
};

fn find(tx: &mut Tx<'_>, id: &str) -> Result<Object, ApiError> {
    let pointer = tx.get(Kind::SubscriptionItem, id, "item").map_err(ApiError::in_path)?;
    let subscription = pointer.text("subscription").unwrap_or_default().to_owned();
    let found = tx.get(Kind::Subscription, &subscription, "subscription")?;
    if items::of(&found).iter().any(|item| item["id"] == id) {
        Ok(found)
    } else {
        Err(ApiError::no_such(Kind::SubscriptionItem, id, "item").in_path())
    }
}

fn item(subscription: &Object, id: &str) -> Outcome {
    let found = items::of(subscription).iter().find(|item| item["id"] == id);
    found.cloned().ok_or_else(|| ApiError::no_such(Kind::SubscriptionItem, id, "item").in_path())
}

struct How {
    proration: Proration,
    at: Option<i64>,
}

fn take_how(params: &mut Params) -> Result<How, ApiError> {
    let proration = params.choice("proration_behavior", Proration::WORDS)?;
    let at = params.integer("proration_date")?;
    params.string("payment_behavior")?;
    Ok(How { proration: proration.as_deref().map_or(Proration::Create, Proration::parse), at })
}

fn apply(tx: &mut Tx<'_>, before: &Object, item: ItemChange, how: How) -> Result<Object, ApiError> {
    let change = Change {
        items: vec![item],
        proration: how.proration,
        at: how.at.unwrap_or(tx.now()),
        restarts_cycle: false,
    };
    let planned = change::plan(tx, before, &change)?;
    let (changed, _) = change::apply(tx, before, before.clone(), planned, Presence::OnSession)?;
    Ok(changed)
}

pub(super) fn list(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let id = params.required("subscription")?;
    let page = Page::take(&mut params)?;
    params.finish()?;
    let subscription = tx.get(Kind::Subscription, &id, "subscription")?;
    let values = items::of(&subscription);
    if values.is_empty() {
        return Ok(envelope("/v1/subscription_items", Vec::new(), false));
    }
    page.slice("/v1/subscription_items", values)
}

pub(super) fn retrieve(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let subscription = find(tx, request.id())?;
    let id = request.id().to_owned();
    request.params.finish()?;
    item(&subscription, &id)
}

pub(super) fn create(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let id = params.required("subscription")?;
    let price = GivenPrice::take(&mut params)?;
    let quantity = params.integer_from("quantity", 0)?.unwrap_or(1);
    let metadata = Metadata::new_value(params.metadata()?);
    let (rates, given) = (take_ids(&mut params, "tax_rates")?, take_discounts(&mut params)?);
    let how = take_how(&mut params)?;
    params.finish()?;
    let before = tx.get(Kind::Subscription, &id, "subscription")?;
    let mut new = NewItem::of(price.resolve(tx)?, quantity, metadata);
    new.tax_rates = tax_rates::resolve(tx, rates)?.unwrap_or_default();
    let customer = before.text("customer");
    new.discounts = discounts::resolve(tx, given.unwrap_or_default(), customer, None)?;
    let after = apply(tx, &before, ItemChange::Add(new), how)?;
    Ok(items::of(&after).last().cloned().unwrap_or_default())
}

pub(super) fn update(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let id = request.id().to_owned();
    let before = find(tx, &id)?;
    let mut params = request.params;
    let has_price = params.has("price") || params.has("price_data");
    let price = if has_price { Some(GivenPrice::take(&mut params)?) } else { None };
    let quantity = params.integer_from("quantity", 0)?;
    let metadata = params.metadata()?;
    let (rates, given) = (take_ids(&mut params, "tax_rates")?, take_discounts(&mut params)?);
    let how = take_how(&mut params)?;
    params.finish()?;
    let price = price.map(|price| price.resolve(tx)).transpose()?;
    let mut body = item(&before, &id)?;
    Metadata::apply(metadata, &mut body);
    let customer = before.text("customer");
    let set = SetItem {
        id: id.clone(),
        price,
        quantity,
        metadata: body["metadata"].take(),
        tax_rates: tax_rates::resolve(tx, rates)?,
        discounts: given.map(|given| discounts::resolve(tx, given, customer, None)).transpose()?,
    };
    let after = apply(tx, &before, ItemChange::Set(set), how)?;
    item(&after, &id)
}

pub(super) fn delete(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let id = request.id().to_owned();
    let before = find(tx, &id)?;
    let mut params = request.params;
    params.boolean("clear_usage")?;
    let how = take_how(&mut params)?;
    params.finish()?;
    apply(tx, &before, ItemChange::Remove { id: id.clone() }, how)?;
    Ok(json!({ "id": id, "object": "subscription_item", "deleted": true }))
}
