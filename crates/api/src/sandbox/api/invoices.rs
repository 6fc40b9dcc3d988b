//! Invoices.

mod fields;
mod previews;
mod taxed_by;

use serde_json::{Value, json};

use self::fields::{DAYS_TO_PAY, Fields};
pub(super) use self::previews::{create_preview, upcoming, upcoming_lines};
use self::taxed_by::TaxedBy;
use super::{
    Outcome, Page, Request, customers,
    discounts::{self, GivenDiscounts, take_discounts},
    list::envelope,
    subscriptions::usable_payment_method,
};
use crate::sandbox::{
    billing::{
        cancel,
        collect::Collected,
        discount::Reduction,
        invoice::{DRAFT_TIME, Draft},
        lines as invoice_lines,
        offer::Wanted,
        pending_update,
        proration::Period,
        redeem::Holder,
    },
    cards::AUTHENTICATION_REQUIRED,
    error::ApiError,
    object::{Kind, Object},
    payment::Presence,
    store::{Listing, Tx},
};

fn find(tx: &mut Tx<'_>, id: &str) -> Result<Object, ApiError> {
    tx.get(Kind::Invoice, id, "invoice").map_err(ApiError::in_path)
}

pub(super) fn create(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let customer = params.string("customer")?;
    let subscription = params.string("subscription")?;
    let collection =
        params.choice("collection_method", &["charge_automatically", "send_invoice"])?;
    let days_until_due = params.integer_from("days_until_due", 0)?;
    let items = params.choice("pending_invoice_items_behavior", &["exclude", "include"])?;
    let auto_advance = params.boolean("auto_advance")?.unwrap_or(false);
    let currency = params.currency("currency")?;
    let default_payment_method = params.string("default_payment_method")?;
    let discounts = take_discounts(&mut params)?;
    let fields = Fields::take(&mut params)?;
    let taxed_by = TaxedBy::take(&mut params)?;
    params.finish()?;
    let subscription =
        subscription.map(|id| tx.get(Kind::Subscription, &id, "subscription")).transpose()?;
    let owner = subscription
        .as_ref()
        .and_then(|subscription| subscription.text("customer").map(str::to_owned));
    let customer = customer.or(owner).ok_or_else(|| ApiError::missing("customer"))?;
    let customer = customers::live(tx, &customer, "customer")?;
    let includes =
        items.as_deref() == Some("include") || (items.is_none() && subscription.is_some());
    let subscription_id = subscription.as_ref().map(|subscription| subscription.id.as_str());
    let pending = if includes {
        invoice_lines::pending(tx, &customer.id, subscription_id)?
    } else {
        Vec::new()
    };
    if subscription.is_some() && pending.is_empty() {
        return Err(ApiError::invalid("Nothing to invoice for subscription")
            .code("invoice_no_subscription_line_items"));
    }
    let item_currency = pending.first().and_then(|item| item.text("currency")).map(str::to_owned);
    let own_currency = customer.text("currency").map(str::to_owned);
    let currency = currency.or(item_currency).or(own_currency).unwrap_or_else(|| "usd".to_owned());
    let now = tx.now();
    let draft = Draft {
        customer: &customer,
        reductions: invoice_reductions(tx, &customer, subscription.as_ref(), &currency, discounts)?,
        subscription: subscription.as_ref(),
        reason: if subscription.is_some() { "subscription_update" } else { "manual" },
        currency,
        lines: Vec::new(),
        period: Period { start: now, end: now },
        finalizes_itself: auto_advance,
        days_until_due: (collection.as_deref() == Some("send_invoice"))
            .then(|| days_until_due.unwrap_or(DAYS_TO_PAY)),
    };
    let mut invoice = tx.draft_invoice(draft, pending)?;
    match subscription {
        Some(mut subscription) => {
            tx.settle_discounts(&invoice, Some(&mut subscription))?;
            tx.save(&subscription)?;
        }
        None => tx.settle_discounts(&invoice, None)?,
    }
    fields.apply(&mut invoice)?;
    if let Some(id) = default_payment_method {
        customers::owned_payment_method(tx, &id, &customer.id, "default_payment_method")?;
        invoice.body["default_payment_method"] = json!(id);
    }
    taxed_by.apply(tx, &mut invoice)?;
    tx.save(&invoice)?;
    Ok(invoice.body)
}

/// What reduces an invoice made by the API: what it asks for, or what the subscription and the customer hold.
fn invoice_reductions(
    tx: &mut Tx<'_>,
    customer: &Object,
    subscription: Option<&Object>,
    currency: &str,
    given: Option<GivenDiscounts>,
) -> Result<Vec<Reduction>, ApiError> {
    let Some(given) = given else { return tx.reductions(customer, subscription, currency) };
    let mut reductions = Vec::new();
    for wanted in discounts::resolve(tx, given, Some(&customer.id), None)? {
        let discount = match wanted {
            Wanted::Held(discount) => discount,
            Wanted::New(offer) => tx.redeem(&offer, Some(&customer.id), Holder::Invoice(""))?,
        };
        reductions.extend(Reduction::of(&discount, currency));
    }
    Ok(reductions)
}

