//! The API's own description, held against what it answers: every answer here must be described, with its status, its
//! headers, its body, and the code of an error.

mod described;
mod story;

use std::collections::BTreeSet;

use reqwest::{RequestBuilder, header::CONTENT_TYPE};
use serde_json::json;

use crate::harness::{Answer, PASSWORD, TestApp};
use described::{Described, Operation};

/// Reads an answer, but of a stream its head alone.
async fn ask(operation: &Operation<'_>, request: RequestBuilder) -> Option<Answer> {
    let response = request.send().await.unwrap();
    let is_stream = operation.is_stream() && response.status() == 200;
    if is_stream {
        assert_eq!(response.headers()[CONTENT_TYPE], "text/event-stream");
        return None;
    }
    Some(Answer::read(response).await)
}

/// The request with a query.
fn with_query(request: RequestBuilder, query: &[(&str, &str)]) -> RequestBuilder {
    let (client, request) = request.build_split();
    let mut request = request.unwrap();
    request.url_mut().query_pairs_mut().extend_pairs(query);
    RequestBuilder::from_parts(client, request)
}

#[tokio::test]
async fn what_is_done_wrong_is_answered_as_described() {
    let app = TestApp::start().await;
    let described = Described::read(&app).await;
    assert!(described.paths().len() > 30, "{:?}", described.paths().keys());
    app.register("ada@example.com").await;
    // Whose deletion waits, as Stripe cannot be told.
    let leaving = app.subscriber("leo@example.com").await;
    leaving.checkout("pro").await;
    app.faults(1, json!([{ "on": "api", "kind": "error", "status": 500 }])).await;
    let leave = app.http.delete(app.url("/api/me")).bearer_auth(&leaving.token);
    let password = json!({ "current_password": PASSWORD });
    app.send(leave.body(password.to_string())).await.expect(202);

    let mut seen = BTreeSet::new();
    for operation in described.operations() {
        // Anew, since logging out is an operation too.
        let ada = app.log_in("ada@example.com").await;
        let leo = app.log_in("leo@example.com").await;
        let (method, url) = (operation.method.clone(), app.url(&operation.path(&[])));
        let request = || app.http.request(method.clone(), &url);
        let signed_in = || request().bearer_auth(&ada.token);
        let mut requests = vec![
            request(),
            request().bearer_auth("junk"),
            request().header("Origin", "https://evil.example"),
            request().bearer_auth(&leo.token),
            with_query(signed_in(), &[("limit", "many"), ("before", "now"), ("interval", "day")]),
        ];
        if operation.takes_body() {
            let bodies = ["{", "{}", r#"{ "nonsense": 1 }"#, &" ".repeat(70_000)];
            requests.extend(bodies.map(|body| signed_in().body(body.to_owned())));
        }
        requests.push(signed_in());
        for (at, request) in requests.into_iter().enumerate() {
            let Some(answer) = ask(&operation, request).await else { continue };
            let code = described.check(&operation, &answer);
            let (method, path) = (&operation.method, operation.template);
            assert!(answer.status < 500, "{method} {path}");
            if operation.is_for_listeners() && at < 2 {
                assert_eq!(code.as_deref(), Some("unauthenticated"), "{method} {path}");
            }
            seen.extend(code);
        }
        app.send(app.http.put(&url)).await.expect_error(405, "method_not_allowed");
    }
    for code in [
        "deletion_pending",
        "forbidden",
        "invalid_json",
        "invalid_parameter",
        "invalid_signature",
        "media_forbidden",
        "missing_field",
        "not_found",
        "payload_too_large",
        "unauthenticated",
        "unknown_field",
    ] {
        assert!(seen.contains(code), "{code} was not provoked: {seen:?}");
    }
}

#[tokio::test]
async fn the_page_loads_nothing_from_elsewhere() {
    let app = TestApp::start().await;
    let page = app.get("/api/docs").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
    for (file, kind) in [("docs.js", "text/javascript"), ("docs.css", "text/css")] {
        assert!(page.text().contains(&format!("\"/api/docs/{file}\"")), "{file}");
        let answer = app.get(&format!("/api/docs/{file}")).await;
        assert!(answer.status == 200 && answer.header("content-type").starts_with(kind), "{file}");
    }
}
