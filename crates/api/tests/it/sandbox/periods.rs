//! Periods and amounts at their edges: short months, leap years, currencies without cents and with three decimals,
//! planned ends, and the invoice that is told of before it is made.

use serde_json::Value;

use super::{Sandbox, clocks, subscriber::Subscriber, text};

const DAY: i64 = 86_400;
/// 2028-02-29T08:00:00Z, a day that three years of four lack.
const LEAP_DAY: i64 = 1_835_424_000;

/// A subscription to a price of `amount` each `interval` in a currency, on a clock that starts at `time`.
async fn on_clock(
    sandbox: &Sandbox,
    time: i64,
    amount: &str,
    interval: &str,
    currency: &str,
) -> (String, Value) {
    let product = sandbox.post("/v1/products", &[("name", "Plan")]).await;
    let form = [
        ("product", text(&product["id"])),
        ("currency", currency),
        ("unit_amount", amount),
        ("recurring[interval]", interval),
    ];
    let price = sandbox.post("/v1/prices", &form).await;
    let clock = clocks::clock_at(sandbox, time).await;
    let customer = clocks::customer_on(sandbox, &clock).await;
    let subscription = sandbox.subscribe(&customer, text(&price["id"])).await;
    (clock, subscription)
}

async fn current(sandbox: &Sandbox, subscription: &Value) -> Value {
    sandbox.get(&format!("/v1/subscriptions/{}", text(&subscription["id"]))).await
}

#[tokio::test]
async fn a_year_from_a_leap_day_ends_on_the_last_of_february() {
    let sandbox = Sandbox::start().await;
    let (clock, subscription) = on_clock(&sandbox, LEAP_DAY, "1000", "year", "usd").await;
    let mut ends = Vec::new();
    for year in 1..=4 {
        let now = current(&sandbox, &subscription).await;
        ends.push(now["items"]["data"][0]["current_period_end"].as_i64().unwrap());
        clocks::advance(&sandbox, &clock, LEAP_DAY + year * 366 * DAY).await;
    }
    // 28 February of 2029, 2030 and 2031, then 29 February 2032.
    let days = [365, 2 * 365, 3 * 365, 4 * 365 + 1].map(|days| LEAP_DAY + days * DAY);
    assert_eq!(ends, days);
}

#[tokio::test]
async fn currencies_keep_their_smallest_units() {
    let sandbox = Sandbox::start().await;
    for (currency, shown) in [("jpy", "¥1500"), ("kwd", "1.500 KWD"), ("usd", "$15.00")] {
        let (clock, subscription) = on_clock(&sandbox, LEAP_DAY, "1500", "month", currency).await;
        // 15 of the 29 days from 29 February to 29 March.
        clocks::advance(&sandbox, &clock, LEAP_DAY + 14 * DAY).await;
        let path = format!("/v1/subscriptions/{}", text(&subscription["id"]));
        let form = [
            ("items[0][id]", text(&subscription["items"]["data"][0]["id"])),
            ("items[0][quantity]", "2"),
            ("proration_behavior", "always_invoice"),
            ("expand[]", "latest_invoice"),
        ];
        let changed = sandbox.post(&path, &form).await;
        let invoice = &changed["latest_invoice"];
        // 3000 × 15/29 − 1500 × 15/29, each rounded: 1552 − 776.
        assert_eq!((&invoice["total"], text(&invoice["currency"])), (&776.into(), currency));
        let list = format!("/v1/invoices?subscription={}", text(&subscription["id"]));
        let first = &sandbox.get(&list).await["data"][1];
        let line = text(&first["lines"]["data"][0]["description"]);
        assert!(line.contains(shown), "{line}");
    }
}

#[tokio::test]
async fn an_end_in_the_middle_of_a_period_is_kept_to_the_second() {
    let subscriber = Subscriber::new().start().await;
    let end = subscriber.started() + 10 * DAY;
    let planned = subscriber.update(&[("cancel_at", &end.to_string())]).await;
    assert_eq!(
        (&planned["cancel_at"], &planned["cancel_at_period_end"]),
        (&end.into(), &false.into())
    );
    subscriber.at(end - 1).await;
    assert_eq!(subscriber.now().await["status"], "active");
    subscriber.at(end).await;
    let ended = subscriber.now().await;
    assert_eq!((text(&ended["status"]), &ended["ended_at"]), ("canceled", &end.into()));
}

#[tokio::test]
async fn the_next_invoice_is_told_of_a_week_ahead_and_only_when_it_comes() {
    let sandbox = Sandbox::start().await;
    let start = LEAP_DAY + DAY;
    let (clock, subscription) = on_clock(&sandbox, start, "1500", "month", "usd").await;
    let told = async || sandbox.get("/v1/events?type=invoice.upcoming").await["data"].clone();
    clocks::advance(&sandbox, &clock, start + 23 * DAY).await;
    assert_eq!(told().await.as_array().unwrap().len(), 0);
    clocks::advance(&sandbox, &clock, start + 24 * DAY).await;
    let events = told().await;
    let upcoming = &events[0]["data"]["object"];
    assert_eq!((&upcoming["amount_due"], upcoming.get("id")), (&1500.into(), None));
    assert_eq!(upcoming["lines"]["data"][0]["period"]["start"], start + 31 * DAY);

    clocks::advance(&sandbox, &clock, start + 40 * DAY).await;
    let path = format!("/v1/subscriptions/{}", text(&subscription["id"]));
    sandbox.post(&path, &[("cancel_at_period_end", "true")]).await;
    clocks::advance(&sandbox, &clock, start + 70 * DAY).await;
    assert_eq!(told().await.as_array().unwrap().len(), 1, "none comes after the end");
}
