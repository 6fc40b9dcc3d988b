//! Invoices: drafted, finalized, voided. Collecting their money is `collect`'s.

use serde_json::{Value, json};

use super::{
    credit::BalanceChange, discount::Reduction, lines, proration::Period, totals::settle_balance,
};
use crate::sandbox::{
    error::ApiError,
    object::{Kind, Object, random_word},
    payment::NewIntent,
    store::{Listing, Tx},
};

/// Seconds a draft stays open for changes before it is finalized by itself.
pub(crate) const DRAFT_TIME: i64 = 3_600;

/// An invoice to be drafted.
#[derive(Debug, Clone)]
pub(crate) struct Draft<'a> {
    pub(crate) customer: &'a Object,
    pub(crate) subscription: Option<&'a Object>,
    /// `billing_reason`
    pub(crate) reason: &'static str,
    pub(crate) currency: String,
    pub(crate) lines: Vec<Value>,
    pub(crate) period: Period,
    /// Whether the clock finalizes it after [`DRAFT_TIME`].
    pub(crate) finalizes_itself: bool,
    /// What reduces it, in this order.
    pub(crate) reductions: Vec<Reduction>,
    /// `send_invoice`: days until it is due. Otherwise it is charged by itself.
    pub(crate) days_until_due: Option<i64>,
}

/// Members that are null until something sets them, most of them for good.
const UNSET: &[&str] = &[
    "account_tax_ids",
    "application",
    "custom_fields",
    "customer_account",
    "default_payment_method",
    "default_source",
    "description",
    "effective_at",
    "ending_balance",
    "footer",
    "from_invoice",
    "hosted_invoice_url",
    "invoice_pdf",
    "last_finalization_error",
    "latest_revision",
    "next_payment_attempt",
    "number",
    "on_behalf_of",
    "receipt_number",
    "rendering",
    "shipping_cost",
    "shipping_details",
    "statement_descriptor",
    "webhooks_delivered_at",
];

/// What an invoice shows whatever it is for.
fn unset() -> Value {
    let mut body = json!({
        "account_country": "US",
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_paid_off_stripe": 0,
        "amount_shipping": 0,
        "attempt_count": 0,
        "attempted": false,
        "automatic_tax": {
            "disabled_reason": null, "enabled": false, "liability": null, "provider": null, "status": null,
        },
        "default_tax_rates": [],
        "discounts": [],
        "issuer": { "type": "self" },
        "metadata": {},
        "payment_settings": {
            "default_mandate": null, "payment_method_options": null, "payment_method_types": null,
        },
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "status_transitions": {
            "finalized_at": null, "marked_uncollectible_at": null, "paid_at": null, "voided_at": null,
        },
        "total_discount_amounts": [],
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
    });
    for name in UNSET {
        body[name] = Value::Null;
    }
    body
}

/// `automatic_tax` of an invoice that is taxed by itself.
pub(crate) fn automatic_tax() -> Value {
    json!({
        "disabled_reason": null, "enabled": true, "liability": { "type": "self" }, "provider": "stripe",
        "status": null,
    })
}

