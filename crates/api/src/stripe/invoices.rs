//! Invoices, read from any API version. Source: <https://docs.stripe.com/api/invoices>.

use serde::Deserialize;

use super::{
    customers::Customer,
    form::Params,
    object::{self, Object, Reference, null_default, open_enum},
    prices::Price,
    request::Request,
    subscription::Subscription,
    subscriptions::ItemChange,
};

open_enum! {
    /// Where an invoice stands.
    pub enum InvoiceStatus {
        /// Can still change.
        Draft = "draft",
        /// Final and not paid.
        Open = "open",
        /// Paid, or nothing was due.
        Paid = "paid",
        /// Given up.
        Uncollectible = "uncollectible",
        /// Taken back.
        Void = "void",
    }
}

/// An invoice. Times are Unix seconds, amounts minor units.
#[derive(Clone, Debug, Deserialize)]
pub struct Invoice {
    /// `in_…`; empty for one that is only a preview.
    #[serde(default, deserialize_with = "null_default")]
    pub id: String,
    /// Whose it is.
    pub customer: Option<Reference<Customer>>,
    /// Where it stands; previews of old versions have none.
    pub status: Option<InvoiceStatus>,
    /// The number printed on it, once it is final.
    pub number: Option<String>,
    /// When it was made.
    #[serde(default, deserialize_with = "null_default")]
    pub created: i64,
    /// Lower-case ISO 4217 code.
    #[serde(default, deserialize_with = "null_default")]
    pub currency: String,
    /// All of it, after discounts and taxes.
    #[serde(default, deserialize_with = "null_default")]
    pub total: i64,
    /// What is to be paid, after the customer's credit.
    #[serde(default, deserialize_with = "null_default")]
    pub amount_due: i64,
    /// What has been paid.
    #[serde(default, deserialize_with = "null_default")]
    pub amount_paid: i64,
    /// Whether a payment was tried.
    #[serde(default, deserialize_with = "null_default")]
    pub attempted: bool,
    /// How many payments were tried.
    #[serde(default, deserialize_with = "null_default")]
    pub attempt_count: i64,
    /// When Stripe tries next.
    pub next_payment_attempt: Option<i64>,
    /// Why it was made: `subscription_create`, `subscription_cycle`, `subscription_update`, …
    pub billing_reason: Option<String>,
    /// Stripe's page of it, to read and to pay.
    pub hosted_invoice_url: Option<String>,
    /// Stripe's PDF of it.
    pub invoice_pdf: Option<String>,
    /// Since 2025-03-31; see [`Invoice::subscription_id`].
    pub parent: Option<InvoiceParent>,
    /// Until 2025-03-31; see [`Invoice::subscription_id`].
    pub subscription: Option<Reference<Subscription>>,
    /// What it is for.
    #[serde(default, deserialize_with = "null_default")]
    pub lines: object::List<InvoiceLine>,
    /// Whether money is real.
    #[serde(default, deserialize_with = "null_default")]
    pub livemode: bool,
}

impl Invoice {
    /// Whose it is.
    pub fn customer_id(&self) -> Option<&str> {
        self.customer.as_ref().map(Reference::id)
    }

    /// The subscription it is for, wherever this version keeps it.
    pub fn subscription_id(&self) -> Option<&str> {
        let details = self.parent.as_ref().and_then(|parent| parent.subscription_details.as_ref());
        let since_basil = details.and_then(|details| details.subscription.as_ref());
        since_basil.or(self.subscription.as_ref()).map(Reference::id)
    }

    /// Whether a payment was tried and failed, and is still owed.
    pub fn is_in_collection(&self) -> bool {
        self.status == Some(InvoiceStatus::Open) && (self.attempted || self.attempt_count > 0)
    }
}

impl Object for Invoice {
    fn id(&self) -> &str {
        &self.id
    }
}

/// What an invoice was made for.
#[derive(Clone, Debug, Deserialize)]
pub struct InvoiceParent {
    /// Set when it was a subscription.
    pub subscription_details: Option<InvoiceSubscription>,
}

