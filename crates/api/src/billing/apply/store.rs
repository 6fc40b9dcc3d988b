//! What events about Checkout need of the sessions we made, and ordinary events of a listener.

use std::collections::HashMap;

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

/// The listeners whose customers these are, by customer, with everything that decides of access, in one statement.
pub(super) fn find_listeners(
    conn: &mut PgConnection,
    customer_ids: Vec<&str>,
) -> Result<HashMap<String, Listener>, DbError> {
    type User = (String, Option<String>, Option<i32>, bool, Option<String>);
    type Joined = (Option<SubscriptionRow>, Option<i32>, Option<GrantRow>);
    let latest = access_changes::table
        .filter(access_changes::user_id.eq(users::id))
        .order((access_changes::at.desc(), access_changes::id.desc()))
        .limit(1)
        .select(access_changes::after);
    let rows: Vec<(User, Joined)> = users::table
        .left_join(subscriptions::table)
        .left_join(grants::table)
        .filter(users::stripe_customer_id.eq_any(customer_ids))
        .select((
            (
                users::id,
                users::stripe_customer_id,
                RowVersion(users::table),
                users::had_trial,
                latest.single_value(),
            ),
            (
                Option::<SubscriptionRow>::as_select(),
                RowVersion(subscriptions::table),
                Option::<GrantRow>::as_select(),
            ),
        ))
        .load(conn)?;
    let mut by_customer: HashMap<String, Vec<(User, Joined)>> = HashMap::new();
    for row in rows {
        if let Some(customer_id) = row.0.1.clone() {
            by_customer.entry(customer_id).or_default().push(row);
        }
    }
    let listeners = by_customer.into_iter().filter_map(|(customer_id, rows)| {
        let (user_id, _, version, had_trial, latest) = rows.first()?.0.clone();
        let mut known: Vec<(SubscriptionRow, i32)> = Vec::new();
        for (row, version) in
            rows.iter().filter_map(|(_, (row, version, _))| row.as_ref().zip(*version))
        {
            if !known.iter().any(|(other, _)| other.id == row.id) {
                known.push((row.clone(), version));
            }
        }
        let joined = rows.iter().map(|(_, (row, _, grant))| (row.as_ref(), grant.clone()));
        let listener = Listener {
            user_id,
            version: version?,
            had_trial,
            latest: Snapshot::latest(latest.as_deref()),
            facts: joined.collect(),
            subscriptions: known,
        };
        Some((customer_id, listener))
    });
    Ok(listeners.collect())
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
