//! How far Stripe's list of events has been read.

use std::collections::HashSet;

use diesel::prelude::*;

use crate::db::{
    Conn, DbError,
    schema::{events, settings},
};

const CAUGHT_UP_TO: &str = "events_caught_up_to";

/// The second up to which events are known, Unix; before the first time, when the newest that came had happened.
pub(super) fn find_caught_up_to(conn: &mut Conn) -> Result<Option<i64>, DbError> {
    let kept: Option<String> =
        settings::table.find(CAUGHT_UP_TO).select(settings::value).get_result(conn).optional()?;
    match kept.and_then(|text| text.parse().ok()) {
        Some(second) => Ok(Some(second)),
        None => Ok(events::table.select(diesel::dsl::max(events::created)).get_result(conn)?),
    }
}

pub(super) fn update_caught_up_to(conn: &mut Conn, second: i64) -> Result<(), DbError> {
    let text = second.to_string();
    let present = settings::table.find(CAUGHT_UP_TO);
    if diesel::update(present).set(settings::value.eq(&text)).execute(conn)? == 0 {
        diesel::insert_into(settings::table)
            .values((settings::name.eq(CAUGHT_UP_TO), settings::value.eq(text)))
            .execute(conn)?;
    }
    Ok(())
}

/// The events among `ids` that have come.
pub(super) fn list_known(conn: &mut Conn, ids: &[String]) -> Result<HashSet<String>, DbError> {
    let known: Vec<String> =
        events::table.filter(events::id.eq_any(ids)).select(events::id).load(conn)?;
    Ok(known.into_iter().collect())
}
