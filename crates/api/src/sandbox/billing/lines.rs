//! Lines of invoices, and the invoice items that wait to become lines.

use serde_json::{Value, json};

use super::{
    calendar::day,
    items::NewItem,
    pricing::{self, Part},
    proration::Period,
    redeem::Holder,
    tax,
};
use crate::sandbox::{
    error::ApiError,
    object::{Kind, Object, random_word},
    store::{Listing, Tx},
};

/// An invoice item to be made.
#[derive(Debug, Clone)]
pub(crate) struct NewInvoiceItem {
    pub(crate) customer: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) description: Option<String>,
    pub(crate) quantity: i64,
    pub(crate) period: Period,
    /// The price it follows, as an object; null for a bare amount.
    pub(crate) price: Value,
    /// The subscription it belongs to, and the subscription item.
    pub(crate) subscription: Option<(String, Option<String>)>,
    /// The test clock it lives by; null for the sandbox's.
    pub(crate) test_clock: Value,
    pub(crate) proration: bool,
    /// A draft invoice it is put on at once.
    pub(crate) invoice: Option<String>,
    pub(crate) metadata: Value,
    /// Tax rates of its own, as an array of objects; null for none.
    pub(crate) tax_rates: Value,
}

impl NewInvoiceItem {
    /// The item as it would be stored at `now`.
    pub(crate) fn object(self, now: i64) -> Object {
        let parent = self.subscription.map(|(subscription, item)| {
            let mut details = json!({ "subscription": subscription });
            if let Some(item) = item {
                details["subscription_item"] = json!(item);
            }
            json!({ "type": "subscription_details", "subscription_details": details })
        });
        let body = json!({
            "amount": self.amount,
            "currency": self.currency,
            "customer": self.customer,
            "customer_account": null,
            "date": now,
            "description": self.description,
            // A proration's discounts are in its amount already.
            "discountable": !self.proration && self.amount >= 0,
            "discounts": [],
            "invoice": self.invoice,
            "metadata": if self.metadata.is_object() { self.metadata } else { json!({}) },
            "net_amount": self.amount,
            "parent": parent,
            "period": { "start": self.period.start, "end": self.period.end },
            "pricing": pricing(&self.price, pricing::unit(&self.price)),
            "proration": self.proration,
            "proration_details": { "discount_amounts": [] },
            "quantity": self.quantity,
            "quantity_decimal": self.quantity.to_string(),
            "tax_rates": if self.tax_rates.is_array() { self.tax_rates } else { json!([]) },
            "test_clock": self.test_clock,
        });
        let mut item = Object::new(Kind::InvoiceItem, now, body);
        // Stripe dates invoice items by `date` alone.
        item.body.as_object_mut().map(|body| body.remove("created"));
        item
    }
}

impl Tx<'_> {
    /// A quantity of a one-time price as an invoice item of the subscription, made and waiting.
    pub(crate) fn add_one_time(
        &mut self,
        subscription: &Object,
        one_time: &NewItem,
    ) -> Result<Object, ApiError> {
        let now = self.now();
        let customer = subscription.text("customer").unwrap_or_default().to_owned();
        let new = NewInvoiceItem {
            customer: customer.clone(),
            amount: one_time.amount(self)?,
            currency: one_time.price.text("currency").unwrap_or_default().to_owned(),
            description: Some(self.product_name(&one_time.price.body)?),
            quantity: one_time.quantity,
            period: Period { start: now, end: now },
            price: one_time.price.body.clone(),
            subscription: Some((subscription.id.clone(), None)),
            test_clock: subscription.body["test_clock"].clone(),
            proration: false,
            invoice: None,
            metadata: one_time.metadata.clone(),
            tax_rates: json!(one_time.tax_rates),
        };
        let mut item = new.object(now);
        let holder = Holder::InvoiceItem(&item.id);
        item.body["discounts"] = json!(self.hold(&one_time.discounts, Some(&customer), holder)?);
        self.create(&item)?;
        Ok(item)
    }
}

/// Gives an invoice item another amount, and the price it follows.
pub(crate) fn set_charge(item: &mut Object, amount: i64, price: &Value) {
    item.body["amount"] = json!(amount);
    item.body["net_amount"] = json!(amount);
    item.body["pricing"] = pricing(price, pricing::unit(price));
}

/// The subscription an invoice item belongs to.
pub(crate) fn subscription_of(item: &Object) -> Option<&str> {
    item.body["parent"]["subscription_details"]["subscription"].as_str()
}

/// Invoice items that wait for the next invoice of the subscription: its own, and the customer's.
pub(crate) fn pending(
    tx: &mut Tx<'_>,
    customer: &str,
    subscription: Option<&str>,
) -> Result<Vec<Object>, ApiError> {
    let (mut items, _) = tx.list(Kind::InvoiceItem, &Listing::of_customer(customer), |item| {
        item.body["invoice"].is_null()
            && (subscription_of(item).is_none() || subscription_of(item) == subscription)
    })?;
    items.reverse();
    Ok(items)
}