/// The subscription an invoice was made for.
#[derive(Clone, Debug, Deserialize)]
pub struct InvoiceSubscription {
    /// `sub_…`.
    pub subscription: Option<Reference<Subscription>>,
}

/// One line of an invoice.
#[derive(Clone, Debug, Deserialize)]
pub struct InvoiceLine {
    /// `il_…`.
    #[serde(default, deserialize_with = "null_default")]
    pub id: String,
    /// Minor units; negative for credits.
    #[serde(default, deserialize_with = "null_default")]
    pub amount: i64,
    /// What it says.
    pub description: Option<String>,
    /// The time it pays for.
    pub period: Option<Period>,
    /// Until 2025-03-31; see [`InvoiceLine::is_proration`].
    pub proration: Option<bool>,
    /// Until 2025-03-31.
    pub price: Option<Price>,
    /// Since 2025-03-31.
    pub parent: Option<LineParent>,
}

impl InvoiceLine {
    /// Whether it settles a part of a period, wherever this version says so.
    pub fn is_proration(&self) -> bool {
        let parent = self.parent.as_ref();
        let details = parent.and_then(|parent| {
            parent.subscription_item_details.as_ref().or(parent.invoice_item_details.as_ref())
        });
        details.and_then(|details| details.proration).or(self.proration).unwrap_or(false)
    }
}

/// A stretch of time, Unix seconds.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Period {
    /// First second.
    pub start: Option<i64>,
    /// First second behind it.
    pub end: Option<i64>,
}

/// What a line was made for.
#[derive(Clone, Debug, Deserialize)]
pub struct LineParent {
    /// Set for what a subscription's item costs.
    pub subscription_item_details: Option<LineDetails>,
    /// Set for what was added by itself.
    pub invoice_item_details: Option<LineDetails>,
}

/// More about a line.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct LineDetails {
    /// Whether it settles a part of a period.
    pub proration: Option<bool>,
}

/// One invoice.
pub fn retrieve(id: &str) -> Request<Invoice> {
    Request::get(["invoices".to_owned(), id.to_owned()])
}

/// Which invoices to list, newest first.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Of this customer only.
    pub customer: Option<String>,
    /// Of this subscription only.
    pub subscription: Option<String>,
    /// Of this status only.
    pub status: Option<InvoiceStatus>,
    /// A page's size, 1 to 100; 10 when nothing is said.
    pub limit: Option<u32>,
    /// Those behind this invoice.
    pub starting_after: Option<String>,
}

impl List {
    /// The call.
    pub fn request(self) -> Request<object::List<Invoice>> {
        Request::get(["invoices"]).params(
            Params::new()
                .with_some("customer", self.customer)
                .with_some("subscription", self.subscription)
                .with_some("status", self.status.as_ref().map(InvoiceStatus::as_str))
                .with_some("limit", self.limit)
                .with_some("starting_after", self.starting_after),
        )
    }
}

/// What would be invoiced if a subscription changed now.
/// Source: <https://docs.stripe.com/api/invoices/create_preview>.
#[derive(Clone, Debug, Default)]
pub struct Preview {
    /// Whose it is.
    pub customer: Option<String>,
    /// The subscription to change.
    pub subscription: Option<String>,
    /// The change.
    pub items: Vec<ItemChange>,
    /// `create_prorations`, `always_invoice` or `none`.
    pub proration_behavior: Option<String>,
    /// The second at which the change is thought to happen, Unix seconds; the change itself can name the same.
    pub proration_date: Option<i64>,
}

impl Preview {
    /// The call; it changes nothing at Stripe, and is repeatable by its fresh key.
    pub fn request(self) -> Request<Invoice> {
        let details = Params::new()
            .with_any("items", self.items)
            .with_some("proration_behavior", self.proration_behavior)
            .with_some("proration_date", self.proration_date);
        Request::post(["invoices", "create_preview"])
            .params(
                Params::new()
                    .with_some("customer", self.customer)
                    .with_some("subscription", self.subscription)
                    .with("subscription_details", details),
            )
            .fresh_idempotency_key()
    }
}
