//! Which Stripe this database belongs to. Customers and subscriptions of one account mean nothing to another, and
//! acting on them there would take money twice or give access for nothing, so another one does not start.

mod store;

use std::time::Duration;

use crate::{
    db::{Db, DbError},
    stripe::{Client, Deadline, accounts},
};

/// For the one call at start.
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
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Records the account behind `stripe`, or compares it with the one recorded. While Stripe does not answer, what is
/// recorded is trusted: a start must not depend on it.
pub async fn check(db: &Db, stripe: &Client, livemode: bool) -> Result<(), IdentityError> {
    let account = match stripe.send(&accounts::retrieve(), Deadline::within(BUDGET)).await {
        Ok(answer) => answer.value.id,
        Err(error) => {
            tracing::warn!(%error, "Stripe did not say whose key this is; it is not checked against the database");
            return Ok(());
        }
    };
    let actual = format!("{account} ({} mode)", if livemode { "live" } else { "test" });
    let claimed = actual.clone();
    let stored = db.write(move |conn| store::claim(conn, &claimed)).await?;
    if stored == actual { Ok(()) } else { Err(IdentityError::AnotherStripe { stored, actual }) }
}
