//! Parts of a Checkout Session's parameters, checked as Stripe checks them.

use serde_json::{Value, json};

use super::LineItem;
use crate::sandbox::{
    api::tax_rates::{self, take_ids},
    error::ApiError,
    object::{Object, random_word},
    params::{Metadata, Params},
    store::Tx,
};

/// Seconds ahead that `trial_end` must be.
const NEAREST_TRIAL_END: i64 = 48 * 3_600;

/// `subscription_data`, its tax rates not looked up yet.
pub(super) struct SubscriptionData {
    given: Value,
    default_tax_rates: Option<(Vec<String>, String)>,
}

impl SubscriptionData {
    /// With the tax rates as objects.
    pub(super) fn resolve(mut self, tx: &mut Tx<'_>) -> Result<Value, ApiError> {
        if let Some(rates) = tax_rates::resolve(tx, self.default_tax_rates)? {
            self.given["kept"]["default_tax_rates"] = json!(rates);
        }
        Ok(self.given)
    }
}

/// `tax_rates` of a line; `dynamic_tax_rates` go by an address, which these pages do not ask for.
pub(super) fn take_line_rates(
    item: &mut Params,
) -> Result<Option<(Vec<String>, String)>, ApiError> {
    item.kept("dynamic_tax_rates")?;
    take_ids(item, "tax_rates")
}

pub(super) fn take_subscription_data(
    data: &mut Params,
    now: i64,
) -> Result<SubscriptionData, ApiError> {
    let trial_days = data.integer("trial_period_days")?;
    if trial_days.is_some_and(|days| !(1..=730).contains(&days)) {
        return Err(ApiError::invalid_param(
            data.name("trial_period_days"),
            "Invalid integer: trial_period_days must be between 1 and 730",
        ));
    }
    let trial_end = data.integer("trial_end")?;
    if trial_days.is_some() && trial_end.is_some() {
        return Err(only_one_of(&data.name("trial_period_days"), &data.name("trial_end")));
    }
    if trial_end.is_some_and(|end| end < now + NEAREST_TRIAL_END) {
        return Err(ApiError::invalid_param(
            data.name("trial_end"),
            "The `trial_end` date has to be at least 2 days in the future.",
        ));
    }
    let mut kept = json!({ "metadata": Metadata::new_value(data.metadata()?) });
    for name in ["description", "trial_settings"] {
        if let Some(value) = data.kept(name)? {
            kept[name] = value;
        }
    }
    data.ignore(&[
        "application_fee_percent",
        "billing_cycle_anchor",
        "billing_mode",
        "invoice_settings",
        "on_behalf_of",
        "pending_invoice_item_interval",
        "proration_behavior",
        "transfer_data",
    ])?;
    Ok(SubscriptionData {
        given: json!({ "trial_days": trial_days, "trial_end": trial_end, "kept": kept }),
        default_tax_rates: take_ids(data, "default_tax_rates")?,
    })
}

/// The lines, and the tax rates of each by the lines' ids.
pub(super) fn resolve_lines(
    tx: &mut Tx<'_>,
    items: Vec<LineItem>,
    mode: &str,
) -> Result<(Vec<Value>, Value), ApiError> {
    if mode != "setup" && items.is_empty() {
        return Err(ApiError::missing("line_items"));
    }
    let mut lines = Vec::new();
    let mut tax_rates = json!({});
    for (index, item) in items.into_iter().enumerate() {
        let price = item.price.resolve(tx)?.body;
        let is_recurring = !price["recurring"].is_null();
        if mode == "payment" && is_recurring {
            return Err(ApiError::invalid_param(
                format!("line_items[{index}][price]"),
                "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or \
                 use only one-time prices.",
            ));
        }
        let id = format!("li_{}", random_word(24));
        if let Some(rates) = tax_rates::resolve(tx, item.tax_rates)? {
            tax_rates[&id] = json!(rates);
        }
        lines.push(json!({
            "id": id,
            "object": "item",
            "adjustable_quantity": item.adjustable_quantity,
            "amount_discount": 0,
            "amount_subtotal": 0,
            "amount_tax": 0,
            "amount_total": 0,
            "currency": price["currency"],
            "description": tx.product_name(&price)?,
            "metadata": {},
            "price": price,
            "quantity": item.quantity,
        }));
    }
    if mode == "subscription" && lines.iter().all(|line| line["price"]["recurring"].is_null()) {
        return Err(ApiError::invalid_param(
            "line_items",
            "You must provide at least one recurring price in `subscription` mode when using prices.",
        ));
    }
    if let Some(other) = lines.iter().find(|line| line["currency"] != lines[0]["currency"]) {
        return Err(ApiError::invalid_param(
            "line_items",
            format!(
                "The price specified only supports `{}`. This doesn't match the expected currency: `{}`.",
                other["currency"].as_str().unwrap_or_default(),
                lines[0]["currency"].as_str().unwrap_or_default()
            ),
        ));
    }
    Ok((lines, tax_rates))
}

pub(super) fn check_tax(
    customer: Option<&Object>,
    customer_update: Option<&Value>,
    automatic_tax: Option<bool>,
    tax_id_collection: Option<&Value>,
) -> Result<(), ApiError> {
    let Some(customer) = customer else { return Ok(()) };
    let is_auto = |name: &str| customer_update.is_some_and(|update| update[name] == "auto");
    if automatic_tax == Some(true)
        && customer.body["address"].is_null()
        && !(is_auto("address") || is_auto("shipping"))
    {
        return Err(ApiError::invalid(
            "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a valid address to \
             the Customer or set either `customer_update[address]` to 'auto' or `customer_update[shipping]` to 'auto' \
             to save the address entered in Checkout to the Customer.",
        )
        .code("customer_tax_location_invalid"));
    }
    if tax_id_collection.is_some_and(|collection| collection["enabled"] == true) && !is_auto("name")
    {
        return Err(ApiError::invalid_param(
            "customer_update[name]",
            "Tax ID collection requires updating business name on the customer. To enable tax ID collection for an \
             existing customer, please set `customer_update[name]` to `auto`.",
        ));
    }
    Ok(())
}

pub(super) fn only_one_of(first: &str, second: &str) -> ApiError {
    ApiError::invalid_param(
        first,
        format!("You may only specify one of these parameters: {first}, {second}."),
    )
}
