//! PostgreSQL: one pool, closures on the blocking threads.
//!
//! Connections die: the server restarts, fails over to a replica, is cut off by a proxy. One that lost its server, or
//! whose server became read-only, is thrown away with the error it caused, the others are asked before they are used
//! again, and new ones are made wherever the address leads by then.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use diesel::{
    Connection, PgConnection, QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    r2d2::{self, ManageConnection, Pool, PooledConnection, R2D2Connection},
    sql_types::Text,
};
use tokio::sync::Semaphore;

use super::{
    Changes, Conn, DbError, OpenError, Opening, PostgresSettings, blocking,
    changes::{self, Unannounced},
    connection::in_transaction,
    migrate,
    url::with_defaults,
};

/// How long a request may wait for a connection before it is told to come back.
const PATIENCE: Duration = Duration::from_millis(800);

/// A connection that was not used for this long is asked whether it lives before it is used again.
const IDLE: Duration = Duration::from_secs(1);

pub(super) struct Postgres {
    pool: Pool<Connections>,
    /// As many permits as connections: waiting here costs a future, waiting in the pool a thread.
    permits: Arc<Semaphore>,
    size: usize,
    refused: AtomicU64,
    unannounced: Unannounced,
}

impl Postgres {
    /// The database that is written to, its schema brought up to date or found so.
    pub(super) fn open(
        address: &str,
        settings: &PostgresSettings,
        changes: Changes,
        opening: Opening,
    ) -> Result<Self, OpenError> {
        let failed = |error: String| OpenError::Connect("at DATABASE_URL".to_owned(), error);
        let address = with_defaults(address, true);
        let mut first =
            PgConnection::establish(&address).map_err(|error| failed(error.to_string()))?;
        match opening {
            Opening::Migrate => migrate::postgres(&mut first)?,
            Opening::AsItIs => migrate::require_current(&mut Conn::Postgres(first))
                .map_err(|error| failed(error.to_string()))??,
        }
        let listen = settings.listen_url.as_ref().map(|url| with_defaults(url, true));
        changes::listen(listen.as_deref().unwrap_or(&address), changes)
            .map_err(|error| failed(error.to_string()))?;
        Ok(Self::pool(address, settings.statement_timeout))
    }

    /// A replica that is only read; it may be away.
    pub(super) fn replica(address: &str, settings: &PostgresSettings) -> Self {
        Self::pool(with_defaults(address, false), settings.statement_timeout)
    }

    fn pool(address: String, statement_timeout: Duration) -> Self {
        let cores = thread::available_parallelism().map_or(2, usize::from);
        let size = (cores * 4).clamp(4, 32);
        let connections = Connections {
            address,
            statement_timeout,
            start: Instant::now(),
            suspected_at: AtomicU64::new(0),
        };
        let pool = Pool::builder()
            .max_size(size as u32)
            .min_idle(Some(1))
            .connection_timeout(PATIENCE)
            .error_handler(Box::new(Unreachable))
            .build_unchecked(connections);
        Self {
            pool,
            permits: Arc::new(Semaphore::new(size)),
            size,
            refused: AtomicU64::new(0),
            unannounced: Unannounced::default(),
        }
    }

    pub(super) async fn run<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let patient_until = Instant::now() + PATIENCE;
        let permit = tokio::time::timeout(PATIENCE, Arc::clone(&self.permits).acquire_owned())
            .await
            .map_err(|_| {
                self.refused.fetch_add(1, Ordering::Relaxed);
                DbError::Overloaded
            })?
            .map_err(|_| DbError::Thread)?;
        let pool = self.pool.clone();
        blocking(move || {
            // One patience for both: together they must stay under a second.
            let left = patient_until.saturating_duration_since(Instant::now());
            let mut kept = pool
                .get_timeout(left.max(Duration::from_millis(1)))
                .map_err(|error| DbError::Connect(error.to_string()))?;
            let answer = work(&mut kept.conn).or_else(|error| {
                // What was read or written on a connection that turns out to be lost failed for that reason.
                lost(&mut kept).map_or(Err(error), |why| Err(DbError::Connect(why).into()))
            });
            drop(permit);
            answer
        })
        .await?
    }

    /// What `work` did in statements that each commit by themselves; `None` when it did nothing.
    pub(super) async fn at_once<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut PgConnection) -> Result<T, DbError> + Send + 'static,
    ) -> Option<T> {
        let done = self.run(move |conn| match conn {
            Conn::Postgres(postgres) => work(postgres).map(Some),
            Conn::Sqlite(_) => Ok(None),
        });
        done.await.unwrap_or_else(|error: DbError| {
            // A single statement that fails changed nothing. A connection that is lost fails the transaction, too.
            tracing::debug!(%error, "not possible at once; trying a transaction");
            None
        })
    }

    /// Tells every process that these users' accounts changed, without waiting for it.
    pub(super) fn announce(self: &Arc<Self>, user_ids: Vec<String>) {
        if user_ids.is_empty() || !self.unannounced.add(user_ids) {
            return;
        }
        let postgres = Arc::clone(self);
        tokio::spawn(async move {
            loop {
                let user_ids = postgres.unannounced.take();
                if user_ids.is_empty() {
                    return;
                }
                let announced = postgres
                    .run(move |conn| {
                        changes::announce(conn, &user_ids);
                        Ok::<_, DbError>(())
                    })
                    .await;
                if let Err(error) = announced {
                    tracing::warn!(%error, "open pages learn of accounts' changes only at their next ping");
                }
            }
        });
    }

    pub(super) fn load(&self) -> super::Load {
        super::Load {
            busy: (self.size - self.permits.available_permits()) as u64,
            room: self.size as u64,
            refused: self.refused.load(Ordering::Relaxed),
        }
    }
}

