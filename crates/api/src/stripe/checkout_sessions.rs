//! Checkout sessions: the hosted page where a customer pays first.
//! Source: <https://docs.stripe.com/api/checkout/sessions>.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    customers::Customer,
    form::{Params, Value},
    invoices::Invoice,
    object::{self, Object, Reference, null_default, open_enum},
    request::Request,
    subscription::Subscription,
};

open_enum! {
    /// Where a session stands.
    pub enum CheckoutStatus {
        /// Can be paid.
        Open = "open",
        /// Was submitted; whether money came is [`CheckoutSession::payment_status`].
        Complete = "complete",
        /// Can no longer be paid.
        Expired = "expired",
    }
}

open_enum! {
    /// Whether the money of a session has come.
    pub enum PaymentStatus {
        /// It has.
        Paid = "paid",
        /// Not yet: the session is open, or the payment takes days.
        Unpaid = "unpaid",
        /// Nothing was due, as in a trial.
        NoPaymentRequired = "no_payment_required",
    }
}

/// A Checkout session.
#[derive(Clone, Debug, Deserialize)]
pub struct CheckoutSession {
    /// `cs_…`.
    pub id: String,
    /// Where it stands.
    pub status: Option<CheckoutStatus>,
    /// Whether the money has come.
    pub payment_status: Option<PaymentStatus>,
    /// `subscription`, `payment` or `setup`.
    pub mode: Option<String>,
    /// Who pays.
    pub customer: Option<Reference<Customer>>,
    /// Whatever its maker wanted to find it by. Anybody can set it on a payment link: it proves nothing by itself.
    pub client_reference_id: Option<String>,
    /// What was subscribed to, once it is complete.
    pub subscription: Option<Reference<Subscription>>,
    /// The first invoice, once it is complete.
    pub invoice: Option<Reference<Invoice>>,
    /// The hosted page; `None` unless open.
    pub url: Option<String>,
    /// Unix seconds.
    pub expires_at: Option<i64>,
    /// Unix seconds.
    #[serde(default, deserialize_with = "null_default")]
    pub created: i64,
    /// Whether money is real.
    #[serde(default, deserialize_with = "null_default")]
    pub livemode: bool,
    /// What its maker noted.
    #[serde(default, deserialize_with = "null_default")]
    pub metadata: BTreeMap<String, String>,
}

impl CheckoutSession {
    /// Who pays.
    pub fn customer_id(&self) -> Option<&str> {
        self.customer.as_ref().map(Reference::id)
    }

    /// What was subscribed to.
    pub fn subscription_id(&self) -> Option<&str> {
        self.subscription.as_ref().map(Reference::id)
    }
}

impl Object for CheckoutSession {
    fn id(&self) -> &str {
        &self.id
    }
}

/// One session.
pub fn retrieve(id: &str) -> Request<CheckoutSession> {
    Request::get(["checkout".to_owned(), "sessions".to_owned(), id.to_owned()])
}

/// Ends an open session, so that it can no longer be paid. One that is not open is answered with 400.
pub fn expire(id: &str) -> Request<CheckoutSession> {
    Request::post([
        "checkout".to_owned(),
        "sessions".to_owned(),
        id.to_owned(),
        "expire".to_owned(),
    ])
}

/// Which sessions to list, newest first.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Of this customer only.
    pub customer: Option<String>,
    /// Of this status only.
    pub status: Option<CheckoutStatus>,
    /// A page's size, 1 to 100; 10 when nothing is said.
    pub limit: Option<u32>,
}

impl List {
    /// The call.
    pub fn request(self) -> Request<object::List<CheckoutSession>> {
        Request::get(["checkout", "sessions"]).params(
            Params::new()
                .with_some("customer", self.customer)
                .with_some("status", self.status.as_ref().map(CheckoutStatus::as_str))
                .with_some("limit", self.limit),
        )
    }
}

/// A session to make, in mode `subscription`.
#[derive(Clone, Debug, Default)]
pub struct Create {
    /// Who pays.
    pub customer: String,
    /// What its maker finds it by.
    pub client_reference_id: Option<String>,
    /// What is bought; one recurring price, and perhaps prices charged once.
    pub line_items: Vec<LineItem>,
    /// Where the browser goes after paying; `{CHECKOUT_SESSION_ID}` in it becomes the id.
    pub success_url: String,
    /// Where the browser goes when the customer turns back.
    pub cancel_url: String,
    /// Unix seconds, 30 minutes to 24 hours ahead; 24 hours when absent.
    pub expires_at: Option<i64>,
    /// Whether a promotion code can be typed in.
    pub allow_promotion_codes: bool,
    /// Whether Stripe reckons the tax; needs an address, which is asked for and kept then.
    pub automatic_tax: bool,
    /// Whether businesses can give a tax id.
    pub tax_id_collection: bool,
    /// Whether the terms of service must be ticked.
    pub terms_of_service: bool,
    /// The ways to pay, such as `card` and `sepa_debit`; none for those that the dashboard has on.
    pub payment_methods: Vec<String>,
    /// Days that are free at the start; 0 for none.
    pub trial_days: u32,
    /// Noted on the session.
    pub metadata: BTreeMap<String, String>,
    /// Noted on the subscription.
    pub subscription_metadata: BTreeMap<String, String>,
}

/// Something bought.
#[derive(Clone, Debug)]
pub struct LineItem {
    /// `price_…`.
    pub price: String,
    /// How many.
    pub quantity: u32,
}

impl From<LineItem> for Value {
    fn from(item: LineItem) -> Self {
        Params::new().with("price", item.price).with("quantity", item.quantity).into()
    }
}

impl Create {
    /// The call.
    pub fn request(self) -> Request<CheckoutSession> {
        let enabled = |on: bool| on.then(|| Params::new().with("enabled", true));
        let keep_address = (self.automatic_tax || self.tax_id_collection)
            .then(|| Params::new().with("address", "auto").with("name", "auto"));
        let terms =
            self.terms_of_service.then(|| Params::new().with("terms_of_service", "required"));
        // Without a card, a trial shall end rather than run up unpaid invoices.
        let trial_end = Params::new()
            .with("end_behavior", Params::new().with("missing_payment_method", "cancel"));
        let subscription_data = Params::new()
            .with("metadata", self.subscription_metadata)
            .with_some("trial_period_days", Some(self.trial_days).filter(|days| *days > 0))
            .with_some("trial_settings", Some(trial_end).filter(|_| self.trial_days > 0));
        Request::post(["checkout", "sessions"]).params(
            Params::new()
                .with("mode", "subscription")
                .with("customer", self.customer)
                .with_some("client_reference_id", self.client_reference_id)
                .with("line_items", self.line_items)
                .with("success_url", self.success_url)
                .with("cancel_url", self.cancel_url)
                .with_some("expires_at", self.expires_at)
                .with_some("allow_promotion_codes", self.allow_promotion_codes.then_some(true))
                .with_some("automatic_tax", enabled(self.automatic_tax))
                .with_some("tax_id_collection", enabled(self.tax_id_collection))
                .with_some("customer_update", keep_address)
                .with_some("consent_collection", terms)
                .with_any("allowed_payment_method_types", self.payment_methods)
                .with("subscription_data", subscription_data)
                .with("metadata", self.metadata),
        )
    }
}
