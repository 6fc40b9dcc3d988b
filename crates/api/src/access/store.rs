//! Facts in, decision out: what the database holds of access.

use std::collections::HashSet;

use diesel::{dsl::max, prelude::*};
use serde::{Deserialize, Serialize};
use shared::account::{Access, PaymentProblem};
use uuid::Uuid;

use super::{
    MoneyBack,
    policy::{self, Decision, Grant, Policy, SubscriptionFacts},
};
use crate::{
    db::{
        self, Conn, DbError, prepared,
        schema::{access_changes, grants, subscriptions, users},
    },
    stripe::SubscriptionStatus,
};

/// Where a listener stands now; everything about access and billing that an account shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The decision.
    pub access: Access,
    /// The plan of the subscription that counts, whatever its status.
    pub plan: Option<String>,
    /// Stripe's word; `incomplete` before the first payment.
    pub subscription_status: String,
    /// The subscription that counts, `sub_…`.
    pub subscription_id: Option<String>,
    /// End of the period that is running, Unix seconds.
    pub current_period_end: Option<i64>,
    /// When a cancelled subscription ends or ended, Unix seconds.
    pub ends_at: Option<i64>,
    /// End of the trial, Unix seconds.
    pub trial_end: Option<i64>,
    /// Set while a payment is outstanding.
    pub payment_problem: Option<PaymentProblem>,
}

/// A change of access, as the history keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessChange {
    /// When, in billing time.
    pub at: i64,
    /// An event's id, or what else caused it.
    pub cause: String,
    /// What was.
    pub before: Snapshot,
    /// What is since.
    pub after: Snapshot,
}

/// A decision as the history keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Whether episodes opened.
    pub allowed: bool,
    /// Of which plan.
    pub plan: Option<String>,
    /// By which rule.
    pub reason: String,
    /// When it was going to change by itself.
    pub until: Option<i64>,
    /// The subscription that counted.
    pub subscription: Option<String>,
}

impl From<&Decision> for Snapshot {
    fn from(decision: &Decision) -> Self {
        Self {
            allowed: decision.allowed,
            plan: decision.plan.clone(),
            reason: decision.reason.as_str().to_owned(),
            until: decision.until,
            subscription: decision.subscription.clone(),
        }
    }
}

impl Snapshot {
    /// What the history says last; `latest` is its newest line, if there is any.
    pub fn latest(latest: Option<&str>) -> Self {
        latest.map_or_else(nothing_yet, from_text)
    }

    /// A renewal moves `until` and is no change worth a line of history.
    pub fn differs(&self, other: &Self) -> bool {
        (self.allowed, &self.plan, &self.reason, &self.subscription)
            != (other.allowed, &other.plan, &other.reason, &other.subscription)
    }
}

/// A subscription, as far as it decides.
#[derive(Queryable, Selectable)]
#[diesel(table_name = subscriptions)]
pub struct FactsRow {
    id: String,
    status: String,
    plan: Option<String>,
    current_period_end: Option<i64>,
    cancel_at: Option<i64>,
    cancel_at_period_end: bool,
    ended_at: Option<i64>,
    trial_end: Option<i64>,
    pause_behavior: Option<String>,
    pause_resumes_at: Option<i64>,
    paid_until: Option<i64>,
    past_due_since: Option<i64>,
    created_at: i64,
    version: i64,
    latest_invoice: Option<String>,
    money_back: Option<String>,
}

impl From<FactsRow> for SubscriptionFacts {
    fn from(row: FactsRow) -> Self {
        Self {
            id: row.id,
            status: SubscriptionStatus::from(row.status.as_str()),
            plan: row.plan,
            current_period_end: row.current_period_end,
            cancel_at: row.cancel_at,
            cancel_at_period_end: row.cancel_at_period_end,
            ended_at: row.ended_at,
            trial_end: row.trial_end,
            pause_behavior: row.pause_behavior,
            pause_resumes_at: row.pause_resumes_at,
            paid_until: row.paid_until,
            past_due_since: row.past_due_since,
            created: row.created_at,
            as_of: row.version,
            latest_invoice: row.latest_invoice,
            money_back: MoneyBack::from_text(row.money_back.as_deref()),
        }
    }
}

/// A grant, as far as it decides.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = grants)]
pub struct GrantRow {
    id: String,
    plan: String,
    until: Option<i64>,
    revoked_at: Option<i64>,
}

