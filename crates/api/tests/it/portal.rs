//! Into the Customer Portal: for one's own customer alone, at its home or at one thing.

use serde_json::{Value, json};

use crate::harness::TestApp;

const PATH: &str = "/api/billing/portal-session";

fn is_active(account: &Value) -> bool {
    account["subscription_status"] == "active"
}

#[tokio::test]
async fn there_is_no_portal_before_the_first_checkout() {
    let app = TestApp::start().await;
    let ada = app.subscriber("ada@example.com").await;
    app.post(PATH, json!({})).await.expect_error(401, "unauthenticated");
    ada.post(PATH, json!({})).await.expect_error(409, "no_customer");
}

#[tokio::test]
async fn a_bearer_token_and_no_body_are_enough() {
    let app = TestApp::start().await;
    let ada = app.subscriber("ada@example.com").await;
    ada.subscribe("starter").await;
    let request = app.http.post(app.url(PATH)).bearer_auth(&ada.token);
    let first = app.send(request.try_clone().unwrap()).await.expect(200);
    let second = app.send(request).await.expect(200);
    assert_ne!(first["url"], second["url"], "each visit has a session of its own");
    assert_eq!(app.send(app.http.get(first["url"].as_str().unwrap())).await.status, 200);
    ada.post(PATH, json!({ "customer": "cus_other" })).await.expect_error(400, "unknown_field");
}

#[tokio::test]
async fn flows_that_do_not_fit_the_subscription_say_so() {
    let app = TestApp::start().await;
    let ada = app.subscriber("ada@example.com").await;
    ada.subscribe("starter").await;
    ada.account_when(is_active).await;
    ada.post(PATH, json!({ "flow": "refund" })).await.expect_error(422, "unknown_flow");
    let confirm = |plan: &str| json!({ "flow": "subscription_update_confirm", "plan": plan });
    ada.post(PATH, confirm("starter")).await.expect_error(409, "flow_not_available");
    ada.post(PATH, confirm("platinum")).await.expect_error(404, "plan_not_found");
    ada.post(PATH, json!({ "flow": "subscription_update_confirm" }))
        .await
        .expect_error(400, "missing_field");
    for flow in [
        confirm("pro"),
        json!({ "flow": "subscription_cancel" }),
        json!({ "flow": "payment_method_update" }),
        json!({ "flow": "subscription_update" }),
        json!({ "flow": "customer_update" }),
    ] {
        let answer = ada.post(PATH, flow.clone()).await.expect(200);
        let page = app.send(app.http.get(answer["url"].as_str().unwrap())).await;
        assert_eq!(page.status, 200, "{flow}: {}", page.text());
    }
}

#[tokio::test]
async fn changing_the_plan_costs_what_the_preview_said() {
    let app = TestApp::start().await;
    let ada = app.subscriber("ada@example.com").await;
    ada.subscribe("starter").await;
    ada.account_when(is_active).await;
    let period_end = ada.account().await["current_period_end"].as_i64().unwrap();
    let yearly = ada.get("/api/billing/change-preview?plan=pro&interval=year").await.expect(200);
    let renews_at = yearly["renews_at"].as_i64().unwrap();
    assert!(renews_at > period_end + 300 * 86_400, "a year begins now: {yearly}");
    assert_eq!(yearly["due_at_renewal"], 10_000);
    let due_now = yearly["due_now"].as_i64().unwrap();
    assert!((9_500..=9_510).contains(&due_now), "the year less the rest of the month: {due_now}");

    let preview = ada.get("/api/billing/change-preview?plan=pro").await.expect(200);
    assert_eq!((&preview["due_at_renewal"], &preview["currency"]), (&json!(1000), &json!("usd")));
    assert_eq!(preview["renews_at"], period_end);
    let due_now = preview["due_now"].as_i64().unwrap();
    assert!(
        (490..=500).contains(&due_now),
        "a month of the difference, but for some seconds: {due_now}"
    );

    let answer = ada
        .post(PATH, json!({ "flow": "subscription_update_confirm", "plan": "pro" }))
        .await
        .expect(200);
    let page = app.http.get(answer["url"].as_str().unwrap()).send().await.unwrap();
    let (address, text) = (page.url().to_string(), page.text().await.unwrap());
    let price =
        text.split("name=\"price\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let fields: Vec<_> = price.map(|price| ("price", price)).into_iter().collect();
    assert_eq!(app.submit(&address, &fields).await.status(), 303);
    let account = ada.account_when(|account| account["plan"] == "pro").await;
    assert_eq!(account["access"]["plan"], "pro");
    let invoices = ada.get("/api/billing/invoices").await.expect(200);
    let charged = invoices["invoices"][0]["total"].as_i64().unwrap();
    assert!((charged - due_now).abs() <= 1, "{charged} and not {due_now}");

    let back = ada.get("/api/billing/change-preview?plan=starter").await.expect(200);
    let credited = -back["due_now"].as_i64().unwrap();
    assert!((490..=500).contains(&credited), "nothing is due, and this is credited: {credited}");
    assert_eq!(back["due_at_renewal"], 500 - credited, "the credit pays first");
}

#[tokio::test]
async fn flows_that_the_catalog_leaves_out_or_that_do_not_fit_say_why() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("catalog.toml");
    let catalog = include_str!("../../../../catalog.toml");
    let without_cancel = catalog.split("# Leave this section out").next().unwrap();
    std::fs::write(&file, without_cancel).unwrap();
    let app = TestApp::start_with(|settings| {
        settings.rate_limits = Some("off".to_owned());
        settings.catalog = Some(file.display().to_string());
    })
    .await;
    let ada = app.subscriber("ada@example.com").await;
    ada.checkout("starter").await;
    let refused = async |flow: &str, reason: &str| {
        let answer = ada.post(PATH, json!({ "flow": flow })).await;
        let text = answer.text();
        answer.expect_error(409, "flow_not_available");
        assert!(text.contains(reason), "{flow}: {text}");
    };
    refused("subscription_cancel", "Cancelling is not offered.").await;
    refused("subscription_pause", "Pausing is not offered.").await;
    refused("subscription_update", "Changing the plan is not offered.").await;

    let with_pause = catalog.replacen("pause = false", "pause = true", 1);
    assert_ne!(with_pause, catalog);
    std::fs::write(&file, with_pause).unwrap();
    drop(ada);
    let app = app
        .restart_with(|settings| {
            settings.rate_limits = Some("off".to_owned());
            settings.catalog = Some(file.display().to_string());
        })
        .await;
    let ada = app.log_in("ada@example.com").await;
    let refused = async |flow: &str, reason: &str| {
        let answer = app.post_as(&ada.token, PATH, json!({ "flow": flow })).await;
        let text = answer.text();
        answer.expect_error(409, "flow_not_available");
        assert!(text.contains(reason), "{flow}: {text}");
    };
    for flow in ["subscription_cancel", "subscription_pause", "subscription_update"] {
        refused(flow, "There is no subscription.").await;
    }
}
