//! Portal configurations, sessions, flows, and the portal's pages.

use reqwest::Method;
use serde_json::Value;

use super::{Sandbox, VISA, WANTS_3DS, card, text};

/// A subscriber to `starter` and a configuration that also offers `pro`.
struct Story {
    sandbox: Sandbox,
    customer: String,
    subscription: Value,
    configuration: Value,
    starter: String,
    pro: String,
}

async fn story(mode: &str) -> Story {
    let sandbox = Sandbox::start().await;
    let starter = sandbox.price("Starter", "1000", "month").await;
    let pro = sandbox.price("Pro", "3000", "month").await;
    let customer = sandbox.customer("pm_card_visa").await;
    let subscription = sandbox.subscribe(&customer, &starter).await;
    let mut form = vec![
        ("business_profile[headline]".to_owned(), "Inner Circle".to_owned()),
        ("features[invoice_history][enabled]".to_owned(), "true".to_owned()),
        ("features[payment_method_update][enabled]".to_owned(), "true".to_owned()),
        ("features[customer_update][enabled]".to_owned(), "true".to_owned()),
        ("features[customer_update][allowed_updates][0]".to_owned(), "email".to_owned()),
        ("features[subscription_cancel][enabled]".to_owned(), "true".to_owned()),
        ("features[subscription_cancel][mode]".to_owned(), mode.to_owned()),
        ("features[subscription_update][enabled]".to_owned(), "true".to_owned()),
        (
            "features[subscription_update][default_allowed_updates][0]".to_owned(),
            "price".to_owned(),
        ),
        (
            "features[subscription_update][proration_behavior]".to_owned(),
            "always_invoice".to_owned(),
        ),
    ];
    for (place, price) in [&starter, &pro].into_iter().enumerate() {
        let product = sandbox.get(&format!("/v1/prices/{price}")).await["product"].clone();
        let name = format!("features[subscription_update][products][{place}]");
        form.push((format!("{name}[product]"), text(&product).to_owned()));
        form.push((format!("{name}[prices][0]"), price.clone()));
    }
    let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let configuration = sandbox.post("/v1/billing_portal/configurations", &form).await;
    Story { sandbox, customer, subscription, configuration, starter, pro }
}

impl Story {
    /// Who a portal session is for, and what it may do.
    fn visitor(&self) -> Vec<(&str, &str)> {
        vec![
            ("customer", self.customer.as_str()),
            ("configuration", text(&self.configuration["id"])),
        ]
    }

    async fn session(&self, more: &[(&str, &str)]) -> String {
        let mut form = self.visitor();
        form.push(("return_url", "http://localhost:3000/account"));
        form.extend_from_slice(more);
        let session = self.sandbox.post("/v1/billing_portal/sessions", &form).await;
        text(&session["url"]).to_owned()
    }

    async fn now(&self) -> Value {
        let id = text(&self.subscription["id"]);
        self.sandbox.get(&format!("/v1/subscriptions/{id}?expand[]=latest_invoice")).await
    }
}

#[tokio::test]
async fn flows_are_checked_against_configuration_and_subscription() {
    let story = story("at_period_end").await;
    let item = text(&story.subscription["items"]["data"][0]["id"]);
    let id = text(&story.subscription["id"]);
    let confirm = "flow_data[subscription_update_confirm]";
    let (in_sub, in_id, in_price) = (
        format!("{confirm}[subscription]"),
        format!("{confirm}[items][0][id]"),
        format!("{confirm}[items][0][price]"),
    );
    let kind = ("flow_data[type]", "subscription_update_confirm");
    let to =
        |price| [kind, (in_sub.as_str(), id), (in_id.as_str(), item), (in_price.as_str(), price)];
    story.session(&to(&story.pro)).await;
    let other = story.sandbox.price("Other", "1", "month").await;
    for price in [story.starter.as_str(), other.as_str(), "price_x"] {
        let mut form = story.visitor();
        form.extend(to(price));
        let error = story.sandbox.refused("/v1/billing_portal/sessions", &form).await.error(400);
        assert!(text(&error["param"]).starts_with("flow_data"), "{error}");
    }
    let pause = [
        ("customer", story.customer.as_str()),
        ("flow_data[type]", "subscription_pause"),
        ("flow_data[subscription_pause][subscription]", id),
    ];
    let error = story.sandbox.refused("/v1/billing_portal/sessions", &pause).await.error(400);
    assert!(text(&error["message"]).contains("feature in the portal configuration is disabled"));

    let cancel = [
        ("flow_data[type]", "subscription_cancel"),
        ("flow_data[subscription_cancel][subscription]", id),
    ];
    story.session(&cancel).await;
    let path = format!("/v1/subscriptions/{id}");
    story.sandbox.post(&path, &[("cancel_at_period_end", "true")]).await;
    let mut form = story.visitor();
    form.extend(cancel);
    story.sandbox.refused("/v1/billing_portal/sessions", &form).await.error(400);
}

#[tokio::test]
async fn an_upgrade_in_the_portal_is_charged_at_once() {
    let story = story("at_period_end").await;
    let portal = story.session(&[]).await;
    let id = text(&story.subscription["id"]);
    let url = format!("{portal}/subscriptions/{id}/confirm");
    let (status, _, page) = story.sandbox.submit(&url, &[("price", &story.pro)]).await;
    assert_eq!(status, 303, "{page}");
    let changed = story.now().await;
    assert_eq!(changed["items"]["data"][0]["price"]["id"], story.pro.as_str());
    assert_eq!(changed["latest_invoice"]["status"], "paid");
    let total = changed["latest_invoice"]["total"].as_i64().unwrap();
    assert!((1_990..=2_000).contains(&total), "{total}");
    let home = format!("{}/home", portal.strip_prefix(&story.sandbox.running.api_base()).unwrap());
    let page = story.sandbox.send(Method::GET, &home, &[], &[]).await;
    assert!(page.text.contains("Pro") && page.text.contains("Inner Circle"));
}

