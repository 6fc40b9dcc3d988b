//! Faults on demand, as clients and webhook endpoints meet them.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::{Sandbox, text, webhooks::Receiver};

impl Sandbox {
    async fn faults(&self, rules: Value) -> Value {
        self.control("faults", json!({ "seed": 7, "rules": rules })).await
    }
}

#[tokio::test]
async fn errors_come_in_stripes_envelope_as_often_as_wanted_and_nothing_was_done() {
    let sandbox = Sandbox::start().await;
    for (status, kind, code) in [
        (500, "api_error", None),
        (503, "api_error", None),
        (429, "invalid_request_error", Some("rate_limit")),
        (409, "invalid_request_error", Some("lock_timeout")),
        (402, "card_error", Some("card_declined")),
    ] {
        let rule = json!({"on": "api", "method": "POST", "path": "/v1/customers", "kind": "error",
                          "status": status, "times": 1});
        sandbox.faults(json!([rule])).await;
        assert_eq!(sandbox.get("/v1/customers").await["data"], json!([]), "GET is not meant");
        let error = sandbox.refused("/v1/customers", &[]).await.error(status);
        assert_eq!(error["type"], kind, "{error}");
        assert_eq!(error["code"].as_str(), code, "{error}");
    }
    assert_eq!(sandbox.get("/v1/customers").await["data"], json!([]), "nothing was done");
    sandbox.post("/v1/customers", &[]).await;
    let shown = sandbox.get("/_sandbox/faults").await;
    assert_eq!((&shown["seed"], &shown["struck"]), (&json!(7), &json!([1])));
    assert_eq!(shown["rules"][0]["path"], "/v1/customers");
}

#[tokio::test]
async fn a_lost_answer_is_of_work_done_which_its_key_gives_again() {
    let sandbox = Sandbox::start().await;
    let keyed = [("Idempotency-Key", "once")];
    let form = [("email", "ann@example.com")];
    sandbox
        .faults(json!([{"on": "api", "kind": "error", "status": 502, "when": "after", "times": 1}]))
        .await;
    let lost = sandbox.send(Method::POST, "/v1/customers", &form, &keyed).await;
    assert_eq!(lost.status, 502);
    let again = sandbox.send(Method::POST, "/v1/customers", &form, &keyed).await;
    assert_eq!(again.header("Idempotent-Replayed"), "true");
    let customers = sandbox.get("/v1/customers").await;
    assert_eq!(customers["data"].as_array().unwrap().len(), 1);
    assert_eq!(customers["data"][0]["id"], again.json()["id"]);
}

#[tokio::test]
async fn connections_break_before_or_after_the_work_is_done() {
    let sandbox = Sandbox::start().await;
    for (kind, when, made) in [
        ("reset", "before", 0),
        ("reset", "after", 1),
        ("timeout", "before", 1),
        ("timeout", "after", 2),
    ] {
        let mut rule = json!({"on": "api", "method": "POST", "kind": kind, "when": when});
        if kind == "timeout" {
            rule["seconds"] = json!(0.2);
        }
        sandbox.faults(json!([rule])).await;
        let failed = sandbox.try_send(Method::POST, "/v1/customers").await.unwrap_err();
        let cause = format!("{failed:?}");
        assert!(!failed.is_builder() && !failed.is_status(), "{cause}");
        assert_eq!(cause.contains("ConnectionReset"), kind == "reset", "{kind} {when}: {cause}");
        let customers = sandbox.get("/v1/customers").await;
        assert_eq!(customers["data"].as_array().unwrap().len(), made, "{kind} {when}");
    }
    let cleared = sandbox.send(Method::DELETE, "/_sandbox/faults", &[], &[]).await.json();
    assert_eq!(cleared["rules"], json!([]));
    sandbox.post("/v1/customers", &[]).await;
}

#[tokio::test]
async fn a_plan_that_cannot_be_used_is_refused_and_changes_nothing() {
    let sandbox = Sandbox::start().await;
    sandbox.faults(json!([{"on": "api", "kind": "reset", "probability": 0}])).await;
    let url = format!("{}/_sandbox/faults", sandbox.running.api_base());
    let body = json!({"rules": [{"on": "api", "kind": "explode"}]}).to_string();
    let response = sandbox.client.post(url).body(body).send().await.unwrap();
    assert_eq!(response.status().as_u16(), 400);
    let message = response.text().await.unwrap();
    assert!(message.contains("explode"), "{message}");
    assert_eq!(sandbox.get("/_sandbox/faults").await["rules"][0]["kind"], "reset");
}

#[tokio::test]
async fn webhooks_come_late_twice_in_another_order_or_never() {
    let mut receiver = Receiver::start(200);
    let sandbox = Sandbox::start().await;
    let url = receiver.url();
    sandbox.post("/v1/webhook_endpoints", &[("url", &url), ("enabled_events[0]", "*")]).await;

    sandbox
        .faults(json!([{"on": "webhook", "event": "customer.*", "kind": "twice", "times": 1}]))
        .await;
    sandbox.post("/v1/customers", &[]).await;
    let first = receiver.next().await.1;
    assert_eq!(receiver.next().await.1["id"], first["id"], "twice");

    sandbox.faults(json!([{"on": "webhook", "event": "product.created", "kind": "reorder"}])).await;
    sandbox.post("/v1/products", &[("name", "first")]).await;
    sandbox.post("/v1/customers", &[]).await;
    assert_eq!(receiver.next().await.1["type"], "customer.created");
    assert_eq!(receiver.next().await.1["type"], "product.created", "after the later one");

    sandbox
        .faults(json!([{"on": "webhook", "event": "product.*", "kind": "late", "seconds": 0.5}]))
        .await;
    let begun = std::time::Instant::now();
    sandbox.post("/v1/products", &[("name", "late")]).await;
    assert_eq!(receiver.next().await.1["type"], "product.created");
    assert!(begun.elapsed() >= Duration::from_millis(500), "not before its time");

    sandbox.faults(json!([{"on": "webhook", "event": "product.*", "kind": "lose"}])).await;
    let lost = sandbox.post("/v1/products", &[("name", "lost")]).await;
    sandbox.post("/v1/customers", &[]).await;
    assert_eq!(receiver.next().await.1["type"], "customer.created", "the product's is lost");
    let events = sandbox.get("/v1/events?type=product.created").await;
    assert_eq!(events["data"][0]["data"]["object"]["id"], lost["id"]);
    let path = format!("/_sandbox/deliveries?event={}", text(&events["data"][0]["id"]));
    let given_up = async {
        while sandbox.get(&path).await["data"][0]["state"] != "failed" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), given_up).await.unwrap();
    receiver.stop().await;
}
