//! The inbox: every verified event once, by its id, in one commit with its effect.
//!
//! It knows events and their states, not their meaning. An event is `received` while Stripe has still to be asked,
//! `applied` or `ignored` once it is dealt with, and `failed` when applying it failed; then its effect was rolled
//! back, Stripe is told to deliver it again, and a worker tries by itself too. Only what is dealt with makes another
//! delivery a duplicate.

pub mod catch_up;
pub mod cli;
mod payload;
mod store;

use std::sync::Arc;

use tokio::sync::Notify;

use crate::{
    billing::{
        Rules,
        apply::{self, Outcome, at_once::Candidate},
        refresh::Refreshed,
    },
    db::{self, Conn, Convoy, Db, DbError, PgConn, Written},
    stripe::{
        Notification, SigningSecret,
        event::ParseError,
        signature::{self, SignatureError},
    },
};
use store::NewEvent;
pub use store::{
    LeasedEvent, State as EventState, erase_of_left, lease, lock_waiting, next_due, prune, release,
    settle,
};

/// Seconds after which the worker tries a failed event, unless Stripe delivers it again before.
const FIRST_RETRY: i64 = 5;

/// What became of a delivery that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// Its effect is in the database.
    Applied,
    /// It is none of our business.
    Ignored,
    /// It is kept, and Stripe will be asked what it means.
    Waiting,
    /// It was dealt with before.
    Duplicate,
}

/// Why a delivery is not taken.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// It is not known to be Stripe's. Nothing was stored.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// It is Stripe's, but no event.
    #[error(transparent)]
    Payload(#[from] ParseError),
    /// It is kept, but its effect is not in the database. To be delivered again.
    #[error("applying the event failed: {0}")]
    Failed(String),
    /// Nothing was stored. To be delivered again.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Takes deliveries in.
#[derive(Clone)]
pub struct Inbox {
    db: Db,
    rules: Rules,
    secrets: Arc<[SigningSecret]>,
    wake: Arc<Notify>,
    ordinary: Convoy<Ordinary, Processed>,
}

impl Inbox {
    /// One that believes what any of `secrets` signed, and calls `wake` when there is work for the worker.
    pub fn new(db: Db, rules: Rules, secrets: Vec<SigningSecret>, wake: Arc<Notify>) -> Self {
        let known = rules.clone();
        let ordinary = Convoy::new(move |conn, some: &[Ordinary]| take_at_once(conn, &known, some));
        Self { db, rules, secrets: secrets.into(), wake, ordinary }
    }

    /// Takes one delivery: its signature header, and its body as it came.
    pub async fn accept(&self, signature: &str, body: &[u8]) -> Result<Accepted, AcceptError> {
        let now = self.rules.clock.wall();
        signature::verify(body, signature, &self.secrets, now)?;
        self.take(body).await
    }

    /// Takes an event that is known to be Stripe's.
    async fn take(&self, body: &[u8]) -> Result<Accepted, AcceptError> {
        let now = self.rules.clock.wall();
        let notification = Notification::parse(body)?;
        let event = Arc::new(NewEvent::of(&notification, payload::deflate(body), now));
        let (rules, notification) = (self.rules.clone(), Arc::new(notification));
        let ordinary = Candidate::of(&rules, &notification)
            .map(|candidate| Ordinary { candidate, event: Arc::clone(&event) });
        let processed = self.db.write_together(&self.ordinary, ordinary, move |conn| {
            let noted = match store::insert(conn, &event)? {
                true => Noted::Applied,
                false if store::lock_state(conn, &event.id)?.is_settled() => {
                    return Ok::<_, DbError>(Processed::Duplicate);
                }
                false => Noted::Otherwise,
            };
            process(conn, &rules, &event.id, &notification, noted, now + FIRST_RETRY)
        });
        self.answer(processed.await?)
    }

    /// Tries an event that failed before, from its kept payload. It is tried again at `retry_at` when it fails.
    pub async fn retry(&self, event: &LeasedEvent, retry_at: i64) -> Result<Accepted, AcceptError> {
        let parsed = payload::inflate(&event.payload).and_then(|body| Notification::parse(&body));
        let (rules, id) = (self.rules.clone(), event.id.clone());
        let processed = self.db.write(move |conn| {
            if store::lock_state(conn, &id)?.is_settled() {
                return Ok::<_, DbError>(Processed::Duplicate);
            }
            match parsed {
                Ok(notification) => {
                    process(conn, &rules, &id, &notification, Noted::Otherwise, retry_at)
                }
                Err(error) => note_failure(conn, &id, &error.to_string(), retry_at),
            }
        });
        self.answer(processed.await?)
    }

    /// Applies a kept event once more, whatever became of it before; `None` when no payload of it is kept.
    pub async fn replay(&self, id: &str) -> Result<Option<Accepted>, AcceptError> {
        let asked = id.to_owned();
        let found = self.db.read(move |conn| store::find(conn, &asked)).await?;
        let Some(kept) = found.and_then(|(_, payload)| payload) else { return Ok(None) };
        let notification = Notification::parse(&payload::inflate(&kept)?)?;
        let (rules, id, retry_at) =
            (self.rules.clone(), id.to_owned(), self.rules.clock.wall() + FIRST_RETRY);
        let processed = self.db.write(move |conn| {
            store::lock_state(conn, &id)?;
            process(conn, &rules, &id, &notification, Noted::Otherwise, retry_at)
        });
        self.answer(processed.await?).map(Some)
    }

    fn answer(&self, processed: Processed) -> Result<Accepted, AcceptError> {
        match processed {
            Processed::Duplicate => Ok(Accepted::Duplicate),
            Processed::AtOnce => Ok(Accepted::Applied),
            Processed::Done(Outcome::Ignored(_)) => Ok(Accepted::Ignored),
            Processed::Done(Outcome::Applied) => Ok(Accepted::Applied),
            Processed::Done(Outcome::Marked) => {
                self.wake.notify_one();
                Ok(Accepted::Applied)
            }
            Processed::Done(Outcome::Waiting) => {
                self.wake.notify_one();
                Ok(Accepted::Waiting)
            }
            Processed::Failed(error) => Err(AcceptError::Failed(error)),
        }
    }
}

enum Processed {
    Duplicate,
    /// Applied, with nothing left for the worker.
    AtOnce,
    Done(Outcome),
    Failed(String),
}

/// A delivery that may need no more than a read and one statement.
struct Ordinary {
    candidate: Candidate,
    event: Arc<NewEvent>,
}

/// Takes ordinary events in a read and one statement that writes them with their effects. `None` for one, of which
/// nothing is written, that is not ordinary, came before, or was decided on by what has changed meanwhile.
fn take_at_once(
    conn: &mut PgConn,
    rules: &Rules,
    some: &[Ordinary],
) -> Result<Vec<Written<Processed>>, DbError> {
    let candidates: Vec<_> = some.iter().map(|ordinary| &ordinary.candidate).collect();
    let steps = apply::at_once::decide(conn, rules, &candidates)?;
    let decided = some.iter().zip(&steps);
    let decided: Vec<_> =
        decided.filter_map(|(one, step)| Some((&*one.event, step.as_ref()?))).collect();
    let written = store::insert_with_effects(conn, &decided)?;
    let answers = some.iter().zip(steps).map(|(ordinary, step)| {
        let step = step.filter(|_| written.contains(&ordinary.event.id))?;
        Some((Processed::AtOnce, vec![step.user_id]))
    });
    Ok(answers.collect())
}

/// What an event's row says before it is processed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Noted {
    /// That it is applied: it was inserted so in this transaction.
    Applied,
    Otherwise,
}

