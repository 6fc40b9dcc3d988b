//! The marks: what has to be read from Stripe again, and who is reading it.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Text},
};

use crate::db::{
    Conn, DbError, prepared,
    schema::{events, refreshes},
};

/// A mark that this process holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leased {
    /// A `sub_…` or `cus_…` id.
    pub target: String,
    /// Who asked for it first.
    pub cause: String,
    /// How often it had been asked for when it was taken.
    pub requests: i64,
    /// How often it failed.
    pub attempts: i64,
}

/// Marks a subscription, or all of a customer's, to be read again. A mark that is worked on is worked on again.
pub fn mark(conn: &mut Conn, target: &str, cause: &str, now: i64) -> Result<(), DbError> {
    // One that keeps failing keeps its distance from Stripe.
    let mark = diesel::sql_query(
        "INSERT INTO refreshes (target, cause, requests, next_try_at) VALUES ($1, $2, 1, $3) \
         ON CONFLICT (target) DO UPDATE SET requests = refreshes.requests + 1, next_try_at = \
         CASE WHEN refreshes.attempts = 0 THEN excluded.next_try_at ELSE refreshes.next_try_at END",
    )
    .bind::<Text, _>(target)
    .bind::<Text, _>(cause)
    .bind::<BigInt, _>(now);
    prepared(mark).execute(conn)?;
    Ok(())
}

/// Takes one mark that is due, until `leased_until`. Whoever is slower gets another, or none.
pub fn lease(
    conn: &mut Conn,
    holder: &str,
    now: i64,
    leased_until: i64,
) -> Result<Option<Leased>, DbError> {
    let due: Vec<(String, String, i64, i64)> = refreshes::table
        .filter(refreshes::next_try_at.le(now))
        .filter(refreshes::leased_until.le(now))
        .order(refreshes::next_try_at)
        .limit(8)
        .select((refreshes::target, refreshes::cause, refreshes::requests, refreshes::attempts))
        .load(conn)?;
    for (target, cause, requests, attempts) in due {
        // Compares again what was read: another process may have been faster.
        let free = refreshes::table
            .find(&target)
            .filter(refreshes::leased_until.le(now))
            .filter(refreshes::requests.eq(requests));
        let taken = diesel::update(free)
            .set((refreshes::holder.eq(holder), refreshes::leased_until.eq(leased_until)))
            .execute(conn)?;
        if taken == 1 {
            return Ok(Some(Leased { target, cause, requests, attempts }));
        }
    }
    Ok(None)
}

/// Takes a mark off, unless it was asked for again meanwhile; whether it is off.
pub fn finish(conn: &mut Conn, leased: &Leased, now: i64) -> Result<bool, DbError> {
    let unchanged =
        refreshes::table.find(&leased.target).filter(refreshes::requests.eq(leased.requests));
    if diesel::delete(unchanged).execute(conn)? == 1 {
        return Ok(true);
    }
    diesel::update(refreshes::table.find(&leased.target))
        .set((
            refreshes::attempts.eq(0),
            refreshes::next_try_at.eq(now),
            refreshes::leased_until.eq(0),
        ))
        .execute(conn)?;
    Ok(false)
}

/// Puts a mark off that could not be worked on.
pub fn postpone(
    conn: &mut Conn,
    leased: &Leased,
    error: &str,
    next_try_at: i64,
) -> Result<(), DbError> {
    diesel::update(refreshes::table.find(&leased.target))
        .set((
            refreshes::attempts.eq(leased.attempts + 1),
            refreshes::next_try_at.eq(next_try_at),
            refreshes::leased_until.eq(0),
            refreshes::error.eq(error),
        ))
        .execute(conn)?;
    Ok(())
}

/// Gives back every mark that `holder` has taken.
pub fn release(conn: &mut Conn, holder: &str) -> Result<(), DbError> {
    let held = refreshes::table.filter(refreshes::holder.eq(holder));
    diesel::update(held).set(refreshes::leased_until.eq(0)).execute(conn)?;
    Ok(())
}

/// Notes the customer of the events about an object that names none itself.
pub(super) fn update_customer(
    conn: &mut Conn,
    object_id: &str,
    customer_id: &str,
) -> Result<(), DbError> {
    let nameless =
        events::table.filter(events::object_id.eq(object_id)).filter(events::customer_id.is_null());
    diesel::update(nameless).set(events::customer_id.eq(customer_id)).execute(conn)?;
    Ok(())
}

/// When the next mark is due, Unix seconds.
pub fn next_due(conn: &mut Conn) -> Result<Option<i64>, DbError> {
    Ok(refreshes::table.select(diesel::dsl::min(refreshes::next_try_at)).get_result(conn)?)
}
