//! The leases of work that one process at a time does.

use diesel::{prelude::*, sql_types::Text};

use crate::db::{Conn, DbError, schema::job_leases};

/// Takes the work `name` until `leased_until`, if nobody holds it and it last ran at `ran_before` or earlier.
pub(super) fn lease(
    conn: &mut Conn,
    name: &str,
    holder: &str,
    now: i64,
    leased_until: i64,
    ran_before: i64,
) -> Result<bool, DbError> {
    diesel::sql_query("INSERT INTO job_leases (name) VALUES ($1) ON CONFLICT (name) DO NOTHING")
        .bind::<Text, _>(name)
        .execute(conn)?;
    let free = job_leases::table
        .find(name)
        .filter(job_leases::leased_until.le(now))
        .filter(job_leases::last_run_at.le(ran_before));
    let taken = diesel::update(free)
        .set((job_leases::holder.eq(holder), job_leases::leased_until.eq(leased_until)))
        .execute(conn)?;
    Ok(taken == 1)
}

/// Gives the work `name` back, unless `holder`'s lease ran out and another has it; `ran_at` when it came to its end.
pub(super) fn finish(
    conn: &mut Conn,
    name: &str,
    holder: &str,
    ran_at: Option<i64>,
) -> Result<(), DbError> {
    let row = job_leases::table.find(name).filter(job_leases::holder.eq(holder));
    diesel::update(row).set(job_leases::leased_until.eq(0)).execute(conn)?;
    if let Some(at) = ran_at {
        diesel::update(row).set(job_leases::last_run_at.eq(at)).execute(conn)?;
    }
    Ok(())
}

/// Gives back everything that `holder` has taken.
pub(super) fn release(conn: &mut Conn, holder: &str) -> Result<(), DbError> {
    let held = job_leases::table.filter(job_leases::holder.eq(holder));
    diesel::update(held).set(job_leases::leased_until.eq(0)).execute(conn)?;
    Ok(())
}
