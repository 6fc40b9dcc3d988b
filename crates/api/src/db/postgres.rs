//! PostgreSQL: one pool, closures on the blocking threads.

use std::{sync::Arc, time::Duration};

use diesel::{
    Connection, PgConnection,
    r2d2::{ConnectionManager, Pool},
};
use tokio::sync::Semaphore;

use super::{Changes, Conn, DbError, OpenError, blocking, changes, migrate};

/// How long a request may wait for a connection before it is told to come back.
const PATIENCE: Duration = Duration::from_millis(800);

pub(super) struct Postgres {
    pool: Pool<ConnectionManager<Conn>>,
    /// As many permits as connections: waiting here costs a future, waiting in the pool a thread.
    permits: Arc<Semaphore>,
}

impl Postgres {
    pub(super) fn open(address: &str, changes: Changes) -> Result<Self, OpenError> {
        let failed = |error: String| OpenError::Connect("at DATABASE_URL".to_owned(), error);
        let mut first =
            PgConnection::establish(address).map_err(|error| failed(error.to_string()))?;
        migrate::postgres(&mut first)?;
        changes::listen(address, changes).map_err(|error| failed(error.to_string()))?;
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let size = (cores * 4).clamp(4, 32);
        let pool = Pool::builder()
            .max_size(size as u32)
            .min_idle(Some(1))
            .connection_timeout(PATIENCE)
            .build(ConnectionManager::new(address))
            .map_err(|error| failed(error.to_string()))?;
        Ok(Self { pool, permits: Arc::new(Semaphore::new(size)) })
    }

    pub(super) async fn run<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let permit = tokio::time::timeout(PATIENCE, Arc::clone(&self.permits).acquire_owned())
            .await
            .map_err(|_| DbError::Overloaded)?
            .map_err(|_| DbError::Thread)?;
        let pool = self.pool.clone();
        blocking(move || {
            let mut conn = pool.get().map_err(|error| DbError::Connect(error.to_string()))?;
            let answer = work(&mut conn);
            drop(permit);
            answer
        })
        .await?
    }
}
