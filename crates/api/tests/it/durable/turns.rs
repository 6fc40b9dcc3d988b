//! Turns at work that one process at a time does: given back when a process is told to stop, and never somebody else's.

use api::{catalog::BUILT_IN, db::DbError};
use diesel::{QueryableByName, RunQueryDsl, sql_types::BigInt};

use super::{
    gate::{Gate, Side},
    installation::Installation,
    process::{Process, Variables, free_port},
};

/// An installation whose Stripe is behind a gate, and no server.
async fn prepared() -> (Installation, Gate) {
    let mut gate = None;
    let reach = |stripe: &str| gate.insert(Gate::start(stripe)).base.clone();
    let site = Installation::prepare(&[], reach, BUILT_IN).await;
    site.circle(&["catalog", "apply"]);
    (site, gate.unwrap())
}

#[derive(QueryableByName)]
struct Lease {
    #[diesel(sql_type = BigInt)]
    leased_until: i64,
    #[diesel(sql_type = BigInt)]
    last_run_at: i64,
}

async fn lease(site: &Installation) -> Lease {
    let query = "SELECT leased_until, last_run_at FROM job_leases WHERE name = 'reconcile'";
    let read = move |conn: &mut _| Ok::<_, DbError>(diesel::sql_query(query).get_result(conn)?);
    site.db().await.read(read).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_another_process_took_over_stays_with_it() {
    let (site, gate) = prepared().await;
    gate.shut(("GET", "/v1/subscriptions"), Side::Before);
    let mut slow = site.start_circle("slow", &["reconcile"]);
    gate.stopped().await;
    // It takes longer than its lease, and another has begun.
    let taken = "UPDATE job_leases SET holder = 'successor', leased_until = 9999999999 WHERE name = 'reconcile'";
    site.execute(taken.to_owned()).await;
    assert!(slow.ended(), "{}", slow.output());
    let Lease { leased_until, last_run_at } = lease(&site).await;
    assert_eq!((leased_until, last_run_at), (9_999_999_999, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn comparing_by_hand_gives_its_turn_back_when_it_is_told_to_stop() {
    let (site, gate) = prepared().await;
    gate.shut(("GET", "/v1/subscriptions"), Side::Before);
    let mut interrupted = site.start_circle("interrupted", &["reconcile"]);
    gate.stopped().await;
    assert!(lease(&site).await.leased_until > 0);
    assert!(!interrupted.terminate(), "it did not come to its end");
    assert!(
        interrupted.output().contains("what was repaired stays so"),
        "{}",
        interrupted.output()
    );
    assert_eq!(lease(&site).await.leased_until, 0);
}

#[tokio::test]
async fn a_sandbox_ends_in_order_when_it_is_told_to_stop() {
    let data = tempfile::TempDir::new().unwrap();
    let addr = format!("127.0.0.1:{}", free_port());
    let arguments = ["sandbox", "--addr", &addr, "--data", "."];
    let mut sandbox = Process::start("sandbox", data.path(), &arguments, Variables::new());
    sandbox.printed("Webhook secret").await;
    assert!(sandbox.terminate(), "{}", sandbox.output());
}
