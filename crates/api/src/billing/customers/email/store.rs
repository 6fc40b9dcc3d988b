//! The addresses that are still to be told.

use diesel::prelude::*;

use crate::db::{Conn, DbError, schema::users};

/// An address to tell, held by this process until its lease runs out.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct DueEmail {
    /// Whose.
    pub user_id: String,
    /// `cus_…`.
    pub customer_id: String,
    /// The login.
    pub email: String,
    /// How often it was tried in vain.
    pub tries: i64,
    try_at: i64,
}

/// When the next address is to be told, Unix seconds.
pub fn next_email_due(conn: &mut Conn) -> Result<Option<i64>, DbError> {
    let due = users::table
        .filter(users::customer_email.ne(users::email.nullable()))
        .filter(users::email_verified);
    Ok(due.select(diesel::dsl::min(users::customer_email_try_at)).get_result(conn)?)
}

/// Takes one address that is due, until `leased_until`. Whoever is slower gets another, or none.
pub fn lease_email(
    conn: &mut Conn,
    now: i64,
    leased_until: i64,
) -> Result<Option<DueEmail>, DbError> {
    let due: Vec<DueEmail> = users::table
        .filter(users::customer_email.ne(users::email.nullable()))
        .filter(users::email_verified)
        .filter(users::customer_email_try_at.le(now))
        .filter(users::stripe_customer_id.is_not_null())
        .order(users::customer_email_try_at)
        .limit(8)
        .select((
            users::id,
            users::stripe_customer_id.assume_not_null(),
            users::email,
            users::customer_email_tries,
            users::customer_email_try_at,
        ))
        .load(conn)?;
    for due in due {
        let free =
            users::table.find(&due.user_id).filter(users::customer_email_try_at.eq(due.try_at));
        let taken = diesel::update(free)
            .set(users::customer_email_try_at.eq(leased_until))
            .execute(conn)?;
        if taken == 1 {
            return Ok(Some(DueEmail { try_at: leased_until, ..due }));
        }
    }
    Ok(None)
}

/// Puts off an address that could not be told.
pub fn postpone_email(conn: &mut Conn, due: &DueEmail, try_at: i64) -> Result<(), DbError> {
    diesel::update(users::table.find(&due.user_id))
        .set((
            users::customer_email_tries.eq(users::customer_email_tries + 1),
            users::customer_email_try_at.eq(try_at),
        ))
        .execute(conn)?;
    Ok(())
}
