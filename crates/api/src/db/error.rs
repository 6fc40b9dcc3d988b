//! Why the database could not be used, and whether it may work again by itself.

use diesel::result::{DatabaseErrorKind, Error as QueryError};

use super::MigrateError;

/// Why the database could not be used.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// A statement failed.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// No connection could be had, or it was lost. Whether what was under way is done is not known.
    #[error("no connection to the database: {0}")]
    Connect(String),
    /// More work waits than the database can take on now.
    #[error("the database has more work than it can take on")]
    Overloaded,
    /// Migrations are missing: another program took them back, or the file was exchanged.
    #[error("the database's schema is older than this program")]
    Outdated,
    /// The closure panicked, or the writer is gone.
    #[error("the database thread failed")]
    Thread,
}

/// How SQLite says that the disk, not the statement, is at fault. Source: `sqlite3ErrStr`; it is never translated.
const SQLITE_OUTAGES: [&str; 6] = [
    "database or disk is full",
    "attempt to write a readonly database",
    "disk I/O error",
    "unable to open database file",
    "database is locked",
    "out of memory",
];

/// How PostgreSQL says that it gave a statement up, or that it goes down.
const POSTGRES_OUTAGES: [&str; 4] = [
    "canceling statement due to",
    "terminating connection due to",
    "could not extend file",
    "No space left on device",
];

impl DbError {
    /// Whether it is the database's state and not the statement that is at fault, so that the same may work later.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Connect(_) | Self::Overloaded | Self::Outdated => true,
            Self::Thread => false,
            Self::Query(QueryError::DatabaseError(kind, information)) => match kind {
                DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::UnableToSendCommand
                | DatabaseErrorKind::ReadOnlyTransaction => true,
                _ => {
                    let message = information.message();
                    let said = |sign: &&str| message.contains(*sign);
                    SQLITE_OUTAGES.iter().any(said) || POSTGRES_OUTAGES.iter().any(said)
                }
            },
            Self::Query(QueryError::RollbackErrorOnCommit { commit_error, .. }) => {
                matches!(**commit_error, QueryError::DatabaseError(..))
            }
            Self::Query(error) => matches!(error, QueryError::BrokenTransactionManager),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(kind: DatabaseErrorKind, message: &str) -> DbError {
        DbError::Query(QueryError::DatabaseError(kind, Box::new(message.to_owned())))
    }

    #[test]
    fn the_state_of_the_database_is_told_from_a_wrong_statement() {
        use DatabaseErrorKind::{ClosedConnection, ReadOnlyTransaction, UniqueViolation, Unknown};
        for (error, outage) in [
            (failed(Unknown, "database or disk is full"), true),
            (failed(Unknown, "attempt to write a readonly database"), true),
            (failed(Unknown, "canceling statement due to statement timeout"), true),
            (failed(ReadOnlyTransaction, "cannot execute INSERT in a read-only transaction"), true),
            (failed(ClosedConnection, "server closed the connection unexpectedly"), true),
            (DbError::Query(QueryError::BrokenTransactionManager), true),
            (DbError::Overloaded, true),
            (failed(Unknown, "no such column: nmae"), false),
            (failed(UniqueViolation, "UNIQUE constraint failed: users.email"), false),
            (DbError::Query(QueryError::NotFound), false),
            (DbError::Thread, false),
        ] {
            assert_eq!(error.is_outage(), outage, "{error:?}");
        }
    }
}
