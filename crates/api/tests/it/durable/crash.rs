//! kill -9 under load: what was answered with 200 is there, once; the rest comes again.

use std::sync::Arc;

use tempfile::TempDir;
use tokio::time::{Duration, Instant, sleep};

use super::{process::Server, webhooks};
use crate::harness::{Database, PATIENCE};

/// Rounds in the tests; `scripts/soak` asks for more.
fn rounds() -> usize {
    std::env::var("SOAK_KILLS").map_or(10, |rounds| rounds.parse().unwrap())
}

/// Events that a round may use.
const A_ROUND: usize = 400;

#[tokio::test]
async fn nothing_that_was_answered_is_lost_and_nothing_is_applied_twice_when_the_process_is_killed()
{
    let (folder, database) = (TempDir::new().unwrap(), Database::fresh());
    let variables = webhooks::variables_with(&database, folder.path());
    let db = webhooks::open(&variables).await;
    webhooks::make_listeners(&db, rounds() * A_ROUND).await;

    let mut server = Server::start("server", folder.path(), variables);
    let ledger = Arc::new(webhooks::Ledger::default());
    for round in 0..rounds() {
        server.ready().await;
        webhooks::assert_nothing_is_lost(&db, &ledger).await;
        let shared = Arc::new(server);
        let mut load = webhooks::load(&shared, &ledger, 16);
        // At another point of the work each time, and never because of the clock alone.
        let wanted = ledger.count() + 40 + rand::random_range(0..120);
        let deadline = Instant::now() + PATIENCE;
        while ledger.count() < wanted {
            assert!(Instant::now() < deadline, "round {round}: {:?}", ledger.statuses);
            sleep(Duration::from_millis(1)).await;
        }
        shared.process.kill_from_outside();
        // Those on their way get no answer.
        sleep(Duration::from_millis(30)).await;
        load.shutdown().await;
        server = Arc::into_inner(shared).expect("nobody sends any more");
        server.process.restart();
    }
    server.ready().await;
    webhooks::assert_nothing_is_lost(&db, &ledger).await;
    assert!(!ledger.unanswered.lock().unwrap().is_empty(), "it was never killed in the middle");
    webhooks::redeliver(&server, &ledger).await;
    for number in [1, 2, 3] {
        assert_eq!(webhooks::deliver(&server, number).await, 200, "a duplicate is welcome");
    }
    webhooks::assert_nothing_is_lost(&db, &ledger).await;
    println!(
        "soak: {} kills under load on {}: {} events answered, none lost, none applied twice",
        rounds(),
        db.engine(),
        ledger.count()
    );
}
