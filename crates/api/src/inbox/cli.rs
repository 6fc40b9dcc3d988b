//! `circle events`: what came in and what became of it.

use anyhow::anyhow;

use super::{Accepted, EventState, Inbox, catch_up::CaughtUp, payload, store};
use crate::{clock::utc, db::Db, stripe::Client};

/// `circle events list`: the newest events, of one state or all.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &Db, state: Option<EventState>, limit: i64) -> anyhow::Result<()> {
    let rows = db.scan(move |conn| store::list_newest(conn, state, limit)).await?;
    for row in rows {
        let why = row.error.or(row.reason).map(|why| format!("  {why}")).unwrap_or_default();
        println!("{}  {}  {:<8}  {}{why}", utc(row.received_at), row.id, row.state, row.kind);
    }
    Ok(())
}

/// `circle events show`: one event, with its payload as it came.
///
/// # Errors
/// When there is no such event.
pub async fn show(db: &Db, id: String) -> anyhow::Result<()> {
    let asked = id.clone();
    let found = db.scan(move |conn| store::find(conn, &asked)).await?;
    let (row, kept) = found.ok_or_else(|| anyhow!("no event {id} was ever taken in"))?;
    println!("{} {}", row.id, row.kind);
    println!("happened  {}", utc(row.created));
    println!("received  {}", utc(row.received_at));
    println!("customer  {}", row.customer_id.as_deref().unwrap_or("none"));
    println!("state     {}, tried {} times before", row.state, row.attempts);
    for (name, text) in [("reason    ", &row.reason), ("error     ", &row.error)] {
        if let Some(text) = text {
            println!("{name}{text}");
        }
    }
    match kept {
        Some(kept) => println!("{}", String::from_utf8_lossy(&payload::inflate(&kept)?)),
        None => println!("Its payload is erased."),
    }
    Ok(())
}

/// `circle events replay`: applies an event once more, from its kept payload. What is known to be newer stays.
///
/// # Errors
/// When there is no such event, its payload is erased, or applying it fails.
pub async fn replay(inbox: &Inbox, id: String) -> anyhow::Result<()> {
    let done = match inbox
        .replay(&id)
        .await?
        .ok_or_else(|| anyhow!("no payload of an event {id} is kept"))?
    {
        Accepted::Applied => "applied",
        Accepted::Ignored | Accepted::Duplicate => "ignored; `circle events show` says why",
        Accepted::Waiting => "waits for an answer of Stripe's, which a running server asks for",
    };
    println!("{id}: {done}");
    Ok(())
}

/// The first half of `circle reconcile`: takes events that Stripe has and that never came.
///
/// # Errors
/// When Stripe or the database fails.
pub async fn catch_up(inbox: &Inbox, stripe: &Client) -> anyhow::Result<()> {
    let CaughtUp { listed, missed } = inbox.catch_up(stripe).await?;
    println!("{listed} events at Stripe since the last look; {missed} of them had never come.");
    Ok(())
}
