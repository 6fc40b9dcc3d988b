//! The database: one set of queries, on SQLite or PostgreSQL.
//!
//! [`Db::read`] and [`Db::write`] take a synchronous closure, so no transaction can span a network call.
//! A write closure is one transaction: `Ok` commits it before the answer is given, `Err` rolls it back.
//! Which thread a closure runs on is this module's business alone.

mod changes;
mod connection;
mod migrate;
mod postgres;
pub mod schema;
mod sqlite;

use std::{path::PathBuf, sync::Arc};

pub use changes::{Changes, notify};
pub use connection::{Conn, in_transaction as savepoint};
pub use migrate::MigrateError;

/// The database, cheap to clone.
#[derive(Clone)]
pub struct Db {
    backend: Backend,
    changes: Changes,
}

#[derive(Clone)]
enum Backend {
    Sqlite(Arc<sqlite::Sqlite>),
    Postgres(Arc<postgres::Postgres>),
}

/// Where the data is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file; created when absent.
    Sqlite(PathBuf),
    /// A `postgres://` address.
    Postgres(String),
}

/// A `DATABASE_URL` that names no database we know.
#[derive(Debug, thiserror::Error)]
#[error("expected sqlite:///path/to/file or postgres://…")]
pub struct UnknownDatabase;

impl DatabaseUrl {
    /// Reads `sqlite:///path` (or `sqlite:path`) and `postgres://…`.
    pub fn parse(url: &str) -> Result<Self, UnknownDatabase> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(url.to_owned()));
        }
        let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"));
        match path {
            Some(path) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            _ => Err(UnknownDatabase),
        }
    }
}

/// Why the database could not be used.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// A statement failed.
    #[error(transparent)]
    Query(#[from] diesel::result::Error),
    /// No connection could be had.
    #[error("no connection to the database: {0}")]
    Connect(String),
    /// More work waits than the database can take on now.
    #[error("the database has more work than it can take on")]
    Overloaded,
    /// The closure panicked, or the writer is gone.
    #[error("the database thread failed")]
    Thread,
}

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file or server cannot be reached.
    #[error("cannot open the database {0}: {1}")]
    Connect(String, String),
    /// The migrations failed.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
}

impl Db {
    /// Connects and brings the schema up to date.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, OpenError> {
        let changes = Changes::default();
        let backend = match url {
            DatabaseUrl::Sqlite(path) => {
                let (path, changes) = (path.clone(), changes.clone());
                let opened = blocking(move || sqlite::Sqlite::open(&path, changes)).await;
                Backend::Sqlite(Arc::new(opened.map_err(|_| thread_gone(url))??))
            }
            DatabaseUrl::Postgres(address) => {
                let (address, changes) = (address.clone(), changes.clone());
                let opened = blocking(move || postgres::Postgres::open(&address, changes)).await;
                Backend::Postgres(Arc::new(opened.map_err(|_| thread_gone(url))??))
            }
        };
        Ok(Self { backend, changes })
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
                postgres.run(move |conn| connection::in_transaction(conn, work)).await
            }
        }
    }

    /// The ids of users whose account changed, from every process that shares the database.
    pub fn changes(&self) -> tokio::sync::broadcast::Receiver<String> {
        self.changes.subscribe()
    }

    /// Whether the database answers and its schema is the one this program was built for.
    pub async fn ready(&self) -> Result<(), DbError> {
        self.read(|conn| {
            use diesel::RunQueryDsl;
            diesel::sql_query("SELECT 1").execute(conn)?;
            Ok(())
        })
        .await
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn database_urls_name_their_engine() {
        assert_eq!(
            DatabaseUrl::parse("sqlite:///var/x.db").unwrap(),
            DatabaseUrl::Sqlite("/var/x.db".into())
        );
        assert_eq!(DatabaseUrl::parse("sqlite:x.db").unwrap(), DatabaseUrl::Sqlite("x.db".into()));
        assert!(matches!(DatabaseUrl::parse("postgres://h/d").unwrap(), DatabaseUrl::Postgres(_)));
        for bad in ["", "sqlite:", "sqlite://", "mysql://h/d", "x.db"] {
            assert!(DatabaseUrl::parse(bad).is_err(), "{bad}");
        }
    }
}
