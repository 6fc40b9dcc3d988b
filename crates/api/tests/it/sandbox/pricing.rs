//! Prices of which two do not cost twice what one does: fractions, packages and tiers.

use serde_json::{Value, json};

use super::{Sandbox, VISA, card, subscriber::Subscriber, text};

/// A monthly price made of these parameters.
pub async fn price(sandbox: &Sandbox, form: &[(&str, &str)]) -> String {
    let product = sandbox.post("/v1/products", &[("name", "Fonts")]).await;
    let mut all = vec![
        ("product", text(&product["id"])),
        ("currency", "usd"),
        ("recurring[interval]", "month"),
    ];
    all.extend(form);
    text(&sandbox.post("/v1/prices", &all).await["id"]).to_owned()
}

/// Stripe's own example: 1 to 5 at 7.00, 6 to 10 at 6.50, from 11 on at 6.00, with a flat fee for the second tier.
pub fn fonts(mode: &str) -> Vec<(&str, &str)> {
    vec![
        ("billing_scheme", "tiered"),
        ("tiers_mode", mode),
        ("tiers[0][up_to]", "5"),
        ("tiers[0][unit_amount]", "700"),
        ("tiers[1][up_to]", "10"),
        ("tiers[1][unit_amount_decimal]", "650.0"),
        ("tiers[1][flat_amount]", "1000"),
        ("tiers[2][up_to]", "inf"),
        ("tiers[2][unit_amount]", "600"),
    ]
}

async fn subscribed(sandbox: &Sandbox, price: &str, quantity: &str) -> Value {
    let customer = sandbox.customer("pm_card_visa").await;
    let form = [
        ("customer", customer.as_str()),
        ("items[0][price]", price),
        ("items[0][quantity]", quantity),
        ("expand[]", "latest_invoice"),
    ];
    sandbox.post("/v1/subscriptions", &form).await
}

#[tokio::test]
async fn fractions_of_a_minor_unit_are_exact_until_they_are_charged() {
    let sandbox = Sandbox::start().await;
    let fraction = price(&sandbox, &[("unit_amount_decimal", "0.350")]).await;
    let shown = sandbox.get(&format!("/v1/prices/{fraction}")).await;
    assert_eq!(
        (&shown["unit_amount"], &shown["unit_amount_decimal"]),
        (&Value::Null, &json!("0.35"))
    );
    let subscription = subscribed(&sandbox, &fraction, "1000").await;
    let line = &subscription["latest_invoice"]["lines"]["data"][0];
    assert_eq!((&line["amount"], &line["quantity"]), (&json!(350), &json!(1000)));
    assert_eq!(line["pricing"]["unit_amount_decimal"], "0.35");
    assert_eq!(line["description"], "1000 × Fonts (at $0.0035 / month)");
    let whole = price(&sandbox, &[("unit_amount_decimal", "900.00")]).await;
    let whole = sandbox.get(&format!("/v1/prices/{whole}")).await;
    assert_eq!(
        (&whole["unit_amount"], &whole["unit_amount_decimal"]),
        (&json!(900), &json!("900"))
    );
}

#[tokio::test]
async fn packages_are_charged_whole() {
    let sandbox = Sandbox::start().await;
    let packages = price(
        &sandbox,
        &[
            ("unit_amount", "500"),
            ("transform_quantity[divide_by]", "10"),
            ("transform_quantity[round]", "up"),
        ],
    )
    .await;
    for (quantity, expected) in [("10", 500), ("11", 1_000)] {
        let subscription = subscribed(&sandbox, &packages, quantity).await;
        assert_eq!(subscription["latest_invoice"]["total"], expected, "{quantity}");
    }
}

