//! `circle status`: one screen.

use std::time::Duration;

use super::{Listed, ago, listeners, work};
use crate::{
    catalog,
    clock::Clock,
    db::{Db, weaknesses},
    stripe::{Client, Deadline, accounts},
};

/// For the one question to Stripe.
const BUDGET: Duration = Duration::from_secs(3);

/// Prints how everything stands. What cannot be read is said in its line.
///
/// # Errors
/// When the database fails.
pub async fn show(db: &Db, stripe: &Client, clock: &Clock) -> anyhow::Result<()> {
    let (now, billing_now) = (clock.wall(), clock.billing());
    let weak = weaknesses(&db.durability().await?);
    let durable = if weak.is_empty() { "commits are durable".to_owned() } else { weak.join("; ") };
    line("Database", &format!("{}, {durable}", db.engine()));

    let asked = std::time::Instant::now();
    let answer = stripe.send(&accounts::retrieve(), Deadline::within(BUDGET)).await;
    line(
        "Stripe",
        &match answer {
            Ok(answer) => {
                format!("{}, answers in {} ms", answer.value.id, asked.elapsed().as_millis())
            }
            Err(error) => format!("{:#}", anyhow::Error::from(error)),
        },
    );
    let offers = catalog::count_offers(db).await?;
    line("Catalog", &format!("{offers} prices on offer"));
    let portal = catalog::portal_configuration(db).await?;
    line("Portal", portal.as_deref().unwrap_or("no configuration; run `circle catalog apply`"));

    let listeners = listeners(db, billing_now).await?;
    line("Listeners", &Listed(&listeners.by_status).to_string());
    line("  with access", &Listed(&listeners.by_plan).to_string());

    let work = work(db, now).await?;
    line("Events, 24 h", &Listed(&work.events).to_string());
    line("  ignored", &Listed(&work.ignored_events).to_string());
    line("  failed", &work.failed_events.line(now));
    line("To read", &work.refreshes.line(now));
    line("Mail", &work.mails.line(now));
    for job in &work.jobs {
        let ran = match job.last_run_at {
            0 => "never came to its end".to_owned(),
            at => format!("{} ago", ago(now - at)),
        };
        line(
            &format!("  {}", job.name),
            &if job.running { format!("{ran}; runs now") } else { ran },
        );
    }
    line("Alerts", &Listed(&work.alerts).to_string());
    Ok(())
}

fn line(name: &str, text: &str) {
    println!("{name:<14} {text}");
}
