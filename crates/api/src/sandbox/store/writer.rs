//! The one connection that writes, on its own thread: what waits together is committed together.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, mpsc},
    thread::JoinHandle,
};

use diesel::{Connection, SqliteConnection};
use tokio::sync::oneshot;

use crate::sandbox::error::ApiError;

/// Commits at most this many writes at once, so that none waits long for its neighbours.
const GROUP: usize = 64;

type Reply = Box<dyn FnOnce(Result<(), ApiError>) + Send>;
type Job = Box<dyn FnOnce(&mut SqliteConnection) -> Reply + Send>;

/// Handle of the writer's thread.
#[derive(Debug)]
pub(super) struct Writer {
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread; `after_commit` runs on it each time something is on disk.
    pub(super) fn start(
        connection: SqliteConnection,
        after_commit: impl Fn() + Send + 'static,
    ) -> std::io::Result<Writer> {
        let (jobs, queue) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("sandbox-writer".to_owned())
            .spawn(move || work(connection, &queue, after_commit))?;
        Ok(Writer { jobs: Mutex::new(Some(jobs)), thread: Mutex::new(Some(thread)) })
    }

    /// Runs `work` in a savepoint and answers when its group is committed.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let result = in_savepoint(connection, work);
            Box::new(move |committed| {
                // Whoever asked may have gone: then nobody needs the answer.
                let _ = answer.send(committed.and(result));
            })
        });
        let sent = match self.jobs.lock() {
            Ok(jobs) => jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok()),
            Err(_) => false,
        };
        if !sent {
            return Err(stopped());
        }
        answered.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Lets the queue run dry and waits for the thread's end.
    pub(super) fn stop(&self) {
        if let Ok(mut jobs) = self.jobs.lock() {
            jobs.take();
        }
        if let Some(thread) = self.thread.lock().ok().and_then(|mut thread| thread.take())
            && thread.join().is_err()
        {
            tracing::error!("the sandbox's writer ended in a panic");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn stopped() -> ApiError {
    ApiError::internal("The sandbox is stopping.")
}

fn work(mut connection: SqliteConnection, queue: &mpsc::Receiver<Job>, after_commit: impl Fn()) {
    while let Ok(first) = queue.recv() {
        let mut replies = Vec::new();
        let committed = connection.immediate_transaction(|connection| {
            replies.push(first(connection));
            while replies.len() < GROUP
                && let Ok(next) = queue.try_recv()
            {
                replies.push(next(connection));
            }
            Ok::<_, ApiError>(())
        });
        if let Err(error) = &committed {
            tracing::error!(%error, "the sandbox could not commit");
        }
        after_commit();
        for reply in replies {
            reply(committed.clone());
        }
    }
}

/// A failure, or a panic, undoes what this job alone has written.
fn in_savepoint<T>(
    connection: &mut SqliteConnection,
    work: impl FnOnce(&mut SqliteConnection) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    connection
        .transaction(|connection| match catch_unwind(AssertUnwindSafe(|| work(connection))) {
            Ok(Err(error)) if error.keeps_changes => Ok(Err(error)),
            Ok(result) => result.map(Ok),
            Err(_) => Err(ApiError::internal("The sandbox failed in this operation.")),
        })
        .and_then(|result| result)
}
