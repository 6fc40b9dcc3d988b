//! The rows of events.

mod at_once;

use diesel::{
    dsl::sql,
    expression::SqlLiteral,
    prelude::*,
    sql_types::{BigInt, Bool, Text},
};

use crate::{
    billing::apply::{self, Outcome},
    db::{
        Conn, DbError, prepared,
        schema::{events, former_customers},
    },
    stripe::Notification,
};

pub(super) use at_once::insert_with_effects;

/// Payloads that settling a refresh erases at the most; pruning finds the others.
const ERASED_AT_ONCE: i64 = 100;

/// An event as it comes in.
pub(super) struct NewEvent {
    pub(super) id: String,
    kind: String,
    customer_id: Option<String>,
    object_id: Option<String>,
    api_version: Option<String>,
    livemode: bool,
    created: i64,
    received_at: i64,
    payload: Vec<u8>,
}

impl NewEvent {
    pub(super) fn of(notification: &Notification, payload: Vec<u8>, received_at: i64) -> Self {
        match notification {
            Notification::Snapshot(event) => Self {
                id: event.id.clone(),
                kind: event.kind.clone(),
                customer_id: apply::customer_of(event),
                object_id: event.subject().id.clone(),
                api_version: event.api_version.clone(),
                livemode: event.livemode,
                created: event.created,
                received_at,
                payload,
            },
            Notification::Thin(event) => {
                let object = event.related_object.as_ref();
                let customer = object.filter(|object| object.kind.as_deref() == Some("customer"));
                Self {
                    id: event.id.clone(),
                    kind: event.kind.clone(),
                    customer_id: customer.map(|object| object.id.clone()),
                    object_id: object.map(|object| object.id.clone()),
                    api_version: None,
                    livemode: event.livemode,
                    created: event.created,
                    received_at,
                    payload,
                }
            }
        }
    }
}

/// An event as it is kept, but for its payload. Times are Unix seconds.
#[derive(Queryable, Selectable)]
#[diesel(table_name = events)]
pub(super) struct EventRecord {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) customer_id: Option<String>,
    pub(super) created: i64,
    pub(super) received_at: i64,
    pub(super) state: String,
    pub(super) reason: Option<String>,
    pub(super) error: Option<String>,
    pub(super) attempts: i64,
}

/// How far an event has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum State {
    /// Kept; what is still to do is marked.
    Received,
    /// Applied.
    Applied,
    /// None of our business; the reason is kept.
    Ignored,
    /// Applying it failed, and is tried again.
    Failed,
}

impl State {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Applied => "applied",
            Self::Ignored => "ignored",
            Self::Failed => "failed",
        }
    }

    /// Whether another delivery is a duplicate.
    pub(super) const fn is_settled(self) -> bool {
        matches!(self, Self::Applied | Self::Ignored)
    }
}

/// A failed event that this process holds.
pub struct LeasedEvent {
    /// `evt_…`.
    pub id: String,
    /// How often it failed.
    pub attempts: i64,
    pub(super) payload: Vec<u8>,
}

/// Keeps an event as one that is applied, which it is when this commits; [`update_outcome`] says otherwise. `false`
/// when its id is there already. On PostgreSQL this waits for another process that is about to commit the same event.
pub(super) fn insert(conn: &mut Conn, event: &NewEvent) -> Result<bool, DbError> {
    let row = (
        events::id.eq(&event.id),
        events::kind.eq(&event.kind),
        events::customer_id.eq(&event.customer_id),
        events::object_id.eq(&event.object_id),
        events::api_version.eq(&event.api_version),
        events::livemode.eq(event.livemode),
        events::created.eq(event.created),
        events::received_at.eq(event.received_at),
        events::state.eq(State::Applied.as_str()),
        events::payload.eq(&event.payload),
    );
    let insert = diesel::insert_into(events::table);
    // ON CONFLICT is not rendered for both at once; raw SQL would be prepared anew each time.
    let inserted = match conn {
        Conn::Sqlite(conn) => insert.values(row).on_conflict_do_nothing().execute(conn)?,
        Conn::Postgres(conn) => insert.values(row).on_conflict_do_nothing().execute(conn)?,
    };
    Ok(inserted == 1)
}

