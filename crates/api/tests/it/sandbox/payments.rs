//! Payments that take days, money that is held until it is captured, challenges that lead back, refunds that fail.

use serde_json::{Value, json};

use super::{Sandbox, text};

/// Accounts that pay, and that turn out to be closed.
const PAYS: &str = "000123456789";
const CLOSED: &str = "000111111113";

async fn session(sandbox: &Sandbox, mode: &str) -> Value {
    let interval = [("recurring[interval]", "month")];
    let mut form = vec![("currency", "usd"), ("unit_amount", "900")];
    form.extend(interval.iter().filter(|_| mode == "subscription"));
    let product = sandbox.post("/v1/products", &[("name", "Starter")]).await;
    form.push(("product", text(&product["id"])));
    let price = sandbox.post("/v1/prices", &form).await;
    let form = [
        ("mode", mode),
        ("success_url", "http://localhost/return"),
        ("line_items[0][price]", text(&price["id"])),
        ("allowed_payment_method_types[0]", "card"),
        ("allowed_payment_method_types[1]", "us_bank_account"),
        ("customer_creation", if mode == "payment" { "always" } else { "" }),
    ];
    let form: Vec<_> = form.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    sandbox.post("/v1/checkout/sessions", &form).await
}

async fn pay_by_debit(sandbox: &Sandbox, session: &Value, account: &str) -> Value {
    let url = text(&session["url"]);
    assert!(sandbox.get_page(url).await.contains("Pay from a bank account instead"));
    let place = format!("{url}/bank-account");
    assert!(sandbox.get_page(&place).await.contains(account));
    let form = [("email", "ann@example.com"), ("account", account), ("account-holder", "Ann")];
    assert_eq!(sandbox.submit(&place, &form[..1]).await.0, 422);
    let (status, location, page) = sandbox.submit(&place, &form).await;
    assert_eq!((status, location.as_str()), (303, "http://localhost/return"), "{page}");
    again(sandbox, session).await
}

async fn again(sandbox: &Sandbox, session: &Value) -> Value {
    let path = format!(
        "/v1/checkout/sessions/{}?expand[]=subscription&expand[]=invoice&expand[]=payment_intent",
        text(&session["id"])
    );
    sandbox.get(&path).await
}

#[tokio::test]
async fn a_debit_completes_the_session_at_once_and_pays_it_days_later() {
    for (account, event, payment_status, status, invoice) in [
        (PAYS, "checkout.session.async_payment_succeeded", "paid", "active", "paid"),
        (CLOSED, "checkout.session.async_payment_failed", "unpaid", "past_due", "open"),
    ] {
        let sandbox = Sandbox::start().await;
        let open = session(&sandbox, "subscription").await;
        let done = pay_by_debit(&sandbox, &open, account).await;
        assert_eq!(
            (&done["status"], &done["payment_status"]),
            (&json!("complete"), &json!("unpaid"))
        );
        assert_eq!(
            (&done["subscription"]["status"], &done["invoice"]["status"]),
            (&json!("active"), &json!("open"))
        );
        sandbox.advance("5days").await;
        let later = again(&sandbox, &open).await;
        assert_eq!(later["payment_status"], payment_status);
        assert_eq!(
            (&later["subscription"]["status"], &later["invoice"]["status"]),
            (&json!(status), &json!(invoice))
        );
        assert_eq!(
            sandbox.events_about(text(&open["id"])).await,
            ["checkout.session.completed", event]
        );
    }
}

#[tokio::test]
async fn a_debit_for_a_single_payment_is_processing_until_it_settles() {
    for (account, status, event) in [
        (PAYS, "succeeded", "payment_intent.succeeded"),
        (CLOSED, "requires_payment_method", "payment_intent.payment_failed"),
    ] {
        let sandbox = Sandbox::start().await;
        let open = session(&sandbox, "payment").await;
        let done = pay_by_debit(&sandbox, &open, account).await;
        let intent = &done["payment_intent"];
        assert_eq!(intent["status"], "processing");
        sandbox.advance("5days").await;
        assert_eq!(again(&sandbox, &open).await["payment_intent"]["status"], status);
        let charge = text(&intent["latest_charge"]);
        let told = sandbox.events_about(charge).await;
        let settled = if account == PAYS { "charge.succeeded" } else { "charge.failed" };
        assert_eq!(told, ["charge.pending", settled]);
        assert_eq!(
            sandbox.events_about(text(&intent["id"])).await,
            ["payment_intent.created", "payment_intent.processing", event]
        );
    }
}

