//! Health, the site's pages and what every answer carries.

use crate::harness::TestApp;

#[tokio::test]
async fn health_and_readiness_answer() {
    let app = TestApp::start().await;
    app.get("/healthz").await.expect(200);
    app.get("/readyz").await.expect(200);
}

#[tokio::test]
async fn unknown_addresses_are_404_in_the_form_their_client_expects() {
    let app = TestApp::start().await;
    app.get("/api/nope").await.expect_error(404, "not_found");
    app.get("/media").await.expect_error(404, "not_found");
    app.get("/no-such-file.js").await.expect_error(404, "not_found");
    for (path, status) in [("/", 200), ("/pricing", 200), ("/no/such/page", 404)] {
        let page = app.get(path).await;
        assert_eq!(page.status, status, "{path}");
        assert!(page.header("content-type").starts_with("text/html"), "{path}");
        assert_eq!(page.header("cache-control"), "no-cache", "{path}");
        assert!(
            page.header("content-security-policy").contains("frame-ancestors 'none'"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn known_addresses_refuse_other_methods() {
    let app = TestApp::start().await;
    app.post("/healthz", serde_json::json!({})).await.expect_error(405, "method_not_allowed");
}

#[tokio::test]
async fn only_configured_origins_are_let_in() {
    let app = TestApp::start_with(|settings| {
        settings.cors_origins = Some("http://localhost:8080".into())
    })
    .await;
    let preflight = |origin: &'static str| {
        let request = app.http.request(reqwest::Method::OPTIONS, app.url("/api/me"));
        app.send(request.header("Origin", origin).header("Access-Control-Request-Method", "GET"))
    };
    let friend = preflight("http://localhost:8080").await;
    assert_eq!(friend.header("access-control-allow-origin"), "http://localhost:8080");
    assert_eq!(friend.header("access-control-allow-credentials"), "true");
    let stranger = preflight("http://evil.example").await;
    assert_eq!(stranger.header("access-control-allow-origin"), "");
}
