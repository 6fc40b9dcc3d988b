//! What an operator sees: metrics, `circle status`, `circle doctor`.

use super::{
    installation::{Installation, OPERATOR_TOKEN},
    process::free_port,
};
use crate::harness::TestApp;

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
    let shown = server.send(server.get("/metrics").bearer_auth(OPERATOR_TOKEN)).await;
    let metrics = shown.expect_body(200);
    for line in [
        "circle_http_request_duration_seconds_count{method=\"GET\",route=\"/metrics\",status=\"401\"} 2",
        "circle_http_request_duration_seconds_count{method=\"POST\",route=\"/api/auth/register\",status=\"201\"} 1",
        "circle_stripe_breaker{state=\"closed\"} 1",
        "circle_database_up 1",
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
