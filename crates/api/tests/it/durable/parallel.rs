//! Two servers asked for the same at the same moment.

use futures_util::future::join_all;
use serde_json::Value;

use super::{installation::Installation, webhooks};
use crate::harness::Database;

#[tokio::test(flavor = "multi_thread")]
async fn twenty_checkouts_at_two_servers_make_one_customer_and_one_session() {
    if std::env::var("TEST_DATABASE_URL").is_err() {
        return;
    }
    let site = Installation::start(2).await;
    let ada = site.register("ada@example.com").await;
    let ask = async |n: usize| {
        let request = site.checkout_at(n % 2, &ada, "pro");
        Value::clone(&site.servers[n % 2].send(request).await.expect(200)["url"])
    };
    let pages = join_all((0..20).map(ask)).await;
    assert!(pages.iter().all(|page| *page == pages[0]), "{pages:#?}");
    assert_eq!(site.at_stripe("/v1/customers").await.len(), 1);
    assert_eq!(site.at_stripe("/v1/checkout/sessions").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_deliveries_of_one_event_at_two_servers_have_one_effect() {
    if std::env::var("TEST_DATABASE_URL").is_err() {
        return;
    }
    let (folder, database) = (tempfile::TempDir::new().unwrap(), Database::fresh());
    let variables = webhooks::variables_with(&database, folder.path());
    let db = webhooks::open(&variables).await;
    webhooks::make_listeners(&db, 1).await;
    let start = |name| super::process::Server::start(name, folder.path(), variables.clone());
    let servers = [start("one"), start("two")];
    for server in &servers {
        server.ready().await;
    }
    // Who finds no connection to the database is told to come again, and does.
    let deliver = async |n: usize| {
        loop {
            match webhooks::deliver(&servers[n % 2], 1).await {
                503 => tokio::task::yield_now().await,
                status => return status,
            }
        }
    };
    assert_eq!(join_all((0..50).map(deliver)).await, [200; 50]);
    let stored = webhooks::stored(&db).await;
    assert_eq!(stored.into_values().collect::<Vec<_>>(), [("applied".to_owned(), 1, true)]);
}
