//! The sandbox's SQLite file: one writer thread that commits in groups, readers beside it.
//!
//! A write is a closure over a [`Tx`]. It runs in a savepoint; the writer commits what has queued up in one
//! transaction and only then answers, so whatever was acknowledged is on disk.

mod deliveries;
mod mails;
mod objects;
mod schema;
mod settings;
mod writer;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use tokio::sync::Notify;

pub(crate) use self::deliveries::{Attempt, Delivery, DeliveryState};
pub(crate) use self::mails::{Mail, NewMail};
pub(crate) use self::objects::Listing;
pub(crate) use self::settings::{Replay, Setting};
use self::writer::Writer;
use super::{clock::Clock, error::ApiError};

/// A failure of the file itself.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file could not be opened.
    #[error("cannot open the sandbox's database {path}: {source}")]
    Open {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: diesel::ConnectionError,
    },
    /// A statement failed.
    #[error("the sandbox's database: {0}")]
    Query(#[from] diesel::result::Error),
    /// The writer's thread could not start.
    #[error("cannot start the sandbox's writer: {0}")]
    Thread(#[from] std::io::Error),
}

impl From<diesel::result::Error> for ApiError {
    fn from(error: diesel::result::Error) -> ApiError {
        ApiError::internal(format!("The sandbox's database failed: {error}"))
    }
}

/// Who caused a change, as its events tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// `req_…`; none for the hosted pages and the clock.
    pub(crate) request: Option<String>,
    pub(crate) idempotency_key: Option<String>,
}

/// What every operation may need to know besides the data.
#[derive(Debug)]
pub(crate) struct Surroundings {
    pub(crate) clock: Clock,
    /// The name on the hosted pages.
    pub(crate) business: String,
    /// Base of page and API URLs, without a slash at the end.
    pub(crate) public_url: String,
    /// Set by a transaction that queues deliveries, until its commit wakes the sender.
    pub(crate) has_queued: AtomicBool,
    /// Wakes the webhook sender.
    pub(crate) deliveries: Notify,
    /// Set by a transaction that sets a test clock going, until its commit wakes the ticker.
    pub(crate) has_advancing: AtomicBool,
    /// Wakes the ticker.
    pub(crate) ticker: Notify,
}

/// The database.
pub(crate) struct Store {
    path: PathBuf,
    surroundings: Arc<Surroundings>,
    writer: Writer,
    readers: Mutex<Vec<SqliteConnection>>,
}