/// One row of users joined with their subscriptions and grants: each subscription beside each grant, `None` where
/// there is none. One statement, because on PostgreSQL each costs a round trip.
pub type JoinedFacts = (Option<FactsRow>, Option<GrantRow>);

/// What decides of one listener.
#[derive(Default)]
pub struct Facts {
    subscriptions: Vec<SubscriptionFacts>,
    grants: Vec<Grant>,
}

impl<S: Into<SubscriptionFacts>> FromIterator<(Option<S>, Option<GrantRow>)> for Facts {
    fn from_iter<I: IntoIterator<Item = (Option<S>, Option<GrantRow>)>>(rows: I) -> Self {
        let mut facts = Self::default();
        let mut seen = HashSet::new();
        for (subscription, grant) in rows {
            if let Some(subscription) = subscription.map(S::into)
                && !facts.subscriptions.iter().any(|known| known.id == subscription.id)
            {
                facts.subscriptions.push(subscription);
            }
            if let Some(GrantRow { id, plan, until, revoked_at }) = grant
                && seen.insert(id)
            {
                facts.grants.push(Grant { plan, until, revoked_at });
            }
        }
        facts
    }
}

impl Facts {
    /// The same, with what is newly known of one of the subscriptions.
    #[must_use]
    pub fn with(mut self, subscription: SubscriptionFacts) -> Self {
        self.subscriptions.retain(|known| known.id != subscription.id);
        self.subscriptions.push(subscription);
        self
    }
}

fn list_facts(conn: &mut Conn, user_id: &str) -> Result<Facts, DbError> {
    let rows: Vec<JoinedFacts> = users::table
        .left_join(subscriptions::table)
        .left_join(grants::table)
        .filter(users::id.eq(user_id))
        .select(JoinedFacts::as_select())
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Where the listener stands at `now`, in billing time.
pub fn standing(
    conn: &mut Conn,
    policy: &Policy,
    user_id: &str,
    now: i64,
) -> Result<Standing, DbError> {
    Ok(Standing::decide(&list_facts(conn, user_id)?, policy, now))
}

impl Standing {
    /// Where a listener with these facts stands at `now`, in billing time.
    pub fn decide(facts: &Facts, policy: &Policy, now: i64) -> Self {
        let Facts { subscriptions, grants } = facts;
        let decision = policy::decide(subscriptions, grants, policy, now);
        let counting = counting(subscriptions, &decision);
        Self {
            plan: counting.and_then(|facts| facts.plan.clone()),
            subscription_status: status_word(counting),
            subscription_id: decision.subscription,
            current_period_end: counting.and_then(|facts| facts.current_period_end),
            ends_at: counting.and_then(|facts| policy::scheduled_end(facts).or(facts.ended_at)),
            trial_end: counting.and_then(|facts| facts.trial_end),
            payment_problem: counting.and_then(|facts| policy::payment_problem(facts, policy)),
            access: Access {
                allowed: decision.allowed,
                plan: decision.plan,
                until: decision.until,
                reason: decision.reason.as_str().to_owned(),
            },
        }
    }
}

fn counting<'a>(
    subscriptions: &'a [SubscriptionFacts],
    decision: &Decision,
) -> Option<&'a SubscriptionFacts> {
    subscriptions.iter().find(|facts| Some(&facts.id) == decision.subscription.as_ref())
}

fn status_word(counting: Option<&SubscriptionFacts>) -> String {
    counting
        .map_or(SubscriptionStatus::Incomplete.as_str(), |facts| facts.status.as_str())
        .to_owned()
}

/// Holds the listener's row until the commit, so that two processes never derive from each other's halves.
/// Whoever writes a listener's facts takes it first. SQLite has one writer anyway.
pub fn lock_user(conn: &mut Conn, user_id: &str) -> Result<(), DbError> {
    if let Conn::Postgres(postgres) = conn {
        users::table.find(user_id).select(users::id).for_no_key_update().execute(postgres)?;
    }
    Ok(())
}

/// Rewrites what the `users` row keeps of the decision, adds a line of history when access changed, and
/// announces the change. Belongs into every commit that changes a listener's subscriptions or grants.
pub fn derive(
    conn: &mut Conn,
    policy: &Policy,
    user_id: &str,
    now: i64,
    cause: &str,
) -> Result<Decision, DbError> {
    lock_user(conn, user_id)?;
    let (decision, derived) = Derived::decide(&list_facts(conn, user_id)?, policy, now);
    prepared(diesel::update(users::table.find(user_id)).set(&derived)).execute(conn)?;
    record_change(conn, user_id, now, cause, Snapshot::from(&decision))?;
    db::notify(conn, user_id)?;
    Ok(decision)
}

