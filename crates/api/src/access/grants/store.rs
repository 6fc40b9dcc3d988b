//! The rows of grants.

use diesel::prelude::*;
use uuid::Uuid;

use crate::db::{Conn, DbError, schema::grants};

/// A grant as it is kept. Times are Unix seconds.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = grants)]
pub struct GrantRecord {
    /// The plan it opens.
    pub plan: String,
    /// When it ends; `None` for never.
    pub until: Option<i64>,
    /// When it was given.
    pub created_at: i64,
    /// When it was taken back.
    pub revoked_at: Option<i64>,
}

/// Gives a listener a plan. Access follows in the same commit by [`crate::access::derive`].
pub fn insert(
    conn: &mut Conn,
    user_id: &str,
    plan: &str,
    until: Option<i64>,
    now: i64,
) -> Result<(), DbError> {
    diesel::insert_into(grants::table)
        .values((
            grants::id.eq(Uuid::now_v7().to_string()),
            grants::user_id.eq(user_id),
            grants::plan.eq(plan),
            grants::until.eq(until),
            grants::created_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Takes back all that a listener was given; how many grants that were.
pub fn revoke(conn: &mut Conn, user_id: &str, now: i64) -> Result<usize, DbError> {
    let given =
        grants::table.filter(grants::user_id.eq(user_id)).filter(grants::revoked_at.is_null());
    Ok(diesel::update(given).set(grants::revoked_at.eq(now)).execute(conn)?)
}

/// All that a listener was ever given, oldest first.
pub fn list(conn: &mut Conn, user_id: &str) -> Result<Vec<GrantRecord>, DbError> {
    let given = grants::table.filter(grants::user_id.eq(user_id)).order(grants::created_at);
    Ok(given.select(GrantRecord::as_select()).load(conn)?)
}