/// How far an event has come, holding its row until the commit.
pub(super) fn lock_state(conn: &mut Conn, id: &str) -> Result<State, DbError> {
    if let Conn::Postgres(postgres) = conn {
        events::table.find(id).select(events::id).for_update().execute(postgres)?;
    }
    let state: String = events::table.find(id).select(events::state).get_result(conn)?;
    let states = [State::Received, State::Applied, State::Ignored, State::Failed];
    Ok(states.into_iter().find(|known| known.as_str() == state).unwrap_or(State::Received))
}

pub(super) fn update_outcome(conn: &mut Conn, id: &str, outcome: Outcome) -> Result<(), DbError> {
    let (state, reason) = state_after(outcome);
    let update = diesel::update(events::table.find(id)).set((
        events::state.eq(state.as_str()),
        events::reason.eq(reason),
        events::error.eq(None::<&str>),
        events::next_try_at.eq(None::<i64>),
        events::leased_until.eq(0),
    ));
    prepared(update).execute(conn)?;
    Ok(())
}

/// Erases the payload of an event about somebody whose account is gone: it came too late to be erased with it.
pub(super) fn erase_if_left(conn: &mut Conn, id: &str) -> Result<(), DbError> {
    let erased = former_customers::table
        .filter(former_customers::user_id.is_null())
        .select(former_customers::customer_id.nullable());
    let event = events::table.find(id).filter(events::customer_id.eq_any(erased));
    diesel::update(event).set(events::payload.eq(None::<Vec<u8>>)).execute(conn)?;
    Ok(())
}

fn state_after(outcome: Outcome) -> (State, Option<&'static str>) {
    match outcome {
        Outcome::Applied | Outcome::Marked => (State::Applied, None),
        Outcome::Ignored(reason) => (State::Ignored, Some(reason)),
        Outcome::Waiting => (State::Received, None),
    }
}

pub(super) fn update_failed(
    conn: &mut Conn,
    id: &str,
    error: &str,
    retry_at: i64,
) -> Result<(), DbError> {
    diesel::update(events::table.find(id))
        .set((
            events::state.eq(State::Failed.as_str()),
            events::error.eq(error),
            events::attempts.eq(events::attempts + 1),
            events::next_try_at.eq(retry_at),
            events::leased_until.eq(0),
        ))
        .execute(conn)?;
    Ok(())
}

/// Holds the events that wait for `target` until the commit. Every transaction takes events first and marks last,
/// so that a delivery and a finished refresh never wait for each other.
pub fn lock_waiting(conn: &mut Conn, target: &str) -> Result<(), DbError> {
    if let Conn::Postgres(postgres) = conn {
        diesel::sql_query(
            "SELECT 1 FROM events WHERE state = 'received' AND (customer_id = $1 OR object_id = $1) \
             ORDER BY id FOR UPDATE",
        )
        .bind::<Text, _>(target)
        .execute(postgres)?;
    }
    Ok(())
}

/// Written out, because an index of these alone is not found for a state that is bound.
fn is_received() -> SqlLiteral<Bool> {
    sql("events.state = 'received'")
}

/// Settles the events that waited for `target`, a subscription or a customer, to be read from Stripe.
pub fn settle(conn: &mut Conn, target: &str, outcome: Outcome) -> Result<(), DbError> {
    let (state, reason) = state_after(outcome);
    let waiting = events::table
        .filter(is_received())
        .filter(events::customer_id.eq(target).or(events::object_id.eq(target)));
    diesel::update(waiting)
        .set((events::state.eq(state.as_str()), events::reason.eq(reason)))
        .execute(conn)?;
    if state == State::Ignored {
        erase_of_left(conn, ERASED_AT_ONCE)?;
    }
    Ok(())
}