/// A view of the data inside one transaction.
pub(crate) struct Tx<'a> {
    connection: &'a mut SqliteConnection,
    surroundings: &'a Surroundings,
    origin: Origin,
    now: i64,
    sandbox_now: i64,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Store").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the file, making it and its tables when missing.
    pub(crate) fn open(path: &Path, surroundings: Arc<Surroundings>) -> Result<Store, StoreError> {
        let mut connection = connect(path)?;
        connection.batch_execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")?;
        // One commit, not one for each table: a new file is ready sooner.
        connection.transaction(|connection| connection.batch_execute(schema::CREATE))?;
        let woken = Arc::clone(&surroundings);
        let after_commit = move || {
            if woken.has_queued.swap(false, Ordering::SeqCst) {
                woken.deliveries.notify_one();
            }
            if woken.has_advancing.swap(false, Ordering::SeqCst) {
                woken.ticker.notify_one();
            }
        };
        let writer = Writer::start(connection, after_commit)?;
        Ok(Store { path: path.to_owned(), surroundings, writer, readers: Mutex::default() })
    }

    pub(crate) fn surroundings(&self) -> &Surroundings {
        &self.surroundings
    }

    /// Runs `work` over a snapshot. Point reads take microseconds, so it runs where it is called.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let pooled = self.readers.lock().ok().and_then(|mut readers| readers.pop());
        let mut connection = match pooled {
            Some(connection) => connection,
            None => self.connect_reader().map_err(|error| ApiError::internal(error.to_string()))?,
        };
        let answer = connection.transaction(|connection| {
            let now = self.surroundings.clock.now();
            work(&mut Tx {
                connection,
                surroundings: &self.surroundings,
                origin: Origin::default(),
                now,
                sandbox_now: now,
            })
        });
        if let Ok(mut readers) = self.readers.lock() {
            readers.push(connection);
        }
        answer
    }

    /// Runs `work` now, by the sandbox's clock, and answers once it is on disk. An error undoes what `work`
    /// wrote, unless it says that it [keeps its changes](ApiError::keeps_changes).
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        origin: Origin,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        self.write_at(None, origin, work).await
    }

    /// As [`Store::write`], at `time` (Unix seconds): what the clock carries out happens when it was due.
    pub(crate) async fn write_at<T: Send + 'static>(
        &self,
        time: Option<i64>,
        origin: Origin,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let surroundings = Arc::clone(&self.surroundings);
        self.writer
            .run(move |connection| {
                let now = time.unwrap_or_else(|| surroundings.clock.now());
                work(&mut Tx {
                    connection,
                    surroundings: &surroundings,
                    origin,
                    now,
                    sandbox_now: now,
                })
            })
            .await
    }

    /// Ends the writer after what is queued, so that the file may be opened again.
    pub(crate) fn close(&self) {
        self.writer.stop();
    }

    fn connect_reader(&self) -> Result<SqliteConnection, StoreError> {
        let mut connection = connect(&self.path)?;
        // Mapped, so that rows are read where the system keeps them, without a copy to this connection's cache.
        connection.batch_execute("PRAGMA query_only = ON; PRAGMA mmap_size = 1073741824;")?;
        Ok(connection)
    }
}

impl Tx<'_> {
    /// Now, in Unix seconds by the sandbox's clock. It stands still within a transaction.
    pub(crate) fn now(&self) -> i64 {
        self.now
    }

    /// Now on the clock of the whole sandbox, whatever test clock the transaction follows.
    pub(crate) fn sandbox_now(&self) -> i64 {
        self.sandbox_now
    }

    /// Puts the transaction at a time: that of a test clock.
    pub(crate) fn set_now(&mut self, now: i64) {
        self.now = now;
    }

    /// Does `work` and takes back all that it has written, and whatever time it has gone to.
    pub(crate) fn tentatively<T>(
        &mut self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let (surroundings, origin) = (self.surroundings, self.origin.clone());
        let (now, sandbox_now) = (self.now, self.sandbox_now);
        let mut done = None;
        let undone = self.connection.transaction(|connection| {
            done = Some(work(&mut Tx { connection, surroundings, origin, now, sandbox_now }));
            Err::<(), _>(diesel::result::Error::RollbackTransaction)
        });
        match (done, undone) {
            (Some(done), Err(diesel::result::Error::RollbackTransaction)) => done,
            (_, undone) => Err(undone.map_or_else(ApiError::from, |()| {
                ApiError::internal("What was tried could not be taken back.")
            })),
        }
    }

    /// Has time looked at again as soon as this is committed.
    pub(crate) fn wake_ticker(&self) {
        self.surroundings.has_advancing.store(true, Ordering::SeqCst);
    }

    /// The name that the hosted pages show.
    pub(crate) fn business(&self) -> &str {
        &self.surroundings.business
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// An absolute URL of a hosted page.
    pub(crate) fn page_url(&self, path: &str) -> String {
        format!("{}{path}", self.surroundings.public_url)
    }
}

fn connect(path: &Path) -> Result<SqliteConnection, StoreError> {
    let open = |source| StoreError::Open { path: path.to_owned(), source };
    let mut connection = SqliteConnection::establish(&path.to_string_lossy()).map_err(open)?;
    connection.batch_execute("PRAGMA busy_timeout = 5000;")?;
    Ok(connection)
}
