//! Checkout Sessions, and their page as a browser without scripts uses it.

use reqwest::Method;
use serde_json::Value;

use super::{FAILS_LATER, NO_FUNDS, Sandbox, VISA, WANTS_3DS, card, text};

const SUCCESS: &str = "http://localhost:3000/return?session_id={CHECKOUT_SESSION_ID}";

async fn session(sandbox: &Sandbox, more: &[(&str, &str)]) -> Value {
    let mut form = vec![("success_url", SUCCESS), ("cancel_url", "http://localhost:3000/pricing")];
    form.extend_from_slice(more);
    sandbox.post("/v1/checkout/sessions", &form).await
}

async fn subscription_session(sandbox: &Sandbox, more: &[(&str, &str)]) -> Value {
    let price = sandbox.price("Starter", "900", "month").await;
    let mut form = vec![("mode", "subscription"), ("line_items[0][price]", price.as_str())];
    form.extend_from_slice(more);
    session(sandbox, &form).await
}

async fn again(sandbox: &Sandbox, session: &Value) -> Value {
    sandbox.get(&format!("/v1/checkout/sessions/{}", text(&session["id"]))).await
}

#[tokio::test]
async fn paying_starts_the_subscription_and_leads_back() {
    let sandbox = Sandbox::start().await;
    let open = subscription_session(
        &sandbox,
        &[
            ("client_reference_id", "user_1"),
            ("subscription_data[metadata][user]", "1"),
            ("metadata[plan]", "starter"),
            ("allow_promotion_codes", "true"),
            ("tax_id_collection[enabled]", "true"),
            ("consent_collection[terms_of_service]", "none"),
        ],
    )
    .await;
    assert_eq!((text(&open["status"]), text(&open["payment_status"])), ("open", "unpaid"));
    assert_eq!(open["amount_total"], 900);
    assert_eq!(open["expires_at"].as_i64().unwrap() - open["created"].as_i64().unwrap(), 86_400);
    let url = text(&open["url"]);
    let page = sandbox.send(Method::GET, &url[url.find("/pay/").unwrap()..], &[], &[]).await;
    assert!(page.text.contains("Starter") && page.text.contains("9.00"));

    let (status, location, page) = sandbox.submit(url, &card(VISA)).await;
    assert_eq!(status, 303, "{page}");
    let id = text(&open["id"]);
    assert_eq!(location, SUCCESS.replace("{CHECKOUT_SESSION_ID}", id));
    let path = format!("/v1/checkout/sessions/{id}?expand[]=subscription&expand[]=line_items");
    let done = sandbox.get(&path).await;
    assert_eq!((text(&done["status"]), text(&done["payment_status"])), ("complete", "paid"));
    assert!(done["url"].is_null());
    assert_eq!(done["customer_details"]["email"], "ann@example.com");
    assert_eq!(done["client_reference_id"], "user_1");
    assert_eq!(done["line_items"]["data"][0]["amount_total"], 900);
    let subscription = &done["subscription"];
    assert_eq!(subscription["status"], "active");
    assert_eq!(subscription["metadata"]["user"], "1");
    assert!(subscription.get("current_period_end").is_none());
    let item = &subscription["items"]["data"][0];
    assert!(item["current_period_end"].as_i64() > item["current_period_start"].as_i64());
    let invoice = sandbox.get(&format!("/v1/invoices/{}", text(&done["invoice"]))).await;
    assert_eq!(invoice["status"], "paid");
    assert_eq!(invoice["billing_reason"], "subscription_create");
    assert_eq!(invoice["parent"]["subscription_details"]["subscription"], subscription["id"]);
    assert_eq!(
        sandbox.events_about(text(&subscription["id"])).await,
        ["customer.subscription.created", "customer.subscription.updated"]
    );
    let completed = sandbox.get("/v1/events?type=checkout.session.completed").await;
    assert_eq!(completed["data"][0]["data"]["object"]["id"], id);
    assert!(completed["data"][0]["request"]["id"].is_null());
}

#[tokio::test]
async fn a_declined_card_leaves_the_session_open_for_another() {
    let sandbox = Sandbox::start().await;
    let open = subscription_session(&sandbox, &[]).await;
    let url = text(&open["url"]);
    let (status, _, page) = sandbox.submit(url, &card(NO_FUNDS)).await;
    assert_ne!(status, 303);
    assert!(page.contains("insufficient funds"), "{page}");
    assert_eq!(again(&sandbox, &open).await["status"], "open");
    assert!(
        sandbox.get("/v1/subscriptions?status=all").await["data"].as_array().unwrap().is_empty()
    );
    let (status, ..) = sandbox.submit(url, &card(VISA)).await;
    assert_eq!(status, 303);
    assert_eq!(again(&sandbox, &open).await["status"], "complete");
}

