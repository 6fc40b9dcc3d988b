//! What becomes of a subscription whose renewal was tried in vain to the end, as the account chooses.

use serde_json::{Value, json};

use super::{Sandbox, subscriber::Subscriber, text};

/// A subscriber whose first renewal was tried for three weeks.
async fn given_up(choice: &str) -> Subscriber {
    let sandbox = Sandbox::start().await;
    let chosen = sandbox.control("billing", json!({ "after_last_retry": choice })).await;
    assert_eq!(chosen, json!({ "after_last_retry": choice }));
    let ada = Subscriber::new().start_in(sandbox).await;
    pay_with(&ada, "pm_card_chargeCustomerFail").await;
    ada.sandbox.advance("1month").await;
    ada.sandbox.advance("3weeks").await;
    ada
}

async fn pay_with(ada: &Subscriber, card: &str) {
    let attach = format!("/v1/payment_methods/{card}/attach");
    let method = ada.sandbox.post(&attach, &[("customer", &ada.customer)]).await;
    ada.update(&[("default_payment_method", text(&method["id"]))]).await;
}

async fn invoices(ada: &Subscriber) -> Vec<(String, Value)> {
    let list = ada.sandbox.get(&format!("/v1/invoices?customer={}", ada.customer)).await;
    let shown =
        |invoice: &Value| (text(&invoice["status"]).to_owned(), invoice["auto_advance"].clone());
    list["data"].as_array().unwrap().iter().map(shown).collect()
}

#[tokio::test]
async fn an_unpaid_subscription_goes_on_with_drafts_until_its_invoice_is_paid() {
    let ada = given_up("unpaid").await;
    let unpaid = ada.now().await;
    assert_eq!(unpaid["status"], "unpaid");
    assert_eq!(unpaid["latest_invoice"]["next_payment_attempt"], Value::Null);
    let open = text(&unpaid["latest_invoice"]["id"]).to_owned();

    ada.sandbox.advance("1month").await;
    ada.sandbox.advance("2h").await;
    assert_eq!(ada.now().await["status"], "unpaid");
    let statuses: Vec<_> = invoices(&ada).await.into_iter().map(|(status, _)| status).collect();
    assert_eq!(statuses, ["draft", "open", "paid"]);

    pay_with(&ada, "pm_card_visa").await;
    ada.sandbox.post(&format!("/v1/invoices/{open}/pay"), &[]).await;
    let latest = text(&ada.now().await["latest_invoice"]["id"]).to_owned();
    ada.sandbox.post(&format!("/v1/invoices/{latest}/pay"), &[]).await;
    assert_eq!(ada.now().await["status"], "active", "the latest invoice is paid");
}

#[tokio::test]
async fn a_subscription_left_past_due_is_charged_again_at_its_next_renewal() {
    let ada = given_up("past_due").await;
    assert_eq!(ada.now().await["status"], "past_due");
    pay_with(&ada, "pm_card_visa").await;
    ada.sandbox.advance("1month").await;
    ada.sandbox.advance("2h").await;
    let renewed = ada.now().await;
    assert_eq!(
        (&renewed["status"], &renewed["latest_invoice"]["status"]),
        (&json!("active"), &json!("paid"))
    );
}

#[tokio::test]
async fn nobody_has_to_choose() {
    let sandbox = Sandbox::start().await;
    assert_eq!(sandbox.get("/_sandbox/billing").await, json!({ "after_last_retry": "cancel" }));
}
