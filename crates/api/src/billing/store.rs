//! What billing reads of a user's row.

use diesel::prelude::*;

use crate::db::{Conn, DbError, schema::users};

/// The listener's customer; `None` before the first Checkout.
pub(super) fn find_customer(conn: &mut Conn, user_id: &str) -> Result<Option<String>, DbError> {
    Ok(users::table
        .filter(users::id.eq(user_id))
        .select(users::stripe_customer_id)
        .get_result(conn)?)
}

/// The subscription that counts for access, best of all the listener has.
pub(super) fn find_counting_subscription(
    conn: &mut Conn,
    user_id: &str,
) -> Result<Option<String>, DbError> {
    Ok(users::table
        .filter(users::id.eq(user_id))
        .select(users::subscription_id)
        .get_result(conn)?)
}
