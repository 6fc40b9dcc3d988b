//! A subscription's life at Stripe, as the account shows it: renewals, payments that fail, ends, and no event twice.

use serde_json::{Value, json};

use crate::harness::TestApp;

const DAY: i64 = 86_400;

fn is_active(account: &Value) -> bool {
    account["subscription_status"] == "active"
}

/// What the product asked of Stripe, newest first.
async fn asked(app: &TestApp) -> Vec<Value> {
    let log =
        app.send(app.http.get(format!("{}/_sandbox/requests", app.sandbox))).await.expect(200);
    log["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn renewals_move_the_period_and_keep_access() {
    let app = TestApp::start().await;
    let ada = app.subscriber("ada@example.com").await;
    ada.subscribe("pro").await;
    let end = ada.account_when(is_active).await["current_period_end"].as_i64().unwrap();
    app.advance(32 * DAY).await;
    let renewed =
        ada.account_when(|account| account["current_period_end"].as_i64().unwrap() > end).await;
    assert_eq!(
        (&renewed["subscription_status"], &renewed["access"]["plan"]),
        (&json!("active"), &json!("pro"))
    );
}

#[tokio::test]
async fn a_failed_renewal_gives_days_of_grace_and_paying_ends_them() {
    let app = TestApp::start().await;
    let ada = app.subscriber("ada@example.com").await;
    ada.subscribe("pro").await;
    let account = ada.account_when(is_active).await;
    let customer = account["stripe_customer_id"].as_str().unwrap();
    let subscription = ada.subscription_id().await;
    use_card(&app, customer, &subscription, "pm_card_chargeCustomerFail").await;

    app.advance(32 * DAY).await;
    let late = ada.account_when(|account| account["access"]["reason"] == "grace").await;
    assert_eq!(
        (&late["subscription_status"], &late["access"]["allowed"]),
        (&json!("past_due"), &json!(true))
    );
    // The deadline is reckoned from the invoice, once the worker has read it.
    let end = account["current_period_end"].as_i64().unwrap();
    let told = ada
        .account_when(|account| {
            let deadline = account["payment_problem"]["deadline"].as_i64();
            deadline.is_some_and(|deadline| (end..end + DAY).contains(&(deadline - 7 * DAY)))
        })
        .await;
    assert_eq!(told["payment_problem"]["kind"], "past_due");

    app.advance(7 * DAY).await;
    let out = ada.account_when(|account| account["access"]["allowed"] == false).await;
    assert_eq!(out["plan"], "pro", "what was paid for is still shown");

    use_card(&app, customer, &subscription, "pm_card_visa").await;
    let open = app
        .http
        .get(format!("{}/v1/invoices?subscription={subscription}&status=open", app.sandbox));
    let open = app.send(open.bearer_auth("sk_test_operator")).await.expect(200);
    for invoice in open["data"].as_array().unwrap() {
        app.tell_stripe(&format!("/v1/invoices/{}/pay", invoice["id"].as_str().unwrap()), &[])
            .await;
    }
    let paid = ada.account_when(|account| account["access"]["reason"] == "active").await;
    assert_eq!(paid["payment_problem"], Value::Null);
}

pub(crate) async fn use_card(app: &TestApp, customer: &str, subscription: &str, card: &str) {
    let method = app
        .tell_stripe(&format!("/v1/payment_methods/{card}/attach"), &[("customer", customer)])
        .await;
    let method = method["id"].as_str().unwrap();
    let default = [("invoice_settings[default_payment_method]", method)];
    app.tell_stripe(&format!("/v1/customers/{customer}"), &default).await;
    app.tell_stripe(
        &format!("/v1/subscriptions/{subscription}"),
        &[("default_payment_method", method)],
    )
    .await;
}

#[tokio::test]
async fn a_planned_end_is_shown_and_comes() {
    let app = TestApp::start().await;
    let ada = app.subscriber("ada@example.com").await;
    ada.subscribe("starter").await;
    let end = ada.account_when(is_active).await["current_period_end"].as_i64().unwrap();
    let path = format!("/v1/subscriptions/{}", ada.subscription_id().await);
    app.tell_stripe(&path, &[("cancel_at_period_end", "true")]).await;
    let leaving = ada.account_when(|account| account["ends_at"].is_i64()).await;
    assert_eq!(
        (leaving["ends_at"].as_i64(), &leaving["access"]["allowed"]),
        (Some(end), &json!(true))
    );
    app.tell_stripe(&path, &[("cancel_at_period_end", "false")]).await;
    ada.account_when(|account| account["ends_at"].is_null()).await;

    app.tell_stripe(&path, &[("cancel_at_period_end", "true")]).await;
    ada.account_when(|account| account["ends_at"].is_i64()).await;
    app.advance(32 * DAY).await;
    let ended = ada.account_when(|account| account["subscription_status"] == "canceled").await;
    assert_eq!(
        (&ended["access"]["allowed"], &ended["access"]["reason"]),
        (&json!(false), &json!("ended"))
    );
}

#[tokio::test]
async fn events_make_nothing_happen_at_stripe() {
    let app = TestApp::start().await;
    let ada = app.subscriber("ada@example.com").await;
    ada.subscribe("pro").await;
    ada.account_when(is_active).await;
    let customer = ada.account().await["stripe_customer_id"].as_str().unwrap().to_owned();
    let subscription = ada.subscription_id().await;
    let before = asked(&app).await.len();
    app.advance(32 * DAY).await;
    app.tell_stripe(&format!("/v1/customers/{customer}"), &[("email", "bills@example.com")]).await;
    app.send(
        app.http
            .delete(format!("{}/v1/subscriptions/{subscription}", app.sandbox))
            .bearer_auth("sk_test_operator"),
    )
    .await
    .expect(200);
    ada.account_when(|account| account["subscription_status"] == "canceled").await;
    let log = asked(&app).await;
    let since = &log[..log.len() - before];
    let writes: Vec<_> = since.iter().filter(|request| request["method"] != "GET").collect();
    assert_eq!(writes.len(), 2, "only what this test did itself: {writes:#?}");
    assert_eq!(ada.account().await["email"], "ada@example.com");
}
