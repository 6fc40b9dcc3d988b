//! Changes of plan that wait for their payment.

use serde_json::Value;

use super::{subscriber::Subscriber, text};

/// A subscriber whose card is refused from now on, and who asked for a plan at three times the price.
async fn waiting() -> (Subscriber, String) {
    let subscriber = Subscriber::new().price("1000", "month").start().await;
    let sandbox = &subscriber.sandbox;
    let pro = sandbox.price("Pro", "3000", "month").await;
    let form = [("customer", subscriber.customer.as_str())];
    let refused =
        sandbox.post("/v1/payment_methods/pm_card_chargeCustomerFail/attach", &form).await;
    subscriber.update(&[("default_payment_method", text(&refused["id"]))]).await;
    let start = subscriber.started().to_string();
    let waiting = subscriber
        .update(&[
            ("items[0][id]", subscriber.item()),
            ("items[0][price]", &pro),
            ("proration_behavior", "always_invoice"),
            ("proration_date", &start),
            ("payment_behavior", "pending_if_incomplete"),
        ])
        .await;
    assert_eq!(waiting["status"], "active");
    assert_eq!(waiting["items"]["data"][0]["price"]["id"], subscriber.price.as_str());
    let wanted = &waiting["pending_update"]["subscription_items"][0];
    assert_eq!(wanted["price"]["id"], pro.as_str());
    (subscriber, pro)
}

#[tokio::test]
async fn a_paid_invoice_brings_the_change_it_was_for() {
    let (subscriber, pro) = waiting().await;
    let invoice = subscriber.now().await["latest_invoice"].clone();
    assert_eq!((text(&invoice["status"]), &invoice["total"]), ("open", &2000.into()));
    let pay = format!("/v1/invoices/{}/pay", text(&invoice["id"]));
    subscriber.sandbox.post(&pay, &[("payment_method", "pm_card_visa")]).await;
    let changed = subscriber.now().await;
    assert_eq!(changed["items"]["data"][0]["price"]["id"], pro.as_str());
    assert_eq!((text(&changed["status"]), &changed["pending_update"]), ("active", &Value::Null));
    let events = subscriber.sandbox.events_about(subscriber.id()).await;
    let last = events.last().map(String::as_str);
    assert_eq!(last, Some("customer.subscription.pending_update_applied"));
}

#[tokio::test]
async fn an_unpaid_change_is_off_after_23_hours() {
    let (subscriber, _) = waiting().await;
    subscriber.sandbox.advance("23h").await;
    let unchanged = subscriber.now().await;
    assert_eq!(unchanged["pending_update"], Value::Null);
    assert_eq!(unchanged["items"]["data"][0]["price"]["id"], subscriber.price.as_str());
    assert_eq!(unchanged["latest_invoice"]["status"], "void");
    let events = subscriber.sandbox.events_about(subscriber.id()).await;
    let last = events.last().map(String::as_str);
    assert_eq!(last, Some("customer.subscription.pending_update_expired"));
    let pending = format!("/v1/invoiceitems?customer={}&pending=true", subscriber.customer);
    assert_eq!(subscriber.sandbox.get(&pending).await["data"], serde_json::json!([]));
}
