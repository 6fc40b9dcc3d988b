//! Tokens that were mailed, by their hashes, and the registrations that wait for one.

use diesel::{delete, dsl::exists, insert_into, prelude::*, select, update};

use super::super::mailed::Opens;
use crate::db::{
    Conn, DbError,
    schema::{mailed_tokens, registrations},
};

/// A token as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::account) struct StoredToken {
    pub(in crate::account) user_id: String,
    pub(in crate::account) opens: Opens,
    /// The address it was mailed to.
    pub(in crate::account) email: String,
}

type Row = (String, String, String);

fn stored((user_id, purpose, email): Row) -> Option<StoredToken> {
    Some(StoredToken { user_id, opens: Opens::parse(&purpose)?, email })
}

const COLUMNS: (mailed_tokens::user_id, mailed_tokens::purpose, mailed_tokens::email) =
    (mailed_tokens::user_id, mailed_tokens::purpose, mailed_tokens::email);

pub(in crate::account) fn insert_token(
    conn: &mut Conn,
    digest: &str,
    user_id: &str,
    opens: Opens,
    email: &str,
    expires_at: i64,
) -> Result<(), DbError> {
    insert_into(mailed_tokens::table)
        .values((
            mailed_tokens::digest.eq(digest),
            mailed_tokens::user_id.eq(user_id),
            mailed_tokens::purpose.eq(opens.as_str()),
            mailed_tokens::email.eq(email),
            mailed_tokens::expires_at.eq(expires_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// The token, when it still opens something.
pub(in crate::account) fn find_token(
    conn: &mut Conn,
    digest: &str,
    now: i64,
) -> Result<Option<StoredToken>, DbError> {
    let row: Option<Row> = mailed_tokens::table
        .find(digest)
        .filter(mailed_tokens::used_at.is_null())
        .filter(mailed_tokens::expires_at.gt(now))
        .select(COLUMNS)
        .get_result(conn)
        .optional()?;
    Ok(row.and_then(stored))
}

/// Uses a token up; `None` when it opens nothing any more, or something else.
pub(in crate::account) fn use_token(
    conn: &mut Conn,
    digest: &str,
    opens: Opens,
    now: i64,
) -> Result<Option<StoredToken>, DbError> {
    let unused = mailed_tokens::table
        .find(digest)
        .filter(mailed_tokens::purpose.eq(opens.as_str()))
        .filter(mailed_tokens::used_at.is_null())
        .filter(mailed_tokens::expires_at.gt(now));
    let row: Option<Row> = update(unused)
        .set(mailed_tokens::used_at.eq(now))
        .returning(COLUMNS)
        .get_result(conn)
        .optional()?;
    Ok(row.and_then(stored))
}

/// Voids the user's tokens of one kind.
pub(in crate::account) fn delete_tokens(
    conn: &mut Conn,
    user_id: &str,
    opens: Opens,
) -> Result<(), DbError> {
    let tokens = mailed_tokens::table
        .filter(mailed_tokens::user_id.eq(user_id))
        .filter(mailed_tokens::purpose.eq(opens.as_str()));
    delete(tokens).execute(conn)?;
    Ok(())
}

pub(in crate::account) fn insert_registration(
    conn: &mut Conn,
    digest: &str,
    email: &str,
    password_digest: &str,
    expires_at: i64,
) -> Result<(), DbError> {
    insert_into(registrations::table)
        .values((
            registrations::digest.eq(digest),
            registrations::email.eq(email),
            registrations::password_digest.eq(password_digest),
            registrations::expires_at.eq(expires_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// Whether a registration waits for this token.
pub(in crate::account) fn has_registration(
    conn: &mut Conn,
    digest: &str,
    now: i64,
) -> Result<bool, DbError> {
    let waiting = registrations::table.find(digest).filter(registrations::expires_at.gt(now));
    Ok(select(exists(waiting)).get_result(conn)?)
}

/// Address and password digest of the registration that this token confirms. It is gone with this commit.
pub(in crate::account) fn take_registration(
    conn: &mut Conn,
    digest: &str,
    now: i64,
) -> Result<Option<(String, String)>, DbError> {
    let waiting = registrations::table.find(digest).filter(registrations::expires_at.gt(now));
    let taken = delete(waiting)
        .returning((registrations::email, registrations::password_digest))
        .get_result(conn)
        .optional()?;
    Ok(taken)
}
