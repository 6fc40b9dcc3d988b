//! What was bought: Stripe's events and answers become subscriptions, and those become access.
//!
//! Two paths write a subscription and nothing else does: [`apply`] takes an event, [`refresh`] takes what Stripe
//! answers when asked. Both go through [`subscriptions::write`], under the listener's lock.

pub mod alerts;
pub mod apply;
mod checkout;
pub mod cli;
pub mod customers;
mod error;
pub mod explain;
mod happenings;
pub mod identity;
pub mod leave;
mod listener;
mod owed;
mod portal;
pub mod reconcile;
pub mod refresh;
mod resume;
mod returning;
mod statements;
mod store;
pub mod subscriptions;

use std::sync::Arc;

pub use checkout::prune_sessions as prune_checkout_sessions;
pub use error::BillingError;
pub use listener::Billing;
pub use returning::Returned;

use crate::{access::Policy, clock::Clock};

/// What every write about billing goes by.
#[derive(Clone)]
pub struct Rules {
    /// Plans and grace.
    pub policy: Arc<Policy>,
    /// Whether the key in use is one to live mode, so that events must be too.
    pub livemode: bool,
    /// Both clocks.
    pub clock: Clock,
}
