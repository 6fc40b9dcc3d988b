//! Writes that go together on PostgreSQL: while some are under way, those that come up wait for the next statement,
//! which takes them all. A flush, a round trip and a plan are then paid for once.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::oneshot;

use super::{DbError, PgConn, postgres::Postgres};

/// Statements under way at a time. With one, the server would idle while its answer travels.
const LANES: usize = 2;

/// Writes in one statement at the most, so that the first of a burst does not wait for all of it.
const TOGETHER: usize = 64;

/// What a write answers, with the users whose accounts it changed; `None` when it was not possible together.
pub type Written<T> = Option<(T, Vec<String>)>;

/// Does several writes in statements that each commit by themselves, and answers for each of them in turn.
type Work<I, T> = dyn Fn(&mut PgConn, &[I]) -> Result<Vec<Written<T>>, DbError> + Send + Sync;

/// A queue of writes of one kind. Cheap to clone.
pub struct Convoy<I, T>(Arc<Inner<I, T>>);

impl<I, T> Clone for Convoy<I, T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

struct Inner<I, T> {
    work: Box<Work<I, T>>,
    queue: Mutex<Queue<I, T>>,
}

/// A write, and who waits for its answer.
type Waiting<I, T> = (I, oneshot::Sender<Option<T>>);

struct Queue<I, T> {
    waiting: VecDeque<Waiting<I, T>>,
    under_way: usize,
}

impl<I: Send + Sync + 'static, T: Send + 'static> Convoy<I, T> {
    /// One whose writes `work` does. What it gives back is in the order of what it was given.
    pub fn new(
        work: impl Fn(&mut PgConn, &[I]) -> Result<Vec<Written<T>>, DbError> + Send + Sync + 'static,
    ) -> Self {
        let queue = Mutex::new(Queue { waiting: VecDeque::new(), under_way: 0 });
        Self(Arc::new(Inner { work: Box::new(work), queue }))
    }

    /// Has `item` written with what else waits; `None` when that was not possible.
    pub(super) async fn write(&self, postgres: &Arc<Postgres>, item: I) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        if self.0.add(item, answer) {
            let (inner, postgres) = (Arc::clone(&self.0), Arc::clone(postgres));
            // By itself: whoever asked first may go away, and the others have an answer coming.
            tokio::spawn(async move {
                while let Some(waiting) = inner.next() {
                    inner.write_all(&postgres, waiting).await;
                }
            });
        }
        answered.await.ok().flatten()
    }
}

impl<I: Send + Sync + 'static, T: Send + 'static> Inner<I, T> {
    /// Whether somebody has to begin writing.
    fn add(&self, item: I, answer: oneshot::Sender<Option<T>>) -> bool {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.waiting.push_back((item, answer));
        let begins = queue.under_way < LANES;
        queue.under_way += usize::from(begins);
        begins
    }

    /// What goes together next; with `None` one fewer is writing.
    fn next(&self) -> Option<Vec<Waiting<I, T>>> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.waiting.is_empty() {
            queue.under_way -= 1;
            return None;
        }
        let together = queue.waiting.len().min(TOGETHER);
        Some(queue.waiting.drain(..together).collect())
    }

    async fn write_all(self: &Arc<Self>, postgres: &Arc<Postgres>, waiting: Vec<Waiting<I, T>>) {
        let (items, answers): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
        let inner = Arc::clone(self);
        let written = postgres.at_once(move |conn| (inner.work)(conn, &items)).await;
        let mut changed = Vec::new();
        // Without an answer each is told that it was not possible.
        for (answer, written) in answers.into_iter().zip(written.unwrap_or_default()) {
            let written = written.map(|(written, users)| {
                changed.extend(users);
                written
            });
            // Whoever went away has it written all the same.
            let _ = answer.send(written);
        }
        postgres.announce(changed);
    }
}
