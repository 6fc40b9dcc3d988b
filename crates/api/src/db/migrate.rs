//! Migrations: twins for both engines, compiled in, applied under a lock.

use diesel::{Connection, PgConnection, SqliteConnection, connection::SimpleConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// Any number; processes that start together wait for each other on it.
const ADVISORY_LOCK: i64 = 0x1_1CC1;

/// A migration that did not apply.
#[derive(Debug, thiserror::Error)]
#[error("cannot bring the database's schema up to date: {0}")]
pub struct MigrateError(Box<dyn std::error::Error + Send + Sync>);

/// Applies what is pending, in one transaction that only one process can hold.
pub(super) fn sqlite(conn: &mut SqliteConnection) -> Result<(), MigrateError> {
    if !conn.has_pending_migration(SQLITE).map_err(MigrateError)? {
        return Ok(());
    }
    conn.immediate_transaction(|conn| {
        conn.run_pending_migrations(SQLITE).map_err(Abort::Migration)?;
        Ok(())
    })
    .map_err(Abort::into_error)
}

/// Applies what is pending while holding an advisory lock.
pub(super) fn postgres(conn: &mut PgConnection) -> Result<(), MigrateError> {
    conn.transaction(|conn| {
        conn.batch_execute(&format!("SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))?;
        conn.run_pending_migrations(POSTGRES).map_err(Abort::Migration)?;
        Ok(())
    })
    .map_err(Abort::into_error)
}

enum Abort {
    Migration(Box<dyn std::error::Error + Send + Sync>),
    Database(diesel::result::Error),
}

impl Abort {
    fn into_error(self) -> MigrateError {
        match self {
            Self::Migration(error) => MigrateError(error),
            Self::Database(error) => MigrateError(error.into()),
        }
    }
}

impl From<diesel::result::Error> for Abort {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error)
    }
}
