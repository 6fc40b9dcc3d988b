//! Migrations: twins for both engines, compiled in, applied under a lock.

use std::sync::LazyLock;

use diesel::{
    Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection,
    connection::SimpleConnection,
    migration::{Migration, MigrationSource},
    pg::Pg,
    sql_types::{BigInt, Nullable, Text},
    sqlite::Sqlite,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Conn, DbError};

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// Any number; processes that start together wait for each other on it.
const ADVISORY_LOCK: i64 = 0x1_1CC1;

/// The newest migration of this program, which is the last in the order of names; twins have one name.
static NEWEST: LazyLock<String> = LazyLock::new(|| {
    let embedded: Vec<Box<dyn Migration<Sqlite>>> =
        SQLITE.migrations().expect("embedded migrations are well-formed");
    let versions = embedded.iter().map(|migration| migration.name().version().to_string());
    versions.max().expect("there is a migration")
});

/// Why the schema cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A migration did not apply.
    #[error("cannot bring the database's schema up to date: {0}")]
    Failed(Box<dyn std::error::Error + Send + Sync>),
    /// A newer program was here.
    #[error(
        "the database was brought up to date by a newer version of this program (its newest migration is {0}); \
         run that version, or go back to a backup made before"
    )]
    Newer(String),
    /// It is to be left as it is, and lacks migrations.
    #[error(
        "the database's schema is older than this program; `circle migrate` brings it up to date"
    )]
    Older,
}

/// How a database's schema stands to this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Schema {
    /// It is the program's.
    Current,
    /// It lacks migrations.
    Older,
    /// It has one of these, which the program does not know.
    Newer(String),
}

#[derive(QueryableByName)]
struct Applied {
    #[diesel(sql_type = Nullable<Text>)]
    version: Option<String>,
}

#[derive(QueryableByName)]
struct Tables {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// The newest migration applied, against the newest that is embedded.
pub(super) fn schema(conn: &mut Conn) -> Result<Schema, DbError> {
    let newest = "SELECT MAX(version) AS version FROM __diesel_schema_migrations";
    let version = match diesel::sql_query(newest).get_result::<Applied>(conn) {
        Ok(applied) => applied.version,
        Err(_) if !is_begun(conn)? => None,
        Err(error) => return Err(error.into()),
    };
    Ok(match version {
        Some(version) if version > *NEWEST => Schema::Newer(version),
        Some(version) if version == *NEWEST => Schema::Current,
        _ => Schema::Older,
    })
}

/// Refuses a schema that is not the program's; the outer error is the database's.
pub(super) fn require_current(conn: &mut Conn) -> Result<Result<(), MigrateError>, DbError> {
    Ok(match schema(conn)? {
        Schema::Current => Ok(()),
        Schema::Older => Err(MigrateError::Older),
        Schema::Newer(version) => Err(MigrateError::Newer(version)),
    })
}

/// Whether any migration was ever applied.
fn is_begun(conn: &mut Conn) -> Result<bool, DbError> {
    let tables = match conn {
        Conn::Sqlite(_) => {
            "SELECT COUNT(*) AS count FROM sqlite_master WHERE name = '__diesel_schema_migrations'"
        }
        Conn::Postgres(_) => "SELECT COUNT(to_regclass('__diesel_schema_migrations')) AS count",
    };
    Ok(diesel::sql_query(tables).get_result::<Tables>(conn)?.count > 0)
}

/// Applies what is pending, in one transaction that only one process can hold.
pub(super) fn sqlite(conn: &mut SqliteConnection) -> Result<(), MigrateError> {
    refuse_newer(MigrationHarness::<Sqlite>::applied_migrations(conn))?;
    if !conn.has_pending_migration(SQLITE).map_err(MigrateError::Failed)? {
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
        refuse_newer(MigrationHarness::<Pg>::applied_migrations(conn)).map_err(Abort::Newer)?;
        conn.run_pending_migrations(POSTGRES).map_err(Abort::Migration)?;
        Ok(())
    })
    .map_err(Abort::into_error)
}

fn refuse_newer(
    applied: diesel::migration::Result<Vec<diesel::migration::MigrationVersion<'_>>>,
) -> Result<(), MigrateError> {
    let applied = applied.map_err(MigrateError::Failed)?;
    match applied.iter().map(ToString::to_string).max() {
        Some(newest) if newest > *NEWEST => Err(MigrateError::Newer(newest)),
        _ => Ok(()),
    }
}

enum Abort {
    Migration(Box<dyn std::error::Error + Send + Sync>),
    Newer(MigrateError),
    Database(diesel::result::Error),
}

impl Abort {
    fn into_error(self) -> MigrateError {
        match self {
            Self::Migration(error) => MigrateError::Failed(error),
            Self::Newer(error) => error,
            Self::Database(error) => MigrateError::Failed(error.into()),
        }
    }
}

impl From<diesel::result::Error> for Abort {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error)
    }
}
