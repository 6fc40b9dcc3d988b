//! Events about a subscription.

use super::Outcome;
use crate::{
    access,
    billing::{
        Rules,
        customers::{self, Owner},
        refresh,
        subscriptions::{self, Details, Judgement, News, Stamp, SubscriptionRow},
    },
    db::{Conn, DbError},
    stripe::{Event, Subscription},
};

pub(super) fn apply(conn: &mut Conn, rules: &Rules, event: &Event) -> Result<Outcome, DbError> {
    let Some(customer_id) = super::customer_of(event) else {
        return Ok(Outcome::Ignored("no_customer"));
    };
    let owner = customers::find_owner(conn, &customer_id)?;
    if owner == Owner::Foreign {
        return Ok(Outcome::Ignored("foreign_customer"));
    }
    if let Some(user_id) = owner.user_id() {
        access::lock_user(conn, user_id)?;
    }
    let Ok(subscription) = event.object::<Subscription>() else {
        // A shape we cannot read today is not lost: Stripe answers in a version we know.
        return match &event.subject().id {
            Some(id) => wait(conn, rules, id, &event.id),
            None => Ok(Outcome::Ignored("unreadable")),
        };
    };
    let before = subscriptions::find(conn, &subscription.id)?;
    match judge(before.as_ref(), &subscription, event) {
        Judgement::Skip(reason) => Ok(Outcome::Ignored(reason)),
        Judgement::Refresh => wait(conn, rules, &subscription.id, &event.id),
        Judgement::Apply => {
            let news = news(before.as_ref(), &subscription, event, &owner);
            let Some(row) = subscriptions::write(conn, rules, before.as_ref(), &news)? else {
                return Ok(Outcome::Ignored("former_customer"));
            };
            if subscriptions::lacks_details(&row, before.as_ref()) {
                refresh::mark(conn, &row.id, &event.id, rules.clock.wall())?;
                return Ok(Outcome::Marked);
            }
            Ok(Outcome::Applied)
        }
    }
}

/// What to do with the event, knowing the row it is about.
pub(super) fn judge(
    before: Option<&SubscriptionRow>,
    subscription: &Subscription,
    event: &Event,
) -> Judgement {
    if before.is_some_and(SubscriptionRow::was_missing) {
        return Judgement::Refresh;
    }
    let known = before.map(|row| (row.status(), row.stamp()));
    let known = known.as_ref().map(|(status, stamp)| (status, *stamp));
    let on_test_clock = subscription.test_clock.is_some();
    subscriptions::judge(known, &subscription.status, event.created, on_test_clock)
}

/// What the event says, found worth writing over the row before.
pub(super) fn news<'a>(
    before: Option<&SubscriptionRow>,
    subscription: &'a Subscription,
    event: &'a Event,
    owner: &'a Owner,
) -> News<'a> {
    let stamp = Stamp {
        version: event.created,
        settled_before: event.created,
        refresh_no: before.map_or(0, |row| row.refresh_no),
    };
    let details = Details::carried(subscription, before);
    News { subscription, details, stamp, owner, cause: &event.id }
}

fn wait(
    conn: &mut Conn,
    rules: &Rules,
    subscription_id: &str,
    event_id: &str,
) -> Result<Outcome, DbError> {
    refresh::mark(conn, subscription_id, event_id, rules.clock.wall())?;
    Ok(Outcome::Waiting)
}
