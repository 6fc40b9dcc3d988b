//! Work behind the requests: taken by lease, so that two processes never do the same, tried again with back-off,
//! woken by commits and by the clock.

mod backoff;
mod periodic;
mod store;
mod worker;

use std::sync::Arc;

use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
    time::Duration,
};
use uuid::Uuid;

use crate::{billing::refresh::Refresher, db::Db, inbox::Inbox};

/// How long work may wait that nobody called out: another process's, or what became due by the clock.
const TICK: Duration = Duration::from_secs(1);

/// All background work of a process.
#[derive(Clone)]
pub struct Jobs {
    db: Db,
    inbox: Inbox,
    refresher: Refresher,
    wake: Arc<Notify>,
    /// Names this process in leases.
    holder: Arc<str>,
    reconcile_every: Duration,
}

impl Jobs {
    /// The work that `inbox` leaves and `refresher` does. `wake` is called when there is some.
    pub fn new(
        db: Db,
        inbox: Inbox,
        refresher: Refresher,
        wake: Arc<Notify>,
        reconcile_every: Duration,
    ) -> Self {
        Self {
            db,
            inbox,
            refresher,
            wake,
            holder: Uuid::now_v7().to_string().into(),
            reconcile_every,
        }
    }

    /// Does everything that is due, and what becomes due by that, until nothing is.
    pub async fn run_due(&self) {
        self.run_clock().await;
        while self.run_one().await {}
    }

    /// Works until `shutdown` says so; what is begun is finished.
    pub fn spawn(self, mut shutdown: watch::Receiver<bool>) -> JoinHandle<()> {
        tokio::spawn(async move {
            let periodic = tokio::spawn(self.clone().run_periodically(shutdown.clone()));
            while !*shutdown.borrow() {
                self.run_due().await;
                tokio::select! {
                    () = self.wake.notified() => {}
                    () = tokio::time::sleep(TICK) => {}
                    _ = shutdown.changed() => break,
                }
            }
            // It ends by the same word; a panic in it has been reported already.
            let _ = periodic.await;
        })
    }
}
