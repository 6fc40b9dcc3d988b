//! Parameters of subscriptions that several operations take.

use serde_json::{Value, json};

use crate::sandbox::{
    api::{
        discounts::{self, GivenDiscounts, take_discounts},
        prices::GivenPrice,
        tax_rates::{self, take_ids},
    },
    billing::{
        change::{ItemChange, SetItem},
        items::{self, NewItem},
    },
    error::ApiError,
    object::{Kind, Object},
    params::{Metadata, Params},
    store::Tx,
};

/// Parameters that decide nothing in the sandbox and are shown again as they came.
pub(super) const KEPT: &[&str] =
    &["description", "invoice_settings", "payment_settings", "trial_settings", "on_behalf_of"];
/// One of [`KEPT`], whole where only a part was given.
pub(super) fn take_kept(params: &mut Params, name: &str) -> Result<Option<Value>, ApiError> {
    let Some(mut value) = params.kept(name)? else { return Ok(None) };
    if name == "invoice_settings" && value.is_object() {
        let own = json!({ "account_tax_ids": null, "issuer": { "type": "self" } });
        for (member, unset) in own.as_object().into_iter().flatten() {
            if value[member].is_null() {
                value[member] = unset.clone();
            }
        }
    }
    Ok(Some(value))
}

/// Parameters that are taken and decide nothing.
pub(super) const IGNORED: &[&str] =
    &["billing_mode", "billing_thresholds", "off_session", "pending_invoice_item_interval"];
pub(super) const PAYMENT_BEHAVIORS: &[&str] =
    &["allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete"];

/// An element of `items`.
pub(in crate::sandbox::api) struct ItemParam {
    id: Option<String>,
    price: Option<GivenPrice>,
    quantity: Option<i64>,
    deleted: bool,
    metadata: Option<Metadata>,
    tax_rates: Option<(Vec<String>, String)>,
    discounts: Option<GivenDiscounts>,
}

impl ItemParam {
    pub(super) fn take(params: &mut Params) -> Result<ItemParam, ApiError> {
        params.ignore(&["billing_thresholds", "clear_usage"])?;
        // The older name.
        params.rename("plan", "price");
        let has_price = params.has("price") || params.has("price_data");
        Ok(ItemParam {
            id: params.string("id")?,
            price: if has_price { Some(GivenPrice::take(params)?) } else { None },
            quantity: params.integer_from("quantity", 0)?,
            deleted: params.boolean("deleted")?.unwrap_or(false),
            metadata: params.metadata()?,
            tax_rates: take_ids(params, "tax_rates")?,
            discounts: take_discounts(params)?,
        })
    }

    pub(super) fn new_item(
        self,
        tx: &mut Tx<'_>,
        index: usize,
        is_recurring: bool,
        customer: &str,
    ) -> Result<NewItem, ApiError> {
        let param = format!("items[{index}][price]");
        let price = self.price.ok_or_else(|| ApiError::missing(&param))?.resolve(tx)?;
        if price.body["recurring"].is_null() == is_recurring {
            let (wanted, given) =
                if is_recurring { ("recurring", "one_time") } else { ("one_time", "recurring") };
            return Err(ApiError::invalid_param(
                param,
                format!(
                    "The price specified is set to `type={given}` but this field only accepts prices with `type={wanted}`."
                ),
            ));
        }
        let metadata = Metadata::new_value(self.metadata);
        let mut item = NewItem::of(price, self.quantity.unwrap_or(1), metadata);
        item.tax_rates = tax_rates::resolve(tx, self.tax_rates)?.unwrap_or_default();
        let amount = item.amount(tx)?;
        let amount = Some((amount, item.price.text("currency").unwrap_or_default()));
        let discounts = self.discounts.unwrap_or_default();
        item.discounts = discounts::resolve(tx, discounts, Some(customer), amount)?;
        Ok(item)
    }
}

