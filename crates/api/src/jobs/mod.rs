//! Work behind the requests: taken by lease, so that two processes never do the same, tried again with back-off,
//! woken by commits and by the clock.

mod backoff;
pub mod cli;
mod courier;
mod leaving;
mod periodic;
mod pruning;
mod repair;
mod store;
mod turn;
mod worker;

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_util::{FutureExt, future::join_all};
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
    time::Duration,
};
use uuid::Uuid;

pub use courier::Courier;
pub use turn::Turn;

use crate::{
    billing::refresh::{self, Refresher},
    catalog::Shop,
    db::Db,
    inbox::{self, Inbox},
};

/// How long work may wait that nobody called out: another process's, or what became due by the clock.
const TICK: Duration = Duration::from_secs(1);

/// Pieces of work under way at a time. Most of each is waiting for Stripe, which takes some ten requests a second at
/// the least from everybody.
const LANES: usize = 4;

/// How long work rests that came to a panic.
const RECOVERY: Duration = Duration::from_secs(5);

/// A name for this process in leases.
pub fn holder() -> Arc<str> {
    Uuid::now_v7().to_string().into()
}

/// How often, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Between two comparisons of everything with Stripe.
    pub reconcile_every: Duration,
    /// For which events are kept.
    pub event_retention: Duration,
}

/// All background work of a process.
#[derive(Clone)]
pub struct Jobs {
    db: Db,
    inbox: Inbox,
    refresher: Refresher,
    shop: Shop,
    wake: Arc<Notify>,
    /// Names this process in leases.
    holder: Arc<str>,
    schedule: Schedule,
}

impl Jobs {
    /// The work that `inbox` leaves and that `refresher` and `shop` do. `wake` is called when there is some.
    pub fn new(
        db: Db,
        inbox: Inbox,
        refresher: Refresher,
        shop: Shop,
        wake: Arc<Notify>,
        schedule: Schedule,
    ) -> Self {
        Self { db, inbox, refresher, shop, wake, holder: holder(), schedule }
    }

    /// Does everything that is due, one after the other, and what becomes due by that, until nothing is.
    pub async fn run_due(&self) {
        self.run_clock().await;
        while self.run_one(0).await {}
    }

    /// Works until `shutdown` says so. What is under way then is dropped, which no half of it survives, and is
    /// free at once for the next process.
    pub fn spawn(self, mut shutdown: watch::Receiver<bool>) -> JoinHandle<()> {
        tokio::spawn(async move {
            let this = &self;
            let lanes = (0..LANES).map(|lane| unbroken("background work", move || this.work(lane)));
            tokio::select! {
                _ = shutdown.wait_for(|stop| *stop) => {}
                _ = join_all(lanes) => {}
                () = unbroken("the clock", || self.watch_clock()) => {}
                () = unbroken("the regular repair", || self.run_periodically()) => {}
            }
            self.release().await;
        })
    }

    /// Does what is due, whenever there is some. Whoever finds some calls the next, so that as many are at work as
    /// there is work for, and a backlog waits for no single answer of Stripe's.
    async fn work(&self, lane: usize) {
        loop {
            while self.run_one(lane).await {
                self.wake.notify_one();
            }
            tokio::select! {
                () = self.wake.notified() => {}
                () = tokio::time::sleep(TICK), if lane == 0 => {}
            }
        }
    }

    async fn release(&self) {
        let holder = Arc::clone(&self.holder);
        let released = self.db.write(move |conn| {
            inbox::release(conn, &holder)?;
            refresh::release(conn, &holder)?;
            store::release(conn, &holder)
        });
        if let Err(error) = released.await {
            tracing::warn!(%error, "work that was under way stays taken until its lease runs out");
        }
    }
}

/// Does `work` again when it comes to a panic, which one object of Stripe's may bring about and the others shall not
/// suffer from.
async fn unbroken<W: Future<Output = ()>>(name: &str, work: impl Fn() -> W) {
    while AssertUnwindSafe(work()).catch_unwind().await.is_err() {
        tracing::error!(name, "came to a panic and begins anew");
        tokio::time::sleep(RECOVERY).await;
    }
}
