//! One object, many versions: answers by `Stripe-Version`, payloads by the endpoint's version.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Answer, Sandbox, subscriber::Subscriber, text, webhooks::Receiver};

/// Oldest first.
const VERSIONS: [&str; 6] = [
    "2020-08-27",
    "2023-10-16",
    "2025-03-31.basil",
    "2025-09-30.clover",
    "2026-03-25.dahlia",
    "2026-10-28.endive",
];

impl Sandbox {
    /// A request that names this version; none when it is empty.
    async fn send_at(
        &self,
        method: Method,
        version: &str,
        path: &str,
        form: &[(&str, &str)],
    ) -> Answer {
        self.send(method, path, form, &[("Stripe-Version", version)]).await
    }

    async fn get_at(&self, version: &str, path: &str) -> Value {
        let answer = self.send_at(Method::GET, version, path, &[]).await;
        assert_eq!(answer.status, 200, "{version} {path}: {}", answer.text);
        assert_eq!(answer.header("Stripe-Version"), version);
        answer.json()
    }
}

/// A subscription with a paid invoice, and the paths of what belongs to it.
struct Story {
    sandbox: Sandbox,
    subscription: String,
    invoice: String,
    intent: String,
    charge: String,
    product: String,
}

async fn story() -> Story {
    let sandbox = Sandbox::start().await;
    let price = sandbox.price("Starter", "900", "month").await;
    let customer = sandbox.customer("pm_card_visa").await;
    let made = sandbox.subscribe(&customer, &price).await;
    let invoice = format!("/v1/invoices/{}", text(&made["latest_invoice"]));
    let paid =
        sandbox.get(&format!("{invoice}?expand[]=payments.data.payment.payment_intent")).await;
    let intent = &paid["payments"]["data"][0]["payment"]["payment_intent"];
    Story {
        subscription: format!("/v1/subscriptions/{}", text(&made["id"])),
        invoice,
        intent: format!("/v1/payment_intents/{}", text(&intent["id"])),
        charge: format!("/v1/charges/{}", text(&intent["latest_charge"])),
        product: format!("/v1/products/{}", text(&made["items"]["data"][0]["price"]["product"])),
        sandbox,
    }
}

