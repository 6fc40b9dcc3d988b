//! PostgreSQL restarted, failed over and cut off under load: 503s, and back by itself.

use std::sync::Arc;

use diesel::RunQueryDsl;
use tempfile::TempDir;
use tokio::time::{Duration, Instant, sleep};

use super::{cluster::Cluster, process::Server, webhooks};
use crate::harness::{Database, TestApp, execute};

/// A fail-over takes as long as PostgreSQL takes.
const PATIENCE: Duration = Duration::from_secs(60);

async fn until_more(ledger: &webhooks::Ledger, events: usize) {
    let wanted = ledger.count() + events;
    let deadline = Instant::now() + PATIENCE;
    while ledger.count() < wanted {
        assert!(Instant::now() < deadline, "{:?}", ledger.statuses.lock().unwrap());
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_and_a_fail_over_lose_nothing_that_was_answered() {
    let Some(cluster) = Cluster::start() else { return };
    let folder = TempDir::new().unwrap();
    let mut variables = webhooks::variables();
    variables.push(("DATABASE_URL".to_owned(), cluster.url()));
    variables.push(("SECRET_KEYS".to_owned(), "0123456789abcdef0123456789abcdef".to_owned()));
    let db = webhooks::open(&variables).await;
    webhooks::make_listeners(&db, 20_000).await;
    let server = Arc::new(Server::start("server", folder.path(), variables));
    server.ready().await;

    let ledger = Arc::new(webhooks::Ledger::default());
    let mut load = webhooks::load(&server, &ledger, 16);
    until_more(&ledger, 100).await;
    tokio::task::block_in_place(|| cluster.restart_primary());
    until_more(&ledger, 100).await;
    tokio::task::block_in_place(|| cluster.fail_over());
    until_more(&ledger, 100).await;
    load.shutdown().await;

    let statuses = ledger.statuses.lock().unwrap().clone();
    assert!(statuses.keys().all(|status| [200, 503].contains(status)), "{statuses:?}");
    assert!(statuses.contains_key(&503), "it was never away");
    webhooks::assert_nothing_is_lost(&db, &ledger).await;
    webhooks::redeliver(&server, &ledger).await;
    webhooks::assert_nothing_is_lost(&db, &ledger).await;
}

#[tokio::test]
async fn an_open_page_is_told_of_changes_after_every_connection_was_cut() {
    if std::env::var("TEST_DATABASE_URL").is_err() {
        return;
    }
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    let watcher = app.subscriber("bob@example.com").await;
    let stream = watcher.account_when(|account| account["email_verified"] == true);
    let cut = async {
        // The page is open, and has been told of the account as it was.
        sleep(Duration::from_millis(300)).await;
        let db = app.db().await;
        let cutting = db.write(|conn| {
            diesel::sql_query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )
            .execute(conn)?;
            Ok::<_, api::db::DbError>(())
        });
        cutting.await.unwrap();
        let deadline = Instant::now() + PATIENCE;
        loop {
            match app.get_as(&ada.token, "/api/me").await.status {
                200 => break,
                status => assert_eq!(status, 503),
            }
            assert!(Instant::now() < deadline, "it does not come back");
        }
        // Changed without a word, as if it had been said while nobody listened.
        let id = watcher.id.clone();
        db.write(move |conn| {
            diesel::sql_query("UPDATE users SET email_verified = TRUE WHERE id = $1")
                .bind::<diesel::sql_types::Text, _>(id)
                .execute(conn)?;
            Ok::<_, api::db::DbError>(())
        })
        .await
        .unwrap();
    };
    tokio::join!(stream, cut);
}

#[tokio::test]
async fn a_read_only_database_is_read_and_refuses_to_be_written_until_it_may() {
    let Ok(address) = std::env::var("TEST_DATABASE_URL") else { return };
    let database = Database::fresh();
    let folder = TempDir::new().unwrap();
    let mut variables = webhooks::variables();
    variables.extend(database.variables());
    let db = webhooks::open(&variables).await;
    webhooks::make_listeners(&db, 10).await;
    let server = Server::start("server", folder.path(), variables.clone());
    server.ready().await;
    assert_eq!(webhooks::deliver(&server, 1).await, 200);

    let url = variables.iter().find(|(name, _)| name == "DATABASE_URL").unwrap().1.clone();
    let name = url.rsplit('/').next().unwrap().to_owned();
    let read_only = |on: &str| {
        for statement in [
            format!("ALTER DATABASE {name} SET default_transaction_read_only = {on}"),
            format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
            ),
        ] {
            execute(&address, &statement);
        }
    };
    read_only("on");
    let until = async |number: usize, wanted: u16| {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let status = webhooks::deliver(&server, number).await;
            assert!([200, 503].contains(&status), "{status}");
            if status == wanted {
                return;
            }
            assert!(Instant::now() < deadline, "it stays {status}");
        }
    };
    until(2, 503).await;
    server.send(server.get("/api/plans")).await.expect(200);
    read_only("off");
    until(2, 200).await;
    until(3, 200).await;
}
