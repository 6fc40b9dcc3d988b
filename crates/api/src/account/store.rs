//! Users, sessions and limits in the database.

mod leaving;
mod mailed;
mod signed_in;

use diesel::{
    Connection, Queryable, Selectable, insert_into,
    prelude::*,
    result::{DatabaseErrorKind, Error},
    update,
};
use shared::account::SessionInfo;

pub(super) use leaving::{
    delete_user, find_pseudonym_with_trial, is_trial_remembered, remember_trial, update_had_trial,
    update_leaving,
};
pub(super) use mailed::{
    StoredToken, delete_tokens, find_token, has_registration, insert_registration, insert_token,
    take_registration, use_token,
};

pub(super) use signed_in::{
    find_signed_in, find_signed_in_with_facts, find_signed_in_with_setting,
};

use super::{
    limits::Window,
    sessions::{NewSession, Refreshable},
};
use crate::db::{
    Conn, DbError,
    schema::{rate_limits, sessions, users},
};

/// A user, without the password.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct User {
    /// Our id.
    pub id: String,
    /// The login address, lower-cased.
    pub email: String,
    /// Whether the address was confirmed by mail.
    pub email_verified: bool,
    /// The address it is to have once that is confirmed.
    pub pending_email: Option<String>,
    /// `cus_…`; none before the first Checkout.
    pub stripe_customer_id: Option<String>,
    /// The subscription that counts, `sub_…`.
    pub subscription_id: Option<String>,
    /// Stripe's word for it.
    pub subscription_status: String,
    /// Its plan.
    pub plan: Option<String>,
    /// Whether a trial was ever used.
    pub had_trial: bool,
    /// Which private feed address is the present one.
    pub feed_version: i64,
    /// When the deletion was asked for, Unix seconds.
    pub deletion_requested_at: Option<i64>,
    /// Unix seconds.
    pub created_at: i64,
}

pub(super) fn find_user(conn: &mut Conn, user_id: &str) -> Result<Option<User>, DbError> {
    Ok(users::table.find(user_id).select(User::as_select()).get_result(conn).optional()?)
}

/// The user, unless the password was changed since `digest` was read.
pub(super) fn find_user_with_digest(
    conn: &mut Conn,
    user_id: &str,
    digest: &str,
) -> Result<Option<User>, DbError> {
    let user = users::table
        .find(user_id)
        .filter(users::password_digest.eq(digest))
        .select(User::as_select())
        .get_result(conn)
        .optional()?;
    Ok(user)
}

/// Id and password digest of the account with this address.
pub(super) fn find_credentials(
    conn: &mut Conn,
    email: &str,
) -> Result<Option<(String, String)>, DbError> {
    let found = users::table
        .filter(users::email.eq(email))
        .select((users::id, users::password_digest))
        .get_result(conn)
        .optional()?;
    Ok(found)
}

pub(super) fn find_email_and_digest(
    conn: &mut Conn,
    user_id: &str,
) -> Result<Option<(String, String)>, DbError> {
    let found = users::table
        .find(user_id)
        .select((users::email, users::password_digest))
        .get_result(conn)
        .optional()?;
    Ok(found)
}

/// Adds a user; `None` when the address is taken.
pub(super) fn insert_user(
    conn: &mut Conn,
    id: &str,
    email: &str,
    digest: &str,
    now: i64,
) -> Result<Option<User>, DbError> {
    let added = unless_taken(conn, |conn| {
        insert_into(users::table)
            .values((
                users::id.eq(id),
                users::email.eq(email),
                users::password_digest.eq(digest),
                users::created_at.eq(now),
                users::updated_at.eq(now),
            ))
            .execute(conn)
    })?;
    if added { find_user(conn, id) } else { Ok(None) }
}

/// Changes the address to one that was confirmed; whether it was free.
pub(super) fn update_email(
    conn: &mut Conn,
    user_id: &str,
    email: &str,
    now: i64,
) -> Result<bool, DbError> {
    unless_taken(conn, |conn| {
        update(users::table.find(user_id))
            .set((
                users::email.eq(email),
                users::email_verified.eq(true),
                users::pending_email.eq(None::<&str>),
                users::updated_at.eq(now),
            ))
            .execute(conn)
    })
}

/// Notes that the address works.
pub(super) fn update_verified(conn: &mut Conn, user_id: &str, now: i64) -> Result<(), DbError> {
    update(users::table.find(user_id).filter(users::email_verified.eq(false)))
        .set((users::email_verified.eq(true), users::updated_at.eq(now)))
        .execute(conn)?;
    Ok(())
}

/// Notes the address that the account gets once that is confirmed; `None` when it keeps its own.
pub(super) fn update_pending_email(
    conn: &mut Conn,
    user_id: &str,
    email: Option<&str>,
    now: i64,
) -> Result<(), DbError> {
    update(users::table.find(user_id))
        .set((users::pending_email.eq(email), users::updated_at.eq(now)))
        .execute(conn)?;
    Ok(())
}

