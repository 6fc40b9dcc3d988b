//! Subscriptions and their invoices over time.

use serde_json::Value;

use super::{Sandbox, text};

/// A subscription as it is now.
async fn current(sandbox: &Sandbox, subscription: &Value) -> Value {
    let id = text(&subscription["id"]);
    sandbox.get(&format!("/v1/subscriptions/{id}?expand[]=latest_invoice")).await
}

fn period_end(subscription: &Value) -> i64 {
    subscription["items"]["data"][0]["current_period_end"].as_i64().unwrap()
}

fn item(subscription: &Value) -> &str {
    text(&subscription["items"]["data"][0]["id"])
}

#[tokio::test]
async fn the_clock_renews_month_after_month() {
    let sandbox = Sandbox::start().await;
    let price = sandbox.price("Starter", "900", "month").await;
    let customer = sandbox.customer("pm_card_visa").await;
    let subscription = sandbox.subscribe(&customer, &price).await;
    assert_eq!(subscription["status"], "active");
    let first_end = period_end(&subscription);

    sandbox.advance("1month").await;
    let drafted = current(&sandbox, &subscription).await;
    assert_eq!(drafted["items"]["data"][0]["current_period_start"], first_end);
    assert_eq!(drafted["latest_invoice"]["status"], "draft");
    sandbox.advance("2h").await;
    let renewed = current(&sandbox, &subscription).await;
    assert_eq!(renewed["status"], "active");
    assert_eq!(renewed["latest_invoice"]["status"], "paid");
    assert_eq!(renewed["latest_invoice"]["created"], first_end);
    assert_eq!(renewed["latest_invoice"]["lines"]["data"][0]["period"]["start"], first_end);

    let updated = sandbox.get("/v1/events?type=customer.subscription.updated").await;
    let previous = &updated["data"][0]["data"]["previous_attributes"];
    assert_eq!(previous["items"]["data"][0]["current_period_end"], first_end);
    assert_eq!(previous["items"]["object"], "list");

    sandbox.advance("3months").await;
    let path = format!("/v1/invoices?customer={customer}&status=paid");
    assert_eq!(sandbox.get(&path).await["data"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn an_unpaid_renewal_is_tried_again_and_ends_the_subscription() {
    let sandbox = Sandbox::start().await;
    let price = sandbox.price("Starter", "900", "month").await;
    let customer = sandbox.customer("pm_card_visa").await;
    let subscription = sandbox.subscribe(&customer, &price).await;
    let form = [("customer", customer.as_str())];
    let method = sandbox.post("/v1/payment_methods/pm_card_chargeCustomerFail/attach", &form).await;
    let form = [("invoice_settings[default_payment_method]", text(&method["id"]))];
    sandbox.post(&format!("/v1/customers/{customer}"), &form).await;

    sandbox.advance("1month").await;
    sandbox.advance("2h").await;
    let late = current(&sandbox, &subscription).await;
    assert_eq!(late["status"], "past_due");
    let invoice = &late["latest_invoice"];
    assert_eq!((text(&invoice["status"]), &invoice["attempt_count"]), ("open", &1.into()));
    assert!(invoice["next_payment_attempt"].as_i64().unwrap() > sandbox.now().await);
    assert_eq!(sandbox.get(&format!("/v1/customers/{customer}")).await["delinquent"], true);

    sandbox.advance("3weeks").await;
    let ended = current(&sandbox, &subscription).await;
    assert_eq!(ended["status"], "canceled");
    assert_eq!(ended["cancellation_details"]["reason"], "payment_failed");
    assert_eq!(ended["latest_invoice"]["attempt_count"], 4);
    let events = sandbox.events_about(text(&subscription["id"])).await;
    assert_eq!(events.last().map(String::as_str), Some("customer.subscription.deleted"));
}

#[tokio::test]
async fn a_late_payment_brings_the_subscription_back() {
    let sandbox = Sandbox::start().await;
    let price = sandbox.price("Starter", "900", "month").await;
    let customer = sandbox.customer("pm_card_visa").await;
    let subscription = sandbox.subscribe(&customer, &price).await;
    let form = [("customer", customer.as_str())];
    let method = sandbox.post("/v1/payment_methods/pm_card_chargeCustomerFail/attach", &form).await;
    let form = [("default_payment_method", text(&method["id"]))];
    sandbox.post(&format!("/v1/subscriptions/{}", text(&subscription["id"])), &form).await;
    sandbox.advance("1month").await;
    sandbox.advance("2h").await;
    let late = current(&sandbox, &subscription).await;
    assert_eq!(late["status"], "past_due");

    let pay = format!("/v1/invoices/{}/pay", text(&late["latest_invoice"]["id"]));
    let error = sandbox.refused(&pay, &[]).await.error(402);
    assert_eq!(error["code"], "card_declined");
    let again = current(&sandbox, &subscription).await;
    assert_eq!(again["latest_invoice"]["attempt_count"], 2, "a decline is kept");
    let paid = sandbox.post(&pay, &[("payment_method", "pm_card_visa")]).await;
    assert_eq!(paid["status"], "paid");
    assert_eq!(current(&sandbox, &subscription).await["status"], "active");
}

#[tokio::test]
async fn an_upgrade_charges_the_rest_of_the_period_and_a_downgrade_credits_it() {
    let sandbox = Sandbox::start().await;
    let starter = sandbox.price("Starter", "1000", "month").await;
    let pro = sandbox.price("Pro", "3000", "month").await;
    let customer = sandbox.customer("pm_card_visa").await;
    let subscription = sandbox.subscribe(&customer, &starter).await;
    let path = format!("/v1/subscriptions/{}", text(&subscription["id"]));
    let (start, end) = (subscription["created"].as_i64().unwrap(), period_end(&subscription));
    let middle = (start + (end - start) / 2).to_string();
    sandbox.control("clock/advance", serde_json::json!({ "to": start + (end - start) / 2 })).await;

    let form = [
        ("items[0][id]", item(&subscription)),
        ("items[0][price]", pro.as_str()),
        ("proration_behavior", "always_invoice"),
        ("proration_date", middle.as_str()),
    ];
    let preview_form = [
        ("subscription", text(&subscription["id"])),
        ("subscription_details[items][0][id]", item(&subscription)),
        ("subscription_details[items][0][price]", pro.as_str()),
        ("subscription_details[proration_behavior]", "always_invoice"),
        ("subscription_details[proration_date]", middle.as_str()),
    ];
    let preview = sandbox.post("/v1/invoices/create_preview", &preview_form).await;
    assert_eq!(preview["amount_due"], 1000);
    let changed = sandbox.post(&path, &form).await;
    assert_eq!(changed["items"]["data"][0]["price"]["id"], pro.as_str());
    assert_eq!(period_end(&changed), end, "the cycle stays");
    let upgraded = current(&sandbox, &subscription).await;
    let invoice = &upgraded["latest_invoice"];
    assert_eq!((&invoice["total"], text(&invoice["status"])), (&1000.into(), "paid"));
    assert_eq!(invoice["billing_reason"], "subscription_update");
    let amounts: Vec<i64> = invoice["lines"]["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["amount"].as_i64().unwrap())
        .collect();
    assert_eq!(amounts, [-500, 1500]);

    let mut back = form;
    back[1].1 = starter.as_str();
    sandbox.post(&path, &back).await;
    let customer_now = sandbox.get(&format!("/v1/customers/{customer}")).await;
    assert_eq!(customer_now["balance"], -1000);
    sandbox.control("clock/advance", serde_json::json!({ "to": end + 7_200 })).await;
    let renewed = current(&sandbox, &subscription).await;
    let invoice = &renewed["latest_invoice"];
    assert_eq!((&invoice["total"], &invoice["amount_due"]), (&1000.into(), &0.into()));
    assert_eq!(invoice["status"], "paid");
    assert_eq!(sandbox.get(&format!("/v1/customers/{customer}")).await["balance"], 0);
}

#[tokio::test]
async fn prorations_wait_for_the_renewal_unless_told_otherwise() {
    let sandbox = Sandbox::start().await;
    let starter = sandbox.price("Starter", "1000", "month").await;
    let pro = sandbox.price("Pro", "3000", "month").await;
    let customer = sandbox.customer("pm_card_visa").await;
    let subscription = sandbox.subscribe(&customer, &starter).await;
    let path = format!("/v1/subscriptions/{}", text(&subscription["id"]));
    let start = subscription["created"].as_i64().unwrap().to_string();
    let form = [
        ("items[0][id]", item(&subscription)),
        ("items[0][price]", pro.as_str()),
        ("proration_date", start.as_str()),
    ];
    let changed = sandbox.post(&path, &form).await;
    assert_eq!(changed["latest_invoice"], subscription["latest_invoice"]);
    let waiting = sandbox.get(&format!("/v1/invoiceitems?customer={customer}&pending=true")).await;
    assert_eq!(waiting["data"].as_array().unwrap().len(), 2);
    sandbox.advance("1month").await;
    sandbox.advance("2h").await;
    let renewed = current(&sandbox, &subscription).await;
    assert_eq!(renewed["latest_invoice"]["total"], 2000 + 3000);
}

#[tokio::test]
async fn another_interval_starts_a_new_cycle_at_once() {
    let sandbox = Sandbox::start().await;
    let monthly = sandbox.price("Starter", "1000", "month").await;
    let yearly = sandbox.price("Starter", "10000", "year").await;
    let customer = sandbox.customer("pm_card_visa").await;
    let subscription = sandbox.subscribe(&customer, &monthly).await;
    let start = subscription["created"].as_i64().unwrap().to_string();
    let form = [
        ("items[0][id]", item(&subscription)),
        ("items[0][price]", yearly.as_str()),
        ("proration_date", start.as_str()),
    ];
    let path = format!("/v1/subscriptions/{}", text(&subscription["id"]));
    let changed = sandbox.post(&path, &form).await;
    assert!(period_end(&changed) - subscription["created"].as_i64().unwrap() > 364 * 86_400);
    let changed = current(&sandbox, &subscription).await;
    assert_eq!(changed["latest_invoice"]["total"], 10_000 - 1_000);
}

#[tokio::test]
async fn a_planned_end_is_told_taken_back_and_carried_out() {
    let sandbox = Sandbox::start().await;
    let price = sandbox.price("Starter", "900", "month").await;
    let customer = sandbox.customer("pm_card_visa").await;
    let subscription = sandbox.subscribe(&customer, &price).await;
    let path = format!("/v1/subscriptions/{}", text(&subscription["id"]));
    let ending = sandbox.post(&path, &[("cancel_at_period_end", "true")]).await;
    assert_eq!(ending["status"], "active");
    assert_eq!(ending["cancel_at"], period_end(&subscription));
    assert!(ending["canceled_at"].is_i64());
    let back = sandbox.post(&path, &[("cancel_at_period_end", "false")]).await;
    assert!(back["cancel_at"].is_null() && back["canceled_at"].is_null());

    sandbox.post(&path, &[("cancel_at_period_end", "true")]).await;
    sandbox.advance("1month").await;
    let ended = sandbox.get(&path).await;
    assert_eq!(ended["status"], "canceled");
    assert_eq!(ended["ended_at"], period_end(&subscription));
    let open = sandbox.get(&format!("/v1/subscriptions?customer={customer}")).await;
    assert!(open["data"].as_array().unwrap().is_empty());
    let all = sandbox.get(&format!("/v1/subscriptions?customer={customer}&status=all")).await;
    assert_eq!(all["data"].as_array().unwrap().len(), 1);
    let invoices = sandbox.get(&format!("/v1/invoices?customer={customer}")).await;
    assert_eq!(invoices["data"].as_array().unwrap().len(), 1, "nothing is charged after the end");
}

#[tokio::test]
async fn a_first_payment_that_never_comes_expires_the_subscription() {
    let sandbox = Sandbox::start().await;
    let price = sandbox.price("Starter", "900", "month").await;
    let customer = sandbox.post("/v1/customers", &[]).await;
    let customer = text(&customer["id"]);
    let form = [("customer", customer), ("items[0][price]", price.as_str())];
    let error = sandbox.refused("/v1/subscriptions", &form).await.error(400);
    assert_eq!(error["code"], "resource_missing");
    assert!(error.get("param").is_none());

    let form = [form[0], form[1], ("payment_behavior", "default_incomplete")];
    let waiting = sandbox.post("/v1/subscriptions", &form).await;
    assert_eq!(waiting["status"], "incomplete");
    sandbox.advance("23h").await;
    let expired = current(&sandbox, &waiting).await;
    assert_eq!(expired["status"], "incomplete_expired");
    assert_eq!(expired["latest_invoice"]["status"], "void");

    let paid = sandbox.post("/v1/subscriptions", &form).await;
    let pay = format!("/v1/invoices/{}/pay", text(&paid["latest_invoice"]));
    sandbox.post(&pay, &[("payment_method", "pm_card_visa")]).await;
    assert_eq!(current(&sandbox, &paid).await["status"], "active");
}

#[tokio::test]
async fn a_paused_collection_voids_its_invoices() {
    let sandbox = Sandbox::start().await;
    let price = sandbox.price("Starter", "900", "month").await;
    let customer = sandbox.customer("pm_card_visa").await;
    let subscription = sandbox.subscribe(&customer, &price).await;
    let path = format!("/v1/subscriptions/{}", text(&subscription["id"]));
    let paused = sandbox.post(&path, &[("pause_collection[behavior]", "void")]).await;
    assert_eq!(paused["status"], "active");
    sandbox.advance("1month").await;
    assert_eq!(current(&sandbox, &subscription).await["latest_invoice"]["status"], "void");
    let resumed = sandbox.post(&path, &[("pause_collection", "")]).await;
    assert!(resumed["pause_collection"].is_null());
}

#[tokio::test]
async fn subscription_items_come_and_go() {
    let sandbox = Sandbox::start().await;
    let price = sandbox.price("Starter", "900", "month").await;
    let extra = sandbox.price("Extra", "300", "month").await;
    let customer = sandbox.customer("pm_card_visa").await;
    let subscription = sandbox.subscribe(&customer, &price).await;
    let id = text(&subscription["id"]);
    let added =
        sandbox.post("/v1/subscription_items", &[("subscription", id), ("price", &extra)]).await;
    let list = format!("/v1/subscription_items?subscription={id}");
    assert_eq!(sandbox.get(&list).await["data"].as_array().unwrap().len(), 2);
    let path = format!("/v1/subscription_items/{}", text(&added["id"]));
    assert_eq!(sandbox.post(&path, &[("quantity", "3")]).await["quantity"], 3);
    assert_eq!(sandbox.delete(&path).await["deleted"], true);
    assert_eq!(sandbox.get(&list).await["data"].as_array().unwrap().len(), 1);
}
