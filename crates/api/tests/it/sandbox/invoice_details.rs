//! What invoices say besides their money, and those paid elsewhere.

use serde_json::json;

use super::{Sandbox, text};

async fn draft(sandbox: &Sandbox, customer: &str, more: &[(&str, &str)]) -> serde_json::Value {
    let form = [("customer", customer), ("amount", "700"), ("currency", "usd")];
    sandbox.post("/v1/invoiceitems", &form).await;
    let mut form = vec![("customer", customer), ("pending_invoice_items_behavior", "include")];
    form.extend(more);
    sandbox.post("/v1/invoices", &form).await
}

#[tokio::test]
async fn a_draft_shows_what_it_was_given_and_keeps_it() {
    let sandbox = Sandbox::start().await;
    let customer = sandbox.customer("pm_card_visa").await;
    let due = (sandbox.now().await + 86_400).to_string();
    let given = [
        ("collection_method", "send_invoice"),
        ("due_date", due.as_str()),
        ("number", "INV-7"),
        ("footer", "Thanks"),
        ("custom_fields[0][name]", "Order"),
        ("custom_fields[0][value]", "12"),
        ("shipping_details[name]", "Ann"),
        ("shipping_details[address][city]", "Bonn"),
        ("rendering[amount_tax_display]", "include_inclusive_tax"),
        ("metadata[a]", "1"),
    ];
    let invoice = draft(&sandbox, &customer, &given).await;
    assert_eq!(invoice["due_date"].to_string(), due);
    assert_eq!(invoice["custom_fields"], json!([{ "name": "Order", "value": "12" }]));
    assert_eq!(invoice["shipping_details"]["address"]["city"], "Bonn");
    let path = format!("/v1/invoices/{}", text(&invoice["id"]));
    let form = [("custom_fields", ""), ("description", "New"), ("statement_descriptor", "CIRCLE")];
    let changed = sandbox.post(&path, &form).await;
    assert!(changed["custom_fields"].is_null());
    let finalized = sandbox.post(&format!("{path}/finalize"), &[]).await;
    for (name, value) in [
        ("number", "INV-7"),
        ("footer", "Thanks"),
        ("description", "New"),
        ("statement_descriptor", "CIRCLE"),
    ] {
        assert_eq!(finalized[name], value);
    }
    let error =
        sandbox.refused(&path, &[("collection_method", "charge_automatically")]).await.error(400);
    assert_eq!(error["code"], "invoice_not_editable");
}

#[tokio::test]
async fn how_a_draft_is_collected_can_be_changed() {
    let sandbox = Sandbox::start().await;
    let customer = sandbox.customer("pm_card_visa").await;
    let invoice = draft(&sandbox, &customer, &[]).await;
    let path = format!("/v1/invoices/{}", text(&invoice["id"]));
    let error = sandbox.refused(&path, &[("due_date", "1900000000")]).await.error(400);
    assert_eq!(error["param"], "due_date");
    let form = [("collection_method", "send_invoice"), ("days_until_due", "10")];
    let sent = sandbox.post(&path, &form).await;
    let due = sent["due_date"].as_i64().unwrap();
    assert!((due - sandbox.now().await - 10 * 86_400).abs() < 60);
}

#[tokio::test]
async fn an_invoice_paid_elsewhere_is_paid_without_a_charge() {
    let sandbox = Sandbox::start().await;
    let customer = sandbox.customer("pm_card_visa").await;
    let invoice = draft(&sandbox, &customer, &[]).await;
    let id = text(&invoice["id"]);
    let paid =
        sandbox.post(&format!("/v1/invoices/{id}/pay"), &[("paid_out_of_band", "true")]).await;
    assert_eq!((&paid["status"], &paid["amount_paid_off_stripe"]), (&"paid".into(), &700.into()));
    assert_eq!(sandbox.get(&format!("/v1/charges?customer={customer}")).await["data"], json!([]));
    let intents = sandbox.get(&format!("/v1/payment_intents?customer={customer}")).await;
    assert_eq!(intents["data"][0]["status"], "canceled");
    let events = sandbox.events_about(id).await;
    assert!(events.iter().any(|event| event == "invoice.paid"), "{events:?}");
    assert!(!events.iter().any(|event| event == "invoice.payment_succeeded"), "{events:?}");
}