#[tokio::test]
async fn sessions_take_cards_alone_unless_they_say_so() {
    let sandbox = Sandbox::start().await;
    let price = sandbox.price("Starter", "900", "month").await;
    let form = [
        ("mode", "subscription"),
        ("success_url", "http://localhost/return"),
        ("line_items[0][price]", price.as_str()),
    ];
    let session = sandbox.post("/v1/checkout/sessions", &form).await;
    let url = text(&session["url"]);
    assert!(!sandbox.get_page(url).await.contains("bank account"));
    assert_eq!(sandbox.submit(&format!("{url}/bank-account"), &[("account", PAYS)]).await.0, 303);
}

async fn held(sandbox: &Sandbox) -> Value {
    let form = [
        ("amount", "1000"),
        ("currency", "usd"),
        ("capture_method", "manual"),
        ("payment_method", "pm_card_visa"),
        ("confirm", "true"),
    ];
    let intent = sandbox.post("/v1/payment_intents", &form).await;
    assert_eq!(
        (&intent["status"], &intent["amount_capturable"]),
        (&json!("requires_capture"), &json!(1000))
    );
    let charge = sandbox.get(&format!("/v1/charges/{}", text(&intent["latest_charge"]))).await;
    assert_eq!(
        json!([charge["captured"], charge["paid"], charge["amount_captured"]]),
        json!([false, true, 0])
    );
    intent
}

#[tokio::test]
async fn held_money_is_captured_in_part_or_let_go() {
    let sandbox = Sandbox::start().await;
    let intent = held(&sandbox).await;
    let path = format!("/v1/payment_intents/{}", text(&intent["id"]));
    sandbox.refused(&format!("{path}/capture"), &[("amount_to_capture", "1001")]).await.error(400);
    let captured = sandbox.post(&format!("{path}/capture"), &[("amount_to_capture", "600")]).await;
    assert_eq!(
        json!([captured["status"], captured["amount_received"], captured["amount_capturable"]]),
        json!(["succeeded", 600, 0])
    );
    let charge = text(&intent["latest_charge"]);
    let after = sandbox.get(&format!("/v1/charges/{charge}?expand[]=balance_transaction")).await;
    assert_eq!(json!([after["amount_captured"], after["amount_refunded"]]), json!([600, 400]));
    assert_eq!(after["balance_transaction"]["amount"], 600);
    assert_eq!(
        sandbox.events_about(text(&intent["id"])).await[1..],
        ["payment_intent.amount_capturable_updated", "payment_intent.succeeded"]
    );
    assert_eq!(sandbox.events_about(charge).await, ["charge.succeeded", "charge.captured"]);
    sandbox.refused(&format!("{path}/capture"), &[]).await.error(400);

    let intent = held(&sandbox).await;
    let path = format!("/v1/payment_intents/{}/cancel", text(&intent["id"]));
    let canceled = sandbox.post(&path, &[]).await;
    assert_eq!(
        (&canceled["status"], &canceled["amount_capturable"]),
        (&json!("canceled"), &json!(0))
    );
    let charge = sandbox.get(&format!("/v1/charges/{}", text(&intent["latest_charge"]))).await;
    assert_eq!((&charge["refunded"], &charge["amount_refunded"]), (&json!(true), &json!(1000)));
}

#[tokio::test]
async fn a_challenge_of_the_api_leads_to_its_page_and_back() {
    for (result, status) in [("complete", "succeeded"), ("fail", "requires_payment_method")] {
        let sandbox = Sandbox::start().await;
        let form = [
            ("amount", "1000"),
            ("currency", "usd"),
            ("payment_method", "pm_card_threeDSecure2Required"),
            ("confirm", "true"),
            ("return_url", "http://localhost/back?order=1"),
        ];
        let intent = sandbox.post("/v1/payment_intents", &form).await;
        let action = &intent["next_action"];
        assert_eq!(
            (&intent["status"], &action["type"]),
            (&json!("requires_action"), &json!("redirect_to_url"))
        );
        let url = text(&action["redirect_to_url"]["url"]);
        assert!(sandbox.get_page(url).await.contains("$10.00"));
        let (code, location, _) = sandbox.submit(url, &[("result", result)]).await;
        let told = if result == "fail" { "failed" } else { "succeeded" };
        assert_eq!(code, 303);
        assert!(
            location.starts_with("http://localhost/back?order=1&payment_intent=pi_"),
            "{location}"
        );
        assert!(location.ends_with(&format!("redirect_status={told}")), "{location}");
        let after = sandbox.get(&format!("/v1/payment_intents/{}", text(&intent["id"]))).await;
        assert_eq!((&after["status"], &after["next_action"]), (&json!(status), &Value::Null));
    }
}

