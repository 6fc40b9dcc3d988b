//! Which Stripe this database belongs to. Customers and subscriptions of one account mean nothing to another: what is
//! there would seem to be missing here, would be taken for ended or unpaid, and money would be taken twice. So whatever
//! writes to Stripe, or writes down that Stripe knows nothing of something, first asks whose key it has.

mod store;

use std::time::Duration;

use crate::{
    db::{Db, DbError},
    stripe::{self, Client, Deadline, accounts},
};

/// For the one call.
const BUDGET: Duration = Duration::from_secs(5);

/// Why the database may not be used with this Stripe.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// It was used with another one.
    #[error(
        "the database belongs to {stored}, but STRIPE_SECRET_KEY is for {actual}; use the database (DATA_DIR, \
         DATABASE_URL) that goes with the key"
    )]
    AnotherStripe {
        /// What the database says.
        stored: String,
        /// What Stripe says.
        actual: String,
    },
    /// The key is a restricted one that may not say whose it is.
    #[error(
        "STRIPE_SECRET_KEY may not read the account it belongs to, so nothing tells whether the database goes with it; \
         give the restricted key the permission that Stripe asks for, or use a secret key (sk_…)"
    )]
    MayNotSay(#[source] stripe::Error),
    /// Stripe takes no such key.
    #[error("STRIPE_SECRET_KEY is not accepted")]
    NotAccepted(#[source] stripe::Error),
    /// It did not say now.
    #[error(
        "Stripe does not say whose key this is, so nothing tells whether the database goes with it"
    )]
    Unknown(#[source] stripe::Error),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl IdentityError {
    /// Whether Stripe is slow, down or out of reach, so that it may say later.
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Unknown(error) if error.is_outage())
    }

    /// Whether asking again brings the same.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::AnotherStripe { .. } | Self::MayNotSay(_) | Self::NotAccepted(_))
    }
}

impl From<stripe::Error> for IdentityError {
    fn from(error: stripe::Error) -> Self {
        match error.api().map(|error| error.kind) {
            Some(stripe::ErrorKind::Authentication) => Self::NotAccepted(error),
            Some(stripe::ErrorKind::Permission) => Self::MayNotSay(error),
            _ => Self::Unknown(error),
        }
    }
}

/// Records the account behind `stripe`, or compares it with the one recorded.
///
/// # Errors
/// [`IdentityError`] when it is another one, and when Stripe does not say; then nothing is recorded.
pub async fn check(db: &Db, stripe: &Client, livemode: bool) -> Result<(), IdentityError> {
    let answer = stripe.send(&accounts::retrieve(), Deadline::within(BUDGET)).await?;
    let actual = name(&answer.value.id, livemode);
    let claimed = actual.clone();
    let stored = db.write(move |conn| store::claim(conn, &claimed)).await?;
    if stored == actual { Ok(()) } else { Err(IdentityError::AnotherStripe { stored, actual }) }
}

/// [`check()`] against an answer that is here already; records nothing.
///
/// # Errors
/// [`IdentityError::AnotherStripe`], and when the database fails.
pub async fn compare(db: &Db, account: &str, livemode: bool) -> Result<(), IdentityError> {
    let actual = name(account, livemode);
    match db.read(store::find).await? {
        Some(stored) if stored != actual => Err(IdentityError::AnotherStripe { stored, actual }),
        _ => Ok(()),
    }
}

fn name(account: &str, livemode: bool) -> String {
    format!("{account} ({} mode)", if livemode { "live" } else { "test" })
}