impl Tx<'_> {
    /// The lines of one period of a subscription's item: one, or more for a price with tiers. In a trial it costs
    /// nothing.
    pub(crate) fn period_lines(
        &mut self,
        item: &Value,
        subscription: &str,
        is_trial: bool,
    ) -> Result<Vec<Value>, ApiError> {
        let price = &item["price"];
        let product = self.product_name(price)?;
        let quantity = item["quantity"].as_i64().unwrap_or(1);
        if is_trial {
            let part = Part { quantity, unit: None, amount: 0, tier: None };
            let text = format!("Trial period for {product}");
            return Ok(vec![of_part(item, subscription, &part, text)]);
        }
        let parts = self.cost_parts(price, quantity)?;
        let of_part = |part: &Part| {
            of_part(item, subscription, part, pricing::in_words(part, price, &product, quantity))
        };
        Ok(parts.iter().map(of_part).collect())
    }
}

fn of_part(item: &Value, subscription: &str, part: &Part, description: String) -> Value {
    let price = &item["price"];
    let quantity =
        if part.tier.is_some() { part.quantity } else { item["quantity"].as_i64().unwrap_or(1) };
    let period =
        json!({ "start": item["current_period_start"], "end": item["current_period_end"] });
    let parent = json!({
        "type": "subscription_item_details",
        "invoice_item_details": null,
        "subscription_item_details": {
            "invoice_item": null, "proration": false, "proration_details": { "credited_items": null },
            "subscription": subscription, "subscription_item": item["id"],
        },
    });
    let unit = part.unit.as_deref().or(pricing::unit(price));
    let mut line = line(
        part.amount,
        &price["currency"],
        description.into(),
        quantity,
        period,
        pricing(price, unit),
        parent,
        json!({}),
    );
    line["tax_rates"] = json!(tax::ids(&item["tax_rates"]));
    line
}

/// The line an invoice item becomes. What it is taxed by is moved out of it when the invoice is added up.
pub(crate) fn of_invoice_item(item: &Object) -> Value {
    let body = &item.body;
    let details = &body["parent"]["subscription_details"];
    let parent = match (subscription_of(item), details["subscription_item"].as_str()) {
        (Some(subscription), Some(subscription_item)) => json!({
            "type": "subscription_item_details",
            "invoice_item_details": null,
            "subscription_item_details": {
                "invoice_item": item.id, "proration": body["proration"],
                "proration_details": { "credited_items": null },
                "subscription": subscription, "subscription_item": subscription_item,
            },
        }),
        (subscription, _) => json!({
            "type": "invoice_item_details",
            "invoice_item_details": {
                "invoice_item": item.id, "proration": body["proration"],
                "proration_details": { "credited_items": null }, "subscription": subscription,
            },
            "subscription_item_details": null,
        }),
    };
    let quantity = body["quantity"].as_i64().unwrap_or(1);
    let amount = body["amount"].as_i64().unwrap_or(0);
    let (period, pricing) = (body["period"].clone(), body["pricing"].clone());
    let metadata = body["metadata"].clone();
    let mut line = line(
        amount,
        &body["currency"],
        body["description"].clone(),
        quantity,
        period,
        pricing,
        parent,
        metadata,
    );
    line["discountable"] = body["discountable"].clone();
    line["tax_rates"] = json!(tax::ids(&body["tax_rates"]));
    line
}

#[expect(clippy::too_many_arguments, reason = "one member of the line each")]
fn line(
    amount: i64,
    currency: &Value,
    description: Value,
    quantity: i64,
    period: Value,
    pricing: Value,
    parent: Value,
    metadata: Value,
) -> Value {
    let subscription = ["subscription_item_details", "invoice_item_details"]
        .into_iter()
        .map(|details| parent[details]["subscription"].clone())
        .find(|subscription| !subscription.is_null());
    json!({
        "id": format!("il_{}", random_word(24)),
        "object": "line_item",
        "amount": amount,
        "currency": currency,
        "description": description,
        "discount_amounts": [],
        "discountable": true,
        "discounts": [],
        "invoice": null,
        "livemode": false,
        "metadata": metadata,
        "parent": parent,
        "period": period,
        "pretax_credit_amounts": [],
        "pricing": pricing,
        "quantity": quantity,
        "quantity_decimal": quantity.to_string(),
        "subscription": subscription,
        "subtotal": amount,
        "taxes": [],
    })
}

/// `pricing` of a line or an invoice item; `unit` is what one costs, where each costs the same.
fn pricing(price: &Value, unit: Option<&str>) -> Value {
    if price.is_null() {
        return Value::Null;
    }
    json!({
        "type": "price_details",
        "price_details": { "price": price["id"], "product": price["product"] },
        "unit_amount_decimal": unit,
    })
}

/// `Unused time on 2 × Pro after 12 Nov 2026`
pub(crate) fn proration_text(which: &str, quantity: i64, product: &str, at: i64) -> String {
    let times = if quantity == 1 { String::new() } else { format!("{quantity} × ") };
    format!("{which} time on {times}{product} after {}", day(at))
}
