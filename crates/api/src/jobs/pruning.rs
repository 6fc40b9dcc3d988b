//! Forgetting what is old, in steps small enough that nobody waits for them.

use tokio::time::Duration;

use super::{Jobs, Turn};
use crate::{
    account, billing,
    db::{Conn, DbError},
    inbox, mail,
};

/// Rows that one commit takes away.
const STEP: i64 = 500;

/// Left to others between two steps.
const PAUSE: Duration = Duration::from_millis(20);

/// Seconds for which the turn is held. When it takes longer, two processes prune, and do no more than one.
const LEASE: i64 = 900;

/// Seconds between two turns.
const EVERY: i64 = 3_600;

/// Takes away up to so many rows that are too old at a time; how many it were.
type Step = fn(&mut Conn, before: i64, limit: i64) -> Result<usize, DbError>;

impl Jobs {
    /// Prunes every table that grows, unless another process does or lately did.
    pub(super) async fn prune_if_due(&self) -> Result<(), DbError> {
        let now = self.clock().wall();
        let (until, ran_before) = (now + LEASE, now - EVERY / 2);
        let taken = Turn::take(&self.db, "pruning", &self.holder, now, until, ran_before).await?;
        let Some(turn) = taken else { return Ok(()) };
        let pruned = self.prune(now).await;
        turn.end(pruned.is_ok().then_some(now)).await?;
        pruned
    }

    async fn prune(&self, now: i64) -> Result<(), DbError> {
        let retention = i64::try_from(self.schedule.event_retention.as_secs()).unwrap_or(i64::MAX);
        let events_before = now.saturating_sub(retention);
        let tables: [(&str, Step, i64); 8] = [
            ("events", inbox::prune, events_before),
            (
                "payloads about people who left",
                |conn, _, limit| inbox::erase_of_left(conn, limit),
                now,
            ),
            ("sessions", account::prune_sessions, now),
            ("limits", account::prune_limits, now),
            ("mailed tokens", account::prune_tokens, now),
            ("registrations", account::prune_registrations, now),
            ("mails' causes", mail::prune, now),
            ("Checkout sessions", billing::prune_checkout_sessions, now),
        ];
        for (name, step, before) in tables {
            let mut gone = 0;
            loop {
                let removed = self.db.write(move |conn| step(conn, before, STEP)).await?;
                gone += removed;
                if removed < STEP as usize {
                    break;
                }
                tokio::time::sleep(PAUSE).await;
            }
            if gone > 0 {
                tracing::info!(rows = gone, "old {name} were removed");
            }
        }
        Ok(())
    }
}
