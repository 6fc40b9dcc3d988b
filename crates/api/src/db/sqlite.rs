//! SQLite: one writer thread that commits everything waiting in one transaction, and a read
//! connection per thread.
//!
//! A commit costs a flush of the disk however many writes it holds, so the writer takes all that wait,
//! gives each a savepoint of its own (one that fails does so alone), commits once, and only then answers.

use std::{
    cell::RefCell,
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
};

use diesel::{
    Connection, SqliteConnection,
    connection::{AnsiTransactionManager, SimpleConnection, TransactionManager},
};
use tokio::sync::oneshot;

use super::{
    Changes, Conn, DbError, OpenError, Opening, changes, connection::in_transaction, migrate,
};

/// `busy_timeout` comes first: switching to WAL itself may have to wait for another process.
const WRITER_PRAGMAS: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
     PRAGMA foreign_keys = ON; PRAGMA cache_size = -8000;";
const READER_PRAGMAS: &str =
    "PRAGMA busy_timeout = 5000; PRAGMA query_only = ON; PRAGMA cache_size = -4000;";

/// Writes in one commit at the most, so that the first of a burst does not wait for all of it.
const BATCH: usize = 128;

/// Writes that may wait before new ones are refused.
const BACKLOG: usize = 4096;

static NEXT_ID: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// This thread's read connections, by [`Sqlite::id`].
    static READERS: RefCell<HashMap<u64, Conn>> = RefCell::default();
}

pub(super) struct Sqlite {
    /// Tells databases apart in [`READERS`]; a path may be opened, removed and opened again.
    id: u64,
    path: PathBuf,
    writer: mpsc::SyncSender<Box<dyn Write>>,
    /// Writes that were handed to the writer and are not answered yet.
    waiting: Arc<AtomicU64>,
    refused: AtomicU64,
}

impl Sqlite {
    pub(super) fn open(path: &Path, changes: Changes, opening: Opening) -> Result<Self, OpenError> {
        let failed = |error: String| OpenError::Connect(path.display().to_string(), error);
        if opening == Opening::AsItIs && !path.exists() {
            return Err(failed(
                "there is no such file; DATA_DIR or DATABASE_URL says where".to_owned(),
            ));
        }
        let mut first = connect(path, WRITER_PRAGMAS).map_err(failed)?;
        if opening == Opening::Migrate {
            migrate::sqlite(&mut first)?;
        }
        let mut first = Conn::Sqlite(first);
        if opening == Opening::AsItIs {
            migrate::require_current(&mut first).map_err(|e| failed(e.to_string()))??;
        }
        let (writer, queue) = mpsc::sync_channel(BACKLOG);
        let file = path.to_owned();
        let waiting = Arc::<AtomicU64>::default();
        let counted = Arc::clone(&waiting);
        thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || {
                let conn = Some(first);
                Writer { path: file, conn, changes, waiting: counted, failing: false }.run(&queue)
            })
            .map_err(|error| failed(error.to_string()))?;
        Ok(Self {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            path: path.to_owned(),
            writer,
            waiting,
            refused: AtomicU64::new(0),
        })
    }

    pub(super) fn read<T, E: From<DbError>>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        // Taken out while in use, so that a panic drops a connection in an unknown state.
        let pooled = READERS.with_borrow_mut(|readers| readers.remove(&self.id));
        let mut conn = match pooled {
            Some(conn) => conn,
            None => Conn::Sqlite(connect(&self.path, READER_PRAGMAS).map_err(DbError::Connect)?),
        };
        let answer = work(&mut conn);
        // Most errors are the caller's own. One that came of the disk spoils the connection, and the next read opens
        // another; this looks at the disk too.
        if answer.is_ok() || conn.batch_execute("PRAGMA schema_version").is_ok() {
            READERS.with_borrow_mut(|readers| readers.insert(self.id, conn));
        }
        answer
    }

    pub(super) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let pending = Pending { work: Some(work), result: None, answer: Some(answer) };
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.writer.try_send(Box::new(pending)).map_err(|error| {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            self.refused.fetch_add(1, Ordering::Relaxed);
            match error {
                mpsc::TrySendError::Full(_) => DbError::Overloaded,
                mpsc::TrySendError::Disconnected(_) => DbError::Thread,
            }
        })?;
        answered.await.map_err(|_| DbError::Thread)?
    }

    pub(super) fn load(&self) -> super::Load {
        super::Load {
            busy: self.waiting.load(Ordering::Relaxed),
            room: BACKLOG as u64,
            refused: self.refused.load(Ordering::Relaxed),
        }
    }
}

