//! What events about Checkout need of the sessions we made, and ordinary events of a listener.

use diesel::{PgConnection, prelude::*};

use super::at_once::Listener;
use crate::{
    access::{GrantRow, Snapshot},
    billing::subscriptions::SubscriptionRow,
    db::{
        Conn, DbError, RowVersion,
        schema::{access_changes, checkout_sessions, grants, subscriptions, users},
    },
};

/// The listener whose customer this is, with everything that decides of access, in one statement.
pub(super) fn find_listener(
    conn: &mut PgConnection,
    customer_id: &str,
) -> Result<Option<Listener>, DbError> {
    type User = (String, Option<i32>, bool, Option<String>);
    type Joined = (Option<SubscriptionRow>, Option<i32>, Option<GrantRow>);
    let latest = access_changes::table
        .filter(access_changes::user_id.eq(users::id))
        .order((access_changes::at.desc(), access_changes::id.desc()))
        .limit(1)
        .select(access_changes::after);
    let rows: Vec<(User, Joined)> = users::table
        .left_join(subscriptions::table)
        .left_join(grants::table)
        .filter(users::stripe_customer_id.eq(customer_id))
        .select((
            (users::id, RowVersion(users::table), users::had_trial, latest.single_value()),
            (
                Option::<SubscriptionRow>::as_select(),
                RowVersion(subscriptions::table),
                Option::<GrantRow>::as_select(),
            ),
        ))
        .load(conn)?;
    let Some((user, _)) = rows.first() else { return Ok(None) };
    let (user_id, Some(version), had_trial, latest) = user.clone() else {
        return Ok(None);
    };
    let mut known: Vec<(SubscriptionRow, i32)> = Vec::new();
    for (row, version) in
        rows.iter().filter_map(|(_, (row, version, _))| row.as_ref().zip(*version))
    {
        if !known.iter().any(|(other, _)| other.id == row.id) {
            known.push((row.clone(), version));
        }
    }
    let joined = rows.iter().map(|(_, (row, _, grant))| (row.as_ref(), grant.clone()));
    let facts = joined.collect();
    Ok(Some(Listener {
        user_id,
        version,
        had_trial,
        latest: Snapshot::latest(latest.as_deref()),
        subscriptions: known,
        facts,
    }))
}

pub(super) fn find_user_of_session(conn: &mut Conn, id: &str) -> Result<Option<String>, DbError> {
    Ok(checkout_sessions::table
        .find(id)
        .select(checkout_sessions::user_id)
        .get_result(conn)
        .optional()?)
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
