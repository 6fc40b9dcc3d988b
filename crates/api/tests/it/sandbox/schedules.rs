//! Subscription schedules: phases that the clock moves on.

use serde_json::{Value, json};

use super::{Sandbox, clocks, subscriber::Subscriber, text};

/// 2027-01-31T12:00:00Z
const LAST_OF_JANUARY: i64 = 1_801_396_800;
const DAY: i64 = 86_400;

async fn schedule(sandbox: &Sandbox, schedule: &Value) -> Value {
    let path = format!("/v1/subscription_schedules/{}", text(&schedule["id"]));
    sandbox.get(&format!("{path}?expand[]=subscription")).await
}

#[tokio::test]
async fn phases_follow_each_other_and_let_the_subscription_go() {
    let sandbox = Sandbox::start().await;
    let starter = sandbox.price("Starter", "1000", "month").await;
    let pro = sandbox.price("Pro", "3000", "month").await;
    let clock = clocks::clock_at(&sandbox, LAST_OF_JANUARY).await;
    let customer = clocks::customer_on(&sandbox, &clock).await;
    let tomorrow = (LAST_OF_JANUARY + DAY).to_string();
    let form = [
        ("customer", customer.as_str()),
        ("start_date", &tomorrow),
        ("end_behavior", "release"),
        ("phases[0][items][0][price]", &starter),
        ("phases[0][duration][interval]", "month"),
        ("phases[0][duration][interval_count]", "2"),
        ("phases[1][items][0][price]", &pro),
        ("phases[1][items][0][quantity]", "2"),
        ("phases[1][duration][interval]", "month"),
    ];
    let made = sandbox.post("/v1/subscription_schedules", &form).await;
    assert_eq!((text(&made["status"]), &made["subscription"]), ("not_started", &Value::Null));
    assert_eq!(made["phases"][1]["start_date"], made["phases"][0]["end_date"]);

    clocks::advance(&sandbox, &clock, LAST_OF_JANUARY + 35 * DAY).await;
    let first = schedule(&sandbox, &made).await;
    assert_eq!(first["status"], "active");
    assert_eq!(first["current_phase"]["start_date"], LAST_OF_JANUARY + DAY);
    assert_eq!(first["subscription"]["items"]["data"][0]["price"]["id"], starter.as_str());
    assert_eq!(first["subscription"]["schedule"], made["id"]);

    clocks::advance(&sandbox, &clock, LAST_OF_JANUARY + 95 * DAY).await;
    let over = schedule(&sandbox, &made).await;
    assert_eq!((text(&over["status"]), &over["subscription"]), ("released", &Value::Null));
    let list = sandbox.get(&format!("/v1/invoices?customer={customer}")).await;
    let totals: Vec<&Value> =
        list["data"].as_array().unwrap().iter().map(|invoice| &invoice["total"]).collect();
    assert_eq!(totals, [&json!(6000), &json!(6000), &json!(1000), &json!(1000)]);
    assert_eq!(
        sandbox.events_about(text(&made["id"])).await,
        ["created", "updated", "updated", "released", "completed"]
            .map(|word| format!("subscription_schedule.{word}"))
    );
}

#[tokio::test]
async fn a_schedule_of_a_subscription_changes_it_at_the_periods_end() {
    let subscriber = Subscriber::new().price("1000", "month").start().await;
    let sandbox = &subscriber.sandbox;
    let pro = sandbox.price("Pro", "3000", "month").await;
    let from = [("from_subscription", subscriber.id())];
    let made = sandbox.post("/v1/subscription_schedules", &from).await;
    assert_eq!(made["phases"][0]["end_date"], subscriber.first_end());
    sandbox.refused("/v1/subscription_schedules", &from).await.error(400);
    let path = format!("/v1/subscription_schedules/{}", text(&made["id"]));
    let (start, end) = (subscriber.started().to_string(), subscriber.first_end().to_string());
    let form = [
        ("phases[0][items][0][price]", subscriber.price.as_str()),
        ("phases[0][start_date]", &start),
        ("phases[0][end_date]", &end),
        ("phases[1][items][0][price]", &pro),
        ("phases[1][duration][interval]", "month"),
        ("end_behavior", "cancel"),
    ];
    let updated = sandbox.post(&path, &form).await;
    assert_eq!(updated["phases"].as_array().unwrap().len(), 2);
    sandbox.advance("1month").await;
    assert_eq!(subscriber.totals().await, [1000, 3000]);
    sandbox.advance("1month").await;
    assert_eq!(schedule(sandbox, &made).await["status"], "completed");
    assert_eq!(subscriber.now().await["status"], "canceled");
    assert_eq!(subscriber.totals().await, [1000, 3000]);
}

#[tokio::test]
async fn schedules_are_released_and_cancelled_once() {
    let subscriber = Subscriber::new().start().await;
    let sandbox = &subscriber.sandbox;
    let from = [("from_subscription", subscriber.id())];
    let made = sandbox.post("/v1/subscription_schedules", &from).await;
    let path = format!("/v1/subscription_schedules/{}", text(&made["id"]));
    let released = sandbox.post(&format!("{path}/release"), &[]).await;
    assert_eq!(text(&released["released_subscription"]), subscriber.id());
    assert_eq!(subscriber.now().await["schedule"], Value::Null);
    sandbox.refused(&format!("{path}/release"), &[]).await.error(400);

    let again = sandbox.post("/v1/subscription_schedules", &from).await;
    let path = format!("/v1/subscription_schedules/{}", text(&again["id"]));
    assert_eq!(sandbox.post(&format!("{path}/cancel"), &[]).await["status"], "canceled");
    assert_eq!(subscriber.now().await["status"], "canceled");
    assert_eq!(
        sandbox.events_about(text(&again["id"])).await,
        ["subscription_schedule.created", "subscription_schedule.canceled"]
    );
}