#[tokio::test]
async fn tiers_decide_what_invoices_come_to_and_have_lines_of_their_own() {
    let sandbox = Sandbox::start().await;
    for (mode, quantity, expected) in [
        ("graduated", "5", json!([[5, 3500]])),
        ("graduated", "6", json!([[5, 3500], [1, 650], [1, 1000]])),
        ("graduated", "12", json!([[5, 3500], [5, 3250], [1, 1000], [2, 1200]])),
        ("volume", "5", json!([[5, 3500]])),
        ("volume", "6", json!([[6, 3900], [1, 1000]])),
        ("volume", "12", json!([[12, 7200]])),
    ] {
        let tiered = price(&sandbox, &fonts(mode)).await;
        let subscription = subscribed(&sandbox, &tiered, quantity).await;
        let lines = subscription["latest_invoice"]["lines"]["data"].as_array().unwrap();
        let found: Vec<_> =
            lines.iter().map(|line| json!([line["quantity"], line["amount"]])).collect();
        assert_eq!(json!(found), expected, "{mode} {quantity}");
        let path = format!(
            "/v1/subscriptions/{}?expand[]=items.data.price.tiers",
            text(&subscription["id"])
        );
        let tiers = &sandbox.get(&path).await["items"]["data"][0]["price"]["tiers"];
        assert_eq!((&tiers[1]["unit_amount"], &tiers[2]["up_to"]), (&json!(650), &Value::Null));
        assert!(subscription["items"]["data"][0]["price"]["tiers"].is_null());
    }
}

#[tokio::test]
async fn changes_of_a_tiered_quantity_are_prorated_by_what_the_wholes_cost() {
    let sandbox = Sandbox::start().await;
    let tiered = price(&sandbox, &fonts("volume")).await;
    let pro = subscribed(&sandbox, &tiered, "5").await;
    let item = &pro["items"]["data"][0];
    let time = |name: &str| item[name].as_i64().unwrap();
    let middle = (time("current_period_start") + time("current_period_end")) / 2;
    let form = [
        ("items[0][id]", text(&item["id"])),
        ("items[0][quantity]", "20"),
        ("proration_behavior", "always_invoice"),
        ("proration_date", &middle.to_string()),
        ("expand[]", "latest_invoice"),
    ];
    let changed = sandbox.post(&format!("/v1/subscriptions/{}", text(&pro["id"])), &form).await;
    let lines = changed["latest_invoice"]["lines"]["data"].as_array().unwrap();
    let amounts: Vec<_> = lines.iter().map(|line| line["amount"].as_i64().unwrap()).collect();
    assert_eq!(amounts, [-1750, 6000]);
}

#[tokio::test]
async fn tiers_are_checked() {
    let sandbox = Sandbox::start().await;
    let product = sandbox.post("/v1/products", &[("name", "Fonts")]).await;
    let base =
        [("product", text(&product["id"])), ("currency", "usd"), ("billing_scheme", "tiered")];
    for (more, param) in [
        (vec![("tiers[0][up_to]", "inf"), ("tiers[0][unit_amount]", "1")], "tiers_mode"),
        (
            vec![
                ("tiers_mode", "volume"),
                ("tiers[0][up_to]", "5"),
                ("tiers[0][unit_amount]", "1"),
            ],
            "tiers",
        ),
        (vec![("tiers_mode", "volume"), ("tiers[0][up_to]", "inf")], "tiers[0]"),
        (
            vec![
                ("tiers_mode", "volume"),
                ("tiers[0][up_to]", "inf"),
                ("tiers[0][unit_amount_decimal]", "1e3"),
            ],
            "tiers[0][unit_amount_decimal]",
        ),
    ] {
        let form = [&base[..], &more].concat();
        assert_eq!(sandbox.refused("/v1/prices", &form).await.error(400)["param"], param);
    }
}

