//! Sessions, limits, mailed tokens and registrations that can no longer matter.

mod store;

pub use store::{prune_limits, prune_registrations, prune_sessions, prune_tokens};