impl Tx<'_> {
    /// The invoice as it would be stored at `now`.
    pub(crate) fn drafted(&mut self, draft: Draft<'_>, now: i64) -> Result<Object, ApiError> {
        let id = Kind::Invoice.new_id();
        let customer = &draft.customer.body;
        let parent = draft.subscription.map(|subscription| {
            json!({
                "type": "subscription_details",
                "quote_details": null,
                "subscription_details": { "metadata": subscription.body["metadata"], "subscription": subscription.id },
            })
        });
        let sent = draft.days_until_due.is_some();
        let mut body = unset();
        let given = json!({
            "account_name": self.business(),
            "auto_advance": draft.finalizes_itself,
            "automatically_finalizes_at": draft.finalizes_itself.then_some(now + DRAFT_TIME),
            "billing_reason": draft.reason,
            "collection_method": if sent { "send_invoice" } else { "charge_automatically" },
            "currency": draft.currency,
            "customer": draft.customer.id,
            "customer_address": customer["address"],
            "customer_email": customer["email"],
            "customer_name": customer["name"],
            "customer_phone": customer["phone"],
            "customer_shipping": customer["shipping"],
            "customer_tax_ids": self.shown_tax_ids(&draft.customer.id)?,
            "customer_tax_exempt": customer["tax_exempt"],
            "due_date": draft.days_until_due.map(|days| now + days * 86_400),
            "lines": { "object": "list", "data": draft.lines, "has_more": false, "total_count": 0,
                "url": format!("/v1/invoices/{id}/lines") },
            "parent": parent,
            "period_end": draft.period.end,
            "period_start": draft.period.start,
            "starting_balance": customer["balance"],
            "status": "draft",
            "test_clock": customer["test_clock"],
        });
        if let (Some(body), Value::Object(given)) = (body.as_object_mut(), given) {
            body.extend(given);
        }
        let mut invoice = Object::with_id(Kind::Invoice, id, now, body);
        if draft.finalizes_itself && !sent {
            invoice.body["next_payment_attempt"] = json!(now + DRAFT_TIME);
        }
        if let Some(subscription) = draft.subscription {
            invoice.body["default_tax_rates"] = subscription.body["default_tax_rates"].clone();
            if subscription.body["automatic_tax"]["enabled"] == true {
                invoice.body["automatic_tax"] = automatic_tax();
            }
        }
        self.add_up(&mut invoice, &draft.reductions)?;
        Ok(invoice)
    }

    /// Drafts an invoice and puts waiting invoice items on it.
    pub(crate) fn draft_invoice(
        &mut self,
        mut draft: Draft<'_>,
        items: Vec<Object>,
    ) -> Result<Object, ApiError> {
        let own = self.reductions_of_items(&items, &draft.currency)?;
        draft.reductions.splice(0..0, own);
        draft.lines.splice(0..0, items.iter().map(lines::of_invoice_item));
        let invoice = self.drafted(draft, self.now())?;
        for mut item in items {
            item.body["invoice"] = json!(invoice.id);
            self.save(&item)?;
        }
        self.create(&invoice)?;
        Ok(invoice)
    }

    /// Closes a draft: number, page, the customer's balance, and the payment that is to be made.
    pub(crate) fn finalize_invoice(&mut self, invoice: &mut Object) -> Result<(), ApiError> {
        let now = self.now();
        let customer_id = invoice.text("customer").unwrap_or_default().to_owned();
        let mut customer = self.get(Kind::Customer, &customer_id, "customer")?;
        let before = customer.clone();
        let total = invoice.integer("total").unwrap_or(0);
        let balance = customer.integer("balance").unwrap_or(0);
        let (due, ending_balance) = settle_balance(total, balance);
        customer.body["balance"] = json!(ending_balance);
        customer.body["currency"] = invoice.body["currency"].clone();
        self.update(&before, &customer)?;
        let taken = BalanceChange::plain("applied_to_invoice", ending_balance - balance);
        self.note_balance(&customer, BalanceChange { invoice: Some(&invoice.id), ..taken })?;
        // Counting invoices is no change worth an event.
        let sequence = customer.integer("next_invoice_sequence").unwrap_or(1);
        // A number that was given takes none of the customer's.
        let counts = invoice.body["number"].is_null();
        customer.body["next_invoice_sequence"] = json!(sequence + i64::from(counts));
        self.save(&customer)?;

        let secret = random_word(40);
        let page = self.page_url(&format!("/invoice/{secret}"));
        let prefix = customer.text("invoice_prefix").unwrap_or("SANDBOX");
        let body = &mut invoice.body;
        if counts {
            body["number"] = json!(format!("{prefix}-{sequence:04}"));
        }
        body["starting_balance"] = json!(balance);
        body["ending_balance"] = json!(ending_balance);
        body["amount_due"] = json!(due);
        body["amount_remaining"] = json!(due);
        body["status"] = json!("open");
        body["status_transitions"]["finalized_at"] = json!(now);
        if body["effective_at"].is_null() {
            body["effective_at"] = json!(now);
        }
        body["auto_advance"] = json!(body["collection_method"] == "charge_automatically");
        body["automatically_finalizes_at"] = Value::Null;
        body["next_payment_attempt"] = Value::Null;
        body["invoice_pdf"] = json!(format!("{page}/pdf"));
        body["hosted_invoice_url"] = json!(page);
        invoice.private["secret"] = json!(secret);
        if due > 0 {
            let intent = self.create_payment_intent(NewIntent {
                amount: due,
                currency: invoice.text("currency").unwrap_or_default().to_owned(),
                customer: Some(customer_id),
                description: Some(payment_description(invoice)),
                ..NewIntent::default()
            })?;
            invoice.private["payment_intent"] = json!(intent.id);
            let payment = Object::new(
                Kind::InvoicePayment,
                now,
                json!({
                    "amount_paid": null,
                    "amount_requested": due,
                    "currency": invoice.body["currency"],
                    "invoice": invoice.id,
                    "is_default": true,
                    "payment": { "type": "payment_intent", "payment_intent": intent.id },
                    "status": "open",
                    "status_transitions": { "canceled_at": null, "paid_at": null },
                }),
            );
            self.insert(&payment)?;
        }
        self.save(invoice)?;
        self.emit("invoice.finalized", invoice, None)
    }

    /// The payment made (or to be made) for an invoice.
    pub(crate) fn invoice_payment(&mut self, invoice: &str) -> Result<Option<Object>, ApiError> {
        let (mut payments, _) =
            self.list(Kind::InvoicePayment, &Listing::of_parent(invoice), |_| true)?;
        Ok(payments.pop())
    }

    /// Voids an open invoice; its payment is canceled.
    pub(crate) fn void_invoice(&mut self, invoice: &mut Object) -> Result<(), ApiError> {
        let before = invoice.clone();
        invoice.body["status"] = json!("void");
        invoice.body["auto_advance"] = json!(false);
        invoice.body["next_payment_attempt"] = Value::Null;
        invoice.body["status_transitions"]["voided_at"] = json!(self.now());
        self.save(invoice)?;
        self.cancel_payment(&invoice.id, "void_invoice")?;
        self.emit_change("invoice.updated", &before, invoice)?;
        self.emit("invoice.voided", invoice, None)
    }

    /// Cancels the payment that was to be made for an invoice.
    pub(super) fn cancel_payment(&mut self, invoice: &str, reason: &str) -> Result<(), ApiError> {
        let Some(mut payment) = self.invoice_payment(invoice)? else { return Ok(()) };
        payment.body["status"] = json!("canceled");
        payment.body["status_transitions"]["canceled_at"] = json!(self.now());
        self.save(&payment)?;
        if let Some(id) = payment.body["payment"]["payment_intent"].as_str()
            && let Some(mut intent) = self.find(Kind::PaymentIntent, id)?
        {
            intent.body["status"] = json!("canceled");
            intent.body["canceled_at"] = json!(self.now());
            intent.body["cancellation_reason"] = json!(reason);
            self.save(&intent)?;
            self.emit("payment_intent.canceled", &intent, None)?;
        }
        Ok(())
    }
}

impl Tx<'_> {
    /// Gives an open invoice up.
    pub(crate) fn mark_uncollectible(&mut self, invoice: &mut Object) -> Result<(), ApiError> {
        let before = invoice.clone();
        invoice.body["status"] = json!("uncollectible");
        invoice.body["auto_advance"] = json!(false);
        invoice.body["next_payment_attempt"] = Value::Null;
        invoice.body["status_transitions"]["marked_uncollectible_at"] = json!(self.now());
        self.save(invoice)?;
        self.emit_change("invoice.updated", &before, invoice)?;
        self.emit("invoice.marked_uncollectible", invoice, None)
    }
}

fn payment_description(invoice: &Object) -> String {
    match invoice.text("billing_reason") {
        Some("subscription_create") => "Subscription creation".to_owned(),
        Some("manual") => {
            format!("Payment for Invoice {}", invoice.text("number").unwrap_or_default())
        }
        _ => "Subscription update".to_owned(),
    }
}
