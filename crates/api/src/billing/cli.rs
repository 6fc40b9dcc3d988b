//! `circle reconcile`, `circle explain` and `circle grant`.

use std::sync::{Arc, atomic::AtomicI64};

use anyhow::{anyhow, bail};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::civil;

use super::{
    Rules, customers,
    explain::explain,
    reconcile::{self, Report},
    refresh::Refresher,
    subscriptions,
};
use crate::{
    access::{self, grants},
    clock::Clock,
    db::{Db, DbError},
    stripe::{Client, Deadline, accounts},
};

/// Clocks of this machine and of Stripe may differ so much, in seconds, and still show the same time.
const SKEW: i64 = 5;

/// The clocks as a running server has them: billing goes by Stripe's, which is ahead of the wall after a test moved
/// it. When Stripe does not answer, by the wall's.
pub async fn clock(stripe: &Client) -> Clock {
    let wall = Clock::default().wall();
    let deadline = Deadline::within(std::time::Duration::from_secs(3));
    let ahead = match stripe.send(&accounts::retrieve(), deadline).await {
        Ok(answer) => answer.date - wall,
        Err(_) => 0,
    };
    let offset = if ahead.abs() <= SKEW { 0 } else { ahead };
    Clock::with_offset(Arc::new(AtomicI64::new(offset)))
}

/// The second half of `circle reconcile`: compares all subscriptions with Stripe's, prints each difference and repairs
/// it.
///
/// # Errors
/// When Stripe or the database fails; what was repaired until then stays so.
pub async fn reconcile(db: Db, stripe: Client, rules: Rules, dry_run: bool) -> anyhow::Result<()> {
    // Stripe does not say how many there are; what is kept is near enough. It draws on a terminal only.
    let expected = db.scan(subscriptions::count).await?;
    let progress = ProgressBar::new(expected.cast_unsigned());
    let style = "{bar:30} {pos}/{len} subscriptions, {per_sec}, {msg}";
    progress.set_style(ProgressStyle::with_template(style)?);
    let refresher = Refresher::new(db, stripe, rules);
    let report = reconcile::reconcile(&refresher, dry_run, |drift, report| {
        progress.set_length(report.seen.max(expected.cast_unsigned()));
        progress.set_position(report.seen);
        progress.set_message(format!("{} differ", report.drifted));
        if let Some(drift) = drift {
            // Into a file or a pipe, too.
            progress.suspend(|| println!("{drift}"));
        }
    });
    let Report { seen, ours, drifted, repaired } = report.await?;
    progress.finish_and_clear();
    let differed = match (drifted, dry_run) {
        (0, _) => "none differed".to_owned(),
        (_, true) => format!("{drifted} differ and were left"),
        (_, false) if repaired == drifted => format!("{drifted} differed and were repaired"),
        (_, false) => format!(
            "{drifted} differed, {repaired} were repaired; a running server tries on with the others"
        ),
    };
    println!("{seen} subscriptions at Stripe, {ours} of them our listeners'; {differed}.");
    Ok(())
}

/// `circle explain`: why a listener has access, or has none.
///
/// # Errors
/// When nobody has this e-mail address or customer id.
pub async fn show(db: &Db, rules: Rules, who: String) -> anyhow::Result<()> {
    let asked = who.clone();
    let explanation = db.scan(move |conn| explain(conn, &rules, &asked)).await?;
    print!(
        "{}",
        explanation.ok_or_else(|| anyhow!("nobody has the e-mail address or customer id {who}"))?
    );
    Ok(())
}

/// `circle grant`: gives a plan until a day, `YYYY-MM-DD` in UTC, or for good.
///
/// # Errors
/// When the listener, the plan or the day is not known.
pub async fn grant(
    db: &Db,
    rules: Rules,
    email: String,
    plan: String,
    until: Option<String>,
) -> anyhow::Result<()> {
    let now = rules.clock.billing();
    if rules.policy.rank(&plan).is_none() {
        bail!("the catalog has no plan {plan}");
    }
    let until = until.as_deref().map(end_of_day).transpose()?;
    if until.is_some_and(|until| until <= now) {
        bail!("--until names a day that is over");
    }
    let given = db.write(move |conn| {
        let Some(person) = customers::find_person(conn, &email)? else {
            return Ok::<_, DbError>(None);
        };
        access::lock_user(conn, &person.user_id)?;
        grants::insert(conn, &person.user_id, &plan, until, now)?;
        access::derive(conn, &rules.policy, &person.user_id, now, "grant")?;
        Ok(Some(person.email))
    });
    let email = given.await?.ok_or_else(|| anyhow!("nobody has this e-mail address"))?;
    println!("Given to {email}.");
    Ok(())
}

/// `circle grant --revoke`: takes back all that was given.
///
/// # Errors
/// When the listener is not known.
pub async fn revoke(db: &Db, rules: Rules, email: String) -> anyhow::Result<()> {
    let now = rules.clock.billing();
    let taken = db.write(move |conn| {
        let Some(person) = customers::find_person(conn, &email)? else {
            return Ok::<_, DbError>(None);
        };
        access::lock_user(conn, &person.user_id)?;
        let taken = grants::revoke(conn, &person.user_id, now)?;
        access::derive(conn, &rules.policy, &person.user_id, now, "grant")?;
        Ok(Some((person.email, taken)))
    });
    let taken = taken.await?.ok_or_else(|| anyhow!("nobody has this e-mail address"))?;
    match taken {
        (email, 0) => println!("{email} had no grant."),
        (email, 1) => println!("1 grant taken back from {email}."),
        (email, taken) => println!("{taken} grants taken back from {email}."),
    }
    Ok(())
}

/// The last second of a day is still in.
fn end_of_day(day: &str) -> anyhow::Result<i64> {
    let day: civil::Date =
        day.parse().map_err(|_| anyhow!("--until takes a day, such as 2027-01-31"))?;
    let next = day.tomorrow()?.to_zoned(jiff::tz::TimeZone::UTC)?;
    Ok(next.timestamp().as_second())
}