#[tokio::test]
async fn checkout_sells_tiers() {
    let sandbox = Sandbox::start().await;
    let tiered = price(&sandbox, &fonts("graduated")).await;
    let form = [
        ("mode", "subscription"),
        ("success_url", "http://localhost/return"),
        ("line_items[0][price]", tiered.as_str()),
        ("line_items[0][quantity]", "6"),
    ];
    let session = sandbox.post("/v1/checkout/sessions", &form).await;
    assert_eq!(session["amount_total"], 3500 + 650 + 1000);
    let url = text(&session["url"]);
    assert!(sandbox.get_page(url).await.contains("$51.50"));
    assert_eq!(sandbox.submit(url, &card(VISA)).await.0, 303);
    let path = format!("/v1/checkout/sessions/{}?expand[]=invoice", text(&session["id"]));
    assert_eq!(sandbox.get(&path).await["invoice"]["amount_paid"], 5150);
}

#[tokio::test]
async fn an_items_own_discount_leaves_the_other_items_whole() {
    let sandbox = Sandbox::start().await;
    let coupon = |duration: &'static str| [("percent_off", "50"), ("duration", duration)];
    let once = text(&sandbox.post("/v1/coupons", &coupon("once")).await["id"]).to_owned();
    let half = text(&sandbox.post("/v1/coupons", &coupon("forever")).await["id"]).to_owned();
    let extra = sandbox.price("Extra", "400", "month").await;
    let subscriber = Subscriber::new()
        .price("1000", "month")
        .with("items[0][discounts][0][coupon]", &once)
        .with("items[1][price]", &extra)
        .start_in(sandbox)
        .await;
    assert_eq!(subscriber.subscription["discounts"], json!([]));
    let now = subscriber.now().await;
    let invoice = &now["latest_invoice"];
    // Discounts of single items are in the subtotal.
    assert_eq!((&invoice["subtotal"], &invoice["total"]), (&json!(900), &json!(900)));
    assert_eq!(invoice["discounts"], json!([]));
    let line = &invoice["lines"]["data"][0];
    assert_eq!((&line["amount"], line["discounts"].as_array().unwrap().len()), (&json!(1000), 1));
    // It was for one invoice.
    assert_eq!(now["items"]["data"][0]["discounts"], json!([]));
    subscriber.sandbox.advance("1month").await;
    assert_eq!(subscriber.totals().await, [900, 1400]);

    let path = format!("/v1/subscription_items/{}", subscriber.item());
    let form = [("discounts[0][coupon]", half.as_str()), ("expand[]", "discounts")];
    let item = subscriber.sandbox.post(&path, &form).await;
    assert_eq!(text(&item["discounts"][0]["subscription_item"]), subscriber.item());
    let held = text(&item["discounts"][0]["id"]).to_owned();
    subscriber.sandbox.advance("1month").await;
    assert_eq!(subscriber.totals().await, [900, 1400, 900]);
    subscriber.sandbox.post(&path, &[("discounts", "")]).await;
    assert_eq!(
        subscriber.sandbox.events_about(&held).await,
        ["customer.discount.created", "customer.discount.deleted"]
    );
    subscriber.sandbox.advance("1month").await;
    assert_eq!(subscriber.totals().await, [900, 1400, 900, 1400]);
}

#[tokio::test]
async fn previews_know_an_items_discounts_and_taxes_before_there_is_the_item() {
    let sandbox = Sandbox::start().await;
    let half = [("percent_off", "50"), ("duration", "forever")];
    let half = text(&sandbox.post("/v1/coupons", &half).await["id"]).to_owned();
    let vat = super::taxes::rate(&sandbox, "10", "false").await;
    let customer = sandbox.customer("pm_card_visa").await;
    let price = sandbox.price("Starter", "1000", "month").await;
    let form = [
        ("customer", customer.as_str()),
        ("subscription_details[items][0][price]", &price),
        ("subscription_details[items][0][discounts][0][coupon]", &half),
        ("subscription_details[items][0][tax_rates][0]", &vat),
    ];
    let preview = sandbox.post("/v1/invoices/create_preview", &form).await;
    assert_eq!((&preview["subtotal"], &preview["total"]), (&json!(500), &json!(550)));
    let coupon = sandbox.get(&format!("/v1/coupons/{half}")).await;
    assert_eq!(coupon["times_redeemed"], 0);
}
