//! Accounts that wait to be deleted, until Stripe has confirmed that nothing of theirs is left to pay.

use super::{Jobs, backoff, worker::LEASE};
use crate::{billing::leave, db::DbError};

impl Jobs {
    /// Lets one listener leave whose turn it is; `false` when there is none.
    pub(super) async fn run_leaving(&self) -> Result<bool, DbError> {
        if self.refresher.is_paused() {
            return Ok(false);
        }
        let now = self.clock().wall();
        if self.db.read(leave::next_due).await?.is_none_or(|due| due > now) {
            return Ok(false);
        }
        let leased = self.db.write(move |conn| leave::lease(conn, now, now + LEASE));
        let Some(leaving) = leased.await? else { return Ok(false) };
        let failures = leaving.tries + 1;
        let failed = match leave::leave(&self.refresher, &leaving).await {
            Ok(()) => None,
            Err(error) => {
                let user_id = leaving.user_id.clone();
                tracing::warn!(user_id, %error, "an account cannot be deleted yet");
                let try_at = self.clock().wall() + backoff::delay(failures);
                self.db.write(move |conn| leave::postpone(conn, &user_id, try_at)).await?;
                Some(error.to_string())
            }
        };
        self.report(format!("deletion of {}", leaving.user_id), failures, failed).await?;
        Ok(true)
    }
}
