//! Keeping what is on offer and what Stripe sells together.

use std::time::Duration;

use anyhow::Context;

use crate::{
    catalog::Shop,
    clock::Clock,
    jobs::{self, Turn},
};

/// Between two looks at Stripe, in seconds.
const EVERY: i64 = 3_600;

/// Seconds for which one process has the turn; more than reading and changing everything takes.
const LEASE: i64 = 120;

/// How soon to look again whether it is our turn, while another process has it.
const LOOK: Duration = Duration::from_secs(5);

/// Brings the catalog and Stripe together, at the start and now and again: prices also change in the dashboard and on
/// other machines. Of all processes one at a time does it. What a start changes at a real account is the operator's to
/// say, with `circle catalog apply`; until then what Stripe sells is what is shown.
pub(super) async fn sell(shop: Shop, clock: Clock, mut apply: bool) {
    let holder = jobs::holder();
    let (mut retry, mut at_start) = (Duration::from_secs(1), true);
    loop {
        let now = clock.wall();
        // At the start this process's own file counts. Later half the time, so that no process skips its turn.
        let ran_before = if at_start { now } else { now - EVERY / 2 };
        let outcome = async {
            let taken =
                Turn::take(&shop.db, "catalog", &holder, now, now + LEASE, ran_before).await?;
            let Some(turn) = taken else { return Ok(None) };
            let done = match apply {
                true => shop.apply(now).await,
                false => shop.refresh(now).await,
            };
            turn.end(done.is_ok().then_some(now)).await?;
            done.map(Some).context("the catalog and Stripe could not be brought together")
        };
        let pause = match outcome.await {
            Ok(Some(applied)) => {
                for change in applied.changes {
                    tracing::info!("catalog: {change}");
                }
                // Once is enough: the file may since have been changed and applied by hand.
                (apply, at_start) = (false, false);
                Duration::from_secs(EVERY.unsigned_abs())
            }
            Ok(None) if at_start => LOOK,
            Ok(None) => Duration::from_secs(EVERY.unsigned_abs()),
            Err(error) => {
                tracing::error!("{error:#}");
                retry = (retry * 2).min(Duration::from_secs(60));
                retry
            }
        };
        tokio::time::sleep(pause).await;
    }
}
