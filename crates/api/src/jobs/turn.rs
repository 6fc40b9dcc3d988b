//! Turns: work that one process at a time does, whichever is first. One that is killed in the middle of its turn loses
//! it when the lease runs out.

use std::sync::Arc;

use super::store;
use crate::db::{Db, DbError};

/// The turn at a piece of work.
pub struct Turn {
    db: Db,
    name: &'static str,
    holder: Arc<str>,
}

impl Turn {
    /// Takes the turn at `name` until `leased_until`; `None` when another process has it, or the work was last done
    /// after `ran_before`. Times are Unix seconds on the wall clock.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take(
        db: &Db,
        name: &'static str,
        holder: &Arc<str>,
        now: i64,
        leased_until: i64,
        ran_before: i64,
    ) -> Result<Option<Self>, DbError> {
        let (turn, holder) =
            (Self { db: db.clone(), name, holder: Arc::clone(holder) }, Arc::clone(holder));
        let lease =
            db.write(move |conn| store::lease(conn, name, &holder, now, leased_until, ran_before));
        Ok(lease.await?.then_some(turn))
    }

    /// Gives it back; `ran_at` when the work came to its end. One that another process took over, because the work took
    /// longer than the lease, stays with that process.
    ///
    /// # Errors
    /// When the database fails; then the lease runs out by itself.
    pub async fn end(self, ran_at: Option<i64>) -> Result<(), DbError> {
        let Self { db, name, holder } = self;
        db.write(move |conn| store::finish(conn, name, &holder, ran_at)).await
    }
}