#[tokio::test]
async fn a_declined_upgrade_leaves_the_plan() {
    let story = story("at_period_end").await;
    let form = [("customer", story.customer.as_str())];
    let path = "/v1/payment_methods/pm_card_chargeCustomerFail/attach";
    let method = story.sandbox.post(path, &form).await;
    let form = [("invoice_settings[default_payment_method]", text(&method["id"]))];
    story.sandbox.post(&format!("/v1/customers/{}", story.customer), &form).await;
    let portal = story.session(&[]).await;
    let url = format!("{portal}/subscriptions/{}/confirm", text(&story.subscription["id"]));
    let (status, _, page) = story.sandbox.submit(&url, &[("price", &story.pro)]).await;
    assert_eq!(status, 402, "{page}");
    let unchanged = story.now().await;
    assert_eq!(unchanged["items"]["data"][0]["price"]["id"], story.starter.as_str());
    assert_eq!(unchanged["status"], "active");
}

#[tokio::test]
async fn cancelling_in_the_portal_is_planned_and_taken_back() {
    let story = story("at_period_end").await;
    let portal = story.session(&[]).await;
    let url = format!("{portal}/subscriptions/{}", text(&story.subscription["id"]));
    story.sandbox.submit(&format!("{url}/cancel"), &[("reason", "unused")]).await;
    let ending = story.now().await;
    assert_eq!(ending["status"], "active");
    assert_eq!(ending["cancel_at"], ending["items"]["data"][0]["current_period_end"]);
    assert_eq!(ending["cancel_at_period_end"], false, "flexible billing sets the time alone");
    story.sandbox.submit(&format!("{url}/resume"), &[("yes", "1")]).await;
    assert!(story.now().await["cancel_at"].is_null());
}

#[tokio::test]
async fn cancelling_at_once_ends_it() {
    let story = story("immediately").await;
    let portal = story.session(&[]).await;
    let url = format!("{portal}/subscriptions/{}/cancel", text(&story.subscription["id"]));
    story.sandbox.submit(&url, &[("reason", "unused")]).await;
    let ended = story.now().await;
    assert_eq!(ended["status"], "canceled");
    assert!(ended["cancel_at"].is_null());
}

#[tokio::test]
async fn cards_are_added_made_default_and_removed() {
    let story = story("at_period_end").await;
    let portal = story.session(&[]).await;
    let add = format!("{portal}/payment-methods/add");
    let (_, challenge, page) = story.sandbox.submit(&add, &card(WANTS_3DS)).await;
    assert!(challenge.contains("/challenge/"), "{challenge} {page}");
    let (_, back, _) = story.sandbox.submit(&challenge, &[("result", "complete")]).await;
    assert!(back.contains("/portal/"), "{back}");
    let list = format!("/v1/customers/{}/payment_methods", story.customer);
    let methods = story.sandbox.get(&list).await;
    let (new, old) = (&methods["data"][0], &methods["data"][1]);
    assert_eq!(new["card"]["last4"], "3155");

    let make_default = format!("{portal}/payment-methods/{}/default", text(&new["id"]));
    story.sandbox.submit(&make_default, &[("yes", "1")]).await;
    assert_eq!(story.now().await["default_payment_method"], new["id"]);
    for (method, left) in [(old, 1), (new, 1)] {
        let remove = format!("{portal}/payment-methods/{}/remove", text(&method["id"]));
        story.sandbox.submit(&remove, &[("yes", "1")]).await;
        let methods = story.sandbox.get(&list).await;
        assert_eq!(methods["data"].as_array().unwrap().len(), left);
    }
    let (status, ..) = story.sandbox.submit(&add, &card(VISA)).await;
    assert_eq!(status, 303);
}

#[tokio::test]
async fn a_session_is_of_use_for_an_hour() {
    let story = story("at_period_end").await;
    let portal = story.session(&[]).await;
    let path = portal.strip_prefix(&story.sandbox.running.api_base()).unwrap().to_owned();
    assert_ne!(story.sandbox.send(Method::GET, &path, &[], &[]).await.status, 403);
    story.sandbox.advance("2h").await;
    assert_eq!(story.sandbox.send(Method::GET, &path, &[], &[]).await.status, 403);
    let unknown = story.sandbox.send(Method::GET, "/portal/unknown", &[], &[]).await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn a_configuration_that_contradicts_itself_is_refused() {
    let story = story("at_period_end").await;
    let path = format!("/v1/billing_portal/configurations/{}", text(&story.configuration["id"]));
    let form = [("features[payment_method_update][enabled]", "false")];
    let error = story.sandbox.refused(&path, &form).await.error(400);
    assert_eq!(error["param"], "features[payment_method_update][enabled]");
    let form = [
        ("features[subscription_update][products][0][product]", "prod_x"),
        ("features[subscription_update][products][0][prices][0]", "price_x"),
    ];
    assert_eq!(story.sandbox.refused(&path, &form).await.status, 400);
    let off = story.sandbox.post(&path, &[("active", "false")]).await;
    assert_eq!(off["active"], false);
}
