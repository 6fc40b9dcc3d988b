//! Tells open pages that an account changed, after the commit that changed it.
//!
//! PostgreSQL carries the word to every process. It is sent behind the commit and not within it, where NOTIFY would
//! make all commits wait for each other, each for its own flush. A word that is lost with the process is made up for
//! by the next ping of the stream. On SQLite there is one process: the writer keeps the ids of a batch and publishes
//! them once it is durable.

use std::{
    cell::RefCell,
    sync::{Mutex, PoisonError},
    thread,
    time::Duration,
};

use diesel::{
    Connection, PgConnection, RunQueryDsl,
    connection::SimpleConnection,
    sql_types::{Array, Text},
};
use tokio::sync::broadcast;

use super::{Conn, DbError, prepared};

/// Changes a slow receiver may fall behind by before it has to look for itself.
const CAPACITY: usize = 1024;

/// How long a change may take to be noticed on PostgreSQL.
const POLL: Duration = Duration::from_millis(100);

thread_local! {
    static PENDING: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// What open pages are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// This user's account changed.
    Account(String),
    /// Nobody knows what changed while the connection that carries the word was lost: look for yourself.
    Unknown,
}

/// Who is told of account changes.
#[derive(Clone)]
pub struct Changes {
    sender: broadcast::Sender<Change>,
}

impl Default for Changes {
    fn default() -> Self {
        Self { sender: broadcast::channel(CAPACITY).0 }
    }
}

impl Changes {
    pub(super) fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.sender.subscribe()
    }

    pub(super) fn watchers(&self) -> u64 {
        self.sender.receiver_count() as u64
    }

    pub(super) fn publish(&self, user_id: String) {
        // Nobody listening is the usual case.
        let _ = self.sender.send(Change::Account(user_id));
    }
}

/// Says, within a write, that this user's account changes with it.
pub fn notify(_: &mut Conn, user_id: &str) -> Result<(), DbError> {
    PENDING.with_borrow_mut(|pending| pending.push(user_id.to_owned()));
    Ok(())
}

/// Tells every process that these users' accounts changed, now that it is committed.
pub(super) fn announce(conn: &mut Conn, user_ids: &[String]) {
    let Conn::Postgres(conn) = conn else { return };
    if user_ids.is_empty() {
        return;
    }
    let sent = diesel::sql_query("SELECT pg_notify('account_changes', id) FROM unnest($1) AS id");
    if let Err(error) = prepared(sent.bind::<Array<Text>, _>(user_ids)).execute(conn) {
        // The write stands, so this is no failure of it.
        tracing::warn!(%error, "open pages learn of an account's change only at their next ping");
    }
}

/// Ids of users whose change is committed and not announced yet. One announcement at a time is under way, and what
/// comes up meanwhile is in the next: a write need not wait for it.
#[derive(Default)]
pub(super) struct Unannounced(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    user_ids: Vec<String>,
    under_way: bool,
}

impl Unannounced {
    /// Adds to what waits; whether somebody has to begin announcing.
    pub(super) fn add(&self, user_ids: Vec<String>) -> bool {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.user_ids.extend(user_ids);
        !std::mem::replace(&mut waiting.under_way, true)
    }

    /// Takes all that waits, each user once; empty when there is nothing more to do.
    pub(super) fn take(&self) -> Vec<String> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.under_way = !waiting.user_ids.is_empty();
        let mut user_ids = std::mem::take(&mut waiting.user_ids);
        user_ids.sort_unstable();
        user_ids.dedup();
        user_ids
    }
}

/// Takes what this thread's writes had to say.
pub(super) fn take() -> Vec<String> {
    PENDING.take()
}

/// Publishes what other processes and this one say through PostgreSQL, for as long as somebody could listen.
pub(super) fn listen(address: &str, changes: Changes) -> std::io::Result<()> {
    let address = address.to_owned();
    let sender = changes.sender.downgrade();
    drop(changes);
    thread::Builder::new().name("account-changes".to_owned()).spawn(move || {
        while sender.strong_count() > 0 {
            if let Err(error) = forward(&address, &sender) {
                tracing::warn!(%error, "not listening for account changes; trying again");
            }
            thread::sleep(Duration::from_secs(1));
        }
    })?;
    Ok(())
}

fn forward(address: &str, sender: &broadcast::WeakSender<Change>) -> Result<(), DbError> {
    let mut conn =
        PgConnection::establish(address).map_err(|error| DbError::Connect(error.to_string()))?;
    conn.batch_execute("LISTEN account_changes")?;
    // From here on nothing is missed; what came before the connection, at the start or after a failure, may have been.
    if let Some(sender) = sender.upgrade() {
        let _ = sender.send(Change::Unknown);
    }
    loop {
        // Asking is also what finds a connection that died.
        conn.batch_execute("SELECT 1")?;
        for notification in conn.notifications_iter() {
            let Some(sender) = sender.upgrade() else { return Ok(()) };
            let _ = sender.send(Change::Account(notification?.payload));
        }
        if sender.strong_count() == 0 {
            return Ok(());
        }
        thread::sleep(POLL);
    }
}
