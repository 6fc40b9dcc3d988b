//! Who may listen to what, now: the decision (pure), and the facts it is made of.
//!
//! Facts are stored, the decision never is: [`standing`] decides on every read. What the `users` row keeps of it
//! ([`derive`]) serves lists and the timer, and the history of changes that operators read.

pub mod grants;
mod policy;
mod reason;
mod store;
mod suspension;

pub use policy::{
    Decision, Grant, Policy, STALE_AFTER, SubscriptionFacts, Verdict, decide, payment_problem,
    scheduled_end, verdict,
};
pub use reason::Reason;
pub use store::{
    AccessChange, Derived, Facts, FactsRow, GrantRow, JoinedFacts, Snapshot, Standing, derive,
    list_changes, list_due, lock_user, standing,
};
pub use suspension::{Dispute, MoneyBack, Suspension};
