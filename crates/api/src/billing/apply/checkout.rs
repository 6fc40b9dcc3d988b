//! Events about a Checkout session: they bind its customer to its listener and open nothing by themselves.
//!
//! Anybody can put any `client_reference_id` on a payment link of the same Stripe account, so a session counts
//! only when we made it: its id is in our table, for the user it names.

use super::{Outcome, store};
use crate::{
    access,
    billing::{
        Rules,
        alerts::{self, AlertKind},
        customers, refresh, subscriptions,
    },
    db::{Conn, DbError},
    stripe::{CheckoutSession, Event},
};

pub(super) fn apply(conn: &mut Conn, rules: &Rules, event: &Event) -> Result<Outcome, DbError> {
    let Ok(session) = event.object::<CheckoutSession>() else {
        return Ok(Outcome::Ignored("unreadable"));
    };
    let Some(user_id) = store::find_user_of_session(conn, &session.id)? else {
        return Ok(Outcome::Ignored("foreign_session"));
    };
    if !names_user(&session, &user_id) {
        return Ok(Outcome::Ignored("foreign_session"));
    }
    access::lock_user(conn, &user_id)?;
    let status = if event.kind == "checkout.session.expired" { "expired" } else { "complete" };
    store::update_session_status(conn, &session.id, status)?;
    if status == "expired" {
        return Ok(Outcome::Applied);
    }
    let Some(customer_id) = session.customer_id() else {
        return Ok(Outcome::Ignored("no_customer"));
    };
    if !customers::bind(conn, &user_id, customer_id, &rules.clock)? {
        let message =
            "A Checkout was completed by another customer than its listener's; nothing was bound.";
        alerts::raise(
            conn,
            AlertKind::CustomerMismatch,
            &session.id,
            message,
            rules.clock.billing(),
        )?;
        return Ok(Outcome::Ignored("customer_mismatch"));
    }
    // Its own events say how it stands; this one only makes sure that we ask if none of them came, and once a payment
    // that took its time has come or failed.
    if let Some(subscription_id) = session.subscription_id()
        && (event.kind != "checkout.session.completed"
            || subscriptions::find(conn, subscription_id)?.is_none())
    {
        refresh::mark(conn, subscription_id, &event.id, rules.clock.wall())?;
    }
    Ok(Outcome::Marked)
}

/// Whether the session says that it is this user's. It must say so, and nowhere otherwise.
fn names_user(session: &CheckoutSession, user_id: &str) -> bool {
    let named = [
        session.client_reference_id.as_deref(),
        session.metadata.get(customers::USER_KEY).map(String::as_str),
    ];
    let mut named = named.into_iter().flatten().peekable();
    named.peek().is_some() && named.all(|named| named == user_id)
}
