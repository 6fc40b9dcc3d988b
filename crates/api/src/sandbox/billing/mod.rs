//! Billing: subscriptions, their invoices, and what the clock does to both.

pub(crate) mod amounts;
pub(crate) mod calendar;
pub(crate) mod cancel;
pub(crate) mod change;
pub(crate) mod collect;
pub(crate) mod credit;
pub(crate) mod discount;
pub(crate) mod dunning;
pub(crate) mod invoice;
pub(crate) mod items;
pub(crate) mod lines;
pub(crate) mod offer;
pub(crate) mod pause;
pub(crate) mod pending_update;
pub(crate) mod preview;
pub(crate) mod pricing;
pub(crate) mod proration;
pub(crate) mod redeem;
pub(crate) mod renew;
pub(crate) mod schedules;
pub(crate) mod subscribe;
pub(crate) mod tax;
pub(crate) mod tax_ids;
pub(crate) mod totals;
pub(crate) mod trial;
