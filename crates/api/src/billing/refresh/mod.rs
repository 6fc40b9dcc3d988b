//! Reading from Stripe what events could not tell, and writing it only if nothing newer was written meanwhile.
//!
//! No transaction is open while Stripe is asked. Before the question the row's stamp is read; the answer is
//! written only over the same stamp, else Stripe is asked again.

mod behind;
mod details;
mod money_back;
mod store;

use std::{collections::HashMap, time::Duration};

use tokio::time::Instant;

use super::{
    Rules,
    customers::{self, Owner},
    subscriptions::{self, Details, News, Stamp, SubscriptionRow},
};
use crate::{
    access,
    db::{Conn, Db, DbError},
    stripe::{self, Client, Deadline, Response, Subscription},
};
pub use behind::can_read;
pub use store::{Leased, finish, lease, mark, next_due, postpone, release};

/// The mark of what is on sale, beside the ids of objects.
pub const CATALOG: &str = "catalog";

/// How often Stripe is asked again because something newer was written meanwhile.
const TRIES: usize = 5;

/// For all calls of one subscription's refresh.
const BUDGET: Duration = Duration::from_secs(10);

/// For all calls of one customer's refresh, which may take several pages.
const CUSTOMER_BUDGET: Duration = Duration::from_secs(60);

/// Why a refresh did not come to an end.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// Stripe did not tell.
    #[error(transparent)]
    Stripe(#[from] stripe::Error),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// Events kept overtaking the answers.
    #[error("something newer was written each time Stripe had answered")]
    Overtaken,
}

/// How a refresh ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// The rows say what Stripe says.
    Current,
    /// It belongs to nobody we know.
    Foreign,
}

/// What was stored before Stripe was asked, and when it was asked.
pub struct Look {
    stamps: HashMap<String, Stamp>,
    asked: Instant,
}

impl Look {
    fn new(rows: &[SubscriptionRow]) -> Self {
        Self {
            stamps: rows.iter().map(|row| (row.id.clone(), row.stamp())).collect(),
            asked: Instant::now(),
        }
    }

    /// The stamp of an answer dated `date`. The second the question was sent in is reckoned on Stripe's clock.
    fn stamp(&self, id: &str, date: i64) -> Stamp {
        let whole_seconds = self.asked.elapsed().as_millis().div_ceil(1_000);
        let elapsed = i64::try_from(whole_seconds).unwrap_or(i64::MAX);
        Stamp {
            version: date,
            settled_before: date.saturating_sub(elapsed),
            refresh_no: self.stamps.get(id).map_or(0, |stamp| stamp.refresh_no) + 1,
        }
    }
}

/// Asks Stripe and writes the answer.
#[derive(Clone)]
pub struct Refresher {
    db: Db,
    stripe: Client,
    rules: Rules,
}

impl Refresher {
    /// One that asks through `stripe`.
    pub fn new(db: Db, stripe: Client, rules: Rules) -> Self {
        Self { db, stripe, rules }
    }

    /// What it goes by.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Whether Stripe is known to be down, so that asking would fail.
    pub fn is_paused(&self) -> bool {
        self.stripe.refuses().is_some()
    }

    pub(in crate::billing) fn stripe(&self) -> &Client {
        &self.stripe
    }

    pub(in crate::billing) fn db(&self) -> &Db {
        &self.db
    }

    /// Reads a `sub_…`, or all subscriptions of a `cus_…` or of the customer behind anything else.
    pub async fn refresh(&self, target: &str, cause: &str) -> Result<Refreshed, RefreshError> {
        if target.starts_with("sub_") {
            return self.refresh_subscription(target, cause).await;
        }
        if target.starts_with("cus_") {
            return self.refresh_customer(target, cause).await;
        }
        let Some(customer) = self.customer_behind(target, Deadline::within(BUDGET)).await? else {
            return Ok(Refreshed::Foreign);
        };
        self.note_customer(target, &customer).await?;
        self.refresh_customer(&customer, cause).await
    }

