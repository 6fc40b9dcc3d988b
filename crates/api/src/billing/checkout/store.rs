//! Sessions that were handed out, and the attempts that make idempotency keys.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Text},
};

use super::super::BillingError;
use crate::db::{
    Conn, DbError,
    schema::{checkout_leases, checkout_sessions, users},
};

/// What Checkout must know of a listener.
pub(super) struct Buyer {
    pub(super) email: String,
    pub(super) customer_id: Option<String>,
    pub(super) had_trial: bool,
    /// Which customer of theirs this will be.
    pub(super) customer_attempt: i64,
    /// Which session of theirs this will be.
    pub(super) session_attempt: i64,
}

/// A session that Stripe made.
#[derive(Insertable)]
#[diesel(table_name = checkout_sessions)]
pub(super) struct NewSession {
    pub(super) id: String,
    pub(super) user_id: String,
    pub(super) plan: String,
    pub(super) interval: String,
    pub(super) price_id: String,
    pub(super) status: String,
    pub(super) url: Option<String>,
    pub(super) expires_at: i64,
    pub(super) created_at: i64,
}

/// Seconds for which a session's row is kept after it expired: as long as Stripe may still send events about it, and
/// somebody may come back to its page.
const KEEP_SESSIONS: i64 = 30 * 24 * 3600;

/// Takes up to `limit` sessions away that expired long before `now`; how many it were.
pub fn prune_sessions(conn: &mut Conn, now: i64, limit: i64) -> Result<usize, DbError> {
    let deleted = diesel::sql_query(
        "DELETE FROM checkout_sessions WHERE id IN \
         (SELECT id FROM checkout_sessions WHERE expires_at < $1 LIMIT $2)",
    );
    Ok(deleted.bind::<BigInt, _>(now - KEEP_SESSIONS).bind::<BigInt, _>(limit).execute(conn)?)
}

/// Reads the listener, and the attempts from the row that the lease has made.
pub(super) fn find_buyer(conn: &mut Conn, user_id: &str) -> Result<Buyer, BillingError> {
    let (email, customer_id, had_trial, deleting): (String, Option<String>, bool, Option<i64>) =
        users::table
            .filter(users::id.eq(user_id))
            .select((
                users::email,
                users::stripe_customer_id,
                users::had_trial,
                users::deletion_requested_at,
            ))
            .get_result(conn)
            .map_err(DbError::Query)?;
    if deleting.is_some() {
        return Err(BillingError::DeletionPending);
    }
    let (customer_attempt, session_attempt) = checkout_leases::table
        .filter(checkout_leases::user_id.eq(user_id))
        .select((checkout_leases::customer_attempt, checkout_leases::session_attempt))
        .get_result(conn)
        .map_err(DbError::Query)?;
    Ok(Buyer { email, customer_id, had_trial, customer_attempt, session_attempt })
}

/// Keeps the session, so that its return is known to be this listener's; another one would be another attempt.
pub(super) fn keep_session(conn: &mut Conn, session: &NewSession) -> Result<(), DbError> {
    if find_session_owner(conn, &session.id)?.is_some() {
        return Ok(());
    }
    diesel::insert_into(checkout_sessions::table).values(session).execute(conn)?;
    update_attempt(conn, &session.user_id, Attempt::Session)
}

/// What an idempotency key is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    Customer,
    Session,
}

/// Makes the next try another attempt, with another idempotency key.
pub(super) fn update_attempt(
    conn: &mut Conn,
    user_id: &str,
    attempt: Attempt,
) -> Result<(), DbError> {
    let lease = diesel::update(checkout_leases::table.filter(checkout_leases::user_id.eq(user_id)));
    match attempt {
        Attempt::Customer => lease
            .set(checkout_leases::customer_attempt.eq(checkout_leases::customer_attempt + 1))
            .execute(conn)?,
        Attempt::Session => lease
            .set(checkout_leases::session_attempt.eq(checkout_leases::session_attempt + 1))
            .execute(conn)?,
    };
    Ok(())
}

/// Whether the session was made for this listener.
pub(in crate::billing) fn owns_session(
    conn: &mut Conn,
    user_id: &str,
    session_id: &str,
) -> Result<bool, DbError> {
    Ok(find_session_owner(conn, session_id)?.as_deref() == Some(user_id))
}

fn find_session_owner(conn: &mut Conn, session_id: &str) -> Result<Option<String>, DbError> {
    Ok(checkout_sessions::table
        .find(session_id)
        .select(checkout_sessions::user_id)
        .get_result(conn)
        .optional()?)
}

/// Takes the lease if nobody holds it now.
pub(super) fn take_lease(
    conn: &mut Conn,
    user_id: &str,
    holder: &str,
    now: i64,
    until: i64,
) -> Result<bool, DbError> {
    diesel::sql_query(
        "INSERT INTO checkout_leases (user_id) VALUES ($1) ON CONFLICT (user_id) DO NOTHING",
    )
    .bind::<Text, _>(user_id)
    .execute(conn)?;
    let free = checkout_leases::table
        .filter(checkout_leases::user_id.eq(user_id))
        .filter(checkout_leases::leased_until.lt(now));
    let taken = diesel::update(free)
        .set((checkout_leases::holder.eq(holder), checkout_leases::leased_until.eq(until)))
        .execute(conn)?;
    Ok(taken == 1)
}

/// Gives the lease back, if it is still this holder's.
pub(super) fn release_lease(conn: &mut Conn, user_id: &str, holder: &str) -> Result<(), DbError> {
    let held = checkout_leases::table
        .filter(checkout_leases::user_id.eq(user_id))
        .filter(checkout_leases::holder.eq(holder));
    diesel::update(held).set(checkout_leases::leased_until.eq(0)).execute(conn)?;
    Ok(())
}
