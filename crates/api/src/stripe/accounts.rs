//! The account that the key belongs to. Source: <https://docs.stripe.com/api/accounts/retrieve>.

use serde::Deserialize;

use super::request::Request;

/// An account at Stripe.
#[derive(Clone, Debug, Deserialize)]
pub struct Account {
    /// `acct_…`.
    pub id: String,
}

/// The account that the key in use belongs to.
pub fn retrieve() -> Request<Account> {
    Request::get(["account"])
}