pub(super) fn retrieve(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let invoice = find(tx, request.id())?;
    request.params.finish()?;
    Ok(invoice.body)
}

pub(super) fn update(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let before = find(tx, request.id())?;
    let mut params = request.params;
    let fields = Fields::take(&mut params)?;
    let auto_advance = params.boolean("auto_advance")?;
    let collection =
        params.choice("collection_method", &["charge_automatically", "send_invoice"])?;
    let days_until_due = params.integer_from("days_until_due", 0)?;
    let default_payment_method = params.clearable("default_payment_method")?;
    let taxed_by = TaxedBy::take(&mut params)?;
    params.finish()?;
    let mut invoice = before.clone();
    let is_draft = before.text("status") == Some("draft");
    if !is_draft && (collection.is_some() || fields.has_due_date()) {
        return Err(
            ApiError::invalid("This invoice is no longer editable").code("invoice_not_editable")
        );
    }
    if let Some(collection) = collection {
        invoice.body["collection_method"] = json!(collection);
        let sent = collection == "send_invoice";
        let days = days_until_due.unwrap_or(DAYS_TO_PAY);
        invoice.body["due_date"] = json!(sent.then(|| tx.now() + days * 86_400));
    }
    fields.apply(&mut invoice)?;
    if let Some(id) = default_payment_method {
        invoice.body["default_payment_method"] = json!(id);
    }
    if let Some(auto_advance) = auto_advance {
        invoice.body["auto_advance"] = json!(auto_advance);
        if is_draft {
            let at = auto_advance.then(|| tx.now() + DRAFT_TIME);
            invoice.body["automatically_finalizes_at"] = json!(at);
        }
    }
    taxed_by.apply(tx, &mut invoice)?;
    tx.update(&before, &invoice)?;
    Ok(invoice.body)
}

pub(super) fn delete(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let invoice = find(tx, request.id())?;
    request.params.finish()?;
    if invoice.text("status") != Some("draft") {
        return Err(
            ApiError::invalid("You can only delete draft invoices.").code("invoice_not_editable")
        );
    }
    let (items, _) = tx.list(Kind::InvoiceItem, &Listing::of_parent(&invoice.id), |_| true)?;
    for item in items {
        tx.delete(&item)?;
    }
    tx.delete(&invoice)?;
    tx.emit("invoice.deleted", &invoice, None)?;
    Ok(json!({ "id": invoice.id, "object": "invoice", "deleted": true }))
}

pub(super) fn finalize(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut invoice = find(tx, request.id())?;
    let mut params = request.params;
    params.boolean("auto_advance")?;
    params.finish()?;
    if invoice.text("status") != Some("draft") {
        return Err(ApiError::invalid(
            "This invoice is already finalized, you can't re-finalize a non-draft invoice.",
        )
        .code("invoice_not_editable"));
    }
    tx.finalize_invoice(&mut invoice)?;
    if invoice.integer("amount_remaining") == Some(0) {
        tx.collect_invoice(&mut invoice, None, Presence::OffSession)?;
    }
    Ok(invoice.body)
}

pub(super) fn pay(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut invoice = find(tx, request.id())?;
    let mut params = request.params;
    let payment_method = params.string("payment_method")?;
    let off_session = params.boolean("off_session")?.unwrap_or(true);
    params.boolean("forgive")?;
    let elsewhere = params.boolean("paid_out_of_band")?.unwrap_or(false);
    params.finish()?;
    if invoice.text("status") == Some("draft") {
        tx.finalize_invoice(&mut invoice)?;
    }
    match invoice.text("status") {
        Some("open" | "uncollectible") => {}
        Some("paid") => {
            return Err(ApiError::invalid("Invoice is already paid").code("invoice_already_paid"));
        }
        _ => {
            return Err(ApiError::invalid("Invoices with a status of void cannot be paid.")
                .code("invoice_not_open"));
        }
    }
    if elsewhere {
        tx.mark_paid_elsewhere(&mut invoice)?;
        return Ok(invoice.body);
    }
    let customer = invoice.text("customer").unwrap_or_default().to_owned();
    let method = match payment_method {
        Some(id) => Some(usable_payment_method(tx, &id, &customer)?),
        None => {
            let subscription = tx.subscription_of_invoice(&invoice)?;
            match tx.payment_method_for(&customer, subscription.as_ref())? {
                Some(default) => Some(default),
                // Stripe's API falls back to what is attached.
                None => newest_payment_method(tx, &customer)?,
            }
        }
    };
    let presence = if off_session { Presence::OffSession } else { Presence::OnSession };
    if method.is_none() && invoice.integer("amount_remaining") != Some(0) {
        return Err(ApiError::invalid(
            "There is no `default_payment_method` set on this Customer or Invoice. Please attach a payment method.",
        )
        .code("invoice_payment_intent_requires_action"));
    }
    match tx.collect_invoice(&mut invoice, method.as_ref(), presence)? {
        Collected::Paid | Collected::Processing | Collected::NoPaymentMethod => Ok(invoice.body),
        Collected::Declined(decline) => Err(decline.error()),
        Collected::ActionRequired => {
            Err(AUTHENTICATION_REQUIRED.error().code("invoice_payment_intent_requires_action"))
        }
    }
}