#[tokio::test]
async fn refunds_may_be_pending_and_may_come_back() {
    for (card, first, last, refunded, events) in [
        (
            "pm_card_pendingRefund",
            "pending",
            "succeeded",
            true,
            vec!["refund.created", "refund.updated", "charge.refund.updated"],
        ),
        (
            "pm_card_refundFail",
            "succeeded",
            "failed",
            false,
            vec!["refund.created", "refund.updated", "charge.refund.updated", "refund.failed"],
        ),
    ] {
        let sandbox = Sandbox::start().await;
        let form = [
            ("amount", "1000"),
            ("currency", "usd"),
            ("payment_method", card),
            ("confirm", "true"),
        ];
        let intent = sandbox.post("/v1/payment_intents", &form).await;
        let refund = sandbox.post("/v1/refunds", &[("payment_intent", text(&intent["id"]))]).await;
        assert_eq!(refund["status"], first);
        sandbox.advance("5days").await;
        let path = format!("/v1/refunds/{}?expand[]=charge", text(&refund["id"]));
        let after = sandbox.get(&path).await;
        assert_eq!(
            (&after["status"], &after["charge"]["refunded"]),
            (&json!(last), &json!(refunded))
        );
        assert_eq!(sandbox.events_about(text(&refund["id"])).await, events);
    }
}

/// A subscription whose customer is to confirm the first payment, and the intent of that.
async fn unconfirmed(sandbox: &Sandbox) -> (Value, String) {
    let price = sandbox.price("Starter", "900", "month").await;
    let customer = sandbox.post("/v1/customers", &[("email", "ann@example.com")]).await;
    let form = [
        ("customer", text(&customer["id"])),
        ("items[0][price]", &price),
        ("payment_behavior", "default_incomplete"),
        ("payment_settings[save_default_payment_method]", "on_subscription"),
        ("expand[]", "latest_invoice.payments"),
    ];
    let subscription = sandbox.post("/v1/subscriptions", &form).await;
    assert_eq!(subscription["status"], "incomplete");
    let payment = &subscription["latest_invoice"]["payments"]["data"][0]["payment"];
    let intent = text(&payment["payment_intent"]).to_owned();
    (subscription, intent)
}

async fn as_it_is(sandbox: &Sandbox, subscription: &Value) -> Value {
    let path = format!("/v1/subscriptions/{}?expand[]=latest_invoice", text(&subscription["id"]));
    sandbox.get(&path).await
}

#[tokio::test]
async fn confirming_the_intent_of_an_invoice_pays_it_and_starts_the_subscription() {
    let sandbox = Sandbox::start().await;
    let (subscription, intent) = unconfirmed(&sandbox).await;
    let confirm = format!("/v1/payment_intents/{intent}/confirm");
    let declined = [("payment_method", "pm_card_chargeDeclined")];
    assert_eq!(sandbox.refused(&confirm, &declined).await.error(402)["code"], "card_declined");
    let now = as_it_is(&sandbox, &subscription).await;
    assert_eq!(
        (&now["status"], &now["latest_invoice"]["attempt_count"]),
        (&json!("incomplete"), &json!(1))
    );
    let failed = sandbox.get("/v1/events?type=invoice.payment_failed").await;
    assert_eq!(failed["data"][0]["data"]["object"]["id"], now["latest_invoice"]["id"]);

    let paid = sandbox.post(&confirm, &[("payment_method", "pm_card_visa")]).await;
    assert_eq!(paid["status"], "succeeded");
    let now = as_it_is(&sandbox, &subscription).await;
    assert_eq!(
        (&now["status"], &now["latest_invoice"]["status"]),
        (&json!("active"), &json!("paid"))
    );
    // It is kept for the renewals.
    assert_eq!(now["default_payment_method"], paid["payment_method"]);
    let path = format!("/v1/payment_methods/{}", text(&paid["payment_method"]));
    assert_eq!(sandbox.get(&path).await["customer"], now["customer"]);
    sandbox.advance("1month").await;
    sandbox.advance("2hours").await;
    let renewed = as_it_is(&sandbox, &subscription).await;
    assert_eq!(renewed["latest_invoice"]["billing_reason"], "subscription_cycle");
    assert_eq!(renewed["latest_invoice"]["status"], "paid");
}

#[tokio::test]
async fn a_challenge_on_the_way_to_an_invoices_payment_starts_the_subscription_too() {
    let sandbox = Sandbox::start().await;
    let (subscription, intent) = unconfirmed(&sandbox).await;
    let form = [
        ("payment_method", "pm_card_authenticationRequired"),
        ("return_url", "http://localhost/return"),
    ];
    let waits = sandbox.post(&format!("/v1/payment_intents/{intent}/confirm"), &form).await;
    assert_eq!(waits["status"], "requires_action");
    let url = text(&waits["next_action"]["redirect_to_url"]["url"]);
    let (status, location, page) = sandbox.submit(url, &[("result", "complete")]).await;
    assert_eq!(status, 303, "{page}");
    assert!(location.contains("redirect_status=succeeded"), "{location}");
    assert_eq!(as_it_is(&sandbox, &subscription).await["status"], "active");
}
