//! The rows of alerts.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Text},
};
use uuid::Uuid;

use super::AlertKind;
use crate::db::{Conn, DbError, schema::alerts};

/// An alert.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = alerts)]
pub struct Alert {
    /// The word of its [`AlertKind`].
    pub kind: String,
    /// What it is about.
    pub subject: String,
    /// One sentence for the operator.
    pub message: String,
    /// Unix seconds.
    pub created_at: i64,
}

/// Raises an alert, or opens it again. One that is open already stays as it is.
pub fn raise(
    conn: &mut Conn,
    kind: AlertKind,
    subject: &str,
    message: &str,
    now: i64,
) -> Result<(), DbError> {
    let open = alerts::table
        .filter(alerts::kind.eq(kind.as_str()))
        .filter(alerts::subject.eq(subject))
        .filter(alerts::resolved_at.is_null());
    if diesel::select(diesel::dsl::exists(open)).get_result(conn)? {
        return Ok(());
    }
    diesel::sql_query(
        "INSERT INTO alerts (id, kind, subject, message, created_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (kind, subject) DO UPDATE SET message = excluded.message, \
         created_at = excluded.created_at, resolved_at = NULL",
    )
    .bind::<Text, _>(Uuid::now_v7().to_string())
    .bind::<Text, _>(kind.as_str())
    .bind::<Text, _>(subject)
    .bind::<Text, _>(message)
    .bind::<BigInt, _>(now)
    .execute(conn)?;
    tracing::warn!(kind = kind.as_str(), subject, "{message}");
    Ok(())
}

/// Closes an alert, if it is open.
pub fn resolve(conn: &mut Conn, kind: AlertKind, subject: &str, now: i64) -> Result<(), DbError> {
    let open = alerts::table
        .filter(alerts::kind.eq(kind.as_str()))
        .filter(alerts::subject.eq(subject))
        .filter(alerts::resolved_at.is_null());
    diesel::update(open).set(alerts::resolved_at.eq(now)).execute(conn)?;
    Ok(())
}

/// The alerts nobody resolved yet, oldest first.
pub fn list_open(conn: &mut Conn) -> Result<Vec<Alert>, DbError> {
    let open = alerts::table
        .filter(alerts::resolved_at.is_null())
        .order((alerts::created_at, alerts::id))
        .select(Alert::as_select())
        .load(conn)?;
    Ok(open)
}

/// The alerts about any of these subjects that nobody resolved yet, oldest first.
pub fn list_open_about(conn: &mut Conn, subjects: &[&str]) -> Result<Vec<Alert>, DbError> {
    let open = alerts::table
        .filter(alerts::subject.eq_any(subjects))
        .filter(alerts::resolved_at.is_null())
        .order((alerts::created_at, alerts::id))
        .select(Alert::as_select())
        .load(conn)?;
    Ok(open)
}
