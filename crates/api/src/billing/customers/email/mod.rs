//! Telling Stripe a listener's new login address.
//!
//! Nobody has to call this: what is due follows from the listener's row. A verified login that is not the address
//! the customer was last told is told, and tried on until Stripe has taken it. The other way there is nothing: an
//! address changed in the portal is where receipts go, and proves nothing about who signs in.

mod store;

use std::time::Duration;

pub use store::{DueEmail, lease_email, next_email_due, postpone_email};

use super::{retire, update_billing_email, update_told_email};
use crate::{
    billing::refresh::{RefreshError, Refresher},
    stripe::{self, Deadline},
};

/// For one customer.
const BUDGET: Duration = Duration::from_secs(10);

/// Tells Stripe. A customer that is gone there is taken from its listener.
///
/// # Errors
/// What Stripe or the database answers; to be tried again.
pub async fn tell_email(refresher: &Refresher, due: &DueEmail) -> Result<(), RefreshError> {
    let update = stripe::customers::Update { email: Some(due.email.clone()), ..Default::default() };
    let request = update.request(&due.customer_id).fresh_idempotency_key();
    let gone = match refresher.stripe().send(&request, Deadline::within(BUDGET)).await {
        Ok(_) => false,
        Err(error) if error.is_missing("customer") => true,
        Err(error) => return Err(error.into()),
    };
    let (due, clock) = (due.clone(), refresher.rules().clock.clone());
    let written = refresher.db().write(move |conn| {
        if gone {
            return retire(conn, &due.user_id, &due.customer_id, "missing_at_stripe", &clock);
        }
        update_told_email(conn, &due.user_id, &due.customer_id, &due.email)?;
        update_billing_email(conn, &due.user_id, Some(&due.email))
    });
    Ok(written.await?)
}
