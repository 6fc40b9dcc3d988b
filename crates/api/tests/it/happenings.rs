//! Mails about a subscription's life: each once, however often Stripe tells.

use serde_json::json;

use crate::harness::TestApp;

const ADA: &str = "ada@example.com";
const DAY: i64 = 86_400;

async fn every_delivery_twice(app: &TestApp) {
    app.faults(7, json!([{"on": "webhook", "kind": "twice"}])).await;
}

/// The subjects of what was mailed about money, oldest first.
async fn subjects(app: &TestApp) -> Vec<String> {
    let mails = app.mails_to(ADA).await;
    let subjects = mails.iter().rev().map(|mail| mail["subject"].as_str().unwrap().to_owned());
    subjects.filter(|subject| subject != "Confirm your e-mail address").collect()
}

#[tokio::test]
async fn joining_failing_to_pay_and_leaving_are_mailed_once() {
    let app = TestApp::start().await;
    every_delivery_twice(&app).await;
    let ada = app.subscriber(ADA).await;
    ada.subscribe("pro").await;
    let account = ada.account_when(|account| account["subscription_status"] == "active").await;
    let customer = account["stripe_customer_id"].as_str().unwrap();
    let joined = app.mail(ADA, "Welcome to Pro").await;
    let text = joined["text"].as_str().unwrap();
    assert!(text.contains("Price: 10.00 USD a month\nNext payment: "), "{text}");

    let failing = app
        .tell_stripe(
            "/v1/payment_methods/pm_card_chargeCustomerFail/attach",
            &[("customer", customer)],
        )
        .await;
    let subscription = format!("/v1/subscriptions/{}", ada.subscription_id().await);
    let method = [("default_payment_method", failing["id"].as_str().unwrap())];
    app.tell_stripe(&subscription, &method).await;
    app.advance(32 * DAY).await;
    let failed = loop {
        let mails = app.mails_to(ADA).await;
        let failed = mails.into_iter().find(|mail| {
            mail["subject"].as_str().unwrap().starts_with("Your payment did not go through")
        });
        match failed {
            Some(mail) => break mail,
            None => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
        }
    };
    // It is mailed once the invoice that is owed has been read.
    let late = ada.account().await;
    assert_eq!(late["access"]["reason"], "grace");
    let deadline = late["payment_problem"]["deadline"].as_i64().unwrap();
    let day = jiff::Timestamp::from_second(deadline).unwrap();
    let day = day.strftime("%-d %B %Y").to_string();
    assert!(failed["subject"].as_str().unwrap().ends_with(&format!("please act by {day}")));

    let request = app.http.delete(format!("{}{subscription}", app.sandbox));
    app.send(request.bearer_auth("sk_test_operator")).await.expect(200);
    ada.account_when(|account| account["subscription_status"] == "canceled").await;
    app.mail(ADA, "Pro has ended").await;
    let subjects = subjects(&app).await;
    assert_eq!(subjects.len(), 3, "{subjects:?}");
}

#[tokio::test]
async fn a_planned_end_is_confirmed_by_mail() {
    let app = TestApp::start().await;
    every_delivery_twice(&app).await;
    let ada = app.subscriber(ADA).await;
    ada.subscribe("starter").await;
    ada.account_when(|account| account["subscription_status"] == "active").await;
    let path = format!("/v1/subscriptions/{}", ada.subscription_id().await);
    app.tell_stripe(&path, &[("cancel_at_period_end", "true")]).await;
    let account = ada.account_when(|account| account["ends_at"].is_i64()).await;
    let end = jiff::Timestamp::from_second(account["ends_at"].as_i64().unwrap()).unwrap();
    app.mail(ADA, &format!("Starter ends on {}", end.strftime("%-d %B %Y"))).await;
    app.advance(32 * DAY).await;
    app.mail(ADA, "Starter has ended").await;
    let subjects = subjects(&app).await;
    assert_eq!(subjects.len(), 3, "{subjects:?}");
}

#[tokio::test]
async fn a_trials_end_is_mailed_before_it_comes() {
    let app = TestApp::start_with_trial().await;
    every_delivery_twice(&app).await;
    let ada = app.subscriber(ADA).await;
    ada.subscribe("pro").await;
    let trial = ada.account_when(|account| account["subscription_status"] == "trialing").await;
    let end = jiff::Timestamp::from_second(trial["trial_end"].as_i64().unwrap()).unwrap();
    let end = end.strftime("%-d %B %Y").to_string();
    let joined = app.mail(ADA, "Welcome to Pro").await;
    let first_payment = format!("First payment: {end}");
    assert!(joined["text"].as_str().unwrap().contains(&first_payment), "{}", joined["text"]);
    app.advance(12 * DAY).await;
    app.mail(ADA, &format!("Your trial ends on {end}")).await;
    assert_eq!(subjects(&app).await.len(), 2);
}
