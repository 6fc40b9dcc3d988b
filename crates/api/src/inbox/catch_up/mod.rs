//! Events that nobody could deliver while this was down: Stripe keeps them for 30 days, and lists them.
//!
//! How far the list has been read is kept, so that each is looked at once; events that came as webhooks are known by
//! their id and left alone. Which order they come in does not matter, as for webhooks.

mod store;

use std::time::Duration;

use super::{AcceptError, Accepted, Inbox};
use crate::{
    billing::apply,
    db::DbError,
    stripe::{self, Client, Deadline, events},
};

/// For one page, with Stripe slow and trying again.
const PAGE_BUDGET: Duration = Duration::from_secs(60);

/// How long Stripe keeps events, in seconds, less an hour for what is listed meanwhile.
const KEPT_BY_STRIPE: i64 = 30 * 86_400 - 3_600;

/// Seconds by which two looks overlap: an event is not listed in the very moment it is stamped with.
const OVERLAP: i64 = 300;

/// Why events were not caught up with. What was taken until then stays; the next try begins where this one did.
#[derive(Debug, thiserror::Error)]
pub enum CatchUpError {
    /// Stripe did not list them.
    #[error(transparent)]
    Stripe(#[from] stripe::Error),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// What was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CaughtUp {
    /// Events that Stripe listed.
    pub listed: u64,
    /// Of these, the ones that never came as webhooks, and are applied now.
    pub missed: u64,
}

impl Inbox {
    /// Takes every event that Stripe has and that never came. The first time of all there is nothing to catch up
    /// with: that is what reconciling is for.
    ///
    /// # Errors
    /// [`CatchUpError`].
    pub async fn catch_up(&self, stripe: &Client) -> Result<CaughtUp, CatchUpError> {
        let now = self.rules.clock.billing();
        let since = self.db.read(store::find_caught_up_to).await?.unwrap_or(now);
        let list = events::List {
            created_from: Some((since - OVERLAP).max(now - KEPT_BY_STRIPE)),
            limit: Some(100),
            ..events::List::default()
        };
        let mut pages = stripe.pages(list.request());
        let mut found = CaughtUp::default();
        let mut asked_at = None;
        while let Some(page) = pages.next(Deadline::within(PAGE_BUDGET)).await? {
            asked_at.get_or_insert(page.date);
            found.listed += page.value.len() as u64;
            found.missed += self.take_missed(page.value).await?;
        }
        let up_to = asked_at.unwrap_or(now);
        self.db.write(move |conn| store::update_caught_up_to(conn, up_to)).await?;
        Ok(found)
    }

    /// Takes what is not known of a page, the oldest first; how many that were.
    async fn take_missed(&self, page: Vec<events::RawEvent>) -> Result<u64, DbError> {
        let ids: Vec<String> = page.iter().map(|event| event.id.clone()).collect();
        let known = self.db.scan(move |conn| store::list_known(conn, &ids)).await?;
        let mut missed = 0;
        for event in page.into_iter().rev() {
            if known.contains(&event.id) || !apply::is_handled(&event.kind) {
                continue;
            }
            match self.take(event.body.as_bytes()).await {
                Ok(Accepted::Duplicate) => {}
                Ok(_) => missed += 1,
                Err(AcceptError::Db(error)) => return Err(error),
                // One that failed is kept, and the worker tries it on.
                Err(error) => tracing::warn!(event = event.id, %error, "a missed event"),
            }
        }
        Ok(missed)
    }
}