#[tokio::test]
async fn answers_have_the_shape_of_their_version() {
    let story = story().await;
    let configuration = story
        .sandbox
        .post(
            "/v1/billing_portal/configurations",
            &[("features[invoice_history][enabled]", "true")],
        )
        .await;
    let configuration = format!("/v1/billing_portal/configurations/{}", text(&configuration["id"]));
    let session = story
        .sandbox
        .post(
            "/v1/checkout/sessions",
            &[("mode", "setup"), ("currency", "usd"), ("success_url", "https://example.com/done")],
        )
        .await;
    let session = format!("/v1/checkout/sessions/{}", text(&session["id"]));
    // Where, which member, and the versions that have it: from the first to before the second.
    let table: [(&str, &str, usize, usize); 38] = [
        (&story.subscription, "/current_period_end", 0, 2),
        (&story.subscription, "/current_period_start", 0, 2),
        (&story.subscription, "/discount", 0, 2),
        (&story.subscription, "/discounts", 0, 6),
        (&story.subscription, "/items/data/0/current_period_end", 2, 6),
        (&story.subscription, "/plan/amount", 0, 6),
        (&story.subscription, "/billing_mode/type", 2, 6),
        (&story.subscription, "/customer_account", 4, 6),
        (&story.subscription, "/items/data/0/price/recurring/trial_period_days", 5, 6),
        (&story.invoice, "/subscription", 0, 2),
        (&story.invoice, "/subscription_details/metadata", 0, 2),
        (&story.invoice, "/payment_intent", 0, 2),
        (&story.invoice, "/charge", 0, 2),
        (&story.invoice, "/paid", 0, 2),
        (&story.invoice, "/tax", 0, 2),
        (&story.invoice, "/total_tax_amounts", 0, 2),
        (&story.invoice, "/discount", 0, 2),
        (&story.invoice, "/parent/subscription_details/subscription", 2, 6),
        (&story.invoice, "/total_taxes", 2, 6),
        (&story.invoice, "/amount_overpaid", 2, 6),
        (&story.invoice, "/customer_account", 4, 6),
        (&story.invoice, "/lines/data/0/price/product", 0, 2),
        (&story.invoice, "/lines/data/0/plan/interval", 0, 2),
        (&story.invoice, "/lines/data/0/proration", 0, 2),
        (&story.invoice, "/lines/data/0/type", 0, 2),
        (&story.invoice, "/lines/data/0/pricing/price_details/price", 2, 6),
        (&story.invoice, "/lines/data/0/parent/type", 2, 6),
        (&story.intent, "/charges/data/0/refunds", 0, 1),
        (&story.intent, "/latest_charge", 1, 6),
        (&story.intent, "/invoice", 0, 2),
        (&story.charge, "/refunds", 0, 1),
        (&story.charge, "/invoice", 0, 2),
        (&story.product, "/features", 0, 2),
        (&story.product, "/marketing_features", 2, 6),
        (&story.product, "/tax_details", 5, 6),
        (&configuration, "/features/subscription_pause", 5, 6),
        (&session, "/customer_account", 4, 6),
        (&session, "/allowed_payment_method_types", 5, 6),
    ];
    for (place, version) in VERSIONS.into_iter().enumerate() {
        for (path, member, from, until) in table {
            let body = story.sandbox.get_at(version, path).await;
            let is_there = body.pointer(member).is_some();
            assert_eq!(
                is_there,
                (from..until).contains(&place),
                "{version} {path} {member}: {body:#}"
            );
        }
        let mode = &story.sandbox.get_at(version, &session).await["ui_mode"];
        assert_eq!(mode, if place < 4 { "hosted" } else { "hosted_page" }, "{version}");
    }
}

#[tokio::test]
async fn what_a_version_moved_keeps_its_value_and_expands_in_its_old_place() {
    let story = story().await;
    let now = story.sandbox.get(&story.subscription).await;
    let old = story.sandbox.get_at("2023-10-16", &story.subscription).await;
    assert_eq!(old["current_period_end"], now["items"]["data"][0]["current_period_end"]);
    let path =
        format!("{}?expand[]=payment_intent&expand[]=subscription&expand[]=charge", story.invoice);
    let invoice = story.sandbox.get_at("2023-10-16", &path).await;
    assert_eq!((&invoice["paid"], &invoice["tax"]), (&json!(true), &Value::Null));
    assert_eq!(invoice["payment_intent"]["status"], "succeeded");
    assert_eq!(invoice["payment_intent"]["invoice"], invoice["id"]);
    assert_eq!(invoice["subscription"]["current_period_end"], old["current_period_end"]);
    assert_eq!(invoice["charge"]["amount"], 900);
    let path =
        format!("{}?expand[]=latest_invoice.payment_intent.latest_charge", story.subscription);
    let nested = story.sandbox.get_at("2024-06-20", &path).await;
    assert_eq!(nested["latest_invoice"]["payment_intent"]["latest_charge"]["paid"], true);
    let new = story.sandbox.send(Method::GET, &path, &[], &[]).await.error(400);
    assert!(text(&new["message"]).starts_with("This property cannot be expanded"), "{new}");
}