/// Runs `work` as one transaction and then announces what it changed, before anybody is answered.
pub(super) fn transaction<T, E: From<DbError>>(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Result<T, E> {
    // What a transaction that was not committed had to say is not true.
    changes::take();
    let written = in_transaction(conn, work)?;
    changes::announce(conn, &changes::take());
    Ok(written)
}

#[derive(QueryableByName)]
struct ReadOnly {
    #[diesel(sql_type = Text)]
    value: String,
}

/// Why a connection on which something failed cannot be used again; it is marked so.
fn lost(kept: &mut PooledConnection<Connections>) -> Option<String> {
    let Conn::Postgres(conn) = &mut kept.conn else { return None };
    let asked = diesel::sql_query("SELECT current_setting('transaction_read_only') AS value");
    let why = match asked.get_result::<ReadOnly>(conn) {
        Ok(ReadOnly { value }) if value == "on" => {
            "the server takes no writes; looking for the one that does".to_owned()
        }
        Ok(_) => return None,
        Err(error) => error.to_string(),
    };
    kept.lost = true;
    Some(why)
}

/// A connection, and what is known of its health.
struct Kept {
    conn: Conn,
    /// When it last answered.
    seen_at: Instant,
    lost: bool,
}

/// Makes connections and decides which live.
struct Connections {
    address: String,
    statement_timeout: Duration,
    start: Instant,
    /// When one was last found lost, in milliseconds since `start`: the others are then asked too.
    suspected_at: AtomicU64,
}

impl ManageConnection for Connections {
    type Connection = Kept;
    type Error = r2d2::Error;

    fn connect(&self) -> Result<Kept, r2d2::Error> {
        let mut conn =
            PgConnection::establish(&self.address).map_err(r2d2::Error::ConnectionError)?;
        let timeout = self.statement_timeout.as_millis();
        // A process that is frozen in the middle of a transaction must not hold its rows for ever either.
        conn.batch_execute(&format!(
            "SET statement_timeout = {timeout}; SET idle_in_transaction_session_timeout = {timeout}"
        ))
        .map_err(r2d2::Error::QueryError)?;
        Ok(Kept { conn: Conn::Postgres(conn), seen_at: Instant::now(), lost: false })
    }

    fn is_valid(&self, kept: &mut Kept) -> Result<(), r2d2::Error> {
        let suspected_at =
            self.start + Duration::from_millis(self.suspected_at.load(Ordering::Relaxed));
        if kept.seen_at.elapsed() > IDLE || kept.seen_at <= suspected_at {
            kept.conn.ping().map_err(r2d2::Error::QueryError)?;
        }
        kept.seen_at = Instant::now();
        Ok(())
    }

    fn has_broken(&self, kept: &mut Kept) -> bool {
        let broken = kept.lost || thread::panicking() || kept.conn.is_broken();
        if kept.lost {
            let since = self.start.elapsed().as_millis();
            self.suspected_at.store(u64::try_from(since).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
        broken
    }
}

/// Says that the server is away, as often as the pool tries to reach it.
#[derive(Debug)]
struct Unreachable;

impl r2d2::HandleError<r2d2::Error> for Unreachable {
    fn handle_error(&self, error: r2d2::Error) {
        tracing::warn!(%error, "the database cannot be reached");
    }
}
