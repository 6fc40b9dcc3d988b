//! 2025-03-31.basil.

use serde_json::{Value, json};

use super::{Change, follow, remove, take};
use crate::sandbox::{
    billing::items,
    error::ApiError,
    object::Kind,
    store::{Listing, Tx},
};

/// The version that brought all of it.
const BASIL: &str = "2025-03-31.basil";

pub(super) const CHANGES: &[Change] = &[
    Change { since: BASIL, objects: &["subscription"], undo: subscription },
    Change { since: BASIL, objects: &["subscription_item"], undo: subscription_item },
    Change { since: BASIL, objects: &["invoice"], undo: invoice },
    Change { since: BASIL, objects: &["line_item"], undo: line_item },
    Change { since: BASIL, objects: &["invoiceitem"], undo: invoice_item },
    Change { since: BASIL, objects: &["payment_intent", "charge"], undo: payment },
    Change {
        since: BASIL,
        objects: &["customer"],
        undo: |_, customer| {
            remove(customer, &["business_name", "individual_name"]);
            Ok(())
        },
    },
];

/// The period was the subscription's, not its items'; it had one discount.
fn subscription(tx: &mut Tx<'_>, subscription: &mut Value) -> Result<(), ApiError> {
    // The items keep theirs until the next change in the list.
    let items = subscription["items"]["data"].as_array().cloned().unwrap_or_default();
    let times = |name: &'static str| items.iter().filter_map(move |item| item[name].as_i64());
    let (start, end) = (times("current_period_start").max(), times("current_period_end").min());
    subscription["current_period_start"] = json!(start);
    subscription["current_period_end"] = json!(end);
    subscription["discount"] = first_discount(tx, subscription)?;
    remove(subscription, &["billing_mode"]);
    Ok(())
}

fn subscription_item(_: &mut Tx<'_>, item: &mut Value) -> Result<(), ApiError> {
    remove(item, &["billed_until", "current_period_end", "current_period_start", "current_trial"]);
    Ok(())
}

/// The discount there could be only one of, whole; null when there is none.
fn first_discount(tx: &mut Tx<'_>, object: &Value) -> Result<Value, ApiError> {
    let first = &object["discounts"][0];
    let Some(id) = first.as_str() else { return Ok(first.clone()) };
    let mut discount = tx.find(Kind::Discount, id)?.map(|found| found.body).unwrap_or_default();
    follow(tx, BASIL, &mut discount)?;
    Ok(discount)
}

/// An invoice named its subscription, payment and charge itself, and said whether it was paid.
fn invoice(tx: &mut Tx<'_>, invoice: &mut Value) -> Result<(), ApiError> {
    let parent = take(invoice, "parent");
    let details = &parent["subscription_details"];
    invoice["subscription"] = details["subscription"].clone();
    invoice["subscription_details"] = json!({ "metadata": details["metadata"] });
    if details["subscription_proration_date"].is_i64() {
        let at = details["subscription_proration_date"].clone();
        invoice["subscription_proration_date"] = at;
    }
    invoice["quote"] = parent["quote_details"]["quote"].clone();
    let is_paid = invoice["status"] == "paid";
    invoice["paid"] = json!(is_paid);
    let elsewhere = invoice["amount_paid_off_stripe"].as_i64().unwrap_or(0);
    invoice["paid_out_of_band"] = json!(elsewhere > 0);
    invoice["discount"] = first_discount(tx, invoice)?;
    let taxes = take(invoice, "total_taxes");
    let taxes = taxes.as_array().cloned().unwrap_or_default();
    let tax: i64 = taxes.iter().filter_map(|tax| tax["amount"].as_i64()).sum();
    invoice["tax"] = if taxes.is_empty() { Value::Null } else { json!(tax) };
    invoice["total_tax_amounts"] = taxes.iter().map(tax_amount).collect();
    let (intent, charge) = payment_of(tx, invoice["id"].as_str().unwrap_or_default())?;
    invoice["payment_intent"] = intent;
    invoice["charge"] = charge;
    invoice["application_fee_amount"] = Value::Null;
    invoice["transfer_data"] = Value::Null;
    remove(invoice, &["amount_overpaid", "confirmation_secret", "payments"]);
    Ok(())
}

