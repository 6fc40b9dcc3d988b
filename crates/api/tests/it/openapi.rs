//! The API's own description, held against what it answers.

use reqwest::Method;
use serde_json::Value;

use crate::harness::TestApp;

#[tokio::test]
async fn everything_described_is_there_to_call() {
    let app = TestApp::start().await;
    let document = app.get("/api/openapi.json").await.expect(200);
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() > 25, "{}", paths.len());
    for (path, methods) in paths {
        let url = app.url(&path.replace(['{', '}'], ""));
        for (method, operation) in methods.as_object().unwrap() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let answer = app.send(app.http.request(method.clone(), &url)).await;
            assert!(
                answer.status < 500 && answer.status != 405,
                "{method} {path}: {}",
                answer.status
            );
            let answers = operation["responses"].as_object().unwrap();
            let described = answers.contains_key(&answer.status.to_string());
            let by_shape = matches!(answer.status, 400 | 413);
            assert!(
                described || by_shape,
                "{method} {path} answers {}, which is not described",
                answer.status
            );
            let needs_token = operation["security"] == serde_json::json!([{ "bearer": [] }]);
            assert_eq!(
                needs_token,
                answer.status == 401 && needs_token,
                "{method} {path}: {}",
                answer.status
            );
        }
        app.send(app.http.put(&url)).await.expect_error(405, "method_not_allowed");
    }
}

#[tokio::test]
async fn an_answer_has_every_field_that_its_schema_requires() {
    let app = TestApp::start().await;
    let listener = app.listener("ada@example.com", Some("pro")).await;
    let document = app.get("/api/openapi.json").await.expect(200);
    for (path, schema) in [
        ("/api/me", "Account"),
        ("/api/plans", "Plans"),
        ("/api/auth/sessions", "Sessions"),
        ("/api/billing/subscription", "SubscriptionAnswer"),
        ("/api/feed", "FeedAddress"),
    ] {
        let answer = app.get_as(&listener.token, path).await.expect(200);
        let schema = &document["components"]["schemas"][schema];
        let properties = schema["properties"].as_object().unwrap();
        for field in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            assert!(answer.get(field).is_some(), "{path} has no {field}: {answer}");
        }
        for field in answer.as_object().unwrap().keys() {
            assert!(properties.contains_key(field), "{path}: {field} is not described");
        }
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