#[tokio::test]
async fn three_d_secure_is_passed_or_failed() {
    let sandbox = Sandbox::start().await;
    let open = subscription_session(&sandbox, &[]).await;
    let url = text(&open["url"]);
    let (_, challenge, _) = sandbox.submit(url, &card(WANTS_3DS)).await;
    assert!(challenge.contains("/challenge/"), "{challenge}");
    let (_, back, _) = sandbox.submit(&challenge, &[("result", "fail")]).await;
    assert!(back.contains("/pay/"), "{back}");
    assert_eq!(again(&sandbox, &open).await["status"], "open");

    let (_, challenge, _) = sandbox.submit(url, &card(WANTS_3DS)).await;
    let (_, location, _) = sandbox.submit(&challenge, &[("result", "complete")]).await;
    assert!(location.starts_with("http://localhost:3000/return"), "{location}");
    let done = again(&sandbox, &open).await;
    assert_eq!(done["payment_status"], "paid");
    // Set up by the challenge: the renewal needs nobody.
    sandbox.advance("1month").await;
    sandbox.advance("2h").await;
    let path = format!("/v1/subscriptions/{}?expand[]=latest_invoice", text(&done["subscription"]));
    let renewed = sandbox.get(&path).await;
    assert_eq!(renewed["status"], "active");
    assert_eq!(renewed["latest_invoice"]["billing_reason"], "subscription_cycle");
    assert_eq!(renewed["latest_invoice"]["status"], "paid");
}

#[tokio::test]
async fn a_trial_charges_the_set_up_fee_alone_and_the_plan_later() {
    let sandbox = Sandbox::start().await;
    let product = sandbox.post("/v1/products", &[("name", "Set-up")]).await;
    let form = [("product", text(&product["id"])), ("currency", "usd"), ("unit_amount", "500")];
    let fee = sandbox.post("/v1/prices", &form).await;
    let customer = sandbox.post("/v1/customers", &[("email", "ann@example.com")]).await;
    let open = subscription_session(
        &sandbox,
        &[
            ("customer", text(&customer["id"])),
            ("line_items[1][price]", text(&fee["id"])),
            ("subscription_data[trial_period_days]", "14"),
        ],
    )
    .await;
    assert_eq!(open["amount_total"], 500);
    sandbox.submit(text(&open["url"]), &card(VISA)).await;
    let done = again(&sandbox, &open).await;
    assert_eq!(done["payment_status"], "paid");
    let path = format!("/v1/subscriptions/{}", text(&done["subscription"]));
    let subscription = sandbox.get(&path).await;
    assert_eq!(subscription["status"], "trialing");
    assert_eq!(subscription["trial_end"], subscription["items"]["data"][0]["current_period_end"]);
    let invoice = sandbox.get(&format!("/v1/invoices/{}", text(&done["invoice"]))).await;
    assert_eq!((&invoice["total"], text(&invoice["status"])), (&500.into(), "paid"));

    sandbox.advance("14days").await;
    sandbox.advance("2h").await;
    let events = sandbox.events_about(text(&subscription["id"])).await;
    assert!(events.contains(&"customer.subscription.trial_will_end".to_owned()));
    let after = sandbox.get(&format!("{path}?expand[]=latest_invoice")).await;
    assert_eq!(after["status"], "active");
    assert_eq!(after["latest_invoice"]["amount_paid"], 900);
}

#[tokio::test]
async fn a_trial_with_nothing_due_needs_no_payment() {
    let sandbox = Sandbox::start().await;
    let form = [("subscription_data[trial_period_days]", "7")];
    let open = subscription_session(&sandbox, &form).await;
    sandbox.submit(text(&open["url"]), &card(FAILS_LATER)).await;
    let done = again(&sandbox, &open).await;
    assert_eq!(done["payment_status"], "no_payment_required");
    sandbox.advance("7days").await;
    sandbox.advance("2h").await;
    let path = format!("/v1/subscriptions/{}", text(&done["subscription"]));
    assert_eq!(sandbox.get(&path).await["status"], "past_due");
}

