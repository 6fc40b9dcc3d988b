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
        ["created", "updated", "updated", "expiring", "released", "completed"]
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

#[tokio::test]
async fn phases_carry_taxes_discounts_metadata_and_one_time_prices() {
    let sandbox = Sandbox::start().await;
    let starter = sandbox.price("Starter", "1000", "month").await;
    let ten = super::taxes::rate(&sandbox, "10", "false").await;
    let twenty = super::taxes::rate(&sandbox, "20", "false").await;
    let half = [("id", "half"), ("percent_off", "50"), ("duration", "forever")];
    sandbox.post("/v1/coupons", &half).await;
    let fee = [("currency", "usd"), ("unit_amount", "300"), ("product_data[name]", "Set-up")];
    let fee = sandbox.post("/v1/prices", &fee).await;
    let clock = clocks::clock_at(&sandbox, LAST_OF_JANUARY).await;
    let customer = clocks::customer_on(&sandbox, &clock).await;
    sandbox.post(&format!("/v1/customers/{customer}"), &[("address[country]", "DE")]).await;
    let form = [
        ("customer", customer.as_str()),
        ("start_date", "now"),
        ("end_behavior", "release"),
        ("phases[0][items][0][price]", &starter),
        ("phases[0][items][0][metadata][seat]", "a"),
        ("phases[0][iterations]", "1"),
        ("phases[0][default_tax_rates][0]", &ten),
        ("phases[0][discounts][0][coupon]", "half"),
        ("phases[0][metadata][phase]", "first"),
        ("phases[0][metadata][kept]", "yes"),
        ("phases[1][items][0][price]", &starter),
        ("phases[1][items][0][tax_rates][0]", &twenty),
        ("phases[1][iterations]", "1"),
        ("phases[1][metadata][phase]", "second"),
        ("phases[1][add_invoice_items][0][price]", text(&fee["id"])),
        ("phases[1][proration_behavior]", "none"),
        ("phases[2][items][0][price]", &starter),
        ("phases[2][iterations]", "1"),
        ("phases[2][automatic_tax][enabled]", "true"),
    ];
    let made = sandbox.post("/v1/subscription_schedules", &form).await;
    let path = format!("/v1/subscriptions/{}", text(&made["subscription"]));
    let first = sandbox.get(&path).await;
    assert_eq!(first["default_tax_rates"][0]["id"], ten.as_str());
    assert_eq!(first["metadata"], json!({ "phase": "first", "kept": "yes" }));
    assert_eq!(first["items"]["data"][0]["metadata"]["seat"], "a");
    let discount = text(&first["discounts"][0]).to_owned();

    clocks::advance(&sandbox, &clock, LAST_OF_JANUARY + 35 * DAY).await;
    let second = sandbox.get(&path).await;
    assert_eq!((&second["default_tax_rates"], &second["discounts"]), (&json!([]), &json!([])));
    assert_eq!(second["metadata"], json!({ "phase": "second", "kept": "yes" }));
    let item = &second["items"]["data"][0];
    assert_eq!(item["tax_rates"][0]["id"], twenty.as_str());
    assert_eq!(item["metadata"]["seat"], "a", "an item's metadata is added to");
    assert_eq!(
        sandbox.events_about(&discount).await,
        ["customer.discount.created", "customer.discount.deleted"]
    );
    clocks::advance(&sandbox, &clock, LAST_OF_JANUARY + 65 * DAY).await;
    let list = sandbox.get(&format!("/v1/invoices?customer={customer}")).await;
    let totals: Vec<&Value> =
        list["data"].as_array().unwrap().iter().map(|invoice| &invoice["total"]).collect();
    // Germany's 19 %; 20 % of the item, the set-up untaxed; 10 % of the half.
    assert_eq!(totals, [&json!(1190), &json!(1500), &json!(550)]);
}

#[tokio::test]
async fn a_canceled_schedule_gives_back_what_is_not_used_unless_it_is_told_not_to() {
    for (form, balance) in
        [(vec![], -1500), (vec![("prorate", "false")], 0), (vec![("invoice_now", "false")], 0)]
    {
        let subscriber = Subscriber::new().price("3000", "month").start().await;
        let sandbox = &subscriber.sandbox;
        let from = [("from_subscription", subscriber.id())];
        let made = sandbox.post("/v1/subscription_schedules", &from).await;
        subscriber.at((subscriber.started() + subscriber.first_end()) / 2).await;
        let path = format!("/v1/subscription_schedules/{}/cancel", text(&made["id"]));
        sandbox.post(&path, &form).await;
        assert_eq!(subscriber.customer().await["balance"], balance, "{form:?}");
    }
}

#[tokio::test]
async fn a_schedule_is_aborted_when_its_subscription_ends_unpaid() {
    let subscriber = Subscriber::new().card("pm_card_visa").start().await;
    let sandbox = &subscriber.sandbox;
    let pro = sandbox.price("Pro", "3000", "month").await;
    let from = [("from_subscription", subscriber.id())];
    let made = sandbox.post("/v1/subscription_schedules", &from).await;
    let path = format!("/v1/subscription_schedules/{}", text(&made["id"]));
    let (start, end) = (subscriber.started().to_string(), subscriber.first_end().to_string());
    let form = [
        ("phases[0][items][0][price]", subscriber.price.as_str()),
        ("phases[0][start_date]", &start),
        ("phases[0][end_date]", &end),
        ("phases[1][items][0][price]", &pro),
        ("phases[1][duration][interval]", "year"),
    ];
    sandbox.post(&path, &form).await;
    let method = sandbox
        .post(
            "/v1/payment_methods/pm_card_chargeCustomerFail/attach",
            &[("customer", &subscriber.customer)],
        )
        .await;
    let customer = format!("/v1/customers/{}", subscriber.customer);
    let form = [("invoice_settings[default_payment_method]", text(&method["id"]))];
    sandbox.post(&customer, &form).await;
    sandbox.advance("3months").await;
    assert_eq!(subscriber.now().await["status"], "canceled");
    assert_eq!(sandbox.get(&path).await["status"], "canceled");
    let told = sandbox.events_about(text(&made["id"])).await;
    assert_eq!(told.last().map(String::as_str), Some("subscription_schedule.aborted"), "{told:?}");
}