    /// Reads one subscription.
    pub async fn refresh_subscription(
        &self,
        id: &str,
        cause: &str,
    ) -> Result<Refreshed, RefreshError> {
        let deadline = Deadline::within(BUDGET);
        for _ in 0..TRIES {
            let before = self.find(id).await?;
            if before.as_ref().is_some_and(SubscriptionRow::has_ended) {
                return Ok(Refreshed::Current);
            }
            let look = Look::new(before.as_slice());
            let request = stripe::subscriptions::retrieve(id)
                .expand("default_payment_method")
                .expand("latest_invoice");
            let written = match self.stripe.send(&request, deadline).await {
                Ok(answer) => {
                    self.write_within(&look, &answer.value, answer.date, cause, deadline).await?
                }
                Err(error) if error.is_missing("subscription") => {
                    self.write_missing(look, id, cause).await?
                }
                Err(error) => return Err(error.into()),
            };
            if let Some(refreshed) = written {
                return Ok(refreshed);
            }
        }
        Err(RefreshError::Overtaken)
    }

    /// Reads a customer and all its subscriptions.
    pub async fn refresh_customer(
        &self,
        customer_id: &str,
        cause: &str,
    ) -> Result<Refreshed, RefreshError> {
        let deadline = Deadline::within(CUSTOMER_BUDGET);
        let owner = self.find_owner(customer_id).await?;
        if owner.user_id().is_none() {
            return Ok(Refreshed::Foreign);
        }
        self.refresh_customer_row(customer_id, &owner, deadline).await?;

        let stored = self.list_of_customer(customer_id).await?;
        let look = Look::new(&stored);
        let theirs = stripe::subscriptions::List {
            customer: Some(customer_id.to_owned()),
            ..stripe::subscriptions::List::every_status()
        };
        let theirs = theirs.request().expand("data.latest_invoice");
        let answer = match self.stripe.list_all(theirs, deadline).await {
            Ok(answer) => answer,
            Err(error) if error.is_missing("customer") => {
                // Not even the customer is known: each subscription is asked for by itself below.
                Response { value: Vec::new(), date: 0, request_id: None }
            }
            Err(error) => return Err(error.into()),
        };
        for subscription in &answer.value {
            let known = stored.iter().find(|row| row.id == subscription.id);
            if known.is_some_and(SubscriptionRow::has_ended) {
                continue;
            }
            if self.write_within(&look, subscription, answer.date, cause, deadline).await?.is_none()
            {
                self.refresh_subscription(&subscription.id, cause).await?;
            }
        }
        for row in stored.iter().filter(|row| !row.status().is_final()) {
            if !answer.value.iter().any(|subscription| subscription.id == row.id) {
                self.refresh_subscription(&row.id, cause).await?;
            }
        }
        Ok(Refreshed::Current)
    }

    /// To be called before Stripe is asked for something that contains subscriptions of this customer; see
    /// [`Self::write_answer`].
    pub async fn look_at_customer(&self, customer_id: &str) -> Result<Look, RefreshError> {
        Ok(Look::new(&self.list_of_customer(customer_id).await?))
    }

    /// Writes a subscription that came with an answer of Stripe's dated `date`, as a refresh. When something
    /// newer was written since `look`, Stripe is asked for it by itself.
    pub async fn write_answer(
        &self,
        look: &Look,
        subscription: &Subscription,
        date: i64,
        cause: &str,
    ) -> Result<Refreshed, RefreshError> {
        let deadline = Deadline::within(BUDGET);
        match self.write_within(look, subscription, date, cause, deadline).await? {
            Some(refreshed) => Ok(refreshed),
            None => self.refresh_subscription(&subscription.id, cause).await,
        }
    }

