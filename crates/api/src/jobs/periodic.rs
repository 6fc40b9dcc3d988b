//! What time itself brings about: access that ends or begins, periods that are over, and regular repair.

use tokio::time::Duration;

use super::{Jobs, TICK, Turn};
use crate::{
    access::{self, STALE_AFTER},
    billing::{refresh, subscriptions},
    clock::Clock,
    db::DbError,
};

/// Listeners or subscriptions that one look at the clock takes on.
const BATCH: i64 = 500;

/// Seconds after which a subscription whose period is over is asked for again.
const RECHECK: i64 = 3_600;

/// Seconds for which a run of reconcile is held.
pub(super) const RECONCILE_LEASE: i64 = 900;

/// How long to wait for Stripe when a regular run failed.
const RETRY: Duration = Duration::from_secs(60);

impl Jobs {
    pub(super) fn clock(&self) -> &Clock {
        &self.refresher.rules().clock
    }

    /// Publishes access that changed by itself, and has Stripe asked about periods that are over.
    pub(super) async fn run_clock(&self) {
        let done = match self.derive_due().await {
            Ok(()) => self.mark_past_period().await,
            failed => failed,
        };
        if let Err(error) = done {
            tracing::error!(%error, "the changes that time brought could not be written");
        }
    }

    /// Looks at the clock for as long as the process lives.
    pub(super) async fn watch_clock(&self) {
        loop {
            self.run_clock().await;
            tokio::time::sleep(TICK).await;
        }
    }

    async fn derive_due(&self) -> Result<(), DbError> {
        let now = self.clock().billing();
        let due = self.db.read(move |conn| access::list_due(conn, now, BATCH)).await?;
        for user_id in due {
            let policy = self.refresher.rules().policy.clone();
            let derived =
                self.db.write(move |conn| access::derive(conn, &policy, &user_id, now, "clock"));
            let _: access::Decision = derived.await?;
        }
        Ok(())
    }

    async fn mark_past_period(&self) -> Result<(), DbError> {
        let (now, wall) = (self.clock().billing(), self.clock().wall());
        // A little longer than they are believed, so that the last look comes when it is decided.
        let (first, heard_before) = (now - STALE_AFTER - RECHECK, now - RECHECK);
        let over = self
            .db
            .read(move |conn| {
                subscriptions::list_past_period(conn, first, now, heard_before, BATCH)
            })
            .await?;
        if over.is_empty() {
            return Ok(());
        }
        let marked = self.db.write(move |conn| {
            over.iter().try_for_each(|id| refresh::mark(conn, id, "period_over", wall))
        });
        marked.await?;
        self.wake.notify_one();
        Ok(())
    }

    /// Reconciles and forgets what is no longer needed, at the start and then regularly.
    pub(super) async fn run_periodically(&self) {
        let mut at_start = true;
        loop {
            let pause = match self.reconcile_if_due(at_start).await {
                Ok(()) => self.schedule.reconcile_every,
                Err(error) => {
                    let error = format!("{error:#}");
                    tracing::warn!(error, "reconciling with Stripe failed; trying again");
                    RETRY.min(self.schedule.reconcile_every)
                }
            };
            at_start = false;
            if let Err(error) = self.prune_if_due().await {
                tracing::warn!(%error, "what is old could not be removed");
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Reconciles, unless another process does or, later than at the start, lately did.
    async fn reconcile_if_due(&self, at_start: bool) -> anyhow::Result<()> {
        let now = self.clock().wall();
        let every = i64::try_from(self.schedule.reconcile_every.as_secs()).unwrap_or(i64::MAX);
        // Half of it, so that processes which take turns do not each skip every other turn.
        let ran_before = if at_start { now } else { now.saturating_sub(every / 2) };
        let taken =
            Turn::take(&self.db, "reconcile", &self.holder, now, now + RECONCILE_LEASE, ran_before);
        let Some(turn) = taken.await? else { return Ok(()) };
        let outcome = self.repair().await;
        turn.end(outcome.is_ok().then(|| self.clock().wall())).await?;
        outcome
    }
}
