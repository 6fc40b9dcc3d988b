//! The database: one set of queries, on SQLite or PostgreSQL.
//!
//! [`Db::read`] and [`Db::write`] take a synchronous closure, so no transaction can span a network call.
//! A write closure is one transaction: `Ok` commits it before the answer is given, `Err` rolls it back.
//! Which thread a closure runs on is this module's business alone.

mod changes;
pub mod cli;
mod connection;
mod convoy;
pub mod copy;
mod durability;
mod error;
mod migrate;
mod postgres;
mod prepared;
mod row_version;
pub mod schema;
mod sqlite;
mod url;

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

pub use changes::{Change, Changes, notify};
pub use connection::{Conn, PgConn, in_transaction as savepoint};
pub use convoy::{Convoy, Written};
pub use durability::{Setting, weaknesses};
pub use error::{DbError, OpenError};
pub use migrate::MigrateError;
use migrate::Schema;
pub use prepared::{Prepared, prepared};
pub use row_version::RowVersion;
pub use url::{DatabaseUrl, UnknownDatabase};

use crate::clock;

/// Seconds for which a replica that failed is left alone.
const REPLICA_PAUSE: i64 = 5;

/// The database, cheap to clone.
#[derive(Clone)]
pub struct Db {
    backend: Backend,
    replica: Option<Arc<Replica>>,
    changes: Changes,
}

#[derive(Clone)]
enum Backend {
    Sqlite(Arc<sqlite::Sqlite>),
    Postgres(Arc<postgres::Postgres>),
}

/// A copy that lags a little behind.
struct Replica {
    postgres: postgres::Postgres,
    /// Unix seconds until which it is not asked, because it failed.
    paused_until: AtomicI64,
}

/// What is only said of PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresSettings {
    /// A replica for plans and episodes.
    pub read_url: Option<String>,
    /// Where LISTEN works, when the database is reached through a pooler.
    pub listen_url: Option<String>,
    /// The longest a statement may take; 10 s.
    pub statement_timeout: Duration,
}

impl Default for PostgresSettings {
    fn default() -> Self {
        Self { read_url: None, listen_url: None, statement_timeout: Duration::from_secs(10) }
    }
}

/// What happens to the schema when a database is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opening {
    /// It is brought up to date.
    Migrate,
    /// It has to be up to date.
    AsItIs,
}

/// How much of the database's capacity is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// PostgreSQL: connections in use. SQLite: writes that wait for the next commit.
    pub busy: u64,
    /// As many as there may be.
    pub room: u64,
    /// Requests told to come back since the start, because there was no room.
    pub refused: u64,
}

