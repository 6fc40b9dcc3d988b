//! Mail on its way out: by itself, so that a slow mail server holds nothing else up.

use std::sync::Arc;

use tokio::{sync::watch, task::JoinHandle, time::Duration};
use uuid::Uuid;

use super::{TICK, backoff};
use crate::{
    billing::alerts::{self, AlertKind},
    clock::Clock,
    db::{Conn, Db, DbError},
    mail::{self, LeasedMail, Mailer, SendError},
};

/// Seconds for which a mail is held; more than sending it can take.
const LEASE: i64 = 300;

/// Seconds for which a refused mail is tried again: some servers refuse at first, to see who comes back.
const INSIST: i64 = 3_600;

/// How long a mail that is being sent when the process stops may still take. What is broken off then may have
/// arrived, and is sent once more.
const LAST_MAIL: Duration = Duration::from_secs(10);

/// What the alert about the way out is about.
const OUTBOX: &str = "outbox";

/// Takes mails from the outbox to the mail server.
#[derive(Clone)]
pub struct Courier {
    db: Db,
    mailer: Mailer,
    clock: Clock,
    /// Names this process in leases.
    holder: Arc<str>,
}

/// What to do with a mail that was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    TryAt(i64),
    GiveUp,
}

impl Courier {
    /// One that sends what waits in `db` by `mailer`.
    pub fn new(db: Db, mailer: Mailer, clock: Clock) -> Self {
        Self { db, mailer, clock, holder: Uuid::now_v7().to_string().into() }
    }

    /// Sends until `shutdown` says so; a mail that is being sent then is finished.
    pub fn spawn(self, mut shutdown: watch::Receiver<bool>) -> JoinHandle<()> {
        tokio::spawn(async move {
            while !*shutdown.borrow() {
                let sent = tokio::select! {
                    sent = self.send_one() => sent,
                    () = stopped_for(&mut shutdown, LAST_MAIL) => break,
                };
                if !sent {
                    tokio::select! {
                        () = tokio::time::sleep(TICK) => {}
                        _ = shutdown.wait_for(|stop| *stop) => {}
                    }
                }
            }
            self.release().await;
        })
    }

    /// Sends one mail that is due; `false` when there is none, or the database failed.
    async fn send_one(&self) -> bool {
        match self.try_one().await {
            Ok(sent) => sent,
            Err(error) => {
                tracing::error!(%error, "mail could not be taken or noted");
                false
            }
        }
    }

    async fn try_one(&self) -> Result<bool, DbError> {
        let (holder, now) = (self.holder.clone(), self.clock.wall());
        if self.db.read(mail::next_due).await?.is_none_or(|due| due > now) {
            return Ok(false);
        }
        let leased = self.db.write(move |conn| mail::lease(conn, &holder, now, now + LEASE));
        let Some(leased) = leased.await? else { return Ok(false) };
        let sent = self.mailer.send(&leased).await;
        let (now, billing_now) = (self.clock.wall(), self.clock.billing());
        let noted = self.db.write(move |conn| match sent {
            Ok(()) => note_sent(conn, &leased, now, billing_now),
            Err(error) => note_failure(conn, &leased, &error, now, billing_now),
        });
        noted.await?;
        Ok(true)
    }

    async fn release(&self) {
        let holder = Arc::clone(&self.holder);
        let released = self.db.write(move |conn| mail::release(conn, &holder)).await;
        if let Err(error) = released {
            tracing::warn!(%error, "a mail that was under way stays taken until its lease runs out");
        }
    }
}

/// Ends `grace` after `shutdown` says so.
async fn stopped_for(shutdown: &mut watch::Receiver<bool>, grace: Duration) {
    // Without a sender nobody says so any more, which is a word too.
    let _ = shutdown.wait_for(|stop| *stop).await;
    tokio::time::sleep(grace).await;
}

fn note_sent(
    conn: &mut Conn,
    sent: &LeasedMail,
    now: i64,
    billing_now: i64,
) -> Result<(), DbError> {
    mail::finish(conn, &sent.id, None, now)?;
    alerts::resolve(conn, AlertKind::Mail, OUTBOX, billing_now)
}

fn note_failure(
    conn: &mut Conn,
    failed: &LeasedMail,
    error: &SendError,
    now: i64,
    billing_now: i64,
) -> Result<(), DbError> {
    // Mail servers like to repeat it, and what is said here outlives the account.
    let text = error.to_string().replace(&failed.recipient, "(the recipient)");
    match next(error, failed, now) {
        Next::TryAt(at) => {
            tracing::warn!(mail = failed.id, error = text, "a mail could not be sent yet");
            mail::postpone(conn, &failed.id, &text, at)?;
        }
        Next::GiveUp => {
            let message = format!("A mail was given up: {text}");
            alerts::raise(conn, AlertKind::Mail, &failed.id, &message, billing_now)?;
            mail::finish(conn, &failed.id, Some(&text), now)?;
        }
    }
    let is_stuck = !matches!(error, SendError::Refused(_));
    if is_stuck && failed.attempts + 1 >= backoff::ALERT_AFTER {
        let message = format!("Mail waits in the outbox and is tried on: {text}");
        alerts::raise(conn, AlertKind::Mail, OUTBOX, &message, billing_now)?;
    }
    Ok(())
}

/// A mail is tried until it is of no use any more; one that is refused for an hour at the most.
fn next(error: &SendError, failed: &LeasedMail, now: i64) -> Next {
    let until = match error {
        SendError::Refused(_) => failed.useless_at.min(failed.created_at + INSIST),
        SendError::Unavailable(_) | SendError::NotConfigured => failed.useless_at,
    };
    let at = now + backoff::delay(failed.attempts + 1);
    // The last try comes when it is still of use.
    match now < until {
        true => Next::TryAt(at.min(until)),
        false => Next::GiveUp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mails_are_tried_until_they_are_of_no_use() {
        let refused = || SendError::Refused("550".to_owned());
        let away = || SendError::Unavailable("refused".to_owned());
        let day = 86_400;
        for (error, attempts, now, expected) in [
            (away(), 0, 0, Next::TryAt(2)),
            (away(), 4, 100, Next::TryAt(132)),
            (away(), 40, day, Next::TryAt(day + 3_600)),
            (away(), 90, 3 * day - 60, Next::TryAt(3 * day)),
            (away(), 90, 3 * day, Next::GiveUp),
            (SendError::NotConfigured, 90, 3 * day, Next::GiveUp),
            (refused(), 0, 0, Next::TryAt(2)),
            (refused(), 9, 3_500, Next::TryAt(3_600)),
            (refused(), 10, 3_600, Next::GiveUp),
        ] {
            let failed = LeasedMail {
                id: String::new(),
                recipient: String::new(),
                data: String::new(),
                attempts,
                created_at: 0,
                useless_at: 3 * day,
            };
            assert_eq!(next(&error, &failed, now), expected, "{error} after {attempts} at {now}");
        }
    }
}
