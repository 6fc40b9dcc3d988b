//! To Checkout and back: one customer, one open session, one subscription.

use serde_json::{Value, json};

use crate::harness::{Subscriber, TestApp, VISA};

fn is_active(account: &Value) -> bool {
    account["subscription_status"] == "active"
}

/// Objects of one kind at the sandbox, read as an API client reads them.
async fn at_stripe(app: &TestApp, path: &str) -> Vec<Value> {
    let request = app.http.get(format!("{}{path}", app.sandbox)).bearer_auth("sk_test_reader");
    let list = app.send(request).await.expect(200);
    list["data"].as_array().unwrap().clone()
}

fn session_of(return_url: &str) -> String {
    let url = url::Url::parse(return_url).unwrap();
    assert_eq!(url.path(), "/checkout/return");
    url.query_pairs().find(|(name, _)| name == "session_id").unwrap().1.into_owned()
}

#[tokio::test]
async fn paying_opens_the_plan_as_soon_as_the_webhook_lands() {
    let app = TestApp::start().await;
    let ada = app.subscriber("ada@example.com").await;
    let before = ada.account().await;
    assert_eq!(
        (&before["subscription_status"], &before["access"]["allowed"]),
        (&json!("incomplete"), &json!(false))
    );
    assert_eq!(before["stripe_customer_id"], Value::Null);

    let back = ada.subscribe("starter").await;
    let account = ada.account_when(is_active).await;
    assert_eq!(
        (&account["plan"], &account["access"]["allowed"]),
        (&json!("starter"), &json!(true))
    );
    assert!(account["stripe_customer_id"].as_str().unwrap().starts_with("cus_"));
    assert!(account["current_period_end"].as_i64().is_some());

    let result =
        ada.get(&format!("/api/billing/checkout-session/{}", session_of(&back))).await.expect(200);
    assert_eq!(
        (&result["status"], &result["payment_status"]),
        (&json!("complete"), &json!("paid"))
    );
    assert_eq!(result["account"]["access"]["plan"], "starter");

    let subscription = &ada.get("/api/billing/subscription").await.expect(200)["subscription"];
    assert_eq!((&subscription["plan"], &subscription["amount"]), (&json!("starter"), &json!(500)));
    assert_eq!(
        (&subscription["interval"], &subscription["currency"]),
        (&json!("month"), &json!("usd"))
    );
    let invoices = ada.get("/api/billing/invoices").await.expect(200);
    assert_eq!(
        (&invoices["invoices"][0]["total"], &invoices["has_more"]),
        (&json!(500), &json!(false))
    );
}

#[tokio::test]
async fn declined_cards_leave_everything_as_it_was_and_can_be_tried_again() {
    let app = TestApp::start().await;
    let ada = app.subscriber("ada@example.com").await;
    let page = ada.checkout("pro").await;
    for (card, words) in [
        ("4000000000009995", "Your card has insufficient funds."),
        ("4000000000000002", "Your card was declined."),
    ] {
        let answer = app.pay_with(&page, card).await;
        assert_ne!(answer.status(), 200);
        let text = match answer.headers().get("location") {
            Some(next) => {
                let next = url::Url::parse(&page).unwrap().join(next.to_str().unwrap()).unwrap();
                app.send(app.http.get(next)).await.text()
            }
            None => answer.text().await.unwrap(),
        };
        assert!(text.contains(words), "{card}: {text}");
    }
    assert_eq!(ada.account().await["access"]["allowed"], false);
    assert_eq!(app.pay_with(&page, VISA).await.status(), 303);
    ada.account_when(is_active).await;
}

#[tokio::test]
async fn twenty_requests_at_once_make_one_customer_and_one_session() {
    let app = TestApp::start().await;
    let ada = app.subscriber("ada@example.com").await;
    let urls = futures_util::future::join_all((0..20).map(|_| ada.checkout("pro"))).await;
    assert!(urls.iter().all(|url| *url == urls[0]), "{urls:?}");
    assert_eq!(at_stripe(&app, "/v1/customers?limit=100").await.len(), 1);
    assert_eq!(at_stripe(&app, "/v1/checkout/sessions?limit=100").await.len(), 1);
}

