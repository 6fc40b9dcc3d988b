//! `test_helpers/test_clocks`.

use serde_json::json;

use super::{Outcome, Page, Request, customers};
use crate::sandbox::{
    error::ApiError,
    object::{Kind, Object},
    store::{Listing, Tx},
    test_clocks,
};

/// Seconds a clock is kept.
const KEPT: i64 = 30 * 86_400;

fn find(tx: &mut Tx<'_>, id: &str) -> Result<Object, ApiError> {
    tx.get(Kind::TestClock, id, "test_clock").map_err(ApiError::in_path)
}

pub(super) fn create(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let time = params.integer_from("frozen_time", 0)?;
    let time = time.ok_or_else(|| ApiError::missing("frozen_time"))?;
    let name = params.string("name")?;
    params.finish()?;
    let body = json!({
        "deletes_after": tx.now() + KEPT,
        "frozen_time": time,
        "name": name,
        "status": "ready",
        "status_details": {},
    });
    let clock = Object::new(Kind::TestClock, tx.now(), body);
    tx.create(&clock)?;
    Ok(clock.body)
}

pub(super) fn retrieve(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let clock = find(tx, request.id())?;
    request.params.finish()?;
    Ok(clock.body)
}

pub(super) fn list(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let page = Page::take(&mut params)?;
    params.finish()?;
    let url = "/v1/test_helpers/test_clocks";
    page.answer(tx, url, Kind::TestClock, Listing::default(), |_| true)
}

pub(super) fn advance(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let clock = find(tx, request.id())?;
    let mut params = request.params;
    let time = params.integer("frozen_time")?.ok_or_else(|| ApiError::missing("frozen_time"))?;
    params.finish()?;
    if clock.text("status") != Some("ready") {
        let message = "The test clock is already advancing. Wait until its status is `ready`.";
        return Err(ApiError::invalid(message));
    }
    if clock.integer("frozen_time").is_some_and(|now| time <= now) {
        return Err(ApiError::invalid_param(
            "frozen_time",
            "The new frozen time must be after the clock's current frozen time.",
        ));
    }
    Ok(test_clocks::start_advance(tx, clock, time)?.body)
}

/// Deletes the clock with its customers; their subscriptions end.
pub(super) fn delete(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let clock = find(tx, request.id())?;
    request.params.finish()?;
    for customer in tx.customers_of_clock(&clock.id)? {
        customers::remove(tx, customer)?;
    }
    tx.delete(&clock)?;
    tx.emit("test_helpers.test_clock.deleted", &clock, None)?;
    Ok(json!({ "id": clock.id, "object": "test_helpers.test_clock", "deleted": true }))
}
