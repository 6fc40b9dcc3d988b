//! The rows of the outbox.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Nullable, Text},
};
use uuid::Uuid;

use super::Mail;
use crate::db::{Conn, DbError, schema::outbox};

/// Seconds that a finished row is kept, so that its cause stays unique: longer than any cause can come again.
const KEEP: i64 = 400 * 86_400;

/// A mail to be sent.
#[derive(Clone, Debug)]
pub struct NewMail<'a> {
    /// What brings it about, by name and id; there is never a second mail for it.
    pub cause: &'a str,
    /// Whose account it is about; its unsent mails are forgotten with the account.
    pub user_id: Option<&'a str>,
    /// The address.
    pub recipient: &'a str,
    /// What it is about.
    pub mail: &'a Mail,
    /// When it will be of no use any more, Unix seconds on the wall clock.
    pub useless_at: i64,
    /// Now, likewise.
    pub now: i64,
}

/// A mail that this process holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeasedMail {
    /// Names it, also in its `Message-ID`.
    pub id: String,
    /// The address.
    pub recipient: String,
    /// What it is about, as JSON.
    pub data: String,
    /// How often sending it failed.
    pub attempts: i64,
    /// When it was caused, Unix seconds.
    pub created_at: i64,
    /// When it is of no use any more, Unix seconds.
    pub useless_at: i64,
}

/// Keeps a mail to be sent after the commit; `false` when there was one for this cause.
pub fn enqueue(conn: &mut Conn, new: &NewMail<'_>) -> Result<bool, DbError> {
    let data = serde_json::to_string(new.mail).unwrap_or_default();
    let inserted = diesel::sql_query(
        "INSERT INTO outbox (id, cause, user_id, recipient, data, created_at, useless_at, next_try_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $6) ON CONFLICT (cause) DO NOTHING",
    )
    .bind::<Text, _>(Uuid::now_v7().simple().to_string())
    .bind::<Text, _>(new.cause)
    .bind::<Nullable<Text>, _>(new.user_id)
    .bind::<Text, _>(new.recipient)
    .bind::<Text, _>(data)
    .bind::<BigInt, _>(new.now)
    .bind::<BigInt, _>(new.useless_at)
    .execute(conn)?;
    Ok(inserted == 1)
}

/// When the next mail is due, Unix seconds.
pub fn next_due(conn: &mut Conn) -> Result<Option<i64>, DbError> {
    let waiting = outbox::table.filter(outbox::next_try_at.is_not_null());
    Ok(waiting.select(diesel::dsl::min(outbox::next_try_at)).get_result(conn)?)
}

type Due = (String, Option<String>, Option<String>, i64, i64, i64);

/// Takes one mail that is due, until `leased_until`. Whoever is slower gets another, or none.
pub fn lease(
    conn: &mut Conn,
    holder: &str,
    now: i64,
    leased_until: i64,
) -> Result<Option<LeasedMail>, DbError> {
    let due: Vec<Due> = outbox::table
        .filter(outbox::next_try_at.le(now))
        .filter(outbox::leased_until.le(now))
        .order((outbox::next_try_at, outbox::id))
        .limit(8)
        .select((
            outbox::id,
            outbox::recipient,
            outbox::data,
            outbox::attempts,
            outbox::created_at,
            outbox::useless_at,
        ))
        .load(conn)?;
    for (id, recipient, data, attempts, created_at, useless_at) in due {
        let free = outbox::table
            .find(&id)
            .filter(outbox::leased_until.le(now))
            .filter(outbox::next_try_at.is_not_null());
        let taken = diesel::update(free)
            .set((outbox::holder.eq(holder), outbox::leased_until.eq(leased_until)))
            .execute(conn)?;
        if let (1, Some(recipient), Some(data)) = (taken, recipient, data) {
            return Ok(Some(LeasedMail { id, recipient, data, attempts, created_at, useless_at }));
        }
    }
    Ok(None)
}

/// Ends a mail that was sent, or given up for this reason. What it was about and whom it went to is forgotten.
pub fn finish(conn: &mut Conn, id: &str, given_up: Option<&str>, now: i64) -> Result<(), DbError> {
    let nothing = None::<&str>;
    diesel::update(outbox::table.find(id))
        .set((
            outbox::finished_at.eq(now),
            outbox::error.eq(given_up),
            outbox::user_id.eq(nothing),
            outbox::recipient.eq(nothing),
            outbox::data.eq(nothing),
            outbox::next_try_at.eq(None::<i64>),
            outbox::leased_until.eq(0),
        ))
        .execute(conn)?;
    Ok(())
}

/// Puts a mail off that could not be sent.
pub fn postpone(conn: &mut Conn, id: &str, error: &str, next_try_at: i64) -> Result<(), DbError> {
    diesel::update(outbox::table.find(id))
        .set((
            outbox::attempts.eq(outbox::attempts + 1),
            outbox::error.eq(error),
            outbox::next_try_at.eq(next_try_at),
            outbox::leased_until.eq(0),
        ))
        .execute(conn)?;
    Ok(())
}

/// Gives back every mail that `holder` has taken.
pub fn release(conn: &mut Conn, holder: &str) -> Result<(), DbError> {
    let held = outbox::table.filter(outbox::holder.eq(holder));
    diesel::update(held.filter(outbox::next_try_at.is_not_null()))
        .set(outbox::leased_until.eq(0))
        .execute(conn)?;
    Ok(())
}

/// Forgets the mails about an account that were not sent yet.
pub fn delete_unsent(conn: &mut Conn, user_id: &str) -> Result<(), DbError> {
    diesel::delete(outbox::table.filter(outbox::user_id.eq(user_id))).execute(conn)?;
    Ok(())
}

/// Takes up to `limit` causes away that cannot come again; how many it were.
pub fn prune(conn: &mut Conn, now: i64, limit: i64) -> Result<usize, DbError> {
    let deleted = diesel::sql_query(
        "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE finished_at < $1 LIMIT $2)",
    );
    Ok(deleted.bind::<BigInt, _>(now - KEEP).bind::<BigInt, _>(limit).execute(conn)?)
}