fn newest_payment_method(tx: &mut Tx<'_>, customer: &str) -> Result<Option<Object>, ApiError> {
    let listing = Listing { limit: 1, ..Listing::of_customer(customer) };
    Ok(tx.list(Kind::PaymentMethod, &listing, |_| true)?.0.pop())
}

pub(super) fn void(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut invoice = find(tx, request.id())?;
    request.params.finish()?;
    if !matches!(invoice.text("status"), Some("open" | "uncollectible")) {
        return Err(ApiError::invalid(
            "You can only pass in open or uncollectible invoices. This invoice isn't open.",
        )
        .code("invoice_not_open"));
    }
    tx.void_invoice(&mut invoice)?;
    if let Some(mut subscription) = tx.subscription_of_invoice(&invoice)? {
        if subscription.text("status") == Some("incomplete") {
            cancel::expire_incomplete(tx, &mut subscription)?;
        } else if pending_update::waits_for(&subscription, &invoice) {
            pending_update::expire(tx, &subscription)?;
        }
    }
    Ok(invoice.body)
}

pub(super) fn mark_uncollectible(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut invoice = find(tx, request.id())?;
    request.params.finish()?;
    if invoice.text("status") != Some("open") {
        return Err(ApiError::invalid("You can only mark open invoices as uncollectible.")
            .code("invoice_not_open"));
    }
    tx.mark_uncollectible(&mut invoice)?;
    Ok(invoice.body)
}

pub(super) fn send(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut invoice = find(tx, request.id())?;
    request.params.finish()?;
    if invoice.text("status") == Some("draft") {
        tx.finalize_invoice(&mut invoice)?;
    }
    tx.emit("invoice.sent", &invoice, None)?;
    Ok(invoice.body)
}

pub(super) fn lines(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let invoice = find(tx, request.id())?;
    let mut params = request.params;
    let page = Page::take(&mut params)?;
    params.finish()?;
    let values = invoice.body["lines"]["data"].as_array().cloned().unwrap_or_default();
    page.slice(&format!("/v1/invoices/{}/lines", invoice.id), &values)
}

pub(super) fn list(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let page = Page::take(&mut params)?;
    let listing = Listing {
        customer: params.string("customer")?,
        parent: params.string("subscription")?,
        status: params.choice("status", &["draft", "open", "paid", "uncollectible", "void"])?,
        ..Listing::default()
    };
    let collection =
        params.choice("collection_method", &["charge_automatically", "send_invoice"])?;
    let created = params.time_range("created")?;
    let due_date = params.time_range("due_date")?;
    params.finish()?;
    page.answer(tx, "/v1/invoices", Kind::Invoice, listing, |invoice| {
        created.contains(invoice.integer("created").unwrap_or(0))
            && due_date.contains(invoice.integer("due_date").unwrap_or(0))
            && collection
                .as_deref()
                .is_none_or(|wanted| invoice.text("collection_method") == Some(wanted))
    })
}

pub(super) fn list_payments(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let page = Page::take(&mut params)?;
    let payment = params.hash("payment", |payment| {
        payment.choice("type", &["charge", "payment_intent", "payment_record"])?;
        payment.string("payment_intent")
    })?;
    let listing = Listing {
        parent: params.string("invoice")?,
        status: params.choice("status", &["canceled", "open", "paid"])?,
        lookup: payment.flatten(),
        ..Listing::default()
    };
    params.finish()?;
    page.answer(tx, "/v1/invoice_payments", Kind::InvoicePayment, listing, |_| true)
}

pub(super) fn retrieve_payment(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let found = tx.get(Kind::InvoicePayment, request.id(), "invoice_payment");
    let payment = found.map_err(ApiError::in_path)?;
    request.params.finish()?;
    Ok(payment.body)
}

/// The `payments` of an invoice.
pub(super) fn payments(tx: &mut Tx<'_>, invoice: &str) -> Outcome {
    let (payments, _) = tx.list(Kind::InvoicePayment, &Listing::of_parent(invoice), |_| true)?;
    let data = payments.into_iter().map(|payment| payment.body).collect();
    Ok(envelope(&format!("/v1/invoice_payments?invoice={invoice}"), data, false))
}

/// What a client confirms an invoice's payment with.
pub(super) fn confirmation_secret(tx: &mut Tx<'_>, invoice: &str) -> Outcome {
    let invoice = tx.get(Kind::Invoice, invoice, "invoice")?;
    let Some(intent) = invoice.private["payment_intent"].as_str() else { return Ok(Value::Null) };
    let intent = tx.get(Kind::PaymentIntent, intent, "payment_intent")?;
    Ok(json!({ "client_secret": intent.body["client_secret"], "type": "payment_intent" }))
}
