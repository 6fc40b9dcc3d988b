//! The queue of webhook deliveries.

use std::sync::atomic::Ordering;

use diesel::prelude::*;

use super::{Tx, schema};
use crate::sandbox::error::ApiError;

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeliveryState {
    Pending,
    Delivered,
    /// Given up.
    Failed,
}

impl DeliveryState {
    fn name(self) -> &'static str {
        match self {
            DeliveryState::Pending => "pending",
            DeliveryState::Delivered => "delivered",
            DeliveryState::Failed => "failed",
        }
    }
}

/// One event on its way to one endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, serde::Serialize)]
#[diesel(table_name = schema::deliveries)]
pub(crate) struct Delivery {
    pub(crate) id: i64,
    /// `evt_…`
    pub(crate) event: String,
    /// `we_…`
    pub(crate) endpoint: String,
    /// `pending`, `delivered` or `failed`.
    pub(crate) state: String,
    /// Made so far.
    pub(crate) attempts: i64,
    /// Unix seconds of the next attempt, by the sandbox's clock.
    pub(crate) due: i64,
    /// HTTP status of the last attempt.
    pub(crate) status: Option<i64>,
    /// Why the last attempt failed without a status.
    pub(crate) failure: Option<String>,
    /// Unix seconds.
    pub(crate) created: i64,
}

/// How an attempt to deliver went.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Attempt {
    /// The HTTP status; none without an answer.
    pub(crate) status: Option<i64>,
    /// Why it failed without a status.
    pub(crate) failure: Option<String>,
    /// The beginning of what was answered.
    pub(crate) answer: Option<String>,
}

/// An attempt as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, serde::Serialize)]
#[diesel(table_name = schema::attempts)]
pub(crate) struct AttemptMade {
    /// Unix seconds by the sandbox's clock.
    pub(crate) time: i64,
    pub(crate) status: Option<i64>,
    pub(crate) failure: Option<String>,
    pub(crate) answer: Option<String>,
}

impl Tx<'_> {
    /// Queues an event for an endpoint, due now; the commit wakes the sender.
    pub(crate) fn queue_delivery(&mut self, event: &str, endpoint: &str) -> Result<(), ApiError> {
        use schema::deliveries as d;
        diesel::insert_into(d::table)
            .values((
                d::event.eq(event),
                d::endpoint.eq(endpoint),
                d::state.eq(DeliveryState::Pending.name()),
                d::attempts.eq(0_i64),
                d::due.eq(self.now),
                d::created.eq(self.now),
            ))
            .execute(self.connection)?;
        self.surroundings.has_queued.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// Pending deliveries due by now, oldest first, without those in `busy` and those to the endpoints in `full`.
    pub(crate) fn due_deliveries(
        &mut self,
        busy: &[i64],
        full: &[String],
        limit: usize,
    ) -> Result<Vec<Delivery>, ApiError> {
        use schema::deliveries as d;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let due = d::table
            .filter(d::state.eq(DeliveryState::Pending.name()))
            .filter(d::due.le(self.now))
            .filter(d::id.ne_all(busy))
            .filter(d::endpoint.ne_all(full))
            .order((d::due.asc(), d::id.asc()))
            .limit(limit)
            .select(Delivery::as_select())
            .load(self.connection)?;
        Ok(due)
    }

    /// The newest deliveries, or those of one event.
    pub(crate) fn list_deliveries(
        &mut self,
        event: Option<&str>,
        limit: i64,
    ) -> Result<Vec<Delivery>, ApiError> {
        use schema::deliveries as d;
        let mut query =
            d::table.into_boxed().order(d::id.desc()).limit(limit).select(Delivery::as_select());
        if let Some(event) = event {
            query = query.filter(d::event.eq(event.to_owned()));
        }
        Ok(query.load(self.connection)?)
    }

    /// How many deliveries of an event are still to be made.
    pub(crate) fn count_pending_deliveries(&mut self, event: &str) -> Result<i64, ApiError> {
        use schema::deliveries as d;
        let pending = d::table
            .filter(d::event.eq(event))
            .filter(d::state.eq(DeliveryState::Pending.name()))
            .count()
            .get_result(self.connection)?;
        Ok(pending)
    }

    /// Records an attempt, and where the delivery stands after it; `due` (Unix seconds) is when the next one is.
    pub(crate) fn record_attempt(
        &mut self,
        delivery: i64,
        attempt: &Attempt,
        state: DeliveryState,
        due: i64,
    ) -> Result<(), ApiError> {
        use schema::deliveries as d;
        diesel::update(d::table.find(delivery))
            .set((
                d::state.eq(state.name()),
                d::attempts.eq(d::attempts + 1),
                d::due.eq(due),
                d::failure.eq(attempt.failure.as_deref()),
            ))
            .execute(self.connection)?;
        // What is only acknowledged has no status, and the answer that it will have may be recorded already.
        if attempt.status.is_some() || attempt.failure.is_some() {
            diesel::update(d::table.find(delivery))
                .set(d::status.eq(attempt.status))
                .execute(self.connection)?;
        }
        self.insert_attempt(delivery, attempt)
    }

    /// Records an answer that came after the attempt: what `stripe listen` met where it forwarded the event.
    pub(crate) fn record_answer(
        &mut self,
        delivery: i64,
        answer: &Attempt,
    ) -> Result<(), ApiError> {
        use schema::deliveries as d;
        diesel::update(d::table.find(delivery))
            .set(d::status.eq(answer.status))
            .execute(self.connection)?;
        self.insert_attempt(delivery, answer)
    }

    /// The attempts of a delivery, oldest first.
    pub(crate) fn list_attempts(&mut self, delivery: i64) -> Result<Vec<AttemptMade>, ApiError> {
        use schema::attempts as a;
        Ok(a::table
            .filter(a::delivery.eq(delivery))
            .order(a::id.asc())
            .select(AttemptMade::as_select())
            .load(self.connection)?)
    }

    fn insert_attempt(&mut self, delivery: i64, attempt: &Attempt) -> Result<(), ApiError> {
        use schema::attempts as a;
        diesel::insert_into(a::table)
            .values((
                a::delivery.eq(delivery),
                a::time.eq(self.now),
                a::status.eq(attempt.status),
                a::failure.eq(attempt.failure.as_deref()),
                a::answer.eq(attempt.answer.as_deref()),
            ))
            .execute(self.connection)?;
        Ok(())
    }
}
