//! What an operator sees: metrics, `circle status`, `circle doctor`.

use tokio::time::Instant;

use super::{
    installation::{Installation, OPERATOR_TOKEN},
    process::free_port,
};
use crate::harness::{PATIENCE, TestApp};

#[tokio::test]
async fn an_operator_sees_how_things_stand_and_what_is_wrong() {
    let mut site = Installation::start(1).await;
    site.register("ada@example.com").await;
    let server = &site.servers[0];
    server.send(server.get("/metrics")).await.expect_error(401, "unauthenticated");
    server
        .send(server.get("/metrics").bearer_auth("guessed"))
        .await
        .expect_error(401, "unauthenticated");
    // The scheme in any case (RFC 9110, section 11.1).
    let token = format!("bearer {OPERATOR_TOKEN}");
    let shown = server.send(server.get("/metrics").header("Authorization", token)).await;
    let metrics = shown.expect_body(200);
    for line in [
        "circle_http_request_duration_seconds_count{method=\"GET\",route=\"/metrics\",status=\"401\"} 2",
        "circle_http_request_duration_seconds_count{method=\"POST\",route=\"/api/auth/register\",status=\"201\"} 1",
        "circle_stripe_breaker{state=\"closed\"} 1",
        "circle_database_up 1",
        "# TYPE circle_database_refused_total counter",
        "circle_refreshes_waiting ",
        "circle_job_last_run_seconds{job=\"reconcile\"}",
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }

    let status = site.circle(&["status"]);
    for line in [
        "Database",
        "commits are durable",
        "Stripe         acct_",
        "1 incomplete",
        "Alerts         none",
    ] {
        assert!(status.contains(line), "{line} is not in\n{status}");
    }
    let findings = site.circle(&["doctor"]);
    for line in [
        "ok    durability",
        "ok    Stripe",
        "ok    clock",
        "ok    catalog",
        "ok    portal",
        "ok    alerts",
    ] {
        assert!(findings.contains(line), "{line} is not in\n{findings}");
    }

    site.stripe.kill();
    let (fine, findings) = site.try_circle(&["doctor"]);
    assert!(!fine && findings.contains("FAIL  Stripe"), "{findings}");
}

#[tokio::test]
async fn what_was_ignored_and_who_pays_twice_is_told() {
    let site = Installation::start(1).await;
    let ada = site.register("ada@example.com").await;
    site.subscribe(&ada, "pro").await;
    // Somebody sells her a second one by hand.
    let newest = async |path: &str| {
        let list = site.at_stripe(path).await;
        list[0]["id"].as_str().unwrap().to_owned()
    };
    let customer = newest("/v1/customers").await;
    let card = newest(&format!("/v1/customers/{customer}/payment_methods")).await;
    let price = newest("/v1/prices?lookup_keys[]=starter").await;
    let form = format!("customer={customer}&default_payment_method={card}&items[0][price]={price}");
    site.tell_stripe("POST", "/v1/subscriptions", &form).await;

    let twice = "A listener has more than one live subscription";
    let deadline = Instant::now() + PATIENCE;
    let explained = loop {
        let explained = site.circle(&["explain", "ada@example.com"]);
        if explained.contains(twice) {
            break explained;
        }
        assert!(Instant::now() < deadline, "{explained}");
    };
    // The better one counts.
    assert!(explained.contains(": pro, reason active"), "{explained}");
    assert!(site.circle(&["doctor"]).contains(twice));
    assert!(site.servers[0].process.output().contains(twice), "it is in the log");
    let listed = site.circle(&["events", "list", "--state", "ignored"]);
    assert!(listed.contains("unhandled_type"), "{listed}");
    assert!(site.circle(&["status"]).contains(" unhandled_type"));

    let server = &site.servers[0];
    let shown = server.send(server.get("/metrics").bearer_auth(OPERATOR_TOKEN)).await;
    let metrics = shown.expect_body(200);
    for line in [
        "circle_alerts{kind=\"second_subscription\"} 1",
        "circle_inbox_ignored{reason=\"unhandled_type\"} ",
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
}

#[tokio::test]
async fn comparing_by_hand_waits_for_the_server_that_does_so() {
    let mut site = Installation::start(1).await;
    // A server that was killed in the middle of it, or is at it.
    site.servers[0].process.kill();
    let taken = "INSERT INTO job_leases (name, leased_until) VALUES ('reconcile', 9999999999) \
                 ON CONFLICT (name) DO UPDATE SET leased_until = excluded.leased_until";
    site.execute(taken.to_owned()).await;
    assert!(
        site.circle(&["reconcile", "--dry-run"]).contains("none differed"),
        "it writes nothing"
    );

    let reconciling = site.start_circle("reconcile", &["reconcile"]);
    reconciling.printed("A running server is comparing with Stripe").await;
    site.execute("UPDATE job_leases SET leased_until = 0".to_owned()).await;
    reconciling.printed("0 subscriptions at Stripe").await;
}

#[tokio::test]
async fn metrics_on_an_address_of_their_own_are_nowhere_else() {
    let port = free_port();
    let app = TestApp::start_with(|settings| {
        settings.metrics_addr = Some(format!("127.0.0.1:{port}"));
    })
    .await;
    let shown = app.send(app.http.get(format!("http://127.0.0.1:{port}/metrics"))).await;
    assert!(shown.expect_body(200).contains("circle_http_request_duration_seconds"));
    app.get("/metrics").await.expect_error(404, "not_found");
}
