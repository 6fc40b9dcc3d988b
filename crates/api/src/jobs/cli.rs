//! `circle reconcile`: the regular repair, now and by hand, in turn with the servers that run.

use std::{io, sync::Arc, time::Duration};

use anyhow::bail;

use super::{Turn, holder, periodic::RECONCILE_LEASE};
use crate::{
    billing::{Rules, cli},
    db::{Db, DbError},
    inbox::{self, Inbox},
    stripe::Client,
};

/// How often a turn that a server has is asked for again.
const POLL: Duration = Duration::from_secs(1);

/// Takes the events that never came, and then compares all subscriptions with Stripe's, prints each difference and
/// repairs it. While a server does so, this waits; a dry run writes nothing, and so need not.
///
/// `stopped` ends when the process is told to stop.
///
/// # Errors
/// When Stripe or the database fails, or it is stopped; what was repaired until then stays so.
pub async fn reconcile(
    db: Db,
    stripe: Client,
    rules: Rules,
    dry_run: bool,
    stopped: impl Future<Output = io::Result<()>>,
) -> anyhow::Result<()> {
    if dry_run {
        return cli::reconcile(db, stripe, rules, true).await;
    }
    let clock = rules.clock.clone();
    let turn = wait_for_turn(&db, &rules).await?;
    let repair = async {
        let inbox = Inbox::new(db.clone(), rules.clone(), Vec::new(), Arc::default());
        inbox::cli::catch_up(&inbox, &stripe).await?;
        cli::reconcile(db, stripe, rules, false).await
    };
    let done = tokio::select! {
        done = repair => done,
        // The turn is given back, so that no server has to wait until its lease is over.
        _ = stopped => {
            turn.end(None).await?;
            bail!("stopped; what was repaired stays so");
        }
    };
    turn.end(done.is_ok().then(|| clock.wall())).await?;
    done
}

async fn wait_for_turn(db: &Db, rules: &Rules) -> Result<Turn, DbError> {
    let (holder, mut told) = (holder(), false);
    loop {
        let now = rules.clock.wall();
        let until = now + RECONCILE_LEASE;
        if let Some(turn) = Turn::take(db, "reconcile", &holder, now, until, i64::MAX).await? {
            return Ok(turn);
        }
        if !told {
            println!(
                "A running server is comparing with Stripe; this waits until it has finished."
            );
            told = true;
        }
        tokio::time::sleep(POLL).await;
    }
}
