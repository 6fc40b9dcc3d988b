//! The ordinary event, decided on from one read: a subscription that is known goes on, and nothing follows from that
//! but the row and what is derived from it.
//!
//! The judgement, the row and the decision are those of [`super::apply`]; only what is not ordinary is left to that:
//! what is new or of somebody else, what has to be marked, told or mailed, and what changes access. No row is locked
//! by the read. Whoever writes a listener's facts writes the listener's row in the same commit
//! ([`access::derive`](crate::access::derive)), so what was decided holds for as long as that row is what it was.

use std::collections::HashMap;

use super::{Kind, customer_of, store, subscription};
use crate::{
    access::{Derived, Facts, Snapshot},
    billing::{
        Rules,
        customers::Owner,
        subscriptions::{self, Judgement, SubscriptionRow},
    },
    db::{DbError, PgConn},
    stripe::{Event, Subscription},
};

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

/// What the event does; `None` when it is not ordinary.
pub fn decide(conn: &mut PgConn, rules: &Rules, event: &Event) -> Result<Option<Step>, DbError> {
    let ours = event.livemode == rules.livemode && event.account.is_none();
    if !ours || !matches!(Kind::of(&event.kind), Kind::Subscription) {
        return Ok(None);
    }
    let Some(customer_id) = customer_of(event) else { return Ok(None) };
    let Ok(subscription) = event.object::<Subscription>() else { return Ok(None) };
    let listener = store::find_listener(conn, &customer_id)?;
    Ok(listener.and_then(|listener| step(listener, rules, event, &subscription)))
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