#[tokio::test]
async fn discounts_hold_their_coupon_as_their_version_did() {
    let sandbox = Sandbox::start().await;
    sandbox
        .post("/v1/coupons", &[("id", "TEN"), ("percent_off", "10"), ("duration", "forever")])
        .await;
    let form = [("promotion[type]", "coupon"), ("promotion[coupon]", "TEN"), ("code", "SPRING")];
    let code = sandbox.post("/v1/promotion_codes", &form).await;
    let path = format!("/v1/promotion_codes/{}", text(&code["id"]));
    let clover = sandbox.get_at("2025-09-30.clover", &path).await;
    assert_eq!(clover["promotion"], json!({ "type": "coupon", "coupon": "TEN" }));
    let basil = sandbox.get_at("2025-03-31.basil", &path).await;
    assert_eq!((&basil["coupon"]["percent_off"], &basil["promotion"]), (&json!(10), &Value::Null));
    // The request side of the same change.
    for (version, status) in [("2025-08-27.basil", 200), ("2025-09-30.clover", 400)] {
        let code = version.replace('.', "-");
        let form = [("coupon", "TEN"), ("code", code.as_str())];
        let answer = sandbox.send_at(Method::POST, version, "/v1/promotion_codes", &form).await;
        assert_eq!(answer.status, status, "{version}: {}", answer.text);
    }
    for (version, status) in [("2025-02-24.acacia", 200), ("2025-03-31.basil", 400)] {
        let answer =
            sandbox.send_at(Method::POST, version, "/v1/customers", &[("coupon", "TEN")]).await;
        assert_eq!(answer.status, status, "{version}: {}", answer.text);
    }
}

#[tokio::test]
async fn versions_that_are_none_are_refused() {
    let sandbox = Sandbox::start().await;
    for version in ["2026-10-29", "2025-03-31", "basil", "2019-12-03"] {
        let error = sandbox.send_at(Method::GET, version, "/v1/customers", &[]).await.error(400);
        assert!(text(&error["message"]).starts_with("Invalid Stripe API version"), "{error}");
    }
    let form =
        [("url", "https://example.com"), ("enabled_events[]", "*"), ("api_version", "2026-10-29")];
    let error = sandbox.refused("/v1/webhook_endpoints", &form).await.error(400);
    assert_eq!(error["param"], "api_version");
}

#[tokio::test]
async fn the_accounts_version_is_that_of_requests_without_one() {
    let story = story().await;
    story.sandbox.control("protocol", json!({ "api_version": "2023-10-16" })).await;
    let answer = story.sandbox.send_at(Method::GET, "", &story.subscription, &[]).await;
    assert_eq!(answer.header("Stripe-Version"), "2023-10-16");
    assert!(answer.json()["current_period_end"].is_i64());
    // Events are of the account's version, whatever the reader's is.
    let path = "/v1/events?type=customer.subscription.created";
    let event = &story.sandbox.get(path).await["data"][0];
    assert_eq!(event["api_version"], "2023-10-16");
    assert!(event["data"]["object"]["current_period_end"].is_i64());
}

#[tokio::test]
async fn payloads_have_the_version_of_their_endpoint() {
    let sandbox = Sandbox::start().await;
    let mut receiver = Receiver::start(200);
    let url = receiver.url();
    let form = [
        ("url", url.as_str()),
        ("enabled_events[]", "customer.subscription.updated"),
        ("api_version", "2023-10-16"),
    ];
    sandbox.post("/v1/webhook_endpoints", &form).await;
    let price = sandbox.price("Starter", "900", "month").await;
    let customer = sandbox.customer("pm_card_visa").await;
    let made = sandbox.subscribe(&customer, &price).await;
    let path = format!("/v1/subscriptions/{}", text(&made["id"]));
    sandbox.post(&path, &[("trial_end", &(sandbox.now().await + 86_400).to_string())]).await;
    let event = loop {
        let (_, event) = receiver.next().await;
        if event["data"]["object"]["trial_end"].is_i64() {
            break event;
        }
    };
    receiver.stop().await;
    assert_eq!(event["api_version"], "2023-10-16");
    let data = &event["data"];
    assert!(data["object"]["current_period_end"].is_i64(), "{data:#}");
    let was = &data["previous_attributes"]["current_period_end"];
    assert_eq!(*was, made["items"]["data"][0]["current_period_end"], "{data:#}");
}

