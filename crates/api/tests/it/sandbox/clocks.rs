//! Test clocks: customers who live on a time of their own.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Sandbox, text};

/// 2027-01-31T12:00:00Z
const LAST_OF_JANUARY: i64 = 1_801_396_800;
const DAY: i64 = 86_400;

async fn clock(sandbox: &Sandbox) -> String {
    clock_at(sandbox, LAST_OF_JANUARY).await
}

pub async fn clock_at(sandbox: &Sandbox, time: i64) -> String {
    let text_of_time = time.to_string();
    let form = [("frozen_time", text_of_time.as_str()), ("name", "Renewals")];
    let made = sandbox.post("/v1/test_helpers/test_clocks", &form).await;
    assert_eq!((text(&made["status"]), &made["frozen_time"]), ("ready", &time.into()));
    text(&made["id"]).to_owned()
}

/// Moves a clock and asks, as clients do, until it is ready.
pub async fn advance(sandbox: &Sandbox, clock: &str, time: i64) {
    let path = format!("/v1/test_helpers/test_clocks/{clock}");
    let time = time.to_string();
    let moving = sandbox.post(&format!("{path}/advance"), &[("frozen_time", &time)]).await;
    assert_eq!(moving["status"], "advancing");
    while sandbox.get(&path).await["status"] != "ready" {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub async fn customer_on(sandbox: &Sandbox, clock: &str) -> String {
    let form = [
        ("test_clock", clock),
        ("payment_method", "pm_card_visa"),
        ("invoice_settings[default_payment_method]", "pm_card_visa"),
    ];
    text(&sandbox.post("/v1/customers", &form).await["id"]).to_owned()
}

#[tokio::test]
async fn a_clock_moves_its_customers_and_nobody_else() {
    let sandbox = Sandbox::start().await;
    let price = sandbox.price("Starter", "900", "month").await;
    let clock = clock(&sandbox).await;
    let timed = customer_on(&sandbox, &clock).await;
    let other = sandbox.customer("pm_card_visa").await;
    let subscription = sandbox.subscribe(&timed, &price).await;
    sandbox.subscribe(&other, &price).await;
    assert_eq!(subscription["created"], LAST_OF_JANUARY);
    assert_eq!(text(&subscription["test_clock"]), clock);

    advance(&sandbox, &clock, LAST_OF_JANUARY + 62 * DAY).await;
    let invoices = sandbox.get(&format!("/v1/invoices?customer={timed}")).await;
    let created: Vec<&Value> =
        invoices["data"].as_array().unwrap().iter().map(|invoice| &invoice["created"]).collect();
    // The last days of February and March.
    assert_eq!(
        created,
        [
            &json!(LAST_OF_JANUARY + 59 * DAY),
            &json!(LAST_OF_JANUARY + 28 * DAY),
            &json!(LAST_OF_JANUARY)
        ]
    );
    assert!(invoices["data"].as_array().unwrap().iter().all(|invoice| invoice["status"] == "paid"));
    let others = sandbox.get(&format!("/v1/invoices?customer={other}")).await;
    assert_eq!(others["data"].as_array().unwrap().len(), 1);
    assert_eq!(
        sandbox.events_about(&clock).await,
        [
            "test_helpers.test_clock.created",
            "test_helpers.test_clock.advancing",
            "test_helpers.test_clock.ready"
        ]
    );
}

#[tokio::test]
async fn events_are_stamped_with_real_time_and_their_objects_with_the_clocks() {
    let sandbox = Sandbox::start().await;
    let price = sandbox.price("Starter", "900", "month").await;
    let clock = clock(&sandbox).await;
    let customer = customer_on(&sandbox, &clock).await;
    sandbox.subscribe(&customer, &price).await;
    let begun = sandbox.now().await;
    advance(&sandbox, &clock, LAST_OF_JANUARY + 35 * DAY).await;
    let renewal = sandbox.get("/v1/events?type=invoice.paid").await["data"][0].clone();
    assert_eq!(renewal["data"]["object"]["created"], LAST_OF_JANUARY + 28 * DAY);
    let stamp = renewal["created"].as_i64().unwrap();
    assert!((begun..=sandbox.now().await).contains(&stamp), "{stamp}");
    // So they are found by when they were made.
    let since = format!("/v1/events?type=invoice.paid&created[gte]={begun}");
    assert_eq!(sandbox.get(&since).await["data"][0], renewal);
}

#[tokio::test]
async fn the_sandboxs_clock_leaves_a_test_clock_alone() {
    let sandbox = Sandbox::start().await;
    let price = sandbox.price("Starter", "900", "month").await;
    let clock = clock(&sandbox).await;
    let customer = customer_on(&sandbox, &clock).await;
    sandbox.subscribe(&customer, &price).await;
    sandbox.advance("3months").await;
    let invoices = sandbox.get(&format!("/v1/invoices?customer={customer}")).await;
    assert_eq!(invoices["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_clock_only_goes_ahead_and_takes_its_customers_with_it() {
    let sandbox = Sandbox::start().await;
    let price = sandbox.price("Starter", "900", "month").await;
    let clock = clock(&sandbox).await;
    let customer = customer_on(&sandbox, &clock).await;
    let subscription = sandbox.subscribe(&customer, &price).await;
    let path = format!("/v1/test_helpers/test_clocks/{clock}");
    let same = LAST_OF_JANUARY.to_string();
    let error = sandbox.refused(&format!("{path}/advance"), &[("frozen_time", &same)]).await;
    assert_eq!(error.error(400)["param"], "frozen_time");

    let listed = sandbox.get("/v1/customers").await;
    assert!(listed["data"].as_array().unwrap().is_empty(), "they are listed by their clock alone");
    let listed = sandbox.get(&format!("/v1/customers?test_clock={clock}")).await;
    assert_eq!(listed["data"][0]["id"], customer.as_str());
    assert_eq!(sandbox.delete(&path).await["deleted"], true);
    assert_eq!(sandbox.get(&format!("/v1/customers/{customer}")).await["deleted"], true);
    let ended = sandbox.get(&format!("/v1/subscriptions/{}", text(&subscription["id"]))).await;
    assert_eq!((text(&ended["status"]), &ended["ended_at"]), ("canceled", &LAST_OF_JANUARY.into()));
}
