//! Collecting an invoice's money, and what that does to its subscription.

use serde_json::{Value, json};

use super::dunning;
use crate::sandbox::{
    cards::Decline,
    error::ApiError,
    object::{Kind, Object},
    payment::{Presence, Verdict},
    store::{Listing, Tx},
};

/// How an attempt to collect ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Collected {
    Paid,
    /// On its way; the clock tells how it ends.
    Processing,
    ActionRequired,
    Declined(Decline),
    NoPaymentMethod,
}

impl Tx<'_> {
    /// The payment method that the customer's invoices are charged to: the subscription's, else the customer's.
    pub(crate) fn payment_method_for(
        &mut self,
        customer: &str,
        subscription: Option<&Object>,
    ) -> Result<Option<Object>, ApiError> {
        let own = subscription.and_then(|subscription| subscription.text("default_payment_method"));
        let id = match own {
            Some(id) => Some(id.to_owned()),
            None => self.find(Kind::Customer, customer)?.and_then(|customer| {
                let settings = &customer.body["invoice_settings"];
                let default = settings["default_payment_method"].as_str();
                default.or_else(|| customer.text("default_source")).map(str::to_owned)
            }),
        };
        match id {
            Some(id) => self.find(Kind::PaymentMethod, &id),
            None => Ok(None),
        }
    }

    /// The subscription an invoice is for.
    pub(crate) fn subscription_of_invoice(
        &mut self,
        invoice: &Object,
    ) -> Result<Option<Object>, ApiError> {
        match invoice.body["parent"]["subscription_details"]["subscription"].as_str() {
            Some(id) => self.find(Kind::Subscription, id),
            None => Ok(None),
        }
    }

    /// Tries to collect an open invoice. Whatever comes out is written: the payment, the invoice, the
    /// subscription's status, and their events.
    pub(crate) fn collect_invoice(
        &mut self,
        invoice: &mut Object,
        payment_method: Option<&Object>,
        presence: Presence,
    ) -> Result<Collected, ApiError> {
        if invoice.integer("amount_remaining") == Some(0) {
            self.mark_paid(invoice)?;
            return Ok(Collected::Paid);
        }
        let Some(payment_method) = payment_method else {
            self.note_failure(invoice, presence, None)?;
            return Ok(Collected::NoPaymentMethod);
        };
        let intent = invoice.private["payment_intent"].as_str().unwrap_or_default().to_owned();
        let mut intent = self.get(Kind::PaymentIntent, &intent, "payment_intent")?;
        if intent.text("status") == Some("processing") {
            return Ok(Collected::Processing);
        }
        match self.confirm_payment_intent(&mut intent, payment_method, presence)? {
            Verdict::Accepted => {
                self.mark_paid(invoice)?;
                Ok(Collected::Paid)
            }
            Verdict::Processing => {
                let before = invoice.clone();
                invoice.body["attempted"] = json!(true);
                invoice.body["next_payment_attempt"] = Value::Null;
                self.update(&before, invoice)?;
                dunning::payment_is_on_its_way(self, invoice)?;
                Ok(Collected::Processing)
            }
            Verdict::ActionRequired => {
                let before = invoice.clone();
                invoice.body["attempted"] = json!(true);
                self.update(&before, invoice)?;
                self.emit("invoice.payment_action_required", invoice, None)?;
                Ok(Collected::ActionRequired)
            }
            Verdict::Declined(decline) => {
                self.note_failure(invoice, presence, Some(decline))?;
                Ok(Collected::Declined(decline))
            }
        }
    }

    /// Confirms an intent. If it is that of an open invoice, the invoice is paid by it, and its subscription may keep the
    /// payment method.
    pub(crate) fn confirm(
        &mut self,
        intent: &mut Object,
        method: &mut Object,
        presence: Presence,
    ) -> Result<Verdict, ApiError> {
        let (payments, _) =
            self.list(Kind::InvoicePayment, &Listing::of_lookup(&intent.id), |_| true)?;
        let invoice = match payments.first().and_then(|payment| payment.text("invoice")) {
            Some(id) => self.find(Kind::Invoice, id)?,
            None => None,
        };
        let Some(mut invoice) = invoice.filter(|invoice| invoice.text("status") == Some("open"))
        else {
            return self.confirm_payment_intent(intent, method, presence);
        };
        let collected = self.collect_invoice(&mut invoice, Some(method), presence)?;
        *intent = self.get(Kind::PaymentIntent, &intent.id, "payment_intent")?;
        let verdict = match collected {
            Collected::Paid => Verdict::Accepted,
            Collected::Processing => Verdict::Processing,
            Collected::ActionRequired | Collected::NoPaymentMethod => Verdict::ActionRequired,
            Collected::Declined(decline) => Verdict::Declined(decline),
        };
        if matches!(verdict, Verdict::Accepted | Verdict::Processing) {
            self.keep_for_renewals(&invoice, method)?;
        }
        Ok(verdict)
    }

    /// Attaches what an invoice was paid with, and has the subscription be charged to it if that is its setting.
    fn keep_for_renewals(&mut self, invoice: &Object, method: &mut Object) -> Result<(), ApiError> {
        let Some(before) = self.subscription_of_invoice(invoice)? else { return Ok(()) };
        let customer = before.text("customer").unwrap_or_default().to_owned();
        self.attach(method, &customer)?;
        if before.body["payment_settings"]["save_default_payment_method"] != "on_subscription" {
            return Ok(());
        }
        let mut subscription = before.clone();
        subscription.body["default_payment_method"] = json!(method.id);
        self.update(&before, &subscription)
    }

    /// Follows a payment that was on its way: it came, or it was refused.
    pub(crate) fn settle_invoice(
        &mut self,
        invoice: &mut Object,
        failure: Option<Decline>,
    ) -> Result<(), ApiError> {
        match failure {
            None => self.mark_paid(invoice),
            decline => self.note_failure(invoice, Presence::OffSession, decline),
        }
    }

    /// Takes an open invoice for paid elsewhere: nothing is charged, and no payment has succeeded.
    pub(crate) fn mark_paid_elsewhere(&mut self, invoice: &mut Object) -> Result<(), ApiError> {
        let before = invoice.clone();
        let due = invoice.integer("amount_due").unwrap_or(0);
        invoice.body["amount_paid_off_stripe"] = json!(due);
        self.show_paid(invoice, due);
        self.save(invoice)?;
        self.cancel_payment(&invoice.id, "automatic")?;
        self.emit_change("invoice.updated", &before, invoice)?;
        self.emit("invoice.paid", invoice, None)?;
        dunning::invoice_was_paid(self, invoice)
    }

    fn show_paid(&self, invoice: &mut Object, due: i64) {
        let body = &mut invoice.body;
        body["attempted"] = json!(true);
        body["auto_advance"] = json!(false);
        body["status"] = json!("paid");
        body["amount_paid"] = json!(due);
        body["amount_remaining"] = json!(0);
        body["next_payment_attempt"] = Value::Null;
        body["status_transitions"]["paid_at"] = json!(self.now());
    }

    fn mark_paid(&mut self, invoice: &mut Object) -> Result<(), ApiError> {
        let before = invoice.clone();
        let now = self.now();
        let due = invoice.integer("amount_due").unwrap_or(0);
        if due > 0 {
            let attempts = invoice.integer("attempt_count").unwrap_or(0);
            invoice.body["attempt_count"] = json!(attempts + 1);
        }
        self.show_paid(invoice, due);
        self.save(invoice)?;
        self.emit_change("invoice.updated", &before, invoice)?;
        if let Some(mut payment) = self.invoice_payment(&invoice.id)? {
            payment.body["status"] = json!("paid");
            payment.body["amount_paid"] = json!(due);
            payment.body["status_transitions"]["paid_at"] = json!(now);
            self.save(&payment)?;
            self.emit("invoice_payment.paid", &payment, None)?;
        }
        self.emit("invoice.paid", invoice, None)?;
        self.emit("invoice.payment_succeeded", invoice, None)?;
        dunning::invoice_was_paid(self, invoice)
    }

    fn note_failure(
        &mut self,
        invoice: &mut Object,
        presence: Presence,
        decline: Option<Decline>,
    ) -> Result<(), ApiError> {
        let before = invoice.clone();
        let attempts = invoice.integer("attempt_count").unwrap_or(0) + 1;
        invoice.body["attempted"] = json!(true);
        invoice.body["attempt_count"] = json!(attempts);
        invoice.body["next_payment_attempt"] =
            json!(dunning::next_attempt(invoice, attempts, self.now()));
        self.save(invoice)?;
        self.emit_change("invoice.updated", &before, invoice)?;
        self.emit("invoice.payment_failed", invoice, None)?;
        if presence == Presence::OffSession
            && decline.is_some_and(|decline| decline.code == "authentication_required")
        {
            self.emit("invoice.payment_action_required", invoice, None)?;
        }
        dunning::invoice_failed(self, invoice)
    }
}