#[tokio::test]
async fn a_subscription_took_one_coupon_before_basil() {
    let sandbox = Sandbox::start().await;
    let form = [("id", "TEN"), ("percent_off", "10"), ("duration", "forever")];
    sandbox.post("/v1/coupons", &form).await;
    let form = [("id", "HALF"), ("percent_off", "50"), ("duration", "forever")];
    sandbox.post("/v1/coupons", &form).await;
    let subscriber = Subscriber::new().price("1000", "month").start_in(sandbox).await;
    let sandbox = &subscriber.sandbox;
    let customer = subscriber.customer().await;
    let price = sandbox.price("Second", "1000", "month").await;
    let create =
        [("customer", text(&customer["id"])), ("items[0][price]", &price), ("coupon", "TEN")];
    let made = sandbox.send_at(Method::POST, "2022-11-15", "/v1/subscriptions", &create).await;
    assert_eq!(made.status, 200, "{}", made.text);
    let made = made.json();
    assert_eq!(made["discount"]["coupon"]["id"], "TEN");
    let invoice = format!("/v1/invoices/{}", text(&made["latest_invoice"]));
    assert_eq!(sandbox.get(&invoice).await["total"], 900);

    let path = format!("/v1/subscriptions/{}", text(&made["id"]));
    let form = [("coupon", "HALF")];
    let changed = sandbox.send_at(Method::POST, "2022-11-15", &path, &form).await.json();
    assert_eq!(changed["discount"]["coupon"]["id"], "HALF");
    let form = [("coupon", "HALF"), ("discounts[0][coupon]", "TEN")];
    sandbox.send_at(Method::POST, "2022-11-15", &path, &form).await.error(400);
    let cleared = sandbox.send_at(Method::POST, "2022-11-15", &path, &[("coupon", "")]).await;
    assert_eq!(cleared.json()["discount"], Value::Null);

    for (path, form) in [(path.as_str(), &create[2..]), ("/v1/subscriptions", &create[..])] {
        let error = sandbox.send_at(Method::POST, "2025-03-31.basil", path, form).await.error(400);
        assert_eq!(error["param"], "coupon", "{error}");
    }
}

#[tokio::test]
async fn the_only_items_plan_and_quantity_could_be_named_outside_of_items_before_basil() {
    let sandbox = Sandbox::start().await;
    let starter = sandbox.price("Starter", "900", "month").await;
    let pro = sandbox.price("Pro", "2900", "month").await;
    let customer = sandbox.customer("pm_card_visa").await;
    let old = [("Stripe-Version", "2020-08-27")];
    let post = async |path: &str, form: &[(&str, &str)]| {
        let answer = sandbox.send(Method::POST, path, form, &old).await;
        assert_eq!(answer.status, 200, "{path} {form:?}: {}", answer.text);
        answer.json()
    };
    let form = [("customer", customer.as_str()), ("plan", &starter), ("quantity", "2")];
    let made = post("/v1/subscriptions", &form).await;
    assert_eq!((&made["quantity"], &made["plan"]["id"]), (&json!(2), &json!(starter)));
    let path = format!("/v1/subscriptions/{}", text(&made["id"]));
    let more = post(&path, &[("quantity", "3"), ("proration_behavior", "none")]).await;
    assert_eq!((&more["quantity"], &more["plan"]["id"]), (&json!(3), &json!(starter)));
    let moved = post(&path, &[("plan", &pro)]).await;
    assert_eq!((&moved["quantity"], &moved["plan"]["id"]), (&json!(3), &json!(pro)));
    assert_eq!(moved["items"]["data"][0]["id"], made["items"]["data"][0]["id"]);
    let since = sandbox.refused(&path, &[("quantity", "4")]).await.error(400);
    assert_eq!(since["param"], "quantity");
}
