//! Each flow of the portal through the product, to its end and back.

use serde_json::{Value, json};
use shared::paths;

use crate::harness::{Subscriber, TestApp, VISA};

const PATH: &str = "/api/billing/portal-session";

/// Somebody with a plan, at a podcast whose portal offers pauses, a coupon to who leaves, and changes that wait.
async fn start() -> TestApp {
    let catalog = api::catalog::BUILT_IN
        .replace("pause = false", "pause = true")
        .replace("# retention_coupon", "retention_coupon");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), catalog).unwrap();
    let path = file.path().display().to_string();
    TestApp::start_with(|settings| {
        settings.rate_limits = Some("off".to_owned());
        settings.catalog = Some(path);
    })
    .await
}

async fn subscribed(app: &TestApp) -> Subscriber<'_> {
    let ada = app.subscriber("ada@example.com").await;
    ada.subscribe("starter").await;
    ada.account_when(|account| account["access"]["allowed"] == true).await;
    ada
}

impl Subscriber<'_> {
    /// The portal's address for a flow.
    async fn flow(&self, flow: Value) -> String {
        let answer = self.post(PATH, flow).await.expect(200);
        answer["url"].as_str().unwrap().to_owned()
    }

    async fn refused(&self, flow: &str, reason: &str) {
        let refused = self.post(PATH, json!({ "flow": flow })).await;
        assert_eq!(refused.expect_error(409, "flow_not_available")["message"], reason);
    }
}

/// Where a form of the portal leads once it is sent; `text` must be on the page that the flow opens at.
async fn finish(app: &TestApp, portal: &str, text: &str, path: &str, form: &[(&str, &str)]) {
    let page = app.http.get(portal).send().await.unwrap().text().await.unwrap();
    assert!(page.contains(text), "{text}: {page}");
    let done = app.submit(&format!("{portal}{path}"), form).await;
    assert_eq!(done.status(), 303, "{}", done.text().await.unwrap());
    let back = done.headers()["location"].to_str().unwrap();
    assert!(back.ends_with(paths::PORTAL_RETURN) && !back.starts_with(portal), "{text}: {back}");
}

#[tokio::test]
async fn a_pause_shuts_and_its_end_opens() {
    let app = start().await;
    let ada = subscribed(&app).await;
    let id = ada.subscription_id().await;
    let portal = ada.flow(json!({ "flow": "subscription_pause" })).await;
    finish(&app, &portal, "Pause", &format!("/subscriptions/{id}/pause"), &[]).await;
    let paused = ada.account_when(|account| account["access"]["reason"] == "paused").await;
    assert_eq!((&paused["access"]["allowed"], &paused["plan"]), (&json!(false), &json!("starter")));

    ada.refused("subscription_pause", "The subscription is paused already.").await;
    ada.refused("subscription_update", "The subscription is paused; resume it first.").await;
    let portal = ada.flow(json!({})).await;
    let done = app.submit(&format!("{portal}/subscriptions/{id}/unpause"), &[]).await;
    assert_eq!(done.status(), 303);
    let back = ada.account_when(|account| account["access"]["reason"] == "active").await;
    assert_eq!(back["access"]["plan"], "starter");
}

#[tokio::test]
async fn what_is_paused_where_the_portal_has_no_pauses_is_resumed_by_the_product() {
    let app = TestApp::start().await;
    let ada = subscribed(&app).await;
    let resume = "/api/billing/resume";
    app.post(resume, json!(null)).await.expect_error(401, "unauthenticated");
    let refused = ada.post(resume, json!(null)).await.expect_error(409, "flow_not_available");
    assert_eq!(refused["message"], "There is nothing to resume.");

    let id = ada.subscription_id().await;
    app.tell_stripe(&format!("/v1/subscriptions/{id}/pause"), &[("type", "subscription")]).await;
    ada.account_when(|account| account["access"]["reason"] == "paused").await;
    let account = ada.post(resume, json!(null)).await.expect(200);
    assert_eq!(account["access"]["reason"], "active", "the answer is the account as it is now");
    let kept = app.stripe(&format!("/v1/subscriptions/{id}")).await;
    assert_eq!(kept["status"], "active");
    ada.post(resume, json!(null)).await.expect_error(409, "flow_not_available");
}

#[tokio::test]
async fn flows_about_the_plan_lead_back_when_they_are_done() {
    let app = start().await;
    let coupon = [("id", "stay"), ("percent_off", "20"), ("duration", "once")];
    app.tell_stripe("/v1/coupons", &coupon).await;
    let ada = subscribed(&app).await;
    let id = ada.subscription_id().await;
    let price = async |key: &str| {
        let prices = app.stripe(&format!("/v1/prices?lookup_keys[]={key}")).await;
        prices["data"][0]["id"].as_str().unwrap().to_owned()
    };
    let confirm = format!("/subscriptions/{id}/confirm");
    let pro = price("pro").await;
    let portal = ada.flow(json!({ "flow": "subscription_update" })).await;
    finish(&app, &portal, "Update your plan", &confirm, &[("price", &pro)]).await;
    ada.account_when(|account| account["access"]["plan"] == "pro").await;

    let enterprise = price("enterprise").await;
    let wanted = json!({ "flow": "subscription_update_confirm", "plan": "enterprise" });
    let portal = ada.flow(wanted).await;
    finish(&app, &portal, "Confirm your update", &confirm, &[("price", &enterprise)]).await;
    ada.account_when(|account| account["access"]["plan"] == "enterprise").await;

    // Stays, for the coupon; and leaves all the same.
    let portal = ada.flow(json!({ "flow": "subscription_cancel" })).await;
    finish(&app, &portal, "20%", &format!("/subscriptions/{id}/retain"), &[]).await;
    let kept = app.stripe(&format!("/v1/subscriptions/{id}?expand[]=discounts")).await;
    assert_eq!(kept["discounts"][0]["source"]["coupon"], "stay", "{kept:#}");
    assert_eq!((&kept["cancel_at"], &kept["status"]), (&Value::Null, &json!("active")));

    let portal = ada.flow(json!({ "flow": "subscription_cancel" })).await;
    finish(&app, &portal, "Cancel your plan", &format!("/subscriptions/{id}/cancel"), &[]).await;
    let left = ada.account_when(|account| !account["ends_at"].is_null()).await;
    assert_eq!(left["access"]["allowed"], true, "until the end of what was paid");
    ada.refused("subscription_cancel", "The subscription is already set to end.").await;
    ada.refused("subscription_pause", "The subscription is set to end.").await;
}

#[tokio::test]
async fn flows_about_the_listener_lead_back_when_they_are_done() {
    let app = start().await;
    let ada = subscribed(&app).await;
    let portal = ada.flow(json!({ "flow": "payment_method_update" })).await;
    let card = [
        ("card-number", VISA),
        ("card-expiry", "12 / 34"),
        ("card-cvc", "123"),
        ("billing-name", "Ada Lovelace"),
    ];
    finish(&app, &portal, "Add payment method", "/payment-methods/add", &card).await;

    let portal = ada.flow(json!({ "flow": "customer_update" })).await;
    let details = [("name", "Ada"), ("email", "bills@example.com")];
    finish(&app, &portal, "Billing information", "/billing-information", &details).await;
    let account = ada.account().await;
    let customer = account["stripe_customer_id"].as_str().unwrap();
    let customer = app.stripe(&format!("/v1/customers/{customer}")).await;
    assert_eq!(customer["email"], "bills@example.com");
    assert_eq!(account["email"], "ada@example.com", "the login stays");
}
