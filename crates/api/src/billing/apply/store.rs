//! What events about Checkout need of the sessions we made.

use diesel::prelude::*;

use crate::db::{
    Conn, DbError,
    schema::{checkout_sessions, users},
};

pub(super) fn find_user_of_session(conn: &mut Conn, id: &str) -> Result<Option<String>, DbError> {
    Ok(checkout_sessions::table
        .find(id)
        .select(checkout_sessions::user_id)
        .get_result(conn)
        .optional()?)
}

pub(super) fn find_customer_of_user(
    conn: &mut Conn,
    user_id: &str,
) -> Result<Option<String>, DbError> {
    let customer =
        users::table.find(user_id).select(users::stripe_customer_id).get_result(conn).optional()?;
    Ok(customer.flatten())
}

/// `complete` is final; an expiry that comes late does not undo it.
pub(super) fn update_session_status(
    conn: &mut Conn,
    id: &str,
    status: &str,
) -> Result<(), DbError> {
    let unfinished =
        checkout_sessions::table.find(id).filter(checkout_sessions::status.ne("complete"));
    diesel::update(unfinished).set(checkout_sessions::status.eq(status)).execute(conn)?;
    Ok(())
}
