//! Invoices that are only asked for: of what comes, of changes, of new subscriptions and of schedules.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Sandbox, clocks, subscriber::Subscriber, taxes, text};

const OLD: [(&str, &str); 1] = [("Stripe-Version", "2023-10-16")];
/// 2027-01-31T12:00:00Z
const LAST_OF_JANUARY: i64 = 1_801_396_800;
const DAY: i64 = 86_400;

async fn preview(sandbox: &Sandbox, form: &[(&str, &str)]) -> Value {
    sandbox.post("/v1/invoices/create_preview", form).await
}

async fn old(sandbox: &Sandbox, path: &str) -> Value {
    let answer = sandbox.send(Method::GET, path, &[], &OLD).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.json()
}

#[tokio::test]
async fn the_next_invoice_is_found_by_the_customer_alone() {
    let subscriber = Subscriber::new().price("1000", "month").start().await;
    let sandbox = &subscriber.sandbox;
    let next = preview(sandbox, &[("customer", &subscriber.customer)]).await;
    assert!(text(&next["id"]).starts_with("upcoming_in_"));
    assert_eq!(next["lines"]["data"][0]["invoice"], next["id"]);
    assert_eq!(next["parent"]["subscription_details"]["subscription"], subscriber.id());
    assert_eq!(
        json!([next["total"], next["period_start"], next["period_end"]]),
        json!([1000, subscriber.started(), subscriber.first_end()])
    );
    let nobody = sandbox.customer("pm_card_visa").await;
    let none = sandbox.refused("/v1/invoices/create_preview", &[("customer", &nobody)]).await;
    assert_eq!(none.error(404)["code"], "invoice_upcoming_none");
    let none = sandbox.refused("/v1/invoices/create_preview", &[]).await.error(400);
    assert_eq!(none["param"], "customer");
    let form = [("customer", nobody.as_str()), ("subscription", subscriber.id())];
    let error = sandbox.refused("/v1/invoices/create_preview", &form).await.error(400);
    assert_eq!(error["param"], "subscription");
}

#[tokio::test]
async fn versions_before_basil_ask_for_the_upcoming_invoice() {
    let subscriber = Subscriber::new().price("1000", "month").start().await;
    let sandbox = &subscriber.sandbox;
    let customer = &subscriber.customer;
    let path = format!("/v1/invoices/upcoming?customer={customer}");
    let next = old(sandbox, &path).await;
    assert_eq!((&next["total"], next.get("id")), (&json!(1000), None));
    assert_eq!((&next["subscription"], &next["paid"]), (&json!(subscriber.id()), &json!(false)));
    let url = format!("/v1/invoices/upcoming/lines?customer={customer}");
    assert_eq!(next["lines"]["url"], url);
    let lines = old(sandbox, &url).await;
    assert_eq!((&lines["url"], lines["data"].as_array().unwrap().len()), (&json!(url), 1));
    assert_eq!(lines["data"][0]["price"]["id"], subscriber.price);

    let pro = sandbox.price("Pro", "3000", "month").await;
    let middle = (subscriber.started() + subscriber.first_end()) / 2;
    let changed = format!(
        "{path}&subscription={}&subscription_items[0][id]={}&subscription_items[0][price]={pro}\
         &subscription_proration_date={middle}",
        subscriber.id(),
        subscriber.item()
    );
    let next = old(sandbox, &changed).await;
    assert_eq!(
        (&next["total"], &next["subscription_proration_date"]),
        (&json!(4000), &middle.into())
    );
    assert_eq!(
        old(sandbox, &format!("{changed}&subscription_proration_behavior=none")).await["total"],
        3000
    );

    sandbox.post("/v1/coupons", &[("id", "half"), ("percent_off", "50")]).await;
    assert_eq!(old(sandbox, &format!("{path}&coupon=half")).await["total"], 500);
    // Nothing of it is left.
    assert_eq!(sandbox.get("/v1/coupons/half").await["times_redeemed"], 0);
    assert_eq!(sandbox.get("/v1/invoiceitems").await["data"], json!([]));
    assert_eq!(
        sandbox.get(&format!("/v1/invoices?customer={customer}")).await["data"][1],
        Value::Null
    );
    assert_eq!(subscriber.now().await["items"], subscriber.subscription["items"]);
    assert_eq!(old(sandbox, &path).await["total"], 1000);

    let unknown = sandbox.send(Method::GET, &format!("{path}&colour=red"), &[], &OLD).await;
    assert_eq!(unknown.error(400)["param"], "colour");
    let since_basil = sandbox.send(Method::GET, &path, &[], &[]).await.error(404);
    assert_eq!(since_basil["message"], "No such invoice: 'upcoming'");
}

