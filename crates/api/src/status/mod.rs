//! How things stand: what `circle status` shows on one screen, and metrics are made of.

pub mod cli;
mod store;

use std::fmt;

use crate::db::{Db, DbError};

/// Seconds of the past whose events are counted: cheap however many are kept.
pub const INBOX_SPAN: i64 = 24 * 3600;

/// Rows of something, by a word.
pub type Counts = Vec<(String, i64)>;

/// Work that waits to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How much.
    pub count: i64,
    /// How much of it failed before.
    pub failing: i64,
    /// When the first of it is or was due, Unix seconds.
    pub due_at: Option<i64>,
}

/// A piece of regular work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// `reconcile`, `pruning`, `catalog`.
    pub name: String,
    /// When it last came to its end, Unix seconds; 0 is never.
    pub last_run_at: i64,
    /// Whether a process has it now.
    pub running: bool,
}

/// What matters while a server runs; quick to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Events of the last [`INBOX_SPAN`], by state.
    pub events: Counts,
    /// Those of them that were none of our business, by reason.
    pub ignored_events: Counts,
    /// Events that could not be applied and are tried again, however old.
    pub failed_events: Waiting,
    /// What has to be read from Stripe.
    pub refreshes: Waiting,
    /// Mails on their way out.
    pub mails: Waiting,
    /// Alerts nobody has resolved, by kind.
    pub alerts: Counts,
    /// Regular work.
    pub jobs: Vec<Job>,
}

/// How many listeners there are; reads all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listeners {
    /// By Stripe's word for their subscription.
    pub by_status: Counts,
    /// Those that have access, by plan.
    pub by_plan: Counts,
}

/// Reads what waits and what went wrong at `now`, on the wall clock.
///
/// # Errors
/// When the database fails.
pub async fn work(db: &Db, now: i64) -> Result<Work, DbError> {
    db.scan(move |conn| store::read_work(conn, now)).await
}

/// Counts the listeners; `now` in billing time.
///
/// # Errors
/// When the database fails.
pub async fn listeners(db: &Db, now: i64) -> Result<Listeners, DbError> {
    db.scan(move |conn| store::count_listeners(conn, now)).await
}

impl Waiting {
    /// One line about it at `now`.
    pub fn line(&self, now: i64) -> String {
        match self.due_at {
            _ if self.count == 0 => "none waits".to_owned(),
            Some(due) if due <= now => {
                let (count, failing) = (self.count, self.failing);
                format!(
                    "{count} wait, {failing} of them failing; the oldest is due since {}",
                    ago(now - due)
                )
            }
            _ => format!("{} wait, {} of them failing; none is due yet", self.count, self.failing),
        }
    }
}

/// `3 active, 1 past_due`, or `none`.
pub struct Listed<'a>(pub &'a Counts);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        for (place, (word, count)) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}{count} {word}")?;
        }
        Ok(())
    }
}

/// Seconds in words: `12 s`, `5 min`, `3 h`, `2 days`.
pub fn ago(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{} s", seconds.max(0)),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_said_in_a_line() {
        let waiting = |count, failing, due_at| Waiting { count, failing, due_at };
        for (waiting, line) in [
            (waiting(0, 0, None), "none waits"),
            (waiting(2, 0, Some(1_100)), "2 wait, 0 of them failing; none is due yet"),
            (waiting(3, 1, Some(400)), "3 wait, 1 of them failing; the oldest is due since 10 min"),
        ] {
            assert_eq!(waiting.line(1_000), line);
        }
    }

    #[test]
    fn spans_are_told_in_the_unit_that_fits() {
        for (seconds, words) in
            [(-5, "0 s"), (119, "119 s"), (120, "2 min"), (7_200, "2 h"), (172_800, "2 days")]
        {
            assert_eq!(ago(seconds), words);
        }
    }
}
