//! The customer ids in users' rows, and those that were.

use std::collections::HashMap;

use diesel::{
    prelude::*,
    sql_types::{BigInt, Nullable, Text},
};

use super::Owner;
use crate::{
    access,
    billing::refresh,
    clock::Clock,
    db::{
        self, Conn, DbError,
        schema::{checkout_leases, former_customers, subscriptions, users},
    },
};

/// Whose the customer is.
pub fn find_owner(conn: &mut Conn, customer_id: &str) -> Result<Owner, DbError> {
    let user = users::table.filter(users::stripe_customer_id.eq(customer_id)).select(users::id);
    if let Some(user_id) = user.get_result(conn).optional()? {
        return Ok(Owner::User(user_id));
    }
    let former = former_customers::table.find(customer_id).select(former_customers::user_id);
    Ok(former.get_result(conn).optional()?.map_or(Owner::Foreign, Owner::Former))
}

/// The listeners of many customers at once, by customer id; foreign ones are left out.
pub fn find_owners(
    conn: &mut Conn,
    customer_ids: &[&str],
) -> Result<HashMap<String, Owner>, DbError> {
    let former: Vec<(String, Option<String>)> = former_customers::table
        .filter(former_customers::customer_id.eq_any(customer_ids))
        .select((former_customers::customer_id, former_customers::user_id))
        .load(conn)?;
    let current: Vec<(Option<String>, String)> = users::table
        .filter(users::stripe_customer_id.eq_any(customer_ids))
        .select((users::stripe_customer_id, users::id))
        .load(conn)?;
    let former = former.into_iter().map(|(customer, user)| (customer, Owner::Former(user)));
    let current =
        current.into_iter().filter_map(|(customer, user)| Some((customer?, Owner::User(user))));
    Ok(former.chain(current).collect())
}

/// A listener, as an operator names one.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Person {
    /// Our id.
    pub user_id: String,
    /// The login.
    pub email: String,
    /// `cus_…`.
    pub customer_id: Option<String>,
}

/// The listener with this e-mail address, in any case, or with this customer id, now or before.
pub fn find_person(conn: &mut Conn, who: &str) -> Result<Option<Person>, DbError> {
    let person = users::table.select((users::id, users::email, users::stripe_customer_id));
    if who.contains('@') {
        return Ok(person
            .filter(users::email.eq(who.to_lowercase()))
            .get_result(conn)
            .optional()?);
    }
    match find_owner(conn, who)?.user_id() {
        Some(user_id) => Ok(person.filter(users::id.eq(user_id)).get_result(conn).optional()?),
        None => Ok(None),
    }
}

/// Binds a listener to a customer and has all its subscriptions read: their events may have come before this commit.
/// Nothing is done when they are bound already. `false` when the listener has another, or somebody else has this one.
pub fn bind(
    conn: &mut Conn,
    user_id: &str,
    customer_id: &str,
    clock: &Clock,
) -> Result<bool, DbError> {
    // Who made the customer and the event of its making may come at the same moment.
    access::lock_user(conn, user_id)?;
    match find_owner(conn, customer_id)? {
        Owner::Foreign => {}
        Owner::User(owner) => return Ok(owner == user_id),
        Owner::Former(_) => return Ok(false),
    }
    let unbound = users::table.find(user_id).filter(users::stripe_customer_id.is_null());
    let bound = diesel::update(unbound)
        .set((
            users::stripe_customer_id.eq(customer_id),
            users::customer_email.eq(users::email.nullable()),
            users::updated_at.eq(clock.wall()),
        ))
        .execute(conn)?;
    if bound == 0 {
        return Ok(false);
    }
    // Another customer of theirs would be another attempt.
    diesel::update(checkout_leases::table.filter(checkout_leases::user_id.eq(user_id)))
        .set(checkout_leases::customer_attempt.eq(checkout_leases::customer_attempt + 1))
        .execute(conn)?;
    refresh::mark(conn, customer_id, "customer_bound", clock.wall())?;
    db::notify(conn, user_id)?;
    Ok(true)
}

/// Takes a customer that Stripe no longer knows from its listener; the next Checkout makes a new one. Its
/// subscriptions that seem to live are read again.
pub fn retire(
    conn: &mut Conn,
    user_id: &str,
    customer_id: &str,
    reason: &str,
    clock: &Clock,
) -> Result<(), DbError> {
    diesel::sql_query(
        "INSERT INTO former_customers (customer_id, user_id, reason, retired_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (customer_id) DO NOTHING",
    )
    .bind::<Text, _>(customer_id)
    .bind::<Nullable<Text>, _>(Some(user_id))
    .bind::<Text, _>(reason)
    .bind::<BigInt, _>(clock.wall())
    .execute(conn)?;
    let bound = users::table.find(user_id).filter(users::stripe_customer_id.eq(customer_id));
    diesel::update(bound)
        .set((
            users::stripe_customer_id.eq(None::<&str>),
            users::customer_email.eq(None::<&str>),
            users::updated_at.eq(clock.wall()),
        ))
        .execute(conn)?;
    let live: Vec<String> = subscriptions::table
        .filter(subscriptions::customer_id.eq(customer_id))
        .filter(subscriptions::status.ne_all(["canceled", "incomplete_expired"]))
        .select(subscriptions::id)
        .load(conn)?;
    for subscription in live {
        refresh::mark(conn, &subscription, "customer_retired", clock.wall())?;
    }
    db::notify(conn, user_id)
}

/// Keeps the address that receipts go to; it never becomes the login.
pub fn update_billing_email(
    conn: &mut Conn,
    user_id: &str,
    email: Option<&str>,
) -> Result<(), DbError> {
    diesel::update(users::table.find(user_id)).set(users::billing_email.eq(email)).execute(conn)?;
    Ok(())
}

/// Notes the address that the listener's customer was told, as long as it is this customer.
pub(in crate::billing) fn update_told_email(
    conn: &mut Conn,
    user_id: &str,
    customer_id: &str,
    email: &str,
) -> Result<(), DbError> {
    let theirs = users::table.find(user_id).filter(users::stripe_customer_id.eq(customer_id));
    diesel::update(theirs)
        .set((
            users::customer_email.eq(email),
            users::customer_email_tries.eq(0),
            users::customer_email_try_at.eq(0),
        ))
        .execute(conn)?;
    Ok(())
}