/// Runs a write in a savepoint; whether no other row had its unique key.
fn unless_taken(
    conn: &mut Conn,
    write: impl FnOnce(&mut Conn) -> Result<usize, Error>,
) -> Result<bool, DbError> {
    match conn.transaction(write) {
        Ok(_) => Ok(true),
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn update_password(
    conn: &mut Conn,
    user_id: &str,
    digest: &str,
    now: i64,
) -> Result<(), DbError> {
    update(users::table.find(user_id))
        .set((users::password_digest.eq(digest), users::updated_at.eq(now)))
        .execute(conn)?;
    Ok(())
}

pub(super) fn insert_session(conn: &mut Conn, session: &NewSession) -> Result<(), DbError> {
    insert_into(sessions::table)
        .values((
            sessions::id.eq(&session.id),
            sessions::user_id.eq(&session.user_id),
            sessions::refresh_digest.eq(&session.refresh_digest),
            sessions::rotated_at.eq(session.created_at),
            sessions::user_agent.eq(&session.user_agent),
            sessions::created_at.eq(session.created_at),
            sessions::last_seen_at.eq(session.created_at),
            sessions::expires_at.eq(session.expires_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// The session whose present or previous refresh token has this digest.
pub(super) fn find_refreshable(
    conn: &mut Conn,
    digest: &str,
) -> Result<Option<Refreshable>, DbError> {
    let columns = (
        sessions::id,
        sessions::user_id,
        sessions::rotated_at,
        sessions::expires_at,
        sessions::revoked_at,
    );
    let present = sessions::table
        .filter(sessions::refresh_digest.eq(digest))
        .select(columns)
        .get_result(conn)
        .optional()?;
    let (found, current) = match present {
        Some(row) => (Some(row), true),
        None => {
            let previous =
                sessions::table.filter(sessions::previous_digest.eq(digest)).select(columns);
            (previous.get_result(conn).optional()?, false)
        }
    };
    Ok(found.map(|(session_id, user_id, rotated_at, expires_at, revoked_at)| Refreshable {
        session_id,
        user_id,
        current,
        rotated_at,
        expires_at,
        revoked_at,
    }))
}

/// Puts the next refresh token in the place of the present one; whether it still was the present one.
pub(super) fn rotate(
    conn: &mut Conn,
    session_id: &str,
    present: &str,
    next: &str,
    now: i64,
    expires_at: i64,
) -> Result<bool, DbError> {
    let rotated =
        update(sessions::table.find(session_id).filter(sessions::refresh_digest.eq(present)))
            .set((
                sessions::refresh_digest.eq(next),
                sessions::previous_digest.eq(present),
                sessions::rotated_at.eq(now),
                sessions::last_seen_at.eq(now),
                sessions::expires_at.eq(expires_at),
            ))
            .execute(conn)?;
    Ok(rotated == 1)
}

/// Ends a session of this user; whether there was one to end.
pub(super) fn revoke_session(
    conn: &mut Conn,
    user_id: &str,
    session_id: &str,
    now: i64,
) -> Result<bool, DbError> {
    let live = sessions::table
        .find(session_id)
        .filter(sessions::user_id.eq(user_id))
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::expires_at.gt(now));
    Ok(update(live).set(sessions::revoked_at.eq(now)).execute(conn)? == 1)
}

/// Ends all of the user's sessions.
pub(super) fn revoke_sessions(conn: &mut Conn, user_id: &str, now: i64) -> Result<(), DbError> {
    let live = sessions::table
        .filter(sessions::user_id.eq(user_id))
        .filter(sessions::revoked_at.is_null());
    update(live).set(sessions::revoked_at.eq(now)).execute(conn)?;
    Ok(())
}

pub(super) fn revoke_other_sessions(
    conn: &mut Conn,
    user_id: &str,
    keep: &str,
    now: i64,
) -> Result<(), DbError> {
    let others = sessions::table
        .filter(sessions::user_id.eq(user_id))
        .filter(sessions::id.ne(keep))
        .filter(sessions::revoked_at.is_null());
    update(others).set(sessions::revoked_at.eq(now)).execute(conn)?;
    Ok(())
}

/// The user's sessions that have neither ended nor expired, newest first; which one asks is not known here.
pub(super) fn list_sessions(
    conn: &mut Conn,
    user_id: &str,
    now: i64,
) -> Result<Vec<SessionInfo>, DbError> {
    let rows: Vec<(String, i64, i64, String)> = sessions::table
        .filter(sessions::user_id.eq(user_id))
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .order((sessions::created_at.desc(), sessions::id.desc()))
        .select((sessions::id, sessions::created_at, sessions::last_seen_at, sessions::user_agent))
        .load(conn)?;
    let sessions = rows.into_iter().map(|(id, created_at, last_seen_at, user_agent)| SessionInfo {
        id,
        created_at,
        last_seen_at,
        user_agent,
        current: false,
    });
    Ok(sessions.collect())
}

/// Counts a hit in the window that is under way, or starts one; the window with this hit in it.
pub(super) fn hit(conn: &mut Conn, name: &str, window: i64, now: i64) -> Result<Window, DbError> {
    let columns = (rate_limits::window_start, rate_limits::hits);
    let row = rate_limits::table.find(name);
    let counted = update(row.filter(rate_limits::window_start.gt(now - window)))
        .set(rate_limits::hits.eq(rate_limits::hits + 1))
        .returning(columns)
        .get_result::<(i64, i64)>(conn)
        .optional()?;
    if let Some((start, hits)) = counted {
        return Ok(Window { start, hits });
    }
    let started = Window { start: now, hits: 1 };
    let values = (rate_limits::window_start.eq(started.start), rate_limits::hits.eq(started.hits));
    let over = row.filter(rate_limits::window_start.le(now - window));
    if update(over).set(values).execute(conn)? == 1 {
        return Ok(started);
    }
    let inserted = unless_taken(conn, |conn| {
        insert_into(rate_limits::table)
            .values((rate_limits::name.eq(name), values.0, values.1))
            .execute(conn)
    })?;
    // Another process started the window in between: this hit belongs into it.
    if inserted { Ok(started) } else { hit(conn, name, window, now) }
}
