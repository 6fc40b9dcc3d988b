//! Taking old rows away, a few at a time.

use diesel::{RunQueryDsl, sql_query, sql_types::BigInt};

use crate::db::{Conn, DbError};

/// Seconds for which an ended session's row is kept, so that its cookie is still known to be an old one.
const KEEP_SESSIONS: i64 = 7 * 24 * 3600;

/// Longer than any limit's window, in seconds.
const KEEP_LIMITS: i64 = 24 * 3600;

/// Takes up to `limit` sessions away that ended long before `now`; how many it were.
///
/// # Errors
/// When the database fails.
pub fn prune_sessions(conn: &mut Conn, now: i64, limit: i64) -> Result<usize, DbError> {
    let old = "DELETE FROM sessions WHERE id IN \
               (SELECT id FROM sessions WHERE expires_at < $1 OR revoked_at < $1 LIMIT $2)";
    delete(conn, old, now - KEEP_SESSIONS, limit)
}

/// Takes up to `limit` counters of limits away whose window is long over; how many it were.
///
/// # Errors
/// When the database fails.
pub fn prune_limits(conn: &mut Conn, now: i64, limit: i64) -> Result<usize, DbError> {
    let old = "DELETE FROM rate_limits WHERE name IN \
               (SELECT name FROM rate_limits WHERE window_start < $1 LIMIT $2)";
    delete(conn, old, now - KEEP_LIMITS, limit)
}

/// Takes up to `limit` mailed tokens away that expired; how many it were.
///
/// # Errors
/// When the database fails.
pub fn prune_tokens(conn: &mut Conn, now: i64, limit: i64) -> Result<usize, DbError> {
    let old = "DELETE FROM mailed_tokens WHERE digest IN \
               (SELECT digest FROM mailed_tokens WHERE expires_at < $1 LIMIT $2)";
    delete(conn, old, now, limit)
}

/// Takes up to `limit` registrations away that nobody confirmed in time; how many it were.
///
/// # Errors
/// When the database fails.
pub fn prune_registrations(conn: &mut Conn, now: i64, limit: i64) -> Result<usize, DbError> {
    let old = "DELETE FROM registrations WHERE digest IN \
               (SELECT digest FROM registrations WHERE expires_at < $1 LIMIT $2)";
    delete(conn, old, now, limit)
}

fn delete(conn: &mut Conn, statement: &str, before: i64, limit: i64) -> Result<usize, DbError> {
    let deleted = sql_query(statement).bind::<BigInt, _>(before).bind::<BigInt, _>(limit);
    Ok(deleted.execute(conn)?)
}
