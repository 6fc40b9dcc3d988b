//! Who is leaving, and what of their billing is erased.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Text},
};

use crate::{
    access,
    db::{
        Conn, DbError,
        schema::{alerts, events, former_customers, refreshes, subscriptions, users},
    },
};

/// Somebody who leaves, held by this process until its lease runs out.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Leaving {
    /// Who.
    pub user_id: String,
    /// How often it was tried in vain.
    pub tries: i64,
    try_at: i64,
}

/// When somebody is next to leave, Unix seconds.
pub fn next_due(conn: &mut Conn) -> Result<Option<i64>, DbError> {
    let leaving = users::table.filter(users::deletion_requested_at.is_not_null());
    Ok(leaving.select(diesel::dsl::min(users::deletion_try_at)).get_result(conn)?)
}

/// Takes somebody whose turn it is, until `leased_until`. Whoever is slower gets another, or none.
pub fn lease(conn: &mut Conn, now: i64, leased_until: i64) -> Result<Option<Leaving>, DbError> {
    let due: Vec<Leaving> = users::table
        .filter(users::deletion_requested_at.is_not_null())
        .filter(users::deletion_try_at.le(now))
        .order(users::deletion_try_at)
        .limit(8)
        .select((users::id, users::deletion_tries, users::deletion_try_at))
        .load(conn)?;
    for leaving in due {
        if take(conn, &leaving, leased_until)? {
            return Ok(Some(leaving));
        }
    }
    Ok(None)
}

/// This one, whether or not it is their turn.
pub fn find_due(conn: &mut Conn, user_id: &str) -> Result<Option<Leaving>, DbError> {
    let leaving = users::table.find(user_id).filter(users::deletion_requested_at.is_not_null());
    Ok(leaving
        .select((users::id, users::deletion_tries, users::deletion_try_at))
        .get_result(conn)
        .optional()?)
}

fn take(conn: &mut Conn, leaving: &Leaving, until: i64) -> Result<bool, DbError> {
    let free =
        users::table.find(&leaving.user_id).filter(users::deletion_try_at.eq(leaving.try_at));
    Ok(diesel::update(free).set(users::deletion_try_at.eq(until)).execute(conn)? == 1)
}

/// Puts off somebody who could not leave yet.
pub fn postpone(conn: &mut Conn, user_id: &str, try_at: i64) -> Result<(), DbError> {
    diesel::update(users::table.find(user_id))
        .set((
            users::deletion_tries.eq(users::deletion_tries + 1),
            users::deletion_try_at.eq(try_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// Every customer the listener has or had.
pub(super) fn list_customers(conn: &mut Conn, user_id: &str) -> Result<Vec<String>, DbError> {
    let present: Option<Option<String>> =
        users::table.find(user_id).select(users::stripe_customer_id).get_result(conn).optional()?;
    let mut customers: Vec<String> = former_customers::table
        .filter(former_customers::user_id.eq(user_id))
        .select(former_customers::customer_id)
        .load(conn)?;
    customers.extend(present.flatten());
    Ok(customers)
}

/// Where the last mail goes; `None` when the account is gone already.
pub(super) fn find_leaving_email(
    conn: &mut Conn,
    user_id: &str,
) -> Result<Option<String>, DbError> {
    let leaving = users::table.find(user_id).filter(users::deletion_requested_at.is_not_null());
    Ok(leaving.select(users::email).get_result(conn).optional()?)
}

/// Erases what Stripe told about the listener. Of the customers their ids stay, of the events that they came.
pub(super) fn erase_billing(
    conn: &mut Conn,
    user_id: &str,
    now: i64,
    billing_now: i64,
) -> Result<(), DbError> {
    let customers = list_customers(conn, user_id)?;
    // Events before the listener, as every transaction that takes both does, so that none waits for the other.
    erase_events(conn, &customers)?;
    access::lock_user(conn, user_id)?;
    // Those too that were about to be committed when the lock was asked for.
    erase_events(conn, &customers)?;
    for customer in &customers {
        diesel::sql_query(
            "INSERT INTO former_customers (customer_id, reason, retired_at) VALUES ($1, 'account_deleted', $2) \
             ON CONFLICT (customer_id) DO UPDATE SET user_id = NULL",
        )
        .bind::<Text, _>(customer)
        .bind::<BigInt, _>(now)
        .execute(conn)?;
    }
    let theirs = subscriptions::table.filter(
        subscriptions::customer_id.eq_any(&customers).or(subscriptions::user_id.eq(user_id)),
    );
    let ids: Vec<String> = theirs.select(subscriptions::id).load(conn)?;
    diesel::delete(subscriptions::table.filter(subscriptions::id.eq_any(&ids))).execute(conn)?;
    let targets: Vec<&String> = ids.iter().chain(&customers).collect();
    diesel::delete(refreshes::table.filter(refreshes::target.eq_any(&targets))).execute(conn)?;
    let theirs = alerts::subject.eq_any(&targets).or(alerts::subject.eq(user_id));
    diesel::update(alerts::table.filter(theirs).filter(alerts::resolved_at.is_null()))
        .set(alerts::resolved_at.eq(billing_now))
        .execute(conn)?;
    Ok(())
}

/// Of what Stripe sent about these customers, that it came stays.
fn erase_events(conn: &mut Conn, customers: &[String]) -> Result<(), DbError> {
    diesel::update(events::table.filter(events::customer_id.eq_any(customers)))
        .set((events::payload.eq(None::<Vec<u8>>), events::error.eq(None::<&str>)))
        .execute(conn)?;
    let unsettled = events::table
        .filter(events::customer_id.eq_any(customers))
        .filter(events::state.eq_any(["received", "failed"]));
    diesel::update(unsettled)
        .set((
            events::state.eq("ignored"),
            events::reason.eq("account_deleted"),
            events::next_try_at.eq(None::<i64>),
        ))
        .execute(conn)?;
    Ok(())
}
