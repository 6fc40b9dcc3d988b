//! Invoice items: charges and credits that wait for an invoice, or go on a draft.

use serde_json::{Value, json};

use super::{
    Outcome, Page, Request, customers,
    discounts::{self, GivenDiscounts, take_discounts},
    prices::GivenPrice,
    tax_rates::{self, take_ids},
};
use crate::sandbox::{
    billing::{
        lines::{NewInvoiceItem, of_invoice_item, set_charge},
        pricing,
        proration::Period,
        redeem::Holder,
    },
    error::ApiError,
    object::{Kind, Object},
    params::{Metadata, Params},
    store::{Listing, Tx},
};

/// What an item charges, as a request gives it.
struct Charge {
    amount: Option<i64>,
    /// Minor units of one, as a decimal.
    unit: Option<String>,
    quantity: Option<i64>,
    price: Option<GivenPrice>,
}

impl Charge {
    fn take(params: &mut Params) -> Result<Charge, ApiError> {
        let amount = params.integer("amount")?;
        let whole = params.integer("unit_amount")?.map(|unit| unit.to_string());
        let decimal = params.string("unit_amount_decimal")?;
        let has_price = params.has("price") || params.has("price_data");
        let price = if has_price { Some(GivenPrice::take(params)?) } else { None };
        let pricing = params.hash("pricing", GivenPrice::take)?;
        let quantity = params.integer_from("quantity", 0)?;
        params.string("quantity_decimal")?;
        Ok(Charge { amount, unit: whole.or(decimal), quantity, price: price.or(pricing) })
    }

    /// The amount in minor units, and the price as an object; `None` when nothing about it is given.
    fn resolve(self, tx: &mut Tx<'_>, quantity: i64) -> Result<Option<(i64, Value)>, ApiError> {
        let quantity = self.quantity.unwrap_or(quantity);
        let price = self.price.map(|price| price.resolve(tx)).transpose()?;
        let price = price.map(|price| price.body).unwrap_or_default();
        Ok(match (self.amount, self.unit, &price) {
            (Some(amount), _, _) => Some((amount, price)),
            (None, Some(unit), _) => {
                let unsigned = unit.strip_prefix('-').unwrap_or(&unit);
                let amount = pricing::times(unsigned, quantity).ok_or_else(|| {
                    let message = format!("Invalid decimal: {unit}");
                    ApiError::invalid_param("unit_amount_decimal", message)
                })?;
                Some((if unsigned == unit { amount } else { -amount }, price))
            }
            (None, None, Value::Null) => None,
            (None, None, _) => Some((tx.cost(&price, quantity)?, price)),
        })
    }
}

/// What an item is, as a request that makes or changes one (or a preview of that) gives it.
pub(super) struct Fields {
    charge: Charge,
    description: Option<Option<String>>,
    period: Option<Period>,
    metadata: Option<Metadata>,
    discounts: Option<GivenDiscounts>,
    discountable: Option<bool>,
    rates: Option<(Vec<String>, String)>,
}

impl Fields {
    pub(super) fn take(params: &mut Params) -> Result<Fields, ApiError> {
        params.ignore(&["tax_behavior", "tax_code"])?;
        Ok(Fields {
            charge: Charge::take(params)?,
            description: params.clearable("description")?,
            period: take_period(params)?,
            metadata: params.metadata()?,
            discounts: take_discounts(params)?,
            discountable: params.boolean("discountable")?,
            rates: take_ids(params, "tax_rates")?,
        })
    }

    /// A new item, not stored yet.
    pub(super) fn make(
        self,
        tx: &mut Tx<'_>,
        customer: &Object,
        currency: Option<String>,
        invoice: Option<&str>,
        subscription: Option<String>,
    ) -> Result<Object, ApiError> {
        let quantity = self.charge.quantity.unwrap_or(1);
        let (amount, price) =
            self.charge.resolve(tx, quantity)?.ok_or_else(|| ApiError::missing("amount"))?;
        let price_currency = price["currency"].as_str().map(str::to_owned);
        let currency = currency.or(price_currency).unwrap_or_else(|| "usd".to_owned());
        let now = tx.now();
        let item = NewInvoiceItem {
            customer: customer.id.clone(),
            amount,
            currency: currency.to_ascii_lowercase(),
            description: self.description.flatten(),
            quantity,
            period: self.period.unwrap_or(Period { start: now, end: now }),
            price,
            subscription: subscription.map(|id| (id, None)),
            test_clock: customer.body["test_clock"].clone(),
            proration: false,
            invoice: invoice.map(str::to_owned),
            metadata: Metadata::new_value(self.metadata),
            tax_rates: json!(tax_rates::resolve(tx, self.rates)?.unwrap_or_default()),
        };
        let mut item = item.object(now);
        if let Some(discountable) = self.discountable {
            item.body["discountable"] = json!(discountable);
        }
        hold(tx, &mut item, self.discounts)?;
        Ok(item)
    }

