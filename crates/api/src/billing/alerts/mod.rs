//! What an operator has to look at: rows that stay until somebody, or the facts, resolve them.

mod store;

pub use store::{Alert, list_open, list_open_about, raise, resolve};

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AlertKind {
    /// A live subscription to a product that the catalog does not sell. Its subject is the subscription.
    UnknownProduct,
    /// A listener with two live subscriptions, who pays twice. Its subject is the user.
    SecondSubscription,
    /// An event from live mode met a test key, or the other way round. Its subject is the event.
    Livemode,
    /// A live subscription of a customer we gave up. Its subject is the subscription.
    Tombstone,
    /// A Checkout of ours was completed by a customer who is not its listener. Its subject is the session.
    CustomerMismatch,
    /// A mail that was given up, or none that gets out. Its subject is the mail, or `outbox`.
    Mail,
    /// Work that keeps failing. Its subject names it.
    FailedJob,
}

impl AlertKind {
    /// The word for it, in rows, logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownProduct => "unknown_product",
            Self::SecondSubscription => "second_subscription",
            Self::Livemode => "livemode",
            Self::Tombstone => "tombstone",
            Self::CustomerMismatch => "customer_mismatch",
            Self::Mail => "mail",
            Self::FailedJob => "failed_job",
        }
    }
}
