//! One piece of work: a failed event, something to read from Stripe, an address to tell it, or somebody who leaves.

use super::{Jobs, backoff};
use crate::{
    billing::{
        alerts::{self, AlertKind},
        customers,
        refresh::{self, Leased, Refreshed},
    },
    db::DbError,
    inbox::{self, AcceptError},
};

/// Seconds for which work is held; more than a customer's refresh can take.
pub(super) const LEASE: i64 = 120;

/// Kinds of work.
const KINDS: usize = 4;

impl Jobs {
    /// Does one piece of work that is due; `false` when there is none, or the database failed. Each lane looks for
    /// another kind of it first, so that however much there is of one, the others get their turn.
    pub(super) async fn run_one(&self, lane: usize) -> bool {
        for kind in (lane..lane + KINDS).map(|kind| kind % KINDS) {
            let done = match kind {
                0 => self.run_event().await,
                1 => self.run_refresh().await,
                2 => self.run_customer_email().await,
                _ => self.run_leaving().await,
            };
            match done {
                Ok(true) => return true,
                Ok(false) => {}
                Err(error) => {
                    tracing::error!(%error, "background work could not be taken or noted");
                    return false;
                }
            }
        }
        false
    }

    async fn run_event(&self) -> Result<bool, DbError> {
        let (holder, now) = (self.holder.clone(), self.clock().wall());
        if self.db.read(inbox::next_due).await?.is_none_or(|due| due > now) {
            return Ok(false);
        }
        let leased = self.db.write(move |conn| inbox::lease(conn, &holder, now, now + LEASE));
        let Some(event) = leased.await? else { return Ok(false) };
        let failures = event.attempts + 1;
        let failed = match self.inbox.retry(&event, now + backoff::delay(failures)).await {
            Ok(_) => None,
            Err(AcceptError::Db(error)) => return Err(error),
            Err(error) => Some(error.to_string()),
        };
        self.report(event.id, failures, failed).await?;
        Ok(true)
    }

    async fn run_refresh(&self) -> Result<bool, DbError> {
        // An outage is no fault of the work: it is not taken, and so does not count as failed.
        if self.refresher.is_paused() {
            return Ok(false);
        }
        let (holder, now) = (self.holder.clone(), self.clock().wall());
        if self.db.read(refresh::next_due).await?.is_none_or(|due| due > now) {
            return Ok(false);
        }
        let leased = self.db.write(move |conn| refresh::lease(conn, &holder, now, now + LEASE));
        let Some(leased) = leased.await? else { return Ok(false) };
        let refreshed = self.read_again(&leased).await;
        let failed = refreshed.as_ref().err().cloned();
        let (target, failures) = (leased.target.clone(), leased.attempts + 1);
        match refreshed {
            Ok(refreshed) => self.finish_refresh(leased, refreshed).await?,
            Err(error) => self.postpone_refresh(leased, error).await?,
        }
        self.report(target, failures, failed).await?;
        Ok(true)
    }

    /// Reads from Stripe what a mark names; why it could not, for people.
    async fn read_again(&self, leased: &Leased) -> Result<Refreshed, String> {
        if leased.target == refresh::CATALOG {
            let refreshed = self.shop.refresh(self.clock().wall()).await;
            return match refreshed {
                Ok(_) => Ok(Refreshed::Current),
                Err(error) => Err(format!("{:#}", anyhow::Error::from(error))),
            };
        }
        let refreshed = self.refresher.refresh(&leased.target, &leased.cause).await;
        refreshed.map_err(|error| error.to_string())
    }

    async fn run_customer_email(&self) -> Result<bool, DbError> {
        if self.refresher.is_paused() {
            return Ok(false);
        }
        let now = self.clock().wall();
        if self.db.read(customers::next_email_due).await?.is_none_or(|due| due > now) {
            return Ok(false);
        }
        let leased = self.db.write(move |conn| customers::lease_email(conn, now, now + LEASE));
        let Some(due) = leased.await? else { return Ok(false) };
        let (customer, failures) = (due.customer_id.clone(), due.tries + 1);
        let failed = match customers::tell_email(&self.refresher, &due).await {
            Ok(()) => None,
            Err(error) => {
                tracing::warn!(customer, %error, "could not tell Stripe a listener's new address");
                let try_at = self.clock().wall() + backoff::delay(failures);
                self.db.write(move |conn| customers::postpone_email(conn, &due, try_at)).await?;
                Some(error.to_string())
            }
        };
        self.report(format!("email of {customer}"), failures, failed).await?;
        Ok(true)
    }

    /// Takes the mark off and settles the events that waited for it, unless more came meanwhile.
    async fn finish_refresh(&self, leased: Leased, refreshed: Refreshed) -> Result<(), DbError> {
        let now = self.clock().wall();
        let finished = self.db.write(move |conn| {
            inbox::lock_waiting(conn, &leased.target)?;
            if refresh::finish(conn, &leased, now)? {
                inbox::settle(conn, &leased.target, inbox::settled_by(refreshed))?;
            }
            Ok(())
        });
        finished.await
    }

    async fn postpone_refresh(&self, leased: Leased, error: String) -> Result<(), DbError> {
        tracing::warn!(target = leased.target, error, "could not read from Stripe");
        let next_try = self.clock().wall() + backoff::delay(leased.attempts + 1);
        self.db.write(move |conn| refresh::postpone(conn, &leased, &error, next_try)).await
    }

    /// Alerts the operator of work that keeps failing, and takes that back once it succeeds.
    pub(super) async fn report(
        &self,
        subject: String,
        failures: i64,
        failed: Option<String>,
    ) -> Result<(), DbError> {
        if failures < backoff::ALERT_AFTER {
            return Ok(());
        }
        let now = self.clock().billing();
        let reported = self.db.write(move |conn| match failed {
            Some(error) => {
                let message = format!("Failed {failures} times, and is tried on: {error}");
                alerts::raise(conn, AlertKind::FailedJob, &subject, &message, now)
            }
            None => alerts::resolve(conn, AlertKind::FailedJob, &subject, now),
        });
        reported.await
    }
}