#[tokio::test]
async fn another_plan_ends_the_open_session_of_the_first() {
    let app = TestApp::start().await;
    let ada = app.subscriber("ada@example.com").await;
    let starter = ada.checkout("starter").await;
    let pro = ada.checkout("pro").await;
    assert_ne!(starter, pro);
    assert_eq!(ada.checkout("pro").await, pro, "the same wish finds the same session");
    let open = at_stripe(&app, "/v1/checkout/sessions?status=open").await;
    assert_eq!(
        open.iter().map(|session| session["url"].as_str().unwrap()).collect::<Vec<_>>(),
        [pro]
    );
    app.pay_with(&starter, VISA).await;
    assert!(
        at_stripe(&app, "/v1/subscriptions").await.is_empty(),
        "the first can no longer be paid"
    );
}

#[tokio::test]
async fn who_has_a_subscription_is_sent_to_the_portal_instead() {
    let app = TestApp::start().await;
    let ada = app.subscriber("ada@example.com").await;
    ada.subscribe("starter").await;
    ada.account_when(is_active).await;
    let again = ada.post("/api/billing/checkout-session", json!({ "plan": "pro" })).await;
    again.expect_error(409, "already_subscribed");
}

#[tokio::test]
async fn sessions_of_others_are_not_found() {
    let app = TestApp::start().await;
    let ada = app.subscriber("ada@example.com").await;
    let eve = app.subscriber("eve@example.com").await;
    let session = session_of(&ada.subscribe("starter").await);
    eve.get(&format!("/api/billing/checkout-session/{session}"))
        .await
        .expect_error(404, "not_found");
    eve.get("/api/billing/checkout-session/cs_none").await.expect_error(404, "not_found");
    assert_eq!(eve.get("/api/billing/invoices").await.expect(200)["invoices"], json!([]));
    assert_eq!(eve.get("/api/billing/subscription").await.expect(200)["subscription"], Value::Null);
}

#[tokio::test]
async fn only_plan_and_interval_are_taken_and_only_from_who_is_signed_in() {
    let app = TestApp::start().await;
    let ada = app.subscriber("ada@example.com").await;
    let path = "/api/billing/checkout-session";
    app.post(path, json!({ "plan": "pro" })).await.expect_error(401, "unauthenticated");
    ada.post(path, json!({ "plan": "platinum" })).await.expect_error(404, "plan_not_found");
    ada.post(path, json!({})).await.expect_error(400, "missing_field");
    ada.post(path, json!({ "plan": "pro", "interval": "week" }))
        .await
        .expect_error(400, "invalid_json");
    for extra in ["price", "customer", "quantity", "trial_days"] {
        let body = json!({ "plan": "pro", (extra): "x" });
        ada.post(path, body).await.expect_error(400, "unknown_field");
    }
}

#[tokio::test]
async fn trial_and_setup_fee_come_from_the_catalog_and_once() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("catalog.toml");
    let catalog = include_str!("../../../../catalog.toml");
    let with_fee = catalog.replacen("# trial_days = 14", "trial_days = 14", 1).replacen(
        "# setup_fee = \"15.00\"",
        "setup_fee = \"3.00\"",
        1,
    );
    assert!(with_fee.contains("\ntrial_days") && with_fee.contains("\nsetup_fee"));
    std::fs::write(&file, with_fee).unwrap();
    let app = TestApp::start_with(|settings| {
        settings.rate_limits = Some("off".to_owned());
        settings.catalog = Some(file.display().to_string());
    })
    .await;
    let ada = app.subscriber("ada@example.com").await;
    ada.subscribe("pro").await;
    let account = ada.account_when(|account| account["subscription_status"] == "trialing").await;
    assert_eq!(account["access"]["reason"], "trialing");
    let invoices = ada.get("/api/billing/invoices").await.expect(200);
    assert_eq!(
        invoices["invoices"][0]["total"], 300,
        "the fee is due at once, the plan after the trial"
    );

    cancel_now(&ada).await;
    ada.account_when(|account| account["access"]["allowed"] == false).await;
    ada.subscribe("pro").await;
    ada.account_when(is_active).await;
    let invoices = ada.get("/api/billing/invoices").await.expect(200);
    assert_eq!(invoices["invoices"][0]["total"], 1000, "no second trial, no second fee");
}

/// Cancels at Stripe, as an operator does in the dashboard.
async fn cancel_now(listener: &Subscriber<'_>) {
    let subscription = &listener.get("/api/billing/subscription").await.expect(200)["subscription"];
    let url = format!(
        "{}/v1/subscriptions/{}",
        listener.app.sandbox,
        subscription["id"].as_str().unwrap()
    );
    listener
        .app
        .send(listener.app.http.delete(url).bearer_auth("sk_test_operator"))
        .await
        .expect(200);
}
