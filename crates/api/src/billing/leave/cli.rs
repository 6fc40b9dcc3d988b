//! `circle account delete`.

use anyhow::{Context, anyhow};

use super::{find_due, leave};
use crate::{account, billing::refresh::Refresher, keys::Keys};

/// Deletes an account as its listener would. When Stripe does not confirm, the account waits, and a running server
/// tries on.
///
/// # Errors
/// When nobody has the address, and when Stripe does not confirm.
pub async fn delete(refresher: &Refresher, keys: Keys, email: &str) -> anyhow::Result<()> {
    let (db, now) = (refresher.db(), refresher.rules().clock.wall());
    let user_id = account::request_deletion_of(db, keys, email, now)
        .await?
        .ok_or_else(|| anyhow!("nobody has this e-mail address"))?;
    let id = user_id.clone();
    let Some(leaving) = db.read(move |conn| find_due(conn, &id)).await? else {
        // A running server was faster.
        println!("Deleted.");
        return Ok(());
    };
    leave(refresher, &leaving).await.context(
        "the account waits to be deleted, and a running server tries on, since Stripe did not confirm that \
         nothing is left to pay",
    )?;
    println!("Deleted: subscriptions have ended at Stripe, and what was stored here is erased.");
    Ok(())
}
