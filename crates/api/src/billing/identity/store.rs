//! The setting that names the account.

use diesel::prelude::*;

use crate::db::{Conn, DbError, schema::settings};

const NAME: &str = "stripe_account";

/// The account that is recorded.
pub(super) fn find(conn: &mut Conn) -> Result<Option<String>, DbError> {
    let recorded = settings::table.filter(settings::name.eq(NAME)).select(settings::value);
    Ok(recorded.get_result(conn).optional()?)
}

/// Records `account` unless one is recorded; gives the one that is.
pub(super) fn claim(conn: &mut Conn, account: &str) -> Result<String, DbError> {
    if let Some(recorded) = find(conn)? {
        return Ok(recorded);
    }
    diesel::insert_into(settings::table)
        .values((settings::name.eq(NAME), settings::value.eq(account)))
        .execute(conn)?;
    Ok(account.to_owned())
}
