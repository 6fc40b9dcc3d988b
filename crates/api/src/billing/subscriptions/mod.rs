//! Subscriptions as they are kept: by Stripe's id, versioned, and rewritten in one way only.

mod order;
mod plan;
mod row;
mod store;
mod write;

pub use order::{Judgement, Stamp, judge};
pub use plan::{Offer, plan_of};
#[cfg(test)]
pub(super) use row::blank;
pub use row::{Card, Details, awaits_first_payment, is_past_due, lacks_details, voids_invoices};
pub use store::{
    SubscriptionRow, count, find, list, list_live_created_between, list_of_customer, list_of_user,
    list_past_period,
};
pub use write::{
    News, end_unknown, is_quiet, preview, report_tombstone, row_of, unnamed_prices, write,
};
