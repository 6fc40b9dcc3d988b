//! From event to effect, within the commit that stores the event.
//!
//! Nothing here asks Stripe anything: what needs an answer of Stripe's is marked, and a worker asks. No event
//! ever makes anything happen at Stripe.

pub mod at_once;
mod catalog;
mod checkout;
mod kind;
mod store;
mod subscription;

use kind::Kind;

use super::{
    Rules,
    alerts::{self, AlertKind},
    customers::{self, Owner},
    refresh,
};
use crate::{
    db::{Conn, DbError},
    stripe::{Customer, Event, ThinEvent},
};

/// What an event did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its effect is in this commit, even if that is no more than what was so already.
    Applied,
    /// The same, and in this commit is a mark for what Stripe has still to be asked.
    Marked,
    /// It is none of our business; why.
    Ignored(&'static str),
    /// What it means must be read from Stripe. The mark is in this commit.
    Waiting,
}

/// Applies a snapshot event.
pub fn apply(conn: &mut Conn, rules: &Rules, event: &Event) -> Result<Outcome, DbError> {
    if event.livemode != rules.livemode {
        return other_mode(conn, rules, &event.id, event.livemode);
    }
    if event.account.is_some() {
        return Ok(Outcome::Ignored("connected_account"));
    }
    match Kind::of(&event.kind) {
        Kind::Subscription => subscription::apply(conn, rules, event),
        Kind::Checkout => checkout::apply(conn, rules, event),
        Kind::CustomerCreated => customer_created(conn, rules, event),
        Kind::CustomerDeleted => customer_deleted(conn, rules, event),
        Kind::Customer => refresh_customer(conn, rules, event),
        Kind::Catalog => catalog::apply(conn, rules, event),
        Kind::Unknown => Ok(Outcome::Ignored("unhandled_type")),
    }
}

/// Whether anything is done about events of this type.
pub fn is_handled(event_type: &str) -> bool {
    Kind::of(event_type) != Kind::Unknown
}

/// Applies a thin event, which only names what changed.
pub fn apply_thin(conn: &mut Conn, rules: &Rules, event: &ThinEvent) -> Result<Outcome, DbError> {
    if event.livemode != rules.livemode {
        return other_mode(conn, rules, &event.id, event.livemode);
    }
    let now = rules.clock.wall();
    let Some(object) = &event.related_object else { return Ok(Outcome::Ignored("unhandled_type")) };
    match object.kind.as_deref() {
        Some("product" | "price") => {
            refresh::mark(conn, refresh::CATALOG, &event.id, now)?;
            Ok(Outcome::Marked)
        }
        Some(_) if refresh::can_read(&object.id) => {
            refresh::mark(conn, &object.id, &event.id, now)?;
            Ok(Outcome::Waiting)
        }
        _ => Ok(Outcome::Ignored("unhandled_type")),
    }
}

fn other_mode(
    conn: &mut Conn,
    rules: &Rules,
    event_id: &str,
    livemode: bool,
) -> Result<Outcome, DbError> {
    let (theirs, ours) = if livemode { ("live", "test") } else { ("test", "live") };
    let message =
        format!("An event of {theirs} mode came in, but the secret key is one to {ours} mode.");
    alerts::raise(conn, AlertKind::Livemode, event_id, &message, rules.clock.billing())?;
    Ok(Outcome::Ignored("livemode"))
}

/// Has the customer that an event is about read again. Refunds and disputes do not name theirs, but their charge
/// does, which the worker looks up.
fn refresh_customer(conn: &mut Conn, rules: &Rules, event: &Event) -> Result<Outcome, DbError> {
    let Some(customer_id) = customer_of(event) else {
        return match event.subject().id.as_ref().filter(|id| refresh::can_read(id)) {
            Some(id) => {
                refresh::mark(conn, id, &event.id, rules.clock.wall())?;
                Ok(Outcome::Waiting)
            }
            None => Ok(Outcome::Ignored("no_customer")),
        };
    };
    match customers::find_owner(conn, &customer_id)? {
        Owner::Foreign => Ok(Outcome::Ignored("foreign_customer")),
        Owner::Former(None) => Ok(Outcome::Ignored("former_customer")),
        Owner::User(_) | Owner::Former(Some(_)) => {
            refresh::mark(conn, &customer_id, &event.id, rules.clock.wall())?;
            Ok(Outcome::Waiting)
        }
    }
}

/// Binds a customer that was made for a listener to them, should the process that made it have fallen before it could.
fn customer_created(conn: &mut Conn, rules: &Rules, event: &Event) -> Result<Outcome, DbError> {
    let Ok(customer) = event.object::<Customer>() else {
        return Ok(Outcome::Ignored("unreadable"));
    };
    let Some(user_id) = customer.metadata.get(customers::USER_KEY) else {
        return Ok(Outcome::Ignored("foreign_customer"));
    };
    match customers::find_owner(conn, &customer.id)? {
        Owner::User(_) => return Ok(Outcome::Applied),
        Owner::Former(_) => return Ok(Outcome::Ignored("former_customer")),
        Owner::Foreign => {}
    }
    if !customers::bind(conn, user_id, &customer.id, &rules.clock)? {
        return Ok(Outcome::Ignored("unused_customer"));
    }
    if let Some(email) = &customer.email {
        customers::update_told_email(conn, user_id, &customer.id, email)?;
    }
    Ok(Outcome::Marked)
}

/// Stripe has deleted the customer and ended its subscriptions; the listener's next Checkout makes a new one.
fn customer_deleted(conn: &mut Conn, rules: &Rules, event: &Event) -> Result<Outcome, DbError> {
    let Some(customer_id) = customer_of(event) else { return Ok(Outcome::Ignored("no_customer")) };
    match customers::find_owner(conn, &customer_id)? {
        Owner::Foreign => Ok(Outcome::Ignored("foreign_customer")),
        Owner::Former(_) => Ok(Outcome::Ignored("former_customer")),
        Owner::User(user_id) => {
            customers::retire(conn, &user_id, &customer_id, "deleted_at_stripe", &rules.clock)?;
            Ok(Outcome::Marked)
        }
    }
}

/// The customer an event is about. A detached payment method has none any more, but had.
pub fn customer_of(event: &Event) -> Option<String> {
    event.subject().customer_id().map(str::to_owned).or_else(|| event.customer_before())
}