/// The changes that `items` of an update (or of a preview) asks for.
pub(in crate::sandbox::api) fn item_changes(
    tx: &mut Tx<'_>,
    subscription: &Object,
    given: Vec<ItemParam>,
) -> Result<Vec<ItemChange>, ApiError> {
    let customer = subscription.text("customer").unwrap_or_default();
    let mut changes = Vec::new();
    for (index, item) in given.into_iter().enumerate() {
        let Some(id) = item.id.clone() else {
            changes.push(ItemChange::Add(item.new_item(tx, index, true, customer)?));
            continue;
        };
        if !items::of(subscription).iter().any(|value| value["id"] == id) {
            return Err(ApiError::no_such(
                Kind::SubscriptionItem,
                &id,
                format!("items[{index}][id]"),
            ));
        }
        if item.deleted {
            changes.push(ItemChange::Remove { id });
            continue;
        }
        let price = item.price.map(|price| price.resolve(tx)).transpose()?;
        let metadata =
            item.metadata.map(|metadata| Metadata::new_value(Some(metadata))).unwrap_or_default();
        let tax_rates = tax_rates::resolve(tx, item.tax_rates)?;
        let discounts = item
            .discounts
            .map(|given| discounts::resolve(tx, given, Some(customer), None))
            .transpose()?;
        let quantity = item.quantity;
        changes.push(ItemChange::Set(SetItem {
            id,
            price,
            quantity,
            metadata,
            tax_rates,
            discounts,
        }));
    }
    Ok(changes)
}

/// The items of a subscription to be started.
pub(in crate::sandbox::api) fn new_items(
    tx: &mut Tx<'_>,
    given: Vec<ItemParam>,
    customer: &str,
) -> Result<Vec<NewItem>, ApiError> {
    let given = given.into_iter().enumerate();
    given.map(|(index, item)| item.new_item(tx, index, true, customer)).collect()
}

/// Puts `plan` and `quantity`, by which versions before basil still name what the only item is to be, among `items`.
pub(super) fn rearrange_only_item(params: &mut Params, item: Option<&str>) {
    if !(params.has("plan") || params.has("quantity")) || params.has("items") {
        return;
    }
    if let Some(id) = item {
        params.set("id", id);
    }
    for name in ["id", "plan", "quantity"] {
        params.put_into("0", name);
    }
    params.put_into("items", "0");
}

pub(in crate::sandbox::api) fn take_items(
    params: &mut Params,
) -> Result<Option<Vec<ItemParam>>, ApiError> {
    params.hashes("items", ItemParam::take)
}

/// `trial_end`: `now` or Unix seconds.
pub(in crate::sandbox::api) fn take_trial_end(
    params: &mut Params,
    now: i64,
) -> Result<Option<i64>, ApiError> {
    let Some(text) = params.string("trial_end")? else { return Ok(None) };
    if text == "now" {
        return Ok(Some(now));
    }
    text.parse()
        .map(Some)
        .map_err(|_| ApiError::invalid_param("trial_end", format!("Invalid timestamp: {text}")))
}

/// `cancel_at`: Unix seconds, a word, or nothing to unset it.
pub(super) enum CancelAt {
    Time(i64),
    PeriodEnd,
    Never,
}

pub(super) fn take_cancel_at(params: &mut Params) -> Result<Option<CancelAt>, ApiError> {
    Ok(match params.clearable("cancel_at")? {
        None => None,
        Some(None) => Some(CancelAt::Never),
        Some(Some(text)) => match text.as_str() {
            "min_period_end" | "max_period_end" | "max_billed_until" => Some(CancelAt::PeriodEnd),
            _ => Some(CancelAt::Time(text.parse().map_err(|_| {
                ApiError::invalid_param("cancel_at", format!("Invalid timestamp: {text}"))
            })?)),
        },
    })
}

pub(in crate::sandbox::api) fn take_automatic_tax(
    params: &mut Params,
) -> Result<Option<bool>, ApiError> {
    params.hash("automatic_tax", |tax| {
        tax.kept("liability")?;
        Ok(tax.boolean("enabled")?.unwrap_or(false))
    })
}

pub(super) fn take_cancellation_details(
    params: &mut Params,
) -> Result<Vec<(&'static str, Value)>, ApiError> {
    let mut details = Vec::new();
    if let Some(comment) = params.clearable("comment")? {
        details.push(("comment", json!(comment)));
    }
    if let Some(feedback) = params.clearable("feedback")? {
        details.push(("feedback", json!(feedback)));
    }
    Ok(details)
}
