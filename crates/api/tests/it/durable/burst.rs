//! Very many events at once: all of them are taken, and memory does not grow with their number.

use std::{fs, sync::Arc};

use tempfile::TempDir;
use tokio::time::{Duration, sleep};

use super::{process::Server, webhooks};
use crate::harness::Database;

/// Events; `scripts/soak` asks for more.
fn events() -> usize {
    std::env::var("SOAK_BURST").map_or(3_000, |events| events.parse().unwrap())
}

/// Memory of a process, in KiB.
fn resident(process: u32) -> i64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_is_taken_whole_with_memory_flat() {
    let (folder, database) = (TempDir::new().unwrap(), Database::fresh());
    let variables = webhooks::variables_with(&database, folder.path());
    let db = webhooks::open(&variables).await;
    // Enough for those that are refused for want of room, and for what is sent while the last answers are counted.
    webhooks::make_listeners(&db, events() * 4).await;
    let server = Arc::new(Server::start("server", folder.path(), variables));
    server.ready().await;

    let ledger = Arc::new(webhooks::Ledger::default());
    let mut load = webhooks::load(&server, &ledger, 100);
    let mut early = None;
    while ledger.count() < events() {
        sleep(Duration::from_millis(5)).await;
        if early.is_none() && ledger.count() >= events() / 5 {
            early = Some(resident(server.process.id()));
        }
    }
    load.shutdown().await;
    let (early, late) = (early.unwrap(), resident(server.process.id()));
    assert!(late < early + 64 * 1024, "from {early} KiB to {late} KiB");
    let statuses = ledger.statuses.lock().unwrap().clone();
    assert!(statuses.keys().all(|status| [200, 503].contains(status)), "{statuses:?}");
    webhooks::assert_nothing_is_lost(&db, &ledger).await;
    println!(
        "soak: {} events in a burst on {}: {early} KiB after a fifth of them, {late} KiB after all",
        ledger.count(),
        db.engine()
    );
}