/// The ids of the payment intent that an invoice is paid with, and of its last charge.
fn payment_of(tx: &mut Tx<'_>, invoice: &str) -> Result<(Value, Value), ApiError> {
    let (payments, _) = tx.list(Kind::InvoicePayment, &Listing::of_parent(invoice), |_| true)?;
    let intent = payments
        .into_iter()
        .find_map(|payment| payment.body["payment"]["payment_intent"].as_str().map(str::to_owned));
    let Some(intent) = intent else { return Ok((Value::Null, Value::Null)) };
    let charge =
        tx.find(Kind::PaymentIntent, &intent)?.map(|found| found.body["latest_charge"].clone());
    Ok((json!(intent), charge.unwrap_or_default()))
}

fn tax_amount(tax: &Value) -> Value {
    json!({
        "amount": tax["amount"],
        "inclusive": tax["tax_behavior"] == "inclusive",
        "tax_rate": tax["tax_rate_details"]["tax_rate"],
        "taxability_reason": tax["taxability_reason"],
        "taxable_amount": tax["taxable_amount"],
    })
}

/// A line held its price, and said itself what it was for.
fn line_item(tx: &mut Tx<'_>, line: &mut Value) -> Result<(), ApiError> {
    let parent = take(line, "parent");
    let is_of_subscription = parent["type"] == "subscription_item_details";
    let details = match parent["type"].as_str() {
        Some(kind) => &parent[kind],
        None => &Value::Null,
    };
    line["type"] = json!(if is_of_subscription { "subscription" } else { "invoiceitem" });
    line["proration"] = json!(details["proration"] == true);
    line["proration_details"] =
        json!({ "credited_items": details["proration_details"]["credited_items"] });
    line["subscription"] = details["subscription"].clone();
    for name in ["invoice_item", "subscription_item"] {
        if details[name].is_string() {
            line[name] = details[name].clone();
        }
    }
    let pricing = take(line, "pricing");
    let price = price_of(tx, &pricing)?;
    line["plan"] = plan(&price);
    line["price"] = price;
    let taxes = take(line, "taxes");
    let mut rates = Vec::new();
    for tax in taxes.as_array().into_iter().flatten() {
        let id = tax["tax_rate_details"]["tax_rate"].as_str().unwrap_or_default();
        rates.push(tx.tax_rate(id, "tax_rate")?.body);
    }
    line["tax_amounts"] = taxes.as_array().into_iter().flatten().map(tax_amount).collect();
    line["tax_rates"] = json!(rates);
    line["unit_amount_excluding_tax"] = pricing["unit_amount_decimal"].clone();
    Ok(())
}

/// An invoice item held its price.
fn invoice_item(tx: &mut Tx<'_>, item: &mut Value) -> Result<(), ApiError> {
    let (parent, pricing) = (take(item, "parent"), take(item, "pricing"));
    let details = &parent["subscription_details"];
    item["subscription"] = details["subscription"].clone();
    if details["subscription_item"].is_string() {
        item["subscription_item"] = details["subscription_item"].clone();
    }
    let price = price_of(tx, &pricing)?;
    let quantity = item["quantity"].as_i64().filter(|quantity| *quantity != 0).unwrap_or(1);
    let unit =
        price["unit_amount"].as_i64().or(item["amount"].as_i64().map(|amount| amount / quantity));
    item["unit_amount"] = json!(unit);
    item["unit_amount_decimal"] = json!(unit.map(|unit| unit.to_string()));
    item["plan"] = plan(&price);
    item["price"] = price;
    remove(item, &["net_amount", "proration_details"]);
    Ok(())
}

fn price_of(tx: &mut Tx<'_>, pricing: &Value) -> Result<Value, ApiError> {
    let Some(id) = pricing["price_details"]["price"].as_str() else { return Ok(Value::Null) };
    let mut price = tx.find(Kind::Price, id)?.map(|found| found.body).unwrap_or_default();
    follow(tx, BASIL, &mut price)?;
    Ok(price)
}

/// A recurring price as the plan that it was before there were prices.
fn plan(price: &Value) -> Value {
    if price["recurring"].is_object() { items::plan(price) } else { Value::Null }
}

/// A payment named the invoice that it pays.
fn payment(tx: &mut Tx<'_>, payment: &mut Value) -> Result<(), ApiError> {
    let intent = match payment["object"].as_str() {
        Some("charge") => payment["payment_intent"].as_str(),
        _ => payment["id"].as_str(),
    };
    let mut invoice = Value::Null;
    if let Some(intent) = intent {
        let (found, _) = tx.list(Kind::InvoicePayment, &Listing::of_lookup(intent), |_| true)?;
        invoice = found.first().map(|payment| payment.body["invoice"].clone()).unwrap_or_default();
    }
    payment["invoice"] = invoice;
    Ok(())
}
