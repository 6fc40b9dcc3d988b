//! The rows of subscriptions.

use std::collections::HashMap;

use diesel::prelude::*;
use serde::Serialize;

use crate::db::{
    Conn, DbError, prepared,
    schema::{prices, refreshes, subscriptions, users},
};

const FINAL: [&str; 2] = ["canceled", "incomplete_expired"];

/// A subscription as it is kept. Times are Unix seconds; words are Stripe's.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    Queryable,
    Selectable,
    Insertable,
    AsChangeset,
    Identifiable,
    Serialize,
)]
#[diesel(table_name = subscriptions, treat_none_as_null = true)]
pub struct SubscriptionRow {
    /// `sub_…`.
    pub id: String,
    /// `cus_…`.
    pub customer_id: String,
    /// The listener; `None` once the account is erased.
    pub user_id: Option<String>,
    /// Where it stands.
    pub status: String,
    /// The product of what decides the plan.
    pub product_id: Option<String>,
    /// The price of what decides the plan.
    pub price_id: Option<String>,
    /// The plan's id; `None` for a product that is not sold here.
    pub plan: Option<String>,
    /// `day`, `week`, `month`, `year`.
    pub interval: Option<String>,
    /// Minor units per interval.
    pub amount: Option<i64>,
    /// Lower-case ISO 4217 code.
    pub currency: String,
    /// End of the period that is running.
    pub current_period_end: Option<i64>,
    /// One encoding of a planned end.
    pub cancel_at: Option<i64>,
    /// The other one.
    pub cancel_at_period_end: bool,
    /// When it ended.
    pub ended_at: Option<i64>,
    /// End of the trial.
    pub trial_end: Option<i64>,
    /// How payments are not collected for a while.
    pub pause_behavior: Option<String>,
    /// When they are collected again.
    pub pause_resumes_at: Option<i64>,
    /// When the oldest unpaid invoice was made, while past_due.
    pub past_due_since: Option<i64>,
    /// End of what was paid, while invoices are voided or the first payment has not come.
    pub paid_until: Option<i64>,
    /// `pm_…`, when it has one of its own.
    pub default_payment_method: Option<String>,
    /// Brand of the card that is charged next.
    pub card_brand: Option<String>,
    /// Its last four digits.
    pub card_last4: Option<String>,
    /// Its month of expiry.
    pub card_exp_month: Option<i64>,
    /// Its year of expiry.
    pub card_exp_year: Option<i64>,
    /// Why it ended: Stripe's word, or `unknown_at_stripe`.
    pub end_reason: Option<String>,
    /// See [`super::Stamp`].
    pub version: i64,
    /// See [`super::Stamp`].
    pub settled_before: i64,
    /// See [`super::Stamp`].
    pub refresh_no: i64,
    /// Stripe's `created`.
    pub created_at: i64,
    /// When this row was last written.
    pub updated_at: i64,
    /// `in_…`, made last.
    pub latest_invoice: Option<String>,
    /// See [`crate::access::MoneyBack`].
    pub money_back: Option<String>,
}

/// A subscription by Stripe's id.
pub fn find(conn: &mut Conn, id: &str) -> Result<Option<SubscriptionRow>, DbError> {
    Ok(subscriptions::table
        .find(id)
        .select(SubscriptionRow::as_select())
        .get_result(conn)
        .optional()?)
}

/// The subscriptions among `ids` that are kept.
pub fn list(conn: &mut Conn, ids: &[&str]) -> Result<Vec<SubscriptionRow>, DbError> {
    let rows = subscriptions::table.filter(subscriptions::id.eq_any(ids));
    Ok(rows.select(SubscriptionRow::as_select()).load(conn)?)
}

/// The subscriptions of a customer.
pub fn list_of_customer(
    conn: &mut Conn,
    customer_id: &str,
) -> Result<Vec<SubscriptionRow>, DbError> {
    let rows = subscriptions::table.filter(subscriptions::customer_id.eq(customer_id));
    Ok(rows.select(SubscriptionRow::as_select()).load(conn)?)
}

/// The subscriptions of a listener, oldest first.
pub fn list_of_user(conn: &mut Conn, user_id: &str) -> Result<Vec<SubscriptionRow>, DbError> {
    let rows = subscriptions::table
        .filter(subscriptions::user_id.eq(user_id))
        .order((subscriptions::created_at, subscriptions::id));
    Ok(rows.select(SubscriptionRow::as_select()).load(conn)?)
}

/// The ids of subscriptions that have not ended and were made between two seconds, both included.
pub fn list_live_created_between(
    conn: &mut Conn,
    first: i64,
    last: i64,
) -> Result<Vec<String>, DbError> {
    let ids = subscriptions::table
        .filter(subscriptions::created_at.between(first, last))
        .filter(subscriptions::status.ne_all(FINAL))
        .select(subscriptions::id)
        .load(conn)?;
    Ok(ids)
}

/// The ids of subscriptions whose period ended between two seconds although they are said to go on, and of
/// which nothing was heard since `heard_before`; those that are marked already are left out.
pub fn list_past_period(
    conn: &mut Conn,
    first: i64,
    last: i64,
    heard_before: i64,
    limit: i64,
) -> Result<Vec<String>, DbError> {
    let ids = subscriptions::table
        .filter(subscriptions::status.eq_any(["active", "trialing"]))
        .filter(subscriptions::current_period_end.between(first, last))
        .filter(subscriptions::version.lt(heard_before))
        .filter(subscriptions::id.ne_all(refreshes::table.select(refreshes::target)))
        .order(subscriptions::current_period_end)
        .limit(limit)
        .select(subscriptions::id)
        .load(conn)?;
    Ok(ids)
}

/// How many subscriptions are kept.
pub fn count(conn: &mut Conn) -> Result<i64, DbError> {
    Ok(subscriptions::table.count().get_result(conn)?)
}

/// How many live subscriptions to our plans a user has.
pub(super) fn count_paying(conn: &mut Conn, user_id: &str) -> Result<i64, DbError> {
    let count = subscriptions::table
        .filter(subscriptions::user_id.eq(user_id))
        .filter(subscriptions::plan.is_not_null())
        .filter(subscriptions::status.ne_all(["canceled", "incomplete_expired", "incomplete"]))
        .count()
        .get_result(conn)?;
    Ok(count)
}

/// The plans that price ids were made for.
pub(super) fn find_plans(
    conn: &mut Conn,
    price_ids: &[&str],
) -> Result<HashMap<String, String>, DbError> {
    let rows: Vec<(String, String)> = prices::table
        .filter(prices::id.eq_any(price_ids))
        .filter(prices::interval.ne("once"))
        .select((prices::id, prices::plan))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

pub(super) fn insert(conn: &mut Conn, row: &SubscriptionRow) -> Result<(), DbError> {
    diesel::insert_into(subscriptions::table).values(row).execute(conn)?;
    Ok(())
}

pub(super) fn update(conn: &mut Conn, row: &SubscriptionRow) -> Result<(), DbError> {
    prepared(diesel::update(subscriptions::table.find(&row.id)).set(row)).execute(conn)?;
    Ok(())
}

/// Remembers that the listener has had a trial, for good.
pub(super) fn update_had_trial(conn: &mut Conn, user_id: &str) -> Result<(), DbError> {
    let new = users::table.find(user_id).filter(users::had_trial.eq(false));
    prepared(diesel::update(new).set(users::had_trial.eq(true))).execute(conn)?;
    Ok(())
}
