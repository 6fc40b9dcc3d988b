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

use super::{Changes, Conn, DbError, OpenError, changes, connection::in_transaction, migrate};

/// `busy_timeout` comes first: switching to WAL itself may have to wait for another process.
const WRITER_PRAGMAS: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
     PRAGMA foreign_keys = ON; PRAGMA cache_size = -16000;";
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
}

impl Sqlite {
    pub(super) fn open(path: &Path, changes: Changes) -> Result<Self, OpenError> {
        let mut first = connect(path, WRITER_PRAGMAS)
            .map_err(|e| OpenError::Connect(path.display().to_string(), e))?;
        migrate::sqlite(&mut first)?;
        let (writer, queue) = mpsc::sync_channel(BACKLOG);
        let file = path.to_owned();
        thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || {
                Writer { path: file, conn: Some(Conn::Sqlite(first)), changes }.run(&queue)
            })
            .map_err(|e| OpenError::Connect(path.display().to_string(), e.to_string()))?;
        Ok(Self { id: NEXT_ID.fetch_add(1, Ordering::Relaxed), path: path.to_owned(), writer })
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
        READERS.with_borrow_mut(|readers| readers.insert(self.id, conn));
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
        self.writer.try_send(Box::new(pending)).map_err(|error| match error {
            mpsc::TrySendError::Full(_) => DbError::Overloaded,
            mpsc::TrySendError::Disconnected(_) => DbError::Thread,
        })?;
        answered.await.map_err(|_| DbError::Thread)?
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
}

impl Writer {
    fn run(mut self, queue: &mpsc::Receiver<Box<dyn Write>>) {
        while let Ok(first) = queue.recv() {
            let mut batch = vec![first];
            batch.extend(queue.try_iter().take(BATCH - 1));
            self.commit(batch);
        }
    }

    fn commit(&mut self, mut batch: Vec<Box<dyn Write>>) {
        // What a batch that did not commit had to say is not true.
        changes::take();
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => match connect(&self.path, WRITER_PRAGMAS) {
                Ok(conn) => Conn::Sqlite(conn),
                Err(error) => {
                    tracing::error!(%error, "cannot open the database for writing");
                    batch.into_iter().for_each(|write| write.fail(DbError::Connect(error.clone())));
                    return;
                }
            },
        };
        // A panic or a failed disk spoils the connection, so the next batch opens another.
        match catch_unwind(AssertUnwindSafe(|| run_batch(&mut conn, &mut batch))) {
            Ok(Ok(())) => {
                self.conn = Some(conn);
                changes::take().into_iter().for_each(|user_id| self.changes.publish(user_id));
                batch.into_iter().for_each(Write::answer);
            }
            Ok(Err(error)) => {
                tracing::error!(%error, writes = batch.len(), "a commit failed");
                let error = error.to_string();
                batch.into_iter().for_each(|write| write.fail(DbError::Connect(error.clone())));
            }
            Err(_) => batch.into_iter().for_each(|write| write.fail(DbError::Thread)),
        }
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