/// Applies an event in a savepoint and notes on its row what came of it. Whatever the effect did is undone when it
/// fails; the row stays.
fn process(
    conn: &mut Conn,
    rules: &Rules,
    id: &str,
    notification: &Notification,
    noted: Noted,
    retry_at: i64,
) -> Result<Processed, DbError> {
    let applied = db::savepoint(conn, |conn| match notification {
        Notification::Snapshot(event) => apply::apply(conn, rules, event),
        Notification::Thin(event) => apply::apply_thin(conn, rules, event),
    });
    match applied {
        Ok(outcome @ (Outcome::Applied | Outcome::Marked)) if noted == Noted::Applied => {
            Ok(Processed::Done(outcome))
        }
        Ok(outcome) => {
            store::update_outcome(conn, id, outcome)?;
            if matches!(outcome, Outcome::Ignored(_)) {
                store::erase_if_left(conn, id)?;
            }
            Ok(Processed::Done(outcome))
        }
        Err(error) => note_failure(conn, id, &error.to_string(), retry_at),
    }
}

fn note_failure(
    conn: &mut Conn,
    id: &str,
    error: &str,
    retry_at: i64,
) -> Result<Processed, DbError> {
    tracing::error!(event = id, error, "an event could not be applied");
    store::update_failed(conn, id, error, retry_at)?;
    Ok(Processed::Failed(error.to_owned()))
}

/// What a finished refresh makes of the events that waited for it.
pub fn settled_by(refreshed: Refreshed) -> Outcome {
    match refreshed {
        Refreshed::Current => Outcome::Applied,
        Refreshed::Foreign => Outcome::Ignored("foreign_customer"),
    }
}
