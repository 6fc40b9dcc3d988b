//! Charges, refunds and disputes, and the way back from them to a subscription.

use serde_json::Value;

use super::{Sandbox, subscriber::Subscriber, text};

/// A charge of $20.00 to the card behind a magic id.
async fn charge(sandbox: &Sandbox, card: &str) -> Value {
    let form = [
        ("amount", "2000"),
        ("currency", "usd"),
        ("confirm", "true"),
        ("payment_method", card),
        ("expand[]", "latest_charge"),
    ];
    sandbox.post("/v1/payment_intents", &form).await["latest_charge"].clone()
}

#[tokio::test]
async fn a_charge_is_refunded_in_parts_and_never_beyond_its_amount() {
    let sandbox = Sandbox::start().await;
    let charge = charge(&sandbox, "pm_card_visa").await;
    let id = text(&charge["id"]);
    let part = sandbox.post("/v1/refunds", &[("charge", id), ("amount", "500")]).await;
    assert_eq!((&part["amount"], text(&part["status"])), (&500.into(), "succeeded"));
    let now = sandbox.get(&format!("/v1/charges/{id}")).await;
    assert_eq!((&now["amount_refunded"], &now["refunded"]), (&500.into(), &false.into()));

    let too_much = [("charge", id), ("amount", "1501")];
    let error = sandbox.refused("/v1/refunds", &too_much).await.error(400);
    assert_eq!(error["param"], "amount");
    let intent = text(&charge["payment_intent"]);
    let rest = sandbox
        .post("/v1/refunds", &[("payment_intent", intent), ("reason", "requested_by_customer")])
        .await;
    assert_eq!(rest["amount"], 1500);
    let now = sandbox.get(&format!("/v1/charges/{id}?expand[]=balance_transaction")).await;
    assert_eq!((&now["amount_refunded"], &now["refunded"]), (&2000.into(), &true.into()));
    assert_eq!(now["balance_transaction"]["net"], 2000 - 88);
    let error = sandbox.refused("/v1/refunds", &[("charge", id)]).await.error(400);
    assert_eq!(error["code"], "charge_already_refunded");

    let refunded = sandbox.get("/v1/events?type=charge.refunded").await;
    assert_eq!(refunded["data"][0]["data"]["previous_attributes"]["amount_refunded"], 500);
    assert_eq!(sandbox.events_about(text(&part["id"])).await, ["refund.created"]);
    let list = sandbox.get(&format!("/v1/refunds?charge={id}")).await;
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_disputed_renewal_is_found_from_the_charge_to_the_subscription() {
    let subscriber = Subscriber::new().card("pm_card_createDispute").start().await;
    let sandbox = &subscriber.sandbox;
    assert_eq!(subscriber.subscription["status"], "active", "the card pays first");
    let disputes = sandbox.get("/v1/disputes").await;
    let dispute = &disputes["data"][0];
    assert_eq!(
        (text(&dispute["reason"]), text(&dispute["status"])),
        ("fraudulent", "needs_response")
    );
    assert_eq!(dispute["balance_transactions"][0]["amount"], -900);
    assert_eq!(
        sandbox.events_about(text(&dispute["id"])).await,
        ["charge.dispute.created", "charge.dispute.funds_withdrawn"]
    );

    let path = format!(
        "/v1/invoice_payments?payment[type]=payment_intent&payment[payment_intent]={}\
         &expand[]=data.invoice",
        text(&dispute["payment_intent"])
    );
    let payments = sandbox.get(&path).await;
    let parent = &payments["data"][0]["invoice"]["parent"]["subscription_details"];
    assert_eq!(text(&parent["subscription"]), subscriber.id());
    let path = format!("/v1/invoice_payments/{}", text(&payments["data"][0]["id"]));
    let payment = sandbox.get(&path).await;
    assert_eq!(payment["payment"]["payment_intent"], dispute["payment_intent"]);
    let charge = [("charge", text(&dispute["charge"]))];
    let error = sandbox.refused("/v1/refunds", &charge).await.error(400);
    assert_eq!(error["code"], "charge_disputed");
}

#[tokio::test]
async fn evidence_wins_or_loses_a_dispute_by_its_words() {
    let sandbox = Sandbox::start().await;
    for (words, status, events) in [
        ("winning_evidence", "won", &["updated", "closed", "funds_reinstated"] as &[&str]),
        ("losing_evidence", "lost", &["updated", "closed"]),
        ("It was me.", "under_review", &["updated"]),
    ] {
        let charge = charge(&sandbox, "pm_card_createDispute").await;
        let of_charge = format!("/v1/disputes?charge={}", text(&charge["id"]));
        let dispute = sandbox.get(&of_charge).await["data"][0].clone();
        let path = format!("/v1/disputes/{}", text(&dispute["id"]));
        let answer = sandbox.post(&path, &[("evidence[uncategorized_text]", words)]).await;
        assert_eq!(answer["status"], status, "{words}");
        assert_eq!(answer["evidence_details"]["submission_count"], 1);
        let told = sandbox.events_about(text(&dispute["id"])).await;
        let wanted = ["created", "funds_withdrawn"].iter().chain(events);
        let wanted: Vec<String> = wanted.map(|word| format!("charge.dispute.{word}")).collect();
        assert_eq!(told, wanted, "{words}");
    }
}

#[tokio::test]
async fn a_dispute_is_lost_when_it_is_closed_or_its_time_runs_out() {
    let sandbox = Sandbox::start().await;
    let first = charge(&sandbox, "pm_card_createDisputeProductNotReceived").await;
    let inquiry = charge(&sandbox, "pm_card_createDisputeInquiry").await;
    charge(&sandbox, "pm_card_createDispute").await;
    let of = async |charge: &Value| {
        let list = sandbox.get(&format!("/v1/disputes?charge={}", text(&charge["id"]))).await;
        list["data"][0].clone()
    };
    let dispute = of(&first).await;
    assert_eq!(dispute["reason"], "product_not_received");
    let close = format!("/v1/disputes/{}/close", text(&dispute["id"]));
    assert_eq!(sandbox.post(&close, &[]).await["status"], "lost");
    sandbox.refused(&close, &[]).await.error(400);

    let question = of(&inquiry).await;
    assert_eq!(question["status"], "warning_needs_response");
    assert_eq!(question["balance_transactions"], serde_json::json!([]));
    let close = format!("/v1/disputes/{}/close", text(&question["id"]));
    assert_eq!(sandbox.post(&close, &[]).await["status"], "warning_closed");

    sandbox.advance("10days").await;
    let disputes = sandbox.get("/v1/disputes").await;
    assert_eq!(disputes["data"][0]["status"], "lost");
    assert_eq!(disputes["data"][0]["evidence_details"]["past_due"], true);
}
