//! Repair: all of Stripe's subscriptions against ours, page by page, whatever got lost on the way.
//!
//! A difference is not repaired from the page, which may be old by then, but by an ordinary refresh. So a repair
//! can never undo something newer, and reconciling while events come in is safe.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    time::Duration,
};

use super::{
    customers::{self, Owner},
    refresh::{self, RefreshError, Refresher},
    subscriptions::{self, Details, News, Stamp, SubscriptionRow},
};
use crate::{
    db::{Conn, DbError},
    stripe::{Deadline, Subscription, subscriptions::List},
};

const CAUSE: &str = "reconcile";

/// For one page, with Stripe slow and trying again.
const PAGE_BUDGET: Duration = Duration::from_secs(60);

/// A subscription that was not as Stripe says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// `sub_…`.
    pub subscription: String,
    /// `cus_…`.
    pub customer: String,
    /// The listener's login; `None` once the account is gone.
    pub listener: Option<String>,
    /// What was stored; `None` for nothing.
    pub stored: Option<String>,
    /// What Stripe says; `None` when it does not know the subscription.
    pub stripe: Option<String>,
    /// What differs beside that, by name.
    pub also: Vec<&'static str>,
    /// Whether it was repaired.
    pub repaired: bool,
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_nothing =
            |said: &Option<String>| said.clone().unwrap_or_else(|| "nothing".to_owned());
        let done = if self.repaired { "repaired" } else { "left" };
        let (stored, stripe) = (or_nothing(&self.stored), or_nothing(&self.stripe));
        let who = self.listener.as_deref().unwrap_or("nobody any more");
        write!(
            f,
            "{} of {} ({who}): stored {stored}; Stripe says {stripe}",
            self.subscription, self.customer
        )?;
        if !self.also.is_empty() {
            write!(f, " (differs in {})", self.also.join(", "))?;
        }
        write!(f, "; {done}")
    }
}

/// What a run found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Subscriptions that Stripe listed.
    pub seen: u64,
    /// Of these, the ones of our listeners.
    pub ours: u64,
    /// Differences.
    pub drifted: u64,
    /// Of these, the ones that are gone.
    pub repaired: u64,
}

/// Compares everything, and unless `dry_run` repairs what differs. `tell` hears of each difference and, with
/// `None`, of each finished page.
pub async fn reconcile(
    refresher: &Refresher,
    dry_run: bool,
    mut tell: impl FnMut(Option<&Drift>, &Report),
) -> Result<Report, RefreshError> {
    let mut report = Report::default();
    // Stripe lists the newest first, so each page covers a stretch of time that ends where the last one began.
    let mut until = i64::MAX;
    let mut last_page: Vec<String> = Vec::new();
    let mut pages =
        refresher.stripe().pages(List::every_status().request().expand("data.latest_invoice"));
    let mut next = pages.next(Deadline::within(PAGE_BUDGET)).await?;
    while let Some(page) = next {
        next = pages.next(Deadline::within(PAGE_BUDGET)).await?;
        let from = match &next {
            Some(_) => {
                page.value.iter().map(|subscription| subscription.created).min().unwrap_or(until)
            }
            None => i64::MIN,
        };
        report.seen += page.value.len() as u64;
        let ids: Vec<String> =
            page.value.iter().map(|subscription| subscription.id.clone()).collect();
        let compared = compare(refresher, page.value).await?;
        report.ours += compared.ours;
        if !dry_run && !compared.orphans.is_empty() {
            report_orphans(refresher, compared.orphans).await?;
        }
        // A row made in the second where two pages meet may be on either.
        let following =
            next.iter().flat_map(|page| &page.value).map(|subscription| &subscription.id);
        let listed = ids.iter().chain(&last_page).chain(following).cloned().collect();
        let missing = unlisted(refresher, from, until, listed).await?;
        for mut drift in compared.drifts.into_iter().chain(missing) {
            if !dry_run {
                drift.repaired = repair(refresher, &drift.subscription).await?;
            }
            report.drifted += 1;
            report.repaired += u64::from(drift.repaired);
            tell(Some(&drift), &report);
        }
        tell(None, &report);
        (until, last_page) = (from, ids);
    }
    Ok(report)
}

/// Whether it was written as Stripe says. One that cannot be read now does not keep the others from being repaired: a
/// worker tries on.
async fn repair(refresher: &Refresher, subscription: &str) -> Result<bool, DbError> {
    let before = stamp_of(refresher, subscription).await?;
    let error = match refresher.refresh_subscription(subscription, CAUSE).await {
        Ok(_) => return Ok(stamp_of(refresher, subscription).await? != before),
        Err(RefreshError::Db(error)) => return Err(error),
        Err(error) => error,
    };
    tracing::warn!(subscription, %error, "a difference could not be repaired yet");
    let (id, now) = (subscription.to_owned(), refresher.rules().clock.wall());
    refresher.db().write(move |conn| refresh::mark(conn, &id, CAUSE, now)).await?;
    Ok(false)
}

