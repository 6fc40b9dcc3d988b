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
async fn a_failure_that_stripe_keeps_for_a_key_is_one_answer_and_not_a_days() {
    let app = TestApp::start().await;
    let ada = app.subscriber("ada@example.com").await;
    let kept = |path: &str| {
        json!([{ "on": "api", "method": "POST", "path": path, "kind": "error", "status": 500,
        "when": "during", "times": 1 }])
    };
    for path in ["/v1/customers", "/v1/checkout/sessions"] {
        app.faults(1, kept(path)).await;
        // The tries of this one call meet the answer that is kept.
        assert_eq!(start(&ada).await, 502, "{path}");
    }
    assert_eq!(start(&ada).await, 200);
    app.faults(1, kept("/v1/checkout/sessions/*/expire")).await;
    assert_eq!(ada.post(CHECKOUT, json!({ "plan": "starter" })).await.status, 502);
    ada.post(CHECKOUT, json!({ "plan": "starter" })).await.expect(200);
    assert_eq!(at_stripe(&app, "/v1/customers?limit=100").await.len(), 1);
    assert_eq!(at_stripe(&app, "/v1/checkout/sessions?status=open").await.len(), 1);
}

#[tokio::test]
async fn a_customer_that_was_made_although_stripe_failed_is_found_again() {
    let app = TestApp::start().await;
    let ada = app.subscriber("ada@example.com").await;
    // More often than a call is tried; nobody is told of the customer.
    app.faults(
        1,
        json!([
            { "on": "api", "method": "POST", "path": "/v1/customers", "kind": "error", "status": 502, "when": "after",
              "times": 3 },
            { "on": "webhook", "event": "customer.created", "kind": "lose" },
        ]),
    )
    .await;
    assert_eq!(start(&ada).await, 502);
    assert_eq!(start(&ada).await, 200);
    let customers = at_stripe(&app, "/v1/customers?limit=100").await;
    assert_eq!(customers.len(), 1);
    assert_eq!(ada.account().await["stripe_customer_id"], customers[0]["id"]);
}

#[tokio::test]
async fn a_page_that_is_open_beside_a_subscription_is_closed() {
    let app = TestApp::start().await;
    let ada = app.subscriber("ada@example.com").await;
    let page = ada.checkout("pro").await;
    let customer = ada.account().await["stripe_customer_id"].as_str().unwrap().to_owned();
    // Somebody at the podcast subscribes them by hand.
    let price = at_stripe(&app, "/v1/prices?lookup_keys[]=starter").await[0]["id"].clone();
    let holder = [("customer", customer.as_str())];
    let card = app.tell_stripe("/v1/payment_methods/pm_card_visa/attach", &holder).await;
    let card = card["id"].as_str().unwrap().to_owned();
    let by_hand = [
        ("customer", customer.as_str()),
        ("items[0][price]", price.as_str().unwrap()),
        ("default_payment_method", &card),
    ];
    app.tell_stripe("/v1/subscriptions", &by_hand).await;

    ada.post(CHECKOUT, json!({ "plan": "pro" })).await.expect_error(409, "already_subscribed");
    assert_eq!(at_stripe(&app, "/v1/checkout/sessions?status=open").await.len(), 0);
    app.pay_with(&page, VISA).await;
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
