//! Access without Stripe, given and taken by the operator.

mod store;

pub use store::{GrantRecord, insert, list, revoke};
