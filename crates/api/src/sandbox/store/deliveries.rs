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

/// The result of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub(crate) state: DeliveryState,
    /// Unix seconds of the next attempt, when pending.
    pub(crate) due: i64,
    pub(crate) status: Option<i64>,
    pub(crate) failure: Option<String>,
}

impl Attempt {
    /// Never made, and never to be.
    pub(crate) fn lost() -> Attempt {
        let failure = Some("lost by a fault".to_owned());
        Attempt { state: DeliveryState::Failed, due: 0, status: None, failure }
    }
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

    pub(crate) fn record_attempt(
        &mut self,
        delivery: i64,
        attempt: &Attempt,
    ) -> Result<(), ApiError> {
        use schema::deliveries as d;
        diesel::update(d::table.find(delivery))
            .set((
                d::state.eq(attempt.state.name()),
                d::attempts.eq(d::attempts + 1),
                d::due.eq(attempt.due),
                d::status.eq(attempt.status),
                d::failure.eq(attempt.failure.as_deref()),
            ))
            .execute(self.connection)?;
        Ok(())
    }
}