#[tokio::test]
async fn payment_and_set_up_modes_complete() {
    let sandbox = Sandbox::start().await;
    let paid = session(
        &sandbox,
        &[
            ("mode", "payment"),
            ("line_items[0][price_data][currency]", "usd"),
            ("line_items[0][price_data][unit_amount]", "1500"),
            ("line_items[0][price_data][product_data][name]", "T-shirt"),
            ("line_items[0][quantity]", "2"),
        ],
    )
    .await;
    sandbox.submit(text(&paid["url"]), &card(VISA)).await;
    let done = again(&sandbox, &paid).await;
    let intent =
        sandbox.get(&format!("/v1/payment_intents/{}", text(&done["payment_intent"]))).await;
    assert_eq!((&intent["amount_received"], text(&intent["status"])), (&3000.into(), "succeeded"));

    let customer = sandbox.post("/v1/customers", &[("email", "ann@example.com")]).await;
    let form = [("mode", "setup"), ("currency", "usd"), ("customer", text(&customer["id"]))];
    let setup = session(&sandbox, &form).await;
    assert_eq!(setup["payment_status"], "no_payment_required");
    assert!(setup["total_details"].is_null());
    sandbox.submit(text(&setup["url"]), &card(VISA)).await;
    let done = again(&sandbox, &setup).await;
    let intent = sandbox.get(&format!("/v1/setup_intents/{}", text(&done["setup_intent"]))).await;
    assert_eq!(intent["status"], "succeeded");
    let path = format!("/v1/payment_methods/{}", text(&intent["payment_method"]));
    assert_eq!(sandbox.get(&path).await["customer"], customer["id"]);
}

#[tokio::test]
async fn sessions_expire_by_request_and_by_the_clock() {
    let sandbox = Sandbox::start().await;
    let first = subscription_session(&sandbox, &[]).await;
    let path = format!("/v1/checkout/sessions/{}/expire", text(&first["id"]));
    let expired = sandbox.post(&path, &[]).await;
    assert_eq!(expired["status"], "expired");
    assert!(expired["url"].is_null());
    assert_eq!(sandbox.refused(&path, &[]).await.status, 400);

    let second = subscription_session(&sandbox, &[]).await;
    sandbox.advance("24h").await;
    assert_eq!(again(&sandbox, &second).await["status"], "expired");
    let events = sandbox.get("/v1/events?type=checkout.session.expired").await;
    assert_eq!(events["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn sessions_that_cannot_work_are_refused() {
    let sandbox = Sandbox::start().await;
    let price = sandbox.price("Starter", "900", "month").await;
    let customer = sandbox.post("/v1/customers", &[]).await;
    let customer = text(&customer["id"]);
    let base = [("success_url", SUCCESS), ("line_items[0][price]", price.as_str())];
    let cases: [(&[(&str, &str)], &str); 6] = [
        (&[("mode", "payment")], "line_items[0][price]"),
        (&[("mode", "subscription"), ("customer", "cus_x")], "customer"),
        (&[("mode", "subscription"), ("line_items[1][price]", "price_x")], "line_items[1][price]"),
        (
            &[("mode", "subscription"), ("customer", customer), ("customer_email", "a@b.c")],
            "customer",
        ),
        (
            &[("mode", "subscription"), ("subscription_data[trial_period_days]", "0")],
            "subscription_data[trial_period_days]",
        ),
        (&[("mode", "subscription"), ("payment_method_types[0]", "card")], "payment_method_types"),
    ];
    for (more, param) in cases {
        let form: Vec<_> = base.iter().chain(more).copied().collect();
        let error = sandbox.refused("/v1/checkout/sessions", &form).await.error(400);
        assert_eq!(text(&error["param"]), param, "{error}");
    }
    let form =
        [("mode", "subscription"), ("customer", customer), ("automatic_tax[enabled]", "true")];
    let form: Vec<_> = base.iter().chain(&form).copied().collect();
    let error = sandbox.refused("/v1/checkout/sessions", &form).await.error(400);
    assert_eq!(error["code"], "customer_tax_location_invalid");
}

#[tokio::test]
async fn a_session_that_others_pages_show_has_a_secret_in_place_of_a_page() {
    let sandbox = Sandbox::start().await;
    let price = sandbox.price("Starter", "900", "month").await;
    for ui_mode in ["embedded_page", "elements"] {
        let form = [
            ("mode", "subscription"),
            ("ui_mode", ui_mode),
            ("return_url", "http://localhost/return"),
            ("line_items[0][price]", &price),
        ];
        let made = sandbox.post("/v1/checkout/sessions", &form).await;
        let (id, secret) = (text(&made["id"]), text(&made["client_secret"]));
        assert!(secret.starts_with(&format!("{id}_secret_")), "{secret}");
        assert_eq!((text(&made["ui_mode"]), &made["url"]), (ui_mode, &Value::Null));
    }
    let hosted = subscription_session(&sandbox, &[]).await;
    assert!(hosted["client_secret"].is_null() && hosted["url"].is_string());
}