#[tokio::test]
async fn invoice_items_are_tried_out_and_changed_without_being_made() {
    let sandbox = Sandbox::start().await;
    let twenty = taxes::rate(&sandbox, "20", "false").await;
    sandbox.post("/v1/coupons", &[("id", "half"), ("percent_off", "50")]).await;
    let subscriber = Subscriber::new().price("1000", "month").start_in(sandbox).await;
    let sandbox = &subscriber.sandbox;
    let customer = subscriber.customer.as_str();
    let waiting = [("customer", customer), ("amount", "200"), ("currency", "usd")];
    let waiting = sandbox.post("/v1/invoiceitems", &waiting).await;
    let fonts = sandbox
        .post(
            "/v1/prices",
            &[("currency", "usd"), ("unit_amount", "70"), ("product_data[name]", "Font")],
        )
        .await;
    let form = [
        ("subscription", subscriber.id()),
        ("invoice_items[0][amount]", "500"),
        ("invoice_items[0][currency]", "usd"),
        ("invoice_items[0][discounts][0][coupon]", "half"),
        ("invoice_items[0][description]", "Set-up"),
        ("invoice_items[1][invoiceitem]", text(&waiting["id"])),
        ("invoice_items[1][amount]", "300"),
        ("invoice_items[2][price]", text(&fonts["id"])),
        ("invoice_items[2][quantity]", "10"),
        ("invoice_items[2][tax_rates][0]", &twenty),
    ];
    let next = preview(sandbox, &form).await;
    let lines = next["lines"]["data"].as_array().unwrap();
    let mut amounts: Vec<_> = lines.iter().map(|line| line["amount"].as_i64().unwrap()).collect();
    amounts.sort_unstable();
    assert_eq!(amounts, [300, 500, 700, 1000]);
    assert_eq!((&next["total"], &next["total_taxes"][0]["amount"]), (&json!(2390), &json!(140)));
    // As they were.
    let left = sandbox.get(&format!("/v1/invoiceitems?customer={customer}")).await;
    assert_eq!((left["data"].as_array().unwrap().len(), &left["data"][0]), (1, &waiting));

    let nobody = sandbox.customer("pm_card_visa").await;
    let alone = [
        ("customer", nobody.as_str()),
        ("invoice_items[0][amount]", "900"),
        ("invoice_items[0][currency]", "eur"),
    ];
    let alone = preview(sandbox, &alone).await;
    assert_eq!(
        (&alone["total"], &alone["currency"], &alone["parent"]),
        (&json!(900), &json!("eur"), &Value::Null)
    );
    let error = [("customer", nobody.as_str()), ("invoice_items[0][invoiceitem]", "ii_1")];
    let error = sandbox.refused("/v1/invoices/create_preview", &error).await.error(400);
    assert_eq!(error["param"], "invoice_items[0][invoiceitem]");
}

#[tokio::test]
async fn somebody_who_is_not_there_yet_is_taxed_where_they_would_be() {
    let sandbox = Sandbox::start().await;
    let price = sandbox.price("Starter", "1000", "month").await;
    let form = [
        ("subscription_details[items][0][price]", price.as_str()),
        ("customer_details[address][country]", "DE"),
        ("automatic_tax[enabled]", "true"),
    ];
    let first = preview(&sandbox, &form).await;
    assert_eq!((&first["total"], &first["total_taxes"][0]["amount"]), (&json!(1190), &json!(190)));
    assert_eq!(first["parent"], Value::Null);
    let mut exempt = form.to_vec();
    exempt.push(("customer_details[tax_exempt]", "exempt"));
    assert_eq!(preview(&sandbox, &exempt).await["total"], 1000);
    assert_eq!(sandbox.get("/v1/customers").await["data"], json!([]));
    assert_eq!(sandbox.get("/v1/subscriptions?status=all").await["data"], json!([]));
}

#[tokio::test]
async fn the_end_of_a_subscription_has_an_invoice_only_if_something_waits() {
    let subscriber = Subscriber::new().price("3000", "month").start().await;
    let sandbox = &subscriber.sandbox;
    let ending =
        [("subscription", subscriber.id()), ("subscription_details[cancel_at_period_end]", "true")];
    let none = sandbox.refused("/v1/invoices/create_preview", &ending).await.error(404);
    assert_eq!(none["code"], "invoice_upcoming_none");
    subscriber.at((subscriber.started() + subscriber.first_end()) / 2).await;
    let now = [("subscription", subscriber.id()), ("subscription_details[cancel_now]", "true")];
    let last = preview(sandbox, &now).await;
    assert_eq!(last["total"], -1500);
    assert_eq!(subscriber.now().await["status"], "active");
    let waiting =
        [("customer", subscriber.customer.as_str()), ("amount", "200"), ("currency", "usd")];
    sandbox.post("/v1/invoiceitems", &waiting).await;
    assert_eq!(preview(sandbox, &ending).await["total"], 200);
}

