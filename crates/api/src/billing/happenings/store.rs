//! Where mails about money go.

use diesel::prelude::*;

use crate::db::{Conn, DbError, schema::users};

/// The listener's login address; `None` for one who is leaving.
pub(super) fn find_staying_email(
    conn: &mut Conn,
    user_id: &str,
) -> Result<Option<String>, DbError> {
    let staying = users::table.find(user_id).filter(users::deletion_requested_at.is_null());
    Ok(staying.select(users::email).get_result(conn).optional()?)
}
