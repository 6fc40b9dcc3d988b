//! A process that falls between a call to Stripe and its own commit: the next request converges.

use serde_json::{Value, json};

use crate::harness::{Subscriber, TestApp, VISA};

const CHECKOUT: &str = "/api/billing/checkout-session";

async fn at_stripe(app: &TestApp, path: &str) -> Vec<Value> {
    let request = app.http.get(format!("{}{path}", app.sandbox)).bearer_auth("sk_test_reader");
    app.send(request).await.expect(200)["data"].as_array().unwrap().clone()
}

/// Every commit that touches `table` fails, as if the process fell before it.
async fn without<T>(app: &TestApp, table: &'static str, work: impl Future<Output = T>) -> T {
    app.execute(format!("ALTER TABLE {table} RENAME TO hidden")).await;
    let done = work.await;
    app.execute(format!("ALTER TABLE hidden RENAME TO {table}")).await;
    done
}

async fn start(ada: &Subscriber<'_>) -> u16 {
    ada.post(CHECKOUT, json!({ "plan": "pro" })).await.status
}

#[tokio::test]
async fn a_fall_behind_the_customer_makes_no_second_one() {
    let app = TestApp::start().await;
    let ada = app.subscriber("ada@example.com").await;
    for _ in 0..3 {
        // The customer is made at Stripe; binding it fails, and is undone.
        assert_eq!(without(&app, "refreshes", start(&ada)).await, 500);
        assert_eq!(ada.account().await["stripe_customer_id"], Value::Null);
    }
    assert_eq!(start(&ada).await, 200);
    let customers = at_stripe(&app, "/v1/customers?limit=100").await;
    assert_eq!(customers.len(), 1);
    assert_eq!(ada.account().await["stripe_customer_id"], customers[0]["id"]);
}

#[tokio::test]
async fn a_fall_behind_the_session_makes_no_second_one_and_its_return_is_known() {
    let app = TestApp::start().await;
    let ada = app.subscriber("ada@example.com").await;
    for _ in 0..3 {
        assert_eq!(without(&app, "checkout_sessions", start(&ada)).await, 500);
    }
    let back = ada.subscribe("pro").await;
    assert_eq!(at_stripe(&app, "/v1/customers?limit=100").await.len(), 1);
    let sessions = at_stripe(&app, "/v1/checkout/sessions?limit=100").await;
    assert_eq!(sessions.len(), 1);
    assert_eq!(at_stripe(&app, "/v1/subscriptions?status=all").await.len(), 1);
    ada.account_when(|account| account["access"]["reason"] == "active").await;

    let id = sessions[0]["id"].as_str().unwrap();
    assert!(back.contains(id), "{back}");
    let result = ada.get(&format!("{CHECKOUT}/{id}")).await.expect(200);
    assert_eq!(result["status"], "complete");
}

#[tokio::test]
async fn a_fall_behind_the_payment_is_caught_up_with() {
    let app = TestApp::start().await;
    let ada = app.subscriber("ada@example.com").await;
    let page = ada.checkout("pro").await;
    // Stripe has the money, and nothing about it can be kept here.
    let paid = async {
        let back = app.pay_with(&page, VISA).await;
        let back = back.headers()["location"].to_str().unwrap().to_owned();
        let session = back.split("session_id=").nth(1).unwrap().to_owned();
        assert_eq!(ada.get(&format!("{CHECKOUT}/{session}")).await.status, 500);
        session
    };
    let session = without(&app, "subscriptions", paid).await;
    ada.get(&format!("{CHECKOUT}/{session}")).await.expect(200);
    assert_eq!(ada.account().await["access"]["reason"], "active");
    ada.post(CHECKOUT, json!({ "plan": "pro" })).await.expect_error(409, "already_subscribed");
    assert_eq!(at_stripe(&app, "/v1/subscriptions?status=all").await.len(), 1);
}

#[tokio::test]
async fn answers_that_are_lost_on_the_way_make_nothing_twice() {
    let app = TestApp::start().await;
    let lose = async |rules: Value| {
        app.faults(1, rules).await;
    };
    // More often than a call is tried.
    let lost = |method: &str, path: &str| json!({ "on": "api", "method": method, "path": path, "kind": "reset", "when": "after", "times": 3 });
    let calls = [
        ("POST", "/v1/customers"),
        ("POST", "/v1/checkout/sessions"),
        ("GET", "/v1/subscriptions"),
        ("GET", "/v1/checkout/sessions"),
    ];
    for (n, (method, path)) in calls.into_iter().enumerate() {
        let ada = app.subscriber(&format!("ada{n}@example.com")).await;
        lose(json!([lost(method, path)])).await;
        // The worker reads the same lists, and may meet the faults instead.
        let mut answers = vec![start(&ada).await];
        while answers.last() != Some(&200) && answers.len() < 5 {
            answers.push(start(&ada).await);
        }
        assert_eq!(answers.last(), Some(&200), "{method} {path}");
        assert!(method == "GET" || answers.len() > 1, "{method} {path} was lost and noticed");
        let customers = at_stripe(&app, "/v1/customers?limit=100").await;
        assert_eq!(customers.len(), n + 1, "{method} {path}");
        let sessions = at_stripe(&app, "/v1/checkout/sessions?limit=100").await;
        assert_eq!(sessions.len(), n + 1, "{method} {path}");
    }
    let ada = app.subscriber("last@example.com").await;
    let page = ada.checkout("pro").await;
    lose(json!([
        lost("GET", "/v1/subscriptions/*"),
        lost("GET", "/v1/charges"),
        { "on": "webhook", "event": "customer.subscription.*", "kind": "lose" },
    ]))
    .await;
    assert_eq!(app.pay_with(&page, VISA).await.status(), 303);
    ada.account_when(|account| account["access"]["reason"] == "active").await;
    assert_eq!(at_stripe(&app, "/v1/subscriptions?status=all").await.len(), 1);
}
