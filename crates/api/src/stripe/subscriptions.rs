//! Calls about subscriptions. Source: <https://docs.stripe.com/api/subscriptions>.

use std::collections::BTreeMap;

use super::{form::Params, object, request::Request, subscription::Subscription};

/// One subscription, of any status.
pub fn retrieve(id: &str) -> Request<Subscription> {
    Request::get(["subscriptions".to_owned(), id.to_owned()])
}

/// Goes on with a paused subscription: a new period begins now, and is charged. One that is not paused is answered
/// with 400.
pub fn resume(id: &str) -> Request<Subscription> {
    Request::post(["subscriptions".to_owned(), id.to_owned(), "resume".to_owned()]).params(
        Params::new().with("billing_cycle_anchor", "now").with("proration_behavior", "none"),
    )
}

/// Which subscriptions to list, newest first.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Of this customer only.
    pub customer: Option<String>,
    /// To this price only.
    pub price: Option<String>,
    /// One status, `all` or `ended`; Stripe leaves the canceled ones out when nothing is said.
    pub status: Option<String>,
    /// A page's size, 1 to 100; 10 when nothing is said.
    pub limit: Option<u32>,
}

impl List {
    /// Of every status, in pages as large as they may be.
    pub fn every_status() -> Self {
        Self { status: Some("all".to_owned()), limit: Some(100), ..Self::default() }
    }

    /// The call.
    pub fn request(self) -> Request<object::List<Subscription>> {
        Request::get(["subscriptions"]).params(
            Params::new()
                .with_some("customer", self.customer)
                .with_some("price", self.price)
                .with_some("status", self.status)
                .with_some("limit", self.limit),
        )
    }
}

/// What to change about a subscription; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct Update {
    /// Whether it shall end by itself.
    pub end: Option<PlannedEnd>,
    /// What renewals are charged to.
    pub default_payment_method: Option<String>,
    /// Another price or quantity for items.
    pub items: Vec<ItemChange>,
    /// `create_prorations`, `always_invoice` or `none`.
    pub proration_behavior: Option<String>,
    /// Merged into what is there.
    pub metadata: BTreeMap<String, String>,
}

/// Whether a subscription shall end by itself. Stripe has two encodings and takes one of them in a call, so what
/// takes an end back depends on how it was planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlannedEnd {
    /// It ends when its period does.
    AtPeriodEnd,
    /// It goes on although `cancel_at_period_end` was set; that clears `cancel_at` with it.
    NotAtPeriodEnd,
    /// It goes on although `cancel_at` alone was set.
    NotAtSetTime,
}

/// Another price or quantity for one item.
#[derive(Clone, Debug, Default)]
pub struct ItemChange {
    /// `si_…`; a new item when absent.
    pub id: Option<String>,
    /// The price it shall have.
    pub price: Option<String>,
    /// The quantity it shall have.
    pub quantity: Option<u32>,
}

impl From<ItemChange> for super::form::Value {
    fn from(item: ItemChange) -> Self {
        Params::new()
            .with_some("id", item.id)
            .with_some("price", item.price)
            .with_some("quantity", item.quantity)
            .into()
    }
}

impl Update {
    /// The call.
    pub fn request(self, id: &str) -> Request<Subscription> {
        let end = match self.end {
            None => Params::new(),
            Some(PlannedEnd::AtPeriodEnd) => Params::new().with("cancel_at_period_end", true),
            Some(PlannedEnd::NotAtPeriodEnd) => Params::new().with("cancel_at_period_end", false),
            Some(PlannedEnd::NotAtSetTime) => Params::new().with("cancel_at", ""),
        };
        Request::post(["subscriptions".to_owned(), id.to_owned()]).params(
            end.with_some("default_payment_method", self.default_payment_method)
                .with_any("items", self.items)
                .with_some("proration_behavior", self.proration_behavior)
                .with("metadata", self.metadata),
        )
    }
}

/// How to cancel at once.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cancel {
    /// Whether to invoice what is not invoiced yet.
    pub invoice_now: bool,
    /// Whether to credit the unused rest of the period.
    pub prorate: bool,
}

impl Cancel {
    /// The call. A subscription that has ended already is answered with 404.
    pub fn request(self, id: &str) -> Request<Subscription> {
        Request::delete(["subscriptions".to_owned(), id.to_owned()]).params(
            Params::new().with("invoice_now", self.invoice_now).with("prorate", self.prorate),
        )
    }
}
