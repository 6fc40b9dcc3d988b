//! One connection type over both engines.

use diesel::{Connection, PgConnection, SqliteConnection};

use super::DbError;

/// A connection to SQLite or PostgreSQL; queries are written once and render for both.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// A SQLite file.
    Sqlite(SqliteConnection),
    /// A PostgreSQL server.
    Postgres(PgConnection),
}

/// A connection to PostgreSQL alone, for what is written for it only.
pub type PgConn = PgConnection;

/// Carries a caller's error through Diesel's transaction, which wants one made of its own.
enum Rollback<E> {
    Caller(E),
    Database(diesel::result::Error),
}

impl<E> From<diesel::result::Error> for Rollback<E> {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error)
    }
}

/// Runs `work` in a transaction, or in a savepoint when one is already open.
pub fn in_transaction<T, E: From<DbError>>(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Result<T, E> {
    conn.transaction(|conn| work(conn).map_err(Rollback::Caller)).map_err(|rollback| match rollback
    {
        Rollback::Caller(error) => error,
        Rollback::Database(error) => DbError::Query(error).into(),
    })
}
