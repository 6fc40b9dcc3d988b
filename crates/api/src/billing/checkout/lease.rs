//! One request at a time talks to Stripe about a listener's Checkout, in whatever process it runs.

use std::time::Duration;

use uuid::Uuid;

use super::store;
use crate::{billing::BillingError, clock::Clock, db::Db, stripe::Deadline};

/// Seconds after which a holder that crashed is given up. Longer than a request may take.
const LEASE: i64 = 30;

/// How often a request that waits looks again.
const POLL: Duration = Duration::from_millis(40);

/// The right to talk to Stripe about one listener.
pub(in crate::billing) struct Lease {
    db: Db,
    user_id: String,
    holder: String,
}

/// Waits for the lease, until `deadline` at the longest.
pub(in crate::billing) async fn take(
    db: &Db,
    clock: &Clock,
    user_id: &str,
    deadline: Deadline,
) -> Result<Lease, BillingError> {
    let lease =
        Lease { db: db.clone(), user_id: user_id.to_owned(), holder: Uuid::new_v4().to_string() };
    while !lease.try_take(clock.wall()).await? {
        if deadline.remaining() < POLL {
            return Err(BillingError::Busy);
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(lease)
}

impl Lease {
    async fn try_take(&self, now: i64) -> Result<bool, BillingError> {
        let (user_id, holder) = (self.user_id.clone(), self.holder.clone());
        Ok(self
            .db
            .write(move |conn| store::take_lease(conn, &user_id, &holder, now, now + LEASE))
            .await?)
    }

    /// Lets the next one in at once. When this fails, it comes in after [`LEASE`].
    pub(in crate::billing) async fn release(self) {
        let Self { db, user_id, holder } = self;
        if let Err(error) =
            db.write(move |conn| store::release_lease(conn, &user_id, &holder)).await
        {
            tracing::warn!(%error, "a Checkout lease was not given back and will run out");
        }
    }
}