/// What the `users` row keeps of a decision.
#[derive(Clone, Debug, PartialEq, Eq, AsChangeset, Serialize)]
#[diesel(table_name = users, treat_none_as_null = true)]
pub struct Derived {
    plan: Option<String>,
    subscription_status: String,
    subscription_id: Option<String>,
    access_until: Option<i64>,
    updated_at: i64,
}

impl Derived {
    /// The decision on these facts at `now`, in billing time, and what to keep of it.
    pub fn decide(facts: &Facts, policy: &Policy, now: i64) -> (Decision, Self) {
        let Facts { subscriptions, grants } = facts;
        let decision = policy::decide(subscriptions, grants, policy, now);
        let counting = counting(subscriptions, &decision);
        let derived = Self {
            plan: counting.and_then(|facts| facts.plan.clone()),
            subscription_status: status_word(counting),
            subscription_id: decision.subscription.clone(),
            access_until: decision.until,
            updated_at: now,
        };
        (decision, derived)
    }
}

fn record_change(
    conn: &mut Conn,
    user_id: &str,
    now: i64,
    cause: &str,
    after: Snapshot,
) -> Result<(), DbError> {
    let before = latest_snapshot(conn, user_id)?;
    if !after.differs(&before) {
        return Ok(());
    }
    diesel::insert_into(access_changes::table)
        .values((
            access_changes::id.eq(Uuid::now_v7().to_string()),
            access_changes::user_id.eq(user_id),
            access_changes::at.eq(now),
            access_changes::cause.eq(cause),
            access_changes::before.eq(to_text(&before)),
            access_changes::after.eq(to_text(&after)),
        ))
        .execute(conn)?;
    Ok(())
}

fn latest_snapshot(conn: &mut Conn, user_id: &str) -> Result<Snapshot, DbError> {
    // Without a LIMIT, which SQLite would prepare anew each time; few changes are of one second.
    let (changes, others) = diesel::alias!(access_changes as changes, access_changes as others);
    let newest = others
        .filter(others.field(access_changes::user_id).eq(user_id))
        .select(max(others.field(access_changes::at)));
    let latest: Option<String> = changes
        .filter(changes.field(access_changes::user_id).eq(user_id))
        .filter(changes.field(access_changes::at).nullable().eq(newest.single_value()))
        .order(changes.field(access_changes::id).desc())
        .select(changes.field(access_changes::after))
        .get_result(conn)
        .optional()?;
    Ok(Snapshot::latest(latest.as_deref()))
}

/// The history of a listener's access, oldest first.
pub fn list_changes(conn: &mut Conn, user_id: &str) -> Result<Vec<AccessChange>, DbError> {
    let rows: Vec<(i64, String, String, String)> = access_changes::table
        .filter(access_changes::user_id.eq(user_id))
        .order((access_changes::at, access_changes::id))
        .select((
            access_changes::at,
            access_changes::cause,
            access_changes::before,
            access_changes::after,
        ))
        .load(conn)?;
    let changes = rows.into_iter().map(|(at, cause, before, after)| AccessChange {
        at,
        cause,
        before: from_text(&before),
        after: from_text(&after),
    });
    Ok(changes.collect())
}

/// Listeners whose access has changed by itself by `now`, those who wait longest first.
pub fn list_due(conn: &mut Conn, now: i64, limit: i64) -> Result<Vec<String>, DbError> {
    let due = users::table
        .filter(users::access_until.le(now))
        .order(users::access_until)
        .limit(limit)
        .select(users::id)
        .load(conn)?;
    Ok(due)
}

fn nothing_yet() -> Snapshot {
    let nothing = policy::decide(&[], &[], &Policy::new([]), 0);
    Snapshot::from(&nothing)
}

fn to_text(snapshot: &Snapshot) -> String {
    serde_json::to_string(snapshot).unwrap_or_default()
}

/// A line of an older program that no longer reads counts as nothing, which at most repeats a line.
fn from_text(text: &str) -> Snapshot {
    serde_json::from_str(text).unwrap_or_else(|_| nothing_yet())
}