/// A schedule of two months' `cheap`, taxed by `rate`, and then two of `dear` at half price.
fn phases<'a>(cheap: &'a str, dear: &'a str, rate: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("[0][items][0][price]", cheap),
        ("[0][duration][interval]", "month"),
        ("[0][default_tax_rates][0]", rate),
        ("[1][items][0][price]", dear),
        ("[1][items][0][quantity]", "2"),
        ("[1][discounts][0][coupon]", "half"),
        ("[1][duration][interval]", "month"),
    ]
}

fn named<'a>(hash: &str, phases: &[(&str, &'a str)]) -> Vec<(String, &'a str)> {
    phases.iter().map(|(name, value)| (format!("{hash}{name}"), *value)).collect()
}

fn form<'a>(named: &'a [(String, &'a str)]) -> Vec<(&'a str, &'a str)> {
    named.iter().map(|(name, value)| (name.as_str(), *value)).collect()
}

#[tokio::test]
async fn schedules_cost_what_their_previews_say() {
    let sandbox = Sandbox::start().await;
    let cheap = sandbox.price("Starter", "1000", "month").await;
    let dear = sandbox.price("Pro", "3000", "month").await;
    let ten = taxes::rate(&sandbox, "10", "false").await;
    let half = [("id", "half"), ("percent_off", "50"), ("duration", "forever")];
    sandbox.post("/v1/coupons", &half).await;
    let clock = clocks::clock_at(&sandbox, LAST_OF_JANUARY).await;
    let customer = clocks::customer_on(&sandbox, &clock).await;
    let given = phases(&cheap, &dear, &ten);

    let asked = named("schedule_details[phases]", &given);
    let mut asked = form(&asked);
    asked.push(("customer", &customer));
    let first = preview(&sandbox, &asked).await;
    assert_eq!((&first["total"], &first["parent"]), (&json!(1100), &Value::Null));
    assert_eq!(sandbox.get("/v1/subscription_schedules").await["data"], json!([]));

    let made = named("phases", &given);
    let mut made = form(&made);
    made.extend([
        ("customer", customer.as_str()),
        ("start_date", "now"),
        ("end_behavior", "cancel"),
    ]);
    let made = sandbox.post("/v1/subscription_schedules", &made).await;
    assert_eq!(made["phases"][0]["default_tax_rates"][0]["id"], ten.as_str());
    let schedule = text(&made["id"]);
    let totals = || async {
        let list = sandbox.get(&format!("/v1/invoices?customer={customer}")).await;
        let invoices = list["data"].as_array().unwrap().iter().rev();
        invoices.map(|invoice| invoice["total"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(totals().await, [1100]);

    // Two of the dear ones, at half price and without the first phase's tax.
    for of in [("schedule", schedule), ("subscription", text(&made["subscription"]))] {
        assert_eq!(preview(&sandbox, &[of]).await["total"], 3000, "{of:?}");
    }
    let tripled = named("schedule_details[phases]", &given);
    let mut tripled = form(&tripled);
    tripled.iter_mut().filter(|(_, value)| *value == "2").for_each(|(_, value)| *value = "3");
    tripled.push(("schedule", schedule));
    let start = LAST_OF_JANUARY.to_string();
    tripled.push(("schedule_details[phases][0][start_date]", &start));
    assert_eq!(preview(&sandbox, &tripled).await["total"], 4500);
    let found = sandbox.get(&format!("/v1/subscription_schedules/{schedule}")).await;
    assert_eq!(found, made, "it is as it was");

    clocks::advance(&sandbox, &clock, LAST_OF_JANUARY + 35 * DAY).await;
    assert_eq!(totals().await, [1100, 3000]);
    let none = sandbox.refused("/v1/invoices/create_preview", &[("schedule", schedule)]).await;
    assert_eq!(none.error(404)["code"], "invoice_upcoming_none");
    let both = [("schedule", schedule), ("subscription", text(&made["subscription"]))];
    let both = sandbox.refused("/v1/invoices/create_preview", &both).await.error(400);
    assert_eq!(both["param"], "schedule");
}