/// Erases up to so many payloads about people whose account is gone: of events that came while it was erased.
pub fn erase_of_left(conn: &mut Conn, limit: i64) -> Result<usize, DbError> {
    let erased = diesel::sql_query(
        "UPDATE events SET payload = NULL WHERE id IN (SELECT events.id FROM events \
         JOIN former_customers ON former_customers.customer_id = events.customer_id \
         WHERE former_customers.user_id IS NULL AND events.payload IS NOT NULL LIMIT $1)",
    );
    Ok(erased.bind::<BigInt, _>(limit).execute(conn)?)
}

/// Takes one failed event that is due, until `leased_until`. Whoever is slower gets another, or none.
pub fn lease(
    conn: &mut Conn,
    holder: &str,
    now: i64,
    leased_until: i64,
) -> Result<Option<LeasedEvent>, DbError> {
    let due: Vec<(String, i64, Option<Vec<u8>>)> = events::table
        .filter(events::next_try_at.le(now))
        .filter(events::leased_until.le(now))
        .order(events::next_try_at)
        .limit(8)
        .select((events::id, events::attempts, events::payload))
        .load(conn)?;
    for (id, attempts, payload) in due {
        let free = events::table
            .find(&id)
            .filter(events::leased_until.le(now))
            .filter(events::state.eq(State::Failed.as_str()));
        let taken = diesel::update(free)
            .set((events::holder.eq(holder), events::leased_until.eq(leased_until)))
            .execute(conn)?;
        if taken == 1 {
            return Ok(Some(LeasedEvent { id, attempts, payload: payload.unwrap_or_default() }));
        }
    }
    Ok(None)
}

/// Gives back every event that `holder` has taken.
pub fn release(conn: &mut Conn, holder: &str) -> Result<(), DbError> {
    let held =
        events::table.filter(events::holder.eq(holder)).filter(events::next_try_at.is_not_null());
    diesel::update(held).set(events::leased_until.eq(0)).execute(conn)?;
    Ok(())
}

/// When the next failed event is due, Unix seconds.
pub fn next_due(conn: &mut Conn) -> Result<Option<i64>, DbError> {
    let due = events::table.filter(events::next_try_at.is_not_null());
    Ok(due.select(diesel::dsl::min(events::next_try_at)).get_result(conn)?)
}

/// Takes up to `limit` events away that are dealt with and came before `before`; how many it were. What is not dealt
/// with stays, however old.
pub fn prune(conn: &mut Conn, before: i64, limit: i64) -> Result<usize, DbError> {
    let deleted = diesel::sql_query(
        "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE received_at < $1 \
         AND state IN ('applied', 'ignored') ORDER BY received_at LIMIT $2)",
    );
    Ok(deleted.bind::<BigInt, _>(before).bind::<BigInt, _>(limit).execute(conn)?)
}

/// The events that came last, newest first, of one state or of all.
pub(super) fn list_newest(
    conn: &mut Conn,
    state: Option<State>,
    limit: i64,
) -> Result<Vec<EventRecord>, DbError> {
    let mut rows = events::table
        .order((events::received_at.desc(), events::id.desc()))
        .limit(limit)
        .select(EventRecord::as_select())
        .into_boxed();
    if let Some(state) = state {
        rows = rows.filter(events::state.eq(state.as_str()));
    }
    Ok(rows.load(conn)?)
}

/// An event and its deflated payload, which is `None` once erased.
pub(super) type Kept = (EventRecord, Option<Vec<u8>>);

/// An event with its payload.
pub(super) fn find(conn: &mut Conn, id: &str) -> Result<Option<Kept>, DbError> {
    let row = events::table.find(id).select((EventRecord::as_select(), events::payload));
    Ok(row.get_result(conn).optional()?)
}