impl Db {
    /// Connects and brings the schema up to date.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, OpenError> {
        Self::open_with(url, &PostgresSettings::default()).await
    }

    /// Connects, as `settings` say when it is PostgreSQL, and brings the schema up to date.
    pub async fn open_with(
        url: &DatabaseUrl,
        settings: &PostgresSettings,
    ) -> Result<Self, OpenError> {
        Self::open_by(url, settings, Opening::Migrate).await
    }

    /// Connects to a database whose schema is up to date, and leaves it as it is.
    ///
    /// # Errors
    /// When there is none, and when the schema is another.
    pub async fn open_as_it_is(
        url: &DatabaseUrl,
        settings: &PostgresSettings,
    ) -> Result<Self, OpenError> {
        Self::open_by(url, settings, Opening::AsItIs).await
    }

    async fn open_by(
        url: &DatabaseUrl,
        settings: &PostgresSettings,
        opening: Opening,
    ) -> Result<Self, OpenError> {
        let changes = Changes::default();
        let backend = match url {
            DatabaseUrl::Sqlite(path) => {
                let (path, changes) = (path.clone(), changes.clone());
                let opened = blocking(move || sqlite::Sqlite::open(&path, changes, opening)).await;
                Backend::Sqlite(Arc::new(opened.map_err(|_| thread_gone(url))??))
            }
            DatabaseUrl::Postgres(address) => {
                let (address, settings) = (address.clone(), settings.clone());
                let changes = changes.clone();
                let opened = blocking(move || {
                    postgres::Postgres::open(&address, &settings, changes, opening)
                })
                .await;
                Backend::Postgres(Arc::new(opened.map_err(|_| thread_gone(url))??))
            }
        };
        let replica = settings.read_url.as_ref().map(|address| {
            let postgres = postgres::Postgres::replica(address, settings);
            Arc::new(Replica { postgres, paused_until: AtomicI64::new(0) })
        });
        Ok(Self { backend, replica, changes })
    }

    /// Reads a few rows by key. On SQLite it runs in place, on a connection of this thread.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.read(work),
            Backend::Postgres(postgres) => postgres.run(work).await,
        }
    }

    /// Reads in two parts: first what everybody may see and may be a moment old, from the replica when there is one,
    /// then what must be as it is now. Without a replica both run on one connection.
    pub async fn read_published<P, T, E, F, G>(&self, published: F, now: G) -> Result<T, E>
    where
        F: FnOnce(&mut Conn) -> Result<P, E> + Clone + Send + 'static,
        G: FnOnce(&mut Conn, P) -> Result<T, E> + Send + 'static,
        P: Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        match self.read_replica(published.clone()).await {
            Some(read) => self.read(move |conn| now(conn, read)).await,
            None => {
                self.read(move |conn| {
                    let read = published(conn)?;
                    now(conn, read)
                })
                .await
            }
        }
    }

    /// What the replica answers; `None` when there is none or it fails.
    async fn read_replica<P, E, F>(&self, published: F) -> Option<P>
    where
        F: FnOnce(&mut Conn) -> Result<P, E> + Send + 'static,
        P: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let replica = self.replica.as_ref()?;
        if clock::wall() < replica.paused_until.load(Ordering::Relaxed) {
            return None;
        }
        match replica.postgres.run(published).await {
            Ok(read) => Some(read),
            Err(_) => {
                // Away, or so far behind that it lacks a column: the primary answers.
                let before =
                    replica.paused_until.swap(clock::wall() + REPLICA_PAUSE, Ordering::Relaxed);
                if before < clock::wall() - 10 * REPLICA_PAUSE {
                    tracing::warn!("the replica at DATABASE_READ_URL fails; the primary is read");
                }
                None
            }
        }
    }

    /// Reads many rows, off the threads that serve requests.
    pub async fn scan<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        match &self.backend {
            Backend::Sqlite(sqlite) => {
                let sqlite = Arc::clone(sqlite);
                blocking(move || sqlite.read(work)).await?
            }
            Backend::Postgres(postgres) => postgres.run(work).await,
        }
    }

    /// Runs one transaction. `Ok` is durable when this returns; `Err` changed nothing.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.write(work).await,
            Backend::Postgres(postgres) => {
                postgres.run(move |conn| postgres::transaction(conn, work)).await
            }
        }
    }

    /// [`Db::write`], with a shorter way to the same where every statement is a round trip, on PostgreSQL: `item` is
    /// written by `convoy`, with others that come at the same time. `work` is run when that is not possible, and
    /// where there is no `item`.
    pub async fn write_together<I, T, E, F>(
        &self,
        convoy: &Convoy<I, T>,
        item: Option<I>,
        work: F,
    ) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        if let (Backend::Postgres(postgres), Some(item)) = (&self.backend, item)
            && let Some(written) = convoy.write(postgres, item).await
        {
            return Ok(written);
        }
        self.write(work).await
    }

    /// Changes of accounts, from every process that shares the database.
    pub fn changes(&self) -> tokio::sync::broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    /// Whether the database answers and has everything that this program was built for. It may have more: a newer
    /// program that runs beside this one brought it up to date.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ready(&self) -> Result<(), DbError> {
        match self.read(migrate::schema).await? {
            Schema::Current | Schema::Newer(_) => Ok(()),
            Schema::Older => Err(DbError::Outdated),
        }
    }

    /// The settings on which it depends whether a commit survives a power cut, as the database reports them.
    pub async fn durability(&self) -> Result<Vec<Setting>, DbError> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.write(durability::read).await,
            Backend::Postgres(postgres) => postgres.run(durability::read).await,
        }
    }

    /// How much of its capacity is taken now.
    pub fn load(&self) -> Load {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.load(),
            Backend::Postgres(postgres) => postgres.load(),
        }
    }

    /// How many listen for changes of accounts in this process.
    pub fn watchers(&self) -> u64 {
        self.changes.watchers()
    }

    /// `SQLite` or `PostgreSQL`.
    pub fn engine(&self) -> &'static str {
        match self.backend {
            Backend::Sqlite(_) => "SQLite",
            Backend::Postgres(_) => "PostgreSQL",
        }
    }
}

fn thread_gone(url: &DatabaseUrl) -> OpenError {
    let name = match url {
        DatabaseUrl::Sqlite(path) => path.display().to_string(),
        DatabaseUrl::Postgres(_) => "at DATABASE_URL".to_owned(),
    };
    OpenError::Connect(name, DbError::Thread.to_string())
}

/// Runs `work` on the blocking pool; a panic in it is [`DbError::Thread`].
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, DbError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| DbError::Thread)
}
