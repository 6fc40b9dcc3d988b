//! Whose a Stripe customer is, and what it is told of its listener.

mod email;
mod store;

pub use email::{DueEmail, lease_email, next_email_due, postpone_email, tell_email};
pub(super) use store::update_told_email;
pub use store::{Person, bind, find_owner, find_owners, find_person, retire, update_billing_email};

/// Where our user's id stands in the metadata of what we make at Stripe.
pub(super) const USER_KEY: &str = "circle_user";

/// Whose a Stripe customer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A listener's, now. Holds the user's id.
    User(String),
    /// A listener's, before Stripe lost it. Holds the user's id; `None` when the account was erased.
    Former(Option<String>),
    /// Nobody's we know: the Stripe account also sells other things.
    Foreign,
}

impl Owner {
    /// The listener, past or present.
    pub fn user_id(&self) -> Option<&str> {
        match self {
            Self::User(id) => Some(id),
            Self::Former(id) => id.as_deref(),
            Self::Foreign => None,
        }
    }
}
