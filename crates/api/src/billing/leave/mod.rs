//! Leaving: an account is erased once Stripe has confirmed that nothing is left to pay, and not before.
//!
//! ```text
//! requested ──▶ no Checkout can be paid any more ──▶ no subscription lives ──▶ erased
//!     ▲                        │                               │
//!     └── tried again later ◀──┴──── Stripe did not confirm ◀──┘
//! ```
//! Each step may be repeated, so a try begins at the first one. Until the last, the account can be logged in to and
//! shows that it is being deleted. What stays is the customer's id, so that a subscription that comes to life on it
//! after all is told to the operator; invoices stay at Stripe.

pub mod cli;
mod store;

use std::time::Duration;

pub use store::{Leaving, find_due, lease, next_due, postpone};

use super::{checkout, refresh::Refresher};
use crate::{
    account,
    db::{Conn, DbError},
    mail::{self, Mail, NewMail},
    stripe::{
        self, Deadline, checkout_sessions as sessions,
        subscriptions::{self, Cancel},
    },
};

/// For all of Stripe's calls of one try; less than a Checkout's lease.
const BUDGET: Duration = Duration::from_secs(20);

/// Seconds in which the last mail is still of use.
const GOODBYE: i64 = 3 * 86_400;

/// Why somebody could not leave yet.
#[derive(Debug, thiserror::Error)]
pub enum LeaveError {
    /// Stripe did not confirm.
    #[error(transparent)]
    Stripe(#[from] stripe::Error),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// A Checkout of theirs is on its way to Stripe.
    #[error("a request about this listener is still on its way to Stripe")]
    Busy,
    /// Stripe took every cancellation, and still there is one.
    #[error("subscription {0} still lives at Stripe")]
    StillLives(String),
}

/// Ends what the listener pays for, and then erases the account.
///
/// # Errors
/// [`LeaveError`]; then nothing is erased, and it is to be tried again.
pub async fn leave(refresher: &Refresher, leaving: &Leaving) -> Result<(), LeaveError> {
    let deadline = Deadline::within(BUDGET);
    let (db, clock) = (refresher.db(), &refresher.rules().clock);
    // Nobody makes a customer or a session for them meanwhile.
    let lease = checkout::lease::take(db, clock, &leaving.user_id, deadline)
        .await
        .map_err(|_| LeaveError::Busy)?;
    let left = end_and_erase(refresher, &leaving.user_id, deadline).await;
    lease.release().await;
    left
}

async fn end_and_erase(
    refresher: &Refresher,
    user_id: &str,
    deadline: Deadline,
) -> Result<(), LeaveError> {
    let db = refresher.db();
    let id = user_id.to_owned();
    for customer in db.read(move |conn| store::list_customers(conn, &id)).await? {
        expire_checkouts(refresher, &customer, deadline).await?;
        cancel_subscriptions(refresher, &customer, deadline).await?;
    }
    let clock = &refresher.rules().clock;
    let (id, now, billing_now) = (user_id.to_owned(), clock.wall(), clock.billing());
    db.write(move |conn| erase(conn, &id, now, billing_now)).await?;
    Ok(())
}

/// First, since a Checkout that is paid becomes a subscription.
async fn expire_checkouts(
    refresher: &Refresher,
    customer: &str,
    deadline: Deadline,
) -> Result<(), LeaveError> {
    let open = sessions::List {
        customer: Some(customer.to_owned()),
        status: Some(sessions::CheckoutStatus::Open),
        limit: Some(100),
    };
    let stripe = refresher.stripe();
    for session in none_if_missing(stripe.list_all(open.request(), deadline).await)? {
        let request = sessions::expire(&session.id).fresh_idempotency_key();
        match stripe.send(&request, deadline).await {
            Ok(_) => {}
            // Not open any more: paid, which the next step sees, or expired.
            Err(stripe::Error::Api(error)) if error.status == 400 => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// At once and without proration; then Stripe is asked whether none is left.
async fn cancel_subscriptions(
    refresher: &Refresher,
    customer: &str,
    deadline: Deadline,
) -> Result<(), LeaveError> {
    for subscription in live(refresher, customer, deadline).await? {
        match refresher.stripe().send(&Cancel::default().request(&subscription), deadline).await {
            Ok(_) => {}
            Err(error) if error.is_missing("subscription") => {}
            Err(error) => return Err(error.into()),
        }
    }
    match live(refresher, customer, deadline).await?.pop() {
        None => Ok(()),
        Some(subscription) => Err(LeaveError::StillLives(subscription)),
    }
}

async fn live(
    refresher: &Refresher,
    customer: &str,
    deadline: Deadline,
) -> Result<Vec<String>, LeaveError> {
    let theirs = subscriptions::List {
        customer: Some(customer.to_owned()),
        ..subscriptions::List::every_status()
    };
    let all = none_if_missing(refresher.stripe().list_all(theirs.request(), deadline).await)?;
    let live = all.into_iter().filter(|subscription| !subscription.status.is_final());
    Ok(live.map(|subscription| subscription.id).collect())
}

/// A customer that Stripe does not know has nothing there.
fn none_if_missing<T>(
    answer: Result<stripe::Response<Vec<T>>, stripe::Error>,
) -> Result<Vec<T>, LeaveError> {
    match answer {
        Ok(answer) => Ok(answer.value),
        Err(error) if error.is_missing("customer") => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// The last commit: what is personal goes, and one mail says so.
fn erase(conn: &mut Conn, user_id: &str, now: i64, billing_now: i64) -> Result<(), DbError> {
    let Some(email) = store::find_leaving_email(conn, user_id)? else { return Ok(()) };
    mail::delete_unsent(conn, user_id)?;
    let cause = format!("account_deleted:{user_id}");
    let goodbye = Mail::AccountDeleted;
    let new = NewMail {
        cause: &cause,
        user_id: None,
        recipient: &email,
        mail: &goodbye,
        useless_at: now + GOODBYE,
        now,
    };
    mail::enqueue(conn, &new)?;
    store::erase_billing(conn, user_id, now, billing_now)?;
    account::erase(conn, user_id, now)
}
