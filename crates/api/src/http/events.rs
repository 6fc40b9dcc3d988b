//! `GET /api/events`: the account, as server-sent events, now and at each change.

use std::{convert::Infallible, time::Duration};

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, ContentEncoding},
    web,
};
use futures_util::{Stream, stream};
use shared::account::Account;
use tokio::{
    sync::{
        broadcast::{self, error::RecvError},
        watch,
    },
    time::{Instant, MissedTickBehavior, interval_at, sleep},
};

use super::signed_in::SignedInOrLeaving;
use crate::{
    account::{AccountError, Accounts, SignedInUser},
    db::Change,
};

/// Often enough that no proxy takes the connection for dead.
const PING_EVERY: Duration = Duration::from_secs(15);

/// Says when the server is about to stop, which streams must not outlive.
#[derive(Clone)]
pub struct Closing(pub watch::Receiver<bool>);

/// `GET /api/events`
pub(super) async fn events(
    SignedInOrLeaving(who): SignedInOrLeaving,
    accounts: web::Data<Accounts>,
    closing: web::Data<Closing>,
) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(("X-Accel-Buffering", "no"))
        // A compressor would hold messages back until it has a block of them.
        .insert_header(ContentEncoding::Identity)
        .streaming(messages(who, accounts, closing.0.clone()))
}

fn messages(
    who: SignedInUser,
    accounts: web::Data<Accounts>,
    closing: watch::Receiver<bool>,
) -> impl Stream<Item = Result<web::Bytes, Infallible>> {
    let mut pings = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // Listens before it looks: a change in between is then seen twice, not never.
    let watching = Watching {
        changes: accounts.changes(),
        who,
        accounts,
        closing,
        pings,
        shown: None,
        look: true,
    };
    stream::unfold(watching, |mut watching| async move {
        let message = watching.next().await?;
        Some((Ok(message), watching))
    })
}

struct Watching {
    who: SignedInUser,
    accounts: web::Data<Accounts>,
    changes: broadcast::Receiver<Change>,
    closing: watch::Receiver<bool>,
    pings: tokio::time::Interval,
    /// What the page was told last.
    shown: Option<Account>,
    /// Whether the account must be looked at before waiting again.
    look: bool,
}

impl Watching {
    /// The next message; `None` once the session or the server ends.
    async fn next(&mut self) -> Option<web::Bytes> {
        loop {
            if *self.closing.borrow() {
                return None;
            }
            if std::mem::take(&mut self.look) {
                let account = self.look().await?;
                if self.shown.as_ref() != Some(&account) {
                    let message = format!("data: {}\n\n", serde_json::to_string(&account).ok()?);
                    self.shown = Some(account);
                    return Some(message.into());
                }
            }
            tokio::select! {
                // An error: the other side is gone, and the server with it.
                closing = self.closing.changed() => closing.ok()?,
                change = self.changes.recv() => match change {
                    Ok(Change::Account(user_id)) => self.look = user_id == self.who.user.id,
                    Ok(Change::Unknown) | Err(RecvError::Lagged(_)) => self.look = true,
                    Err(RecvError::Closed) => return None,
                },
                () = until_decision_changes(&self.accounts, self.shown.as_ref()) => self.look = true,
                _ = self.pings.tick() => {
                    // The session may have expired, and billing time may have been moved, without a word.
                    self.look = true;
                    return Some(web::Bytes::from_static(b": ping\n\n"));
                }
            }
        }
    }

    async fn look(&self) -> Option<Account> {
        match self.accounts.watch(&self.who.session_id, &self.who.user.id).await {
            Ok(account) => Some(account),
            Err(AccountError::SessionEnded) => None,
            Err(error) => {
                // The page connects again, and is told by the answer if the trouble lasts.
                tracing::warn!(%error, "an event stream ends because its account cannot be read");
                None
            }
        }
    }
}

/// Waits until access, as it was shown, changes by itself; for ever when it does not.
async fn until_decision_changes(accounts: &Accounts, shown: Option<&Account>) {
    match shown.and_then(|account| account.access.until) {
        // At least a second, so that clocks that disagree do not make this spin.
        Some(until) => {
            sleep(Duration::from_secs(accounts.billing_seconds_until(until).max(1))).await
        }
        None => std::future::pending().await,
    }
}
