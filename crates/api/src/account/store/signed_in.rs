//! Who is signed in, and what is read along with it.

use diesel::prelude::*;

use super::User;
use crate::{
    access::{Facts, JoinedFacts},
    db::{
        Conn, DbError,
        schema::{grants, sessions, settings, subscriptions, users},
    },
};

/// A session that is this user's and has neither ended nor expired.
#[diesel::dsl::auto_type]
fn live_session<'a>(session_id: &'a str, user_id: &'a str, now: i64) -> _ {
    let id: diesel::dsl::Eq<sessions::id, &'a str> = sessions::id.eq(session_id);
    let theirs: diesel::dsl::Eq<sessions::user_id, &'a str> = sessions::user_id.eq(user_id);
    let lasting: diesel::dsl::Gt<sessions::expires_at, i64> = sessions::expires_at.gt(now);
    id.and(theirs).and(sessions::revoked_at.is_null()).and(lasting)
}

/// The user, when the session is theirs and has neither ended nor expired.
pub(in crate::account) fn find_signed_in(
    conn: &mut Conn,
    session_id: &str,
    user_id: &str,
    now: i64,
) -> Result<Option<User>, DbError> {
    let user = sessions::table
        .inner_join(users::table)
        .filter(live_session(session_id, user_id, now))
        .select(User::as_select())
        .get_result(conn)
        .optional()?;
    Ok(user)
}

/// [`find_signed_in`] with the value of a setting, in one statement.
pub(in crate::account) fn find_signed_in_with_setting(
    conn: &mut Conn,
    session_id: &str,
    user_id: &str,
    now: i64,
    setting: &str,
) -> Result<Option<(User, Option<String>)>, DbError> {
    let value = settings::table.find(setting).select(settings::value).single_value();
    let found = sessions::table
        .inner_join(users::table)
        .filter(live_session(session_id, user_id, now))
        .select((User::as_select(), value))
        .get_result(conn)
        .optional()?;
    Ok(found)
}

/// [`find_signed_in`] with what decides of the user's access, in one statement.
pub(in crate::account) fn find_signed_in_with_facts(
    conn: &mut Conn,
    session_id: &str,
    user_id: &str,
    now: i64,
) -> Result<Option<(User, Facts)>, DbError> {
    let rows: Vec<(User, JoinedFacts)> = sessions::table
        .inner_join(users::table.left_join(subscriptions::table).left_join(grants::table))
        .filter(live_session(session_id, user_id, now))
        .select((User::as_select(), JoinedFacts::as_select()))
        .load(conn)?;
    let mut user = None;
    let facts = rows.into_iter().map(|(found, facts)| {
        user.get_or_insert(found);
        facts
    });
    let facts = facts.collect();
    Ok(user.map(|user| (user, facts)))
}
