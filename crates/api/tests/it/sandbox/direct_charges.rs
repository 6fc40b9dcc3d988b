//! Charges without an intent, as before there were any.

use serde_json::{Value, json};

use super::{Sandbox, text};

/// A request's parameters.
type Form<'a> = &'a [(&'a str, &'a str)];

const MONEY: [(&str, &str); 2] = [("amount", "1000"), ("currency", "USD")];

fn with<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    MONEY.iter().chain(more).copied().collect()
}

#[tokio::test]
async fn tokens_and_the_sources_of_customers_are_charged_at_once() {
    let sandbox = Sandbox::start().await;
    let form = with(&[("source", "tok_visa"), ("description", "Tea"), ("metadata[a]", "1")]);
    let charge = sandbox.post("/v1/charges", &form).await;
    assert_eq!(
        json!([charge["status"], charge["paid"], charge["captured"], charge["currency"]]),
        json!(["succeeded", true, true, "usd"])
    );
    assert_eq!(
        json!([charge["payment_intent"], charge["source"]["last4"], charge["metadata"]["a"]]),
        json!([null, "4242", "1"])
    );
    let moved = sandbox.get("/v1/balance_transactions").await;
    assert_eq!(moved["data"][0]["id"], charge["balance_transaction"]);
    let refund = sandbox.post("/v1/refunds", &[("charge", text(&charge["id"]))]).await;
    assert_eq!(refund["amount"], 1000);
    assert_eq!(
        sandbox.events_about(text(&charge["id"])).await,
        ["charge.succeeded", "charge.refunded"]
    );

    let customer = sandbox.post("/v1/customers", &[("source", "tok_visa")]).await;
    let id = text(&customer["id"]);
    let other =
        sandbox.post(&format!("/v1/customers/{id}/sources"), &[("source", "tok_mastercard")]).await;
    for (source, brand) in [(None, "Visa"), (Some(text(&other["id"])), "MasterCard")] {
        let mut form = with(&[("customer", id)]);
        form.extend(source.map(|source| ("source", source)));
        let charge = sandbox.post("/v1/charges", &form).await;
        assert_eq!((text(&charge["customer"]), &charge["source"]["brand"]), (id, &json!(brand)));
    }
}

#[tokio::test]
async fn declines_leave_a_failed_charge_and_name_it() {
    let sandbox = Sandbox::start().await;
    for (token, code, decline) in [
        ("tok_chargeDeclined", "card_declined", json!("generic_decline")),
        ("tok_chargeDeclinedInsufficientFunds", "card_declined", json!("insufficient_funds")),
        ("tok_chargeDeclinedExpiredCard", "expired_card", json!("expired_card")),
        ("tok_threeDSecureRequired", "authentication_required", json!("authentication_required")),
    ] {
        let error = sandbox.refused("/v1/charges", &with(&[("source", token)])).await.error(402);
        assert_eq!((&error["code"], &error["decline_code"]), (&json!(code), &decline), "{token}");
        let charge = sandbox.get(&format!("/v1/charges/{}", text(&error["charge"]))).await;
        assert_eq!((&charge["status"], &charge["failure_code"]), (&json!("failed"), &json!(code)));
        assert_eq!(sandbox.events_about(text(&charge["id"])).await, ["charge.failed"]);
    }
}

#[tokio::test]
async fn what_is_only_held_is_captured_once() {
    let sandbox = Sandbox::start().await;
    let held = with(&[("source", "tok_visa"), ("capture", "false")]);
    let held = sandbox.post("/v1/charges", &held).await;
    assert_eq!(
        json!([held["captured"], held["amount_captured"], held["balance_transaction"]]),
        json!([false, 0, null])
    );
    let path = format!("/v1/charges/{}/capture", text(&held["id"]));
    let error = sandbox.refused(&path, &[("amount", "1001")]).await.error(400);
    assert_eq!(error["code"], "amount_too_large");
    let captured = sandbox.post(&path, &[("amount", "700")]).await;
    assert_eq!(
        json!([captured["captured"], captured["amount_captured"], captured["amount_refunded"]]),
        json!([true, 700, 300])
    );
    let error = sandbox.refused(&path, &[]).await.error(400);
    assert_eq!(error["code"], "charge_already_captured");
    assert_eq!(
        sandbox.events_about(text(&held["id"])).await,
        ["charge.succeeded", "charge.captured"]
    );
}

#[tokio::test]
async fn there_has_to_be_something_to_charge() {
    let sandbox = Sandbox::start().await;
    let customer = sandbox.customer("pm_card_visa").await;
    let refused: [(Form<'_>, u16, Value, Value); 4] = [
        (&[("source", "tok_nobodys")], 400, json!("resource_missing"), json!("source")),
        (&[], 400, json!("parameter_missing"), Value::Null),
        (&[("customer", &customer)], 402, json!("missing"), json!("card")),
        (
            &[("customer", &customer), ("source", "card_nobodys")],
            402,
            json!("missing"),
            json!("source"),
        ),
    ];
    for (more, status, code, param) in refused {
        let error = sandbox.refused("/v1/charges", &with(more)).await.error(status);
        assert_eq!((&error["code"], &error["param"]), (&code, &param), "{more:?}");
    }
    assert_eq!(sandbox.get("/v1/charges").await["data"], json!([]));
}