fn connect(path: &Path, pragmas: &str) -> Result<SqliteConnection, String> {
    let mut conn =
        SqliteConnection::establish(&path.to_string_lossy()).map_err(|error| error.to_string())?;
    conn.batch_execute(pragmas).map_err(|error| error.to_string())?;
    Ok(conn)
}

/// A write that waits for its turn, with its types erased.
trait Write: Send {
    /// Runs the closure in a savepoint; whether it succeeded.
    fn run(&mut self, conn: &mut Conn) -> bool;
    /// Hands the result to the caller, now that it is durable.
    fn answer(self: Box<Self>);
    /// Tells the caller that the whole batch failed.
    fn fail(self: Box<Self>, error: DbError);
}

struct Pending<T, E, F> {
    work: Option<F>,
    result: Option<Result<T, E>>,
    answer: Option<oneshot::Sender<Result<T, E>>>,
}

impl<T, E, F> Write for Pending<T, E, F>
where
    F: FnOnce(&mut Conn) -> Result<T, E> + Send,
    T: Send,
    E: From<DbError> + Send,
{
    fn run(&mut self, conn: &mut Conn) -> bool {
        let result = self.work.take().map(|work| in_transaction(conn, work));
        let succeeded = matches!(result, Some(Ok(_)));
        self.result = result;
        succeeded
    }

    fn answer(mut self: Box<Self>) {
        if let (Some(answer), Some(result)) = (self.answer.take(), self.result.take()) {
            // The caller may have gone; the write stands all the same.
            let _ = answer.send(result);
        }
    }

    fn fail(mut self: Box<Self>, error: DbError) {
        if let Some(answer) = self.answer.take() {
            let _ = answer.send(Err(error.into()));
        }
    }
}

struct Writer {
    path: PathBuf,
    conn: Option<Conn>,
    changes: Changes,
    waiting: Arc<AtomicU64>,
    /// Whether the last commit failed.
    failing: bool,
}

impl Writer {
    fn run(mut self, queue: &mpsc::Receiver<Box<dyn Write>>) {
        while let Ok(first) = queue.recv() {
            let mut batch = vec![first];
            batch.extend(queue.try_iter().take(BATCH - 1));
            let writes = batch.len();
            self.commit(batch);
            self.waiting.fetch_sub(writes as u64, Ordering::Relaxed);
        }
    }

    fn commit(&mut self, mut batch: Vec<Box<dyn Write>>) {
        // What a batch that did not commit had to say is not true.
        changes::take();
        // A panic or a failed disk spoils the connection, so the next batch opens another.
        let opened = match self.conn.take() {
            Some(conn) => Ok(conn),
            None => connect(&self.path, WRITER_PRAGMAS).map(Conn::Sqlite),
        };
        let mut conn = match opened {
            Ok(conn) => conn,
            Err(error) => return self.fail(batch, &error),
        };
        match catch_unwind(AssertUnwindSafe(|| run_batch(&mut conn, &mut batch))) {
            Ok(Ok(())) => {
                self.conn = Some(conn);
                if std::mem::take(&mut self.failing) {
                    tracing::info!(database = %self.path.display(), "the database is written again");
                }
                changes::take().into_iter().for_each(|user_id| self.changes.publish(user_id));
                batch.into_iter().for_each(Write::answer);
            }
            Ok(Err(error)) => self.fail(batch, &error.to_string()),
            Err(_) => batch.into_iter().for_each(|write| write.fail(DbError::Thread)),
        }
    }

    /// Tells everybody in the batch that nothing of it is kept, and the operator, once, that nothing is written.
    fn fail(&mut self, batch: Vec<Box<dyn Write>>, error: &str) {
        if !std::mem::replace(&mut self.failing, true) {
            tracing::error!(database = %self.path.display(), error, "the database cannot be written");
        }
        batch.into_iter().for_each(|write| write.fail(DbError::Connect(error.to_owned())));
    }
}

fn run_batch(conn: &mut Conn, batch: &mut [Box<dyn Write>]) -> Result<(), diesel::result::Error> {
    begin(conn)?;
    for write in batch {
        // SQLITE_FULL, IOERR and NOMEM can end the whole transaction under a savepoint's feet.
        if !write.run(conn) && !in_open_transaction(conn) {
            return Err(diesel::result::Error::BrokenTransactionManager);
        }
    }
    <Conn as Connection>::TransactionManager::commit_transaction(conn)
}

fn begin(conn: &mut Conn) -> Result<(), diesel::result::Error> {
    match conn {
        Conn::Sqlite(sqlite) => {
            AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE")
        }
        Conn::Postgres(_) => Err(diesel::result::Error::NotInTransaction),
    }
}

/// Whether SQLite still holds the transaction open: it refuses a BEGIN inside one.
fn in_open_transaction(conn: &mut Conn) -> bool {
    conn.batch_execute("BEGIN").is_err()
}
