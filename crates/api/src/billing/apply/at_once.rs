//! Ordinary events, decided on from one read: subscriptions that are known go on, and nothing follows from that but
//! their rows and what is derived from them.
//!
//! The judgement, the row and the decision are those of [`super::apply`]; only what is not ordinary is left to that:
//! what is new or of somebody else, what has to be marked, told or mailed, and what changes access. No row is locked
//! by the read. Whoever writes a listener's facts writes the listener's row in the same commit
//! ([`access::derive`](crate::access::derive)), so what was decided holds for as long as that row is what it was.

use std::{collections::HashMap, sync::Arc};

use super::{Kind, customer_of, store, subscription};
use crate::{
    access::{Derived, Facts, Snapshot},
    billing::{
        Rules,
        customers::Owner,
        subscriptions::{self, Judgement, SubscriptionRow},
    },
    db::{DbError, PgConn},
    stripe::{Event, Notification, Subscription},
};

/// An event that may be ordinary.
#[derive(Debug)]
pub struct Candidate {
    notification: Arc<Notification>,
    customer_id: String,
    subscription: Subscription,
}

impl Candidate {
    /// `None` when the event cannot be ordinary, whatever is known of its subscription.
    pub fn of(rules: &Rules, notification: &Arc<Notification>) -> Option<Self> {
        let event = snapshot(notification)?;
        let ours = event.livemode == rules.livemode && event.account.is_none();
        if !ours || !matches!(Kind::of(&event.kind), Kind::Subscription) {
            return None;
        }
        let customer_id = customer_of(event)?;
        let subscription = event.object().ok()?;
        Some(Self { notification: Arc::clone(notification), customer_id, subscription })
    }
}

fn snapshot(notification: &Notification) -> Option<&Event> {
    match notification {
        Notification::Snapshot(event) => Some(event),
        Notification::Thin(_) => None,
    }
}

/// What an ordinary event does.
#[derive(Debug)]
pub struct Step {
    /// The subscription from now on.
    pub row: SubscriptionRow,
    /// What the listener's row keeps of the decision.
    pub derived: Derived,
    /// The listener.
    pub user_id: String,
    /// Which version of the listener's row was read; see [`crate::db::RowVersion`].
    pub user_version: i32,
    /// Which version of the subscription's row was read.
    pub subscription_version: i32,
}

/// A listener as read for one event.
pub(super) struct Listener {
    pub(super) user_id: String,
    pub(super) version: i32,
    pub(super) had_trial: bool,
    /// What the history says last.
    pub(super) latest: Snapshot,
    pub(super) subscriptions: Vec<(SubscriptionRow, i32)>,
    pub(super) facts: Facts,
}

/// What each event does; `None` for one that is not ordinary, and for all but the first of a listener's: what the
/// second does depends on the first.
pub fn decide(
    conn: &mut PgConn,
    rules: &Rules,
    candidates: &[&Candidate],
) -> Result<Vec<Option<Step>>, DbError> {
    let customers = candidates.iter().map(|candidate| candidate.customer_id.as_str()).collect();
    let mut listeners = store::find_listeners(conn, customers)?;
    let mut decide = |candidate: &&Candidate| {
        let listener = listeners.remove(&candidate.customer_id)?;
        step(listener, rules, snapshot(&candidate.notification)?, &candidate.subscription)
    };
    Ok(candidates.iter().map(&mut decide).collect())
}

fn step(
    listener: Listener,
    rules: &Rules,
    event: &Event,
    subscription: &Subscription,
) -> Option<Step> {
    let known = listener.subscriptions.iter().find(|(row, _)| row.id == subscription.id);
    let (before, subscription_version) = known?;
    let first_trial = subscription.trial_start.is_some() && !listener.had_trial;
    if first_trial || !subscriptions::unnamed_prices(rules, subscription).is_empty() {
        return None;
    }
    let Judgement::Apply = subscription::judge(Some(before), subscription, event) else {
        return None;
    };
    let owner = Owner::User(listener.user_id.clone());
    let news = subscription::news(Some(before), subscription, event, &owner);
    let row = subscriptions::row_of(rules, &news, &HashMap::new())?;
    if !subscriptions::is_quiet(rules, subscription, before, &row) {
        return None;
    }
    let facts = listener.facts.with((&row).into());
    let (decision, derived) = Derived::decide(&facts, &rules.policy, rules.clock.billing());
    if Snapshot::from(&decision).differs(&listener.latest) {
        return None;
    }
    Some(Step {
        row,
        derived,
        user_id: listener.user_id,
        user_version: listener.version,
        subscription_version: *subscription_version,
    })
}