async fn stamp_of(refresher: &Refresher, subscription: &str) -> Result<Option<Stamp>, DbError> {
    let id = subscription.to_owned();
    let row = refresher.db().read(move |conn| subscriptions::find(conn, &id)).await?;
    Ok(row.as_ref().map(SubscriptionRow::stamp))
}

/// Raises an alert for each subscription that lives on although its account is gone.
async fn report_orphans(refresher: &Refresher, orphans: Vec<Subscription>) -> Result<(), DbError> {
    let now = refresher.rules().clock.billing();
    let written = refresher.db().write(move |conn| {
        orphans.iter().try_for_each(|orphan| subscriptions::report_tombstone(conn, orphan, now))
    });
    written.await
}

struct Compared {
    ours: u64,
    drifts: Vec<Drift>,
    /// Of customers whose accounts are gone.
    orphans: Vec<Subscription>,
}

/// The differences between a page of Stripe's and the rows of the same ids.
async fn compare(refresher: &Refresher, page: Vec<Subscription>) -> Result<Compared, DbError> {
    let rules = refresher.rules().clone();
    let compared = refresher.db().scan(move |conn| {
        let ids: Vec<&str> = page.iter().map(|subscription| subscription.id.as_str()).collect();
        let customers: Vec<&str> = page.iter().filter_map(Subscription::customer_id).collect();
        let owners = customers::find_owners(conn, &customers)?;
        let stored = subscriptions::list(conn, &ids)?;
        let stored: HashMap<&str, &SubscriptionRow> =
            stored.iter().map(|row| (row.id.as_str(), row)).collect();
        let mut compared = Compared { ours: 0, drifts: Vec::new(), orphans: Vec::new() };
        for subscription in &page {
            let owner = subscription.customer_id().and_then(|customer| owners.get(customer));
            let Some(owner) = owner else { continue };
            if owner.user_id().is_none() {
                // Of an account that is gone: nobody hears of it but the operator.
                compared.orphans.push(subscription.clone());
                continue;
            }
            compared.ours += 1;
            let before = stored.get(subscription.id.as_str()).copied();
            // What ended on both sides stays as it was, though its plan may be sold no more.
            if subscription.status.is_final() && before.is_some_and(SubscriptionRow::has_ended) {
                continue;
            }
            let Some(after) = said(conn, &rules, subscription, owner, before)? else { continue };
            if before.is_none_or(|before| !before.says_the_same_as(&after)) {
                compared.drifts.push(Drift {
                    subscription: after.id.clone(),
                    customer: after.customer_id.clone(),
                    listener: listener(conn, &after)?,
                    also: before.map(|before| before.differences(&after)).unwrap_or_default(),
                    stored: before.map(summary),
                    stripe: Some(summary(&after)),
                    repaired: false,
                });
            }
        }
        Ok::<_, DbError>(compared)
    });
    compared.await
}

/// The row that Stripe's answer would make, with the details that only a refresh asks for as they are.
fn said(
    conn: &mut Conn,
    rules: &super::Rules,
    subscription: &Subscription,
    owner: &Owner,
    before: Option<&SubscriptionRow>,
) -> Result<Option<SubscriptionRow>, DbError> {
    let details = Details::carried(subscription, before);
    let stamp = before
        .map_or(Stamp { version: 0, settled_before: 0, refresh_no: 0 }, SubscriptionRow::stamp);
    let news = News { subscription, details, stamp, owner, cause: CAUSE };
    subscriptions::preview(conn, rules, &news)
}

/// Rows made in a stretch of time that seem to live, but that Stripe did not list.
async fn unlisted(
    refresher: &Refresher,
    from: i64,
    until: i64,
    listed: HashSet<String>,
) -> Result<Vec<Drift>, DbError> {
    let found = refresher.db().scan(move |conn| {
        let mut ids = subscriptions::list_live_created_between(conn, from, until)?;
        ids.retain(|id| !listed.contains(id));
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let missing = subscriptions::list(conn, &ids)?;
        let drift = |row: &SubscriptionRow| {
            Ok(Drift {
                subscription: row.id.clone(),
                customer: row.customer_id.clone(),
                listener: listener(conn, row)?,
                stored: Some(summary(row)),
                stripe: None,
                also: Vec::new(),
                repaired: false,
            })
        };
        missing.iter().map(drift).collect()
    });
    found.await
}

/// The login of a subscription's listener.
fn listener(conn: &mut Conn, row: &SubscriptionRow) -> Result<Option<String>, DbError> {
    let person = customers::find_person(conn, &row.customer_id)?;
    Ok(person.map(|person| person.email))
}

fn summary(row: &SubscriptionRow) -> String {
    let plan = row.plan.as_deref().unwrap_or("no plan of ours");
    let end = row.cancel_at.or(row.current_period_end.filter(|_| row.cancel_at_period_end));
    match end {
        Some(end) => format!("{} {plan} until {end}", row.status),
        None => format!("{} {plan}", row.status),
    }
}
