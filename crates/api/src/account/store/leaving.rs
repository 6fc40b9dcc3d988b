//! Who wants to leave, and what is remembered of those who did.

use diesel::{
    delete,
    prelude::*,
    sql_types::{BigInt, Text},
    update,
};

use crate::db::{
    Conn, DbError,
    schema::{remembered_trials, users},
};

/// Marks the account as leaving, unless it is already.
pub(in crate::account) fn update_leaving(
    conn: &mut Conn,
    user_id: &str,
    pseudonym: &str,
    now: i64,
) -> Result<(), DbError> {
    let staying = users::table.find(user_id).filter(users::deletion_requested_at.is_null());
    update(staying)
        .set((
            users::deletion_requested_at.eq(now),
            users::deletion_try_at.eq(now),
            users::pseudonym.eq(pseudonym),
            users::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// The keyed hash of a leaving user's address, when they had a trial.
pub(in crate::account) fn find_pseudonym_with_trial(
    conn: &mut Conn,
    user_id: &str,
) -> Result<Option<String>, DbError> {
    let found: Option<Option<String>> = users::table
        .find(user_id)
        .filter(users::had_trial)
        .select(users::pseudonym)
        .get_result(conn)
        .optional()?;
    Ok(found.flatten())
}

pub(in crate::account) fn remember_trial(
    conn: &mut Conn,
    pseudonym: &str,
    now: i64,
) -> Result<(), DbError> {
    diesel::sql_query(
        "INSERT INTO remembered_trials (pseudonym, remembered_at) VALUES ($1, $2) \
         ON CONFLICT (pseudonym) DO NOTHING",
    )
    .bind::<Text, _>(pseudonym)
    .bind::<BigInt, _>(now)
    .execute(conn)?;
    Ok(())
}

pub(in crate::account) fn is_trial_remembered(
    conn: &mut Conn,
    pseudonyms: &[String],
) -> Result<bool, DbError> {
    let known = remembered_trials::table.filter(remembered_trials::pseudonym.eq_any(pseudonyms));
    Ok(diesel::select(diesel::dsl::exists(known)).get_result(conn)?)
}

pub(in crate::account) fn update_had_trial(conn: &mut Conn, user_id: &str) -> Result<(), DbError> {
    update(users::table.find(user_id)).set(users::had_trial.eq(true)).execute(conn)?;
    Ok(())
}

/// Removes the user and what belongs to nobody else.
pub(in crate::account) fn delete_user(conn: &mut Conn, user_id: &str) -> Result<(), DbError> {
    delete(users::table.find(user_id)).execute(conn)?;
    Ok(())
}
