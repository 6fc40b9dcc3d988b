//! Counting.

use diesel::{
    dsl::{count_star, min},
    prelude::*,
    sql_types::{BigInt, Text},
};

use super::{Counts, INBOX_SPAN, Job, Listeners, Waiting, Work};
use crate::db::{
    Conn, DbError,
    schema::{alerts, events, job_leases, outbox, refreshes},
};

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = Text)]
    word: String,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn counts(rows: Vec<Counted>) -> Counts {
    rows.into_iter().map(|Counted { word, count }| (word, count)).collect()
}

pub(super) fn read_work(conn: &mut Conn, now: i64) -> Result<Work, DbError> {
    let states = events::table
        .filter(events::received_at.ge(now - INBOX_SPAN))
        .group_by(events::state)
        .select((events::state, count_star()))
        .order(events::state)
        .load(conn)?;
    let ignored = diesel::sql_query(
        "SELECT coalesce(reason, 'unknown') AS word, count(*) AS count FROM events \
         WHERE received_at >= $1 AND state = 'ignored' GROUP BY reason ORDER BY reason",
    );
    let ignored = counts(ignored.bind::<BigInt, _>(now - INBOX_SPAN).load(conn)?);
    let open = alerts::table
        .filter(alerts::resolved_at.is_null())
        .group_by(alerts::kind)
        .select((alerts::kind, count_star()))
        .order(alerts::kind)
        .load(conn)?;
    let failed = events::table.filter(events::next_try_at.is_not_null());
    let (count, due_at): (i64, Option<i64>) =
        failed.select((count_star(), min(events::next_try_at))).get_result(conn)?;
    let failed_events = Waiting { count, failing: count, due_at };
    let (count, due_at): (i64, Option<i64>) =
        refreshes::table.select((count_star(), min(refreshes::next_try_at))).get_result(conn)?;
    let failing = refreshes::table.filter(refreshes::attempts.gt(0)).count().get_result(conn)?;
    let unread = Waiting { count, failing, due_at };
    let unsent = outbox::table.filter(outbox::next_try_at.is_not_null());
    let (count, due_at): (i64, Option<i64>) =
        unsent.select((count_star(), min(outbox::next_try_at))).get_result(conn)?;
    let failing = unsent.filter(outbox::attempts.gt(0)).count().get_result(conn)?;
    let mails = Waiting { count, failing, due_at };
    let turns: Vec<(String, i64, i64)> = job_leases::table
        .select((job_leases::name, job_leases::last_run_at, job_leases::leased_until))
        .order(job_leases::name)
        .load(conn)?;
    let job =
        |(name, last_run_at, leased_until)| Job { name, last_run_at, running: leased_until > now };
    Ok(Work {
        events: states,
        ignored_events: ignored,
        failed_events,
        refreshes: unread,
        mails,
        alerts: open,
        jobs: turns.into_iter().map(job).collect(),
    })
}

/// Access that was derived lasts until `access_until`, or has no end.
const WITH_ACCESS: &str = "SELECT plan AS word, count(*) AS count FROM users WHERE plan IS NOT NULL \
     AND subscription_status IN ('active', 'trialing', 'past_due') \
     AND (access_until IS NULL OR access_until > $1) GROUP BY plan \
     UNION ALL SELECT 'by grant' AS word, count(DISTINCT user_id) AS count FROM grants \
     WHERE revoked_at IS NULL AND (until IS NULL OR until > $1) HAVING count(*) > 0 ORDER BY word";

pub(super) fn count_listeners(conn: &mut Conn, now: i64) -> Result<Listeners, DbError> {
    let by_status = diesel::sql_query(
        "SELECT subscription_status AS word, count(*) AS count FROM users \
         GROUP BY subscription_status ORDER BY subscription_status",
    );
    let by_plan = diesel::sql_query(WITH_ACCESS).bind::<BigInt, _>(now);
    Ok(Listeners { by_status: counts(by_status.load(conn)?), by_plan: counts(by_plan.load(conn)?) })
}
