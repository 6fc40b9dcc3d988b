//! The one way in which a subscription is written: row, alerts and derived access in one commit.

use std::collections::HashMap;

use super::{
    Details, Offer, Stamp, SubscriptionRow, awaits_first_payment, lacks_details, plan_of,
    row::{self, Context, UNKNOWN_AT_STRIPE},
    store,
};
use crate::{
    access,
    billing::{
        Rules,
        alerts::{self, AlertKind},
        customers::Owner,
        happenings,
    },
    db::{Conn, DbError},
    stripe::{Subscription, SubscriptionStatus},
};

/// Something Stripe said about a subscription, found worth writing.
pub struct News<'a> {
    /// What it said.
    pub subscription: &'a Subscription,
    /// What the object does not tell.
    pub details: Details,
    /// How new it is.
    pub stamp: Stamp,
    /// Whose customer it is.
    pub owner: &'a Owner,
    /// An event's id, or what else brought it.
    pub cause: &'a str,
}

/// The row that `news` would make; `None` without a listener to own it.
pub fn preview(
    conn: &mut Conn,
    rules: &Rules,
    news: &News<'_>,
) -> Result<Option<SubscriptionRow>, DbError> {
    let prices = match &unnamed_prices(rules, news.subscription)[..] {
        [] => HashMap::new(),
        price_ids => store::find_plans(conn, price_ids)?,
    };
    Ok(row_of(rules, news, &prices))
}

/// The prices of what no product's id names as a plan of ours: what they were sold as has to be looked up.
pub fn unnamed_prices<'a>(rules: &Rules, subscription: &'a Subscription) -> Vec<&'a str> {
    let offers = Offer::all(subscription);
    let unnamed = offers.iter().filter(|offer| offer.plan_by_product(&rules.policy).is_none());
    unnamed.filter_map(|offer| offer.price).collect()
}

/// [`preview`], knowing the plans of [`unnamed_prices`].
pub fn row_of(
    rules: &Rules,
    news: &News<'_>,
    prices: &HashMap<String, String>,
) -> Option<SubscriptionRow> {
    let user_id = news.owner.user_id()?;
    let plan = plan_of(&Offer::all(news.subscription), &rules.policy, prices);
    let context = Context { user_id, plan, stamp: news.stamp, now: rules.clock.billing() };
    Some(row::row(news.subscription, news.details.clone(), context))
}

/// Writes `news` over `before`, which was read under the listener's lock, and whatever follows from it.
/// Without a listener to own it there is nothing to write, but a live subscription is told to the operator.
pub fn write(
    conn: &mut Conn,
    rules: &Rules,
    before: Option<&SubscriptionRow>,
    news: &News<'_>,
) -> Result<Option<SubscriptionRow>, DbError> {
    if let Owner::Former(_) = news.owner {
        report_tombstone(conn, news.subscription, rules.clock.billing())?;
    }
    let Some(row) = preview(conn, rules, news)? else { return Ok(None) };
    match before {
        Some(_) => store::update(conn, &row)?,
        None => store::insert(conn, &row)?,
    }
    settle(conn, rules, before, &row, news.subscription.trial_start.is_some(), news.cause)?;
    let settled = awaits_first_payment(news.subscription).is_some();
    happenings::tell(conn, rules, before, &row, settled)?;
    Ok(Some(row))
}

/// Tells the operator of a subscription of a customer that was given up, for as long as it lives.
pub fn report_tombstone(
    conn: &mut Conn,
    subscription: &Subscription,
    now: i64,
) -> Result<(), DbError> {
    let message =
        "A subscription of a customer that was given up is still alive; cancel it at Stripe.";
    let alive = !subscription.status.is_final();
    set_alert(conn, alive, AlertKind::Tombstone, &subscription.id, message, now)
}

/// Ends a subscription that Stripe does not know any more.
pub fn end_unknown(
    conn: &mut Conn,
    rules: &Rules,
    before: SubscriptionRow,
    date: i64,
    cause: &str,
) -> Result<SubscriptionRow, DbError> {
    let row = SubscriptionRow {
        status: SubscriptionStatus::Canceled.as_str().to_owned(),
        ended_at: Some(date),
        end_reason: Some(UNKNOWN_AT_STRIPE.to_owned()),
        version: date,
        settled_before: date,
        refresh_no: before.refresh_no + 1,
        updated_at: rules.clock.billing(),
        ..before.clone()
    };
    store::update(conn, &row)?;
    settle(conn, rules, Some(&before), &row, false, cause)?;
    happenings::tell(conn, rules, Some(&before), &row, true)?;
    Ok(row)
}

/// What follows from a row, in the same commit: alerts, the one trial, derived access.
///
/// Invariant: an alert is open while the rows say what it says, so it is looked at only when a row says otherwise
/// than before.
fn settle(
    conn: &mut Conn,
    rules: &Rules,
    before: Option<&SubscriptionRow>,
    row: &SubscriptionRow,
    had_trial: bool,
    cause: &str,
) -> Result<(), DbError> {
    let Some(user_id) = &row.user_id else { return Ok(()) };
    let now = rules.clock.billing();
    if had_trial {
        store::update_had_trial(conn, user_id)?;
    }
    let before = before.filter(|before| before.user_id == row.user_id);
    if changes(before, row, is_unsold) {
        let message =
            "A listener pays for a product that the catalog does not sell; it opens nothing.";
        set_alert(conn, is_unsold(row), AlertKind::UnknownProduct, &row.id, message, now)?;
    }
    if changes(before, row, SubscriptionRow::is_paying) {
        let twice = store::count_paying(conn, user_id)? > 1;
        let message =
            "A listener has more than one live subscription; cancel and refund one at Stripe.";
        set_alert(conn, twice, AlertKind::SecondSubscription, user_id, message, now)?;
    }
    access::derive(conn, &rules.policy, user_id, now, cause)?;
    Ok(())
}

/// Whether money may move for something that is not sold here.
fn is_unsold(row: &SubscriptionRow) -> bool {
    row.is_live() && row.plan.is_none()
}

/// Whether `row` says otherwise about something than the row before it, or says it first.
fn changes(
    before: Option<&SubscriptionRow>,
    row: &SubscriptionRow,
    says: impl Fn(&SubscriptionRow) -> bool,
) -> bool {
    before.map(&says) != Some(says(row))
}

/// Whether nothing follows from `row` in the place of `before`, of the same listener, but derived access: no alert,
/// no mail, no question to Stripe. What [`write`] does with `subscription` besides writing is then nothing.
pub fn is_quiet(
    rules: &Rules,
    subscription: &Subscription,
    before: &SubscriptionRow,
    row: &SubscriptionRow,
) -> bool {
    let (known, now) = (Some(before), rules.clock.billing());
    let settled = awaits_first_payment(subscription).is_some();
    !changes(known, row, is_unsold)
        && !changes(known, row, SubscriptionRow::is_paying)
        && !lacks_details(row, known)
        && happenings::happenings(known, row, settled, &rules.policy, now).is_empty()
}

fn set_alert(
    conn: &mut Conn,
    on: bool,
    kind: AlertKind,
    subject: &str,
    message: &str,
    now: i64,
) -> Result<(), DbError> {
    if on {
        alerts::raise(conn, kind, subject, message, now)
    } else {
        alerts::resolve(conn, kind, subject, now)
    }
}