    /// `None` when something newer was written since `look`.
    async fn write_within(
        &self,
        look: &Look,
        subscription: &Subscription,
        date: i64,
        cause: &str,
        deadline: Deadline,
    ) -> Result<Option<Refreshed>, RefreshError> {
        let stamp = look.stamp(&subscription.id, date);
        let expected = look.stamps.get(&subscription.id).copied();
        let details = self.details(subscription, deadline).await?;
        let (rules, subscription, cause) =
            (self.rules.clone(), subscription.clone(), cause.to_owned());
        let written = self.db.write(move |conn| {
            let owner = owner_of(conn, &subscription)?;
            write_if_unchanged(
                conn,
                &rules,
                &subscription,
                details,
                stamp,
                expected,
                &owner,
                &cause,
            )
        });
        Ok(written.await?)
    }

    /// `None` when something newer was written since `look`.
    async fn write_missing(
        &self,
        look: Look,
        id: &str,
        cause: &str,
    ) -> Result<Option<Refreshed>, RefreshError> {
        let Some(expected) = look.stamps.get(id).copied() else {
            return Ok(Some(Refreshed::Foreign));
        };
        let (rules, id, cause) = (self.rules.clone(), id.to_owned(), cause.to_owned());
        let written = self.db.write(move |conn| {
            let Some(before) = find_locked(conn, &id)? else { return Ok::<_, DbError>(None) };
            if before.stamp() != expected {
                return Ok(None);
            }
            if before.was_missing() {
                return Ok(Some(Refreshed::Current));
            }
            let now = rules.clock.billing();
            subscriptions::end_unknown(conn, &rules, before, now, &cause)?;
            Ok(Some(Refreshed::Current))
        });
        Ok(written.await?)
    }

    /// Has events that only name `object` found by their customer from now on, and so erased with the account.
    async fn note_customer(&self, object: &str, customer_id: &str) -> Result<(), DbError> {
        let (object, customer_id) = (object.to_owned(), customer_id.to_owned());
        self.db.write(move |conn| store::update_customer(conn, &object, &customer_id)).await
    }

    async fn find(&self, id: &str) -> Result<Option<SubscriptionRow>, DbError> {
        let id = id.to_owned();
        self.db.read(move |conn| subscriptions::find(conn, &id)).await
    }

    async fn find_owner(&self, customer_id: &str) -> Result<Owner, DbError> {
        let customer_id = customer_id.to_owned();
        self.db.read(move |conn| customers::find_owner(conn, &customer_id)).await
    }

    async fn list_of_customer(&self, customer_id: &str) -> Result<Vec<SubscriptionRow>, DbError> {
        let customer_id = customer_id.to_owned();
        self.db.read(move |conn| subscriptions::list_of_customer(conn, &customer_id)).await
    }
}

fn owner_of(conn: &mut Conn, subscription: &Subscription) -> Result<Owner, DbError> {
    subscription
        .customer_id()
        .map_or(Ok(Owner::Foreign), |customer| customers::find_owner(conn, customer))
}

/// The row, read under its listener's lock.
fn find_locked(conn: &mut Conn, id: &str) -> Result<Option<SubscriptionRow>, DbError> {
    if let Some(user_id) = subscriptions::find(conn, id)?.and_then(|row| row.user_id) {
        access::lock_user(conn, &user_id)?;
    }
    subscriptions::find(conn, id)
}

#[expect(
    clippy::too_many_arguments,
    reason = "one commit, and every part of it comes from elsewhere"
)]
fn write_if_unchanged(
    conn: &mut Conn,
    rules: &Rules,
    subscription: &Subscription,
    details: Details,
    stamp: Stamp,
    expected: Option<Stamp>,
    owner: &Owner,
    cause: &str,
) -> Result<Option<Refreshed>, DbError> {
    if let Some(user_id) = owner.user_id() {
        access::lock_user(conn, user_id)?;
    }
    let before = subscriptions::find(conn, &subscription.id)?;
    if before.as_ref().map(SubscriptionRow::stamp) != expected {
        return Ok(None);
    }
    let news = News { subscription, details, stamp, owner, cause };
    let row = subscriptions::write(conn, rules, before.as_ref(), &news)?;
    Ok(Some(if row.is_some() { Refreshed::Current } else { Refreshed::Foreign }))
}
