//! Invoice items: charges and credits that wait for an invoice, or go on a draft.

use serde_json::{Value, json};

use super::{
    Outcome, Page, Request, customers,
    discounts::{self, take_discounts},
};
use crate::sandbox::{
    billing::{
        invoice::add_up,
        lines::{NewInvoiceItem, of_invoice_item, price_amount},
        proration::Period,
        redeem::Holder,
    },
    error::ApiError,
    object::Kind,
    params::Metadata,
    store::{Listing, Tx},
};

pub(super) fn create(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let customer = params.required("customer")?;
    let amount = params.integer("amount")?;
    let currency = params.string("currency")?;
    let description = params.string("description")?;
    let invoice = params.string("invoice")?;
    let subscription = params.string("subscription")?;
    let quantity = params.integer_from("quantity", 0)?.unwrap_or(1);
    let unit_amount = params.integer("unit_amount")?;
    let pricing = params.hash("pricing", |pricing| pricing.required("price"))?;
    let price = params.string("price")?.or(pricing);
    let period =
        params.hash("period", |period| Ok((period.integer("start")?, period.integer("end")?)))?;
    let metadata = Metadata::new_value(params.metadata()?);
    let given = take_discounts(&mut params)?.unwrap_or_default();
    for ignored in ["discountable", "tax_behavior", "tax_code", "tax_rates", "unit_amount_decimal"]
    {
        params.kept(ignored);
    }
    params.finish()?;

    let customer = customers::live(tx, &customer, "customer")?;
    let price = price.map(|id| tx.get(Kind::Price, &id, "pricing[price]")).transpose()?;
    let price = price.map(|price| price.body).unwrap_or_default();
    let amount = match (amount, unit_amount, &price) {
        (Some(amount), _, _) => amount,
        (None, Some(unit), _) => unit.saturating_mul(quantity),
        (None, None, Value::Null) => return Err(ApiError::missing("amount")),
        (None, None, price) => price_amount(price, quantity),
    };
    let price_currency = price["currency"].as_str().map(str::to_owned);
    let now = tx.now();
    let (start, end) = period.unwrap_or_default();
    let item = NewInvoiceItem {
        customer: customer.id.clone(),
        amount,
        currency: currency
            .or(price_currency)
            .unwrap_or_else(|| "usd".to_owned())
            .to_ascii_lowercase(),
        description,
        quantity,
        period: Period { start: start.unwrap_or(now), end: end.unwrap_or(now) },
        price,
        subscription: subscription.map(|id| (id, None)),
        test_clock: customer.body["test_clock"].clone(),
        proration: false,
        invoice: invoice.clone(),
        metadata,
    };
    let mut item = item.object(now);
    let owner = item.text("customer").unwrap_or_default().to_owned();
    let mut own = Vec::new();
    for offer in discounts::offers(discounts::resolve(tx, given, Some(&owner), None)?) {
        own.push(tx.redeem(&offer, Some(&owner), Holder::InvoiceItem(&item.id))?.id);
    }
    item.body["discounts"] = json!(own);
    if let Some(id) = invoice {
        let before = tx.get(Kind::Invoice, &id, "invoice")?;
        if before.text("status") != Some("draft") {
            return Err(ApiError::invalid("This invoice is no longer editable")
                .code("invoice_not_editable"));
        }
        let mut draft = before.clone();
        if let Some(lines) = draft.body["lines"]["data"].as_array_mut() {
            lines.push(of_invoice_item(&item));
        }
        let mut reductions = tx.reductions_of_invoice(&before)?;
        let currency = before.text("currency").unwrap_or_default();
        reductions.splice(0..0, tx.reductions_of_items(std::slice::from_ref(&item), currency)?);
        add_up(&mut draft, &reductions);
        tx.create(&item)?;
        tx.update(&before, &draft)?;
    } else {
        tx.create(&item)?;
    }
    Ok(item.body)
}

pub(super) fn retrieve(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let item = tx.get(Kind::InvoiceItem, request.id(), "invoiceitem").map_err(ApiError::in_path)?;
    request.params.finish()?;
    Ok(item.body)
}

pub(super) fn delete(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let item = tx.get(Kind::InvoiceItem, request.id(), "invoiceitem").map_err(ApiError::in_path)?;
    request.params.finish()?;
    if !item.body["invoice"].is_null() {
        return Err(ApiError::invalid(
            "You can not delete an invoice item that is attached to an invoice.",
        ));
    }
    tx.delete(&item)?;
    tx.emit("invoiceitem.deleted", &item, None)?;
    Ok(json!({ "id": item.id, "object": "invoiceitem", "deleted": true }))
}

pub(super) fn list(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let page = Page::take(&mut params)?;
    let listing = Listing {
        customer: params.string("customer")?,
        parent: params.string("invoice")?,
        ..Listing::default()
    };
    let pending = params.boolean("pending")?;
    let created = params.time_range("created")?;
    params.finish()?;
    page.answer(tx, "/v1/invoiceitems", Kind::InvoiceItem, listing, |item| {
        pending.is_none_or(|pending| item.body["invoice"].is_null() == pending)
            && created.contains(item.integer("date").unwrap_or(0))
    })
}