    /// Changes an item, which the caller saves.
    pub(super) fn change(self, tx: &mut Tx<'_>, item: &mut Object) -> Result<(), ApiError> {
        let quantity = self.charge.quantity.or(item.integer("quantity")).unwrap_or(1);
        item.body["quantity"] = json!(quantity);
        item.body["quantity_decimal"] = json!(quantity.to_string());
        if let Some((amount, price)) = self.charge.resolve(tx, quantity)? {
            set_charge(item, amount, &price);
        }
        if let Some(description) = self.description {
            item.body["description"] = json!(description);
        }
        if let Some(period) = self.period {
            item.body["period"] = json!({ "start": period.start, "end": period.end });
        }
        if let Some(discountable) = self.discountable {
            item.body["discountable"] = json!(discountable);
        }
        if let Some(rates) = tax_rates::resolve(tx, self.rates)? {
            item.body["tax_rates"] = json!(rates);
        }
        Metadata::apply(self.metadata, &mut item.body);
        hold(tx, item, self.discounts)
    }
}

/// Gives an item the discounts it is to have, if any are named.
fn hold(tx: &mut Tx<'_>, item: &mut Object, given: Option<GivenDiscounts>) -> Result<(), ApiError> {
    let Some(given) = given else { return Ok(()) };
    let customer = item.text("customer").map(str::to_owned);
    let wanted = discounts::resolve(tx, given, customer.as_deref(), None)?;
    let held = tx.hold(&wanted, customer.as_deref(), Holder::InvoiceItem(&item.id))?;
    item.body["discounts"] = json!(held);
    Ok(())
}

pub(super) fn create(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let customer = params.required("customer")?;
    let fields = Fields::take(&mut params)?;
    let currency = params.currency("currency")?;
    let invoice = params.string("invoice")?;
    let subscription = params.string("subscription")?;
    params.finish()?;
    let customer = customers::live(tx, &customer, "customer")?;
    let item = fields.make(tx, &customer, currency, invoice.as_deref(), subscription)?;
    if let Some(id) = invoice {
        let draft = tx.get(Kind::Invoice, &id, "invoice")?;
        place_on(tx, &draft, &item)?;
    }
    tx.create(&item)?;
    Ok(item.body)
}

fn take_period(params: &mut Params) -> Result<Option<Period>, ApiError> {
    params.hash("period", |period| {
        let time = |period: &mut Params, name| {
            period.integer(name)?.ok_or_else(|| ApiError::missing(period.name(name)))
        };
        Ok(Period { start: time(period, "start")?, end: time(period, "end")? })
    })
}

/// Puts an item's line on a draft, in place of the one it had.
fn place_on(tx: &mut Tx<'_>, before: &Object, item: &Object) -> Result<(), ApiError> {
    if before.text("status") != Some("draft") {
        return Err(
            ApiError::invalid("This invoice is no longer editable").code("invoice_not_editable")
        );
    }
    let mut draft = before.clone();
    let mut line = of_invoice_item(item);
    if let Some(lines) = draft.body["lines"]["data"].as_array_mut() {
        let is_same = |line: &&mut Value| {
            line["parent"]["invoice_item_details"]["invoice_item"] == item.id.as_str()
        };
        match lines.iter_mut().find(is_same) {
            Some(old) => {
                line["id"] = old["id"].take();
                *old = line;
            }
            None => lines.push(line),
        }
    }
    let currency = before.text("currency").unwrap_or_default();
    let mut reductions = tx.reductions_of_items(std::slice::from_ref(item), currency)?;
    let others = tx.reductions_of_invoice(before)?.into_iter();
    reductions.extend(others.filter(|other| !other.is_of_item(&item.id)));
    tx.add_up(&mut draft, &reductions)?;
    tx.update(before, &draft)
}

pub(super) fn update(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let before =
        tx.get(Kind::InvoiceItem, request.id(), "invoiceitem").map_err(ApiError::in_path)?;
    let mut params = request.params;
    let fields = Fields::take(&mut params)?;
    params.finish()?;
    let mut item = before.clone();
    fields.change(tx, &mut item)?;
    if let Some(invoice) = before.text("invoice").map(str::to_owned) {
        let draft = tx.get(Kind::Invoice, &invoice, "invoice")?;
        place_on(tx, &draft, &item)?;
    }
    // Stripe has no event for it.
    tx.save(&item)?;
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
