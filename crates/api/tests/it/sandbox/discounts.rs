//! Coupons and promotion codes, from redemption to the invoices they reduce.

use serde_json::{Value, json};

use super::{Sandbox, VISA, card, subscriber::Subscriber, text};

async fn coupon(sandbox: &Sandbox, form: &[(&str, &str)]) -> String {
    text(&sandbox.post("/v1/coupons", form).await["id"]).to_owned()
}

async fn code(sandbox: &Sandbox, coupon: &str, word: &str, more: &[(&str, &str)]) -> String {
    let mut form =
        vec![("promotion[type]", "coupon"), ("promotion[coupon]", coupon), ("code", word)];
    form.extend(more);
    text(&sandbox.post("/v1/promotion_codes", &form).await["id"]).to_owned()
}

async fn starter(sandbox: Sandbox, coupon: &str) -> Subscriber {
    Subscriber::new()
        .price("1000", "month")
        .with("discounts[0][coupon]", coupon)
        .start_in(sandbox)
        .await
}

#[tokio::test]
async fn durations_decide_how_many_invoices_are_reduced() {
    for (form, expected) in [
        (vec![("percent_off", "25"), ("duration", "once")], [750, 1000, 1000]),
        (
            vec![("percent_off", "25"), ("duration", "repeating"), ("duration_in_months", "2")],
            [750, 750, 1000],
        ),
        (vec![("percent_off", "12.5"), ("duration", "forever")], [875, 875, 875]),
        (
            vec![("amount_off", "300"), ("currency", "usd"), ("duration", "forever")],
            [700, 700, 700],
        ),
    ] {
        let sandbox = Sandbox::start().await;
        let coupon = coupon(&sandbox, &form).await;
        let subscriber = starter(sandbox, &coupon).await;
        subscriber.sandbox.advance("1month").await;
        subscriber.sandbox.advance("1month").await;
        assert_eq!(subscriber.totals().await, expected, "{form:?}");
    }
}

#[tokio::test]
async fn a_discount_shows_on_the_subscription_the_invoice_and_its_lines() {
    let sandbox = Sandbox::start().await;
    let form = [("percent_off", "50"), ("duration", "forever"), ("name", "Half")];
    let coupon = coupon(&sandbox, &form).await;
    let subscriber = starter(sandbox, &coupon).await;
    let sandbox = &subscriber.sandbox;
    let path =
        format!("/v1/subscriptions/{}?expand[]=discounts&expand[]=latest_invoice", subscriber.id());
    let now = sandbox.get(&path).await;
    let discount = &now["discounts"][0];
    assert_eq!(discount["source"], json!({ "coupon": coupon, "type": "coupon" }));
    assert_eq!(text(&discount["subscription"]), subscriber.id());
    let taken = json!([{ "amount": 500, "discount": discount["id"] }]);
    let invoice = &now["latest_invoice"];
    assert_eq!(invoice["total_discount_amounts"], taken);
    assert_eq!(invoice["lines"]["data"][0]["discount_amounts"], taken);
    assert_eq!((&invoice["subtotal"], &invoice["total"]), (&1000.into(), &500.into()));
    assert_eq!(invoice["discounts"], json!([discount["id"]]));
    let coupon_now = sandbox.get(&format!("/v1/coupons/{coupon}")).await;
    assert_eq!(coupon_now["times_redeemed"], 1);

    let gone = sandbox.delete(&format!("/v1/subscriptions/{}/discount", subscriber.id())).await;
    assert_eq!(gone["deleted"], true);
    assert_eq!(
        sandbox.events_about(text(&discount["id"])).await,
        ["customer.discount.created", "customer.discount.deleted"]
    );
    assert_eq!(subscriber.now().await["discounts"], json!([]));
}

#[tokio::test]
async fn prorations_are_at_what_was_paid_and_what_will_be() {
    let sandbox = Sandbox::start().await;
    let once = coupon(&sandbox, &[("percent_off", "50"), ("duration", "once")]).await;
    let half = coupon(&sandbox, &[("percent_off", "50"), ("duration", "forever")]).await;
    let pro = sandbox.price("Pro", "3000", "month").await;
    let mut sandbox = sandbox;
    for (coupon, expected) in [(once, vec![-250, 1500]), (half, vec![-250, 750])] {
        let subscriber = starter(sandbox, &coupon).await;
        let middle = subscriber.started() + (subscriber.first_end() - subscriber.started()) / 2;
        let changed = subscriber
            .update(&[
                ("items[0][id]", subscriber.item()),
                ("items[0][price]", &pro),
                ("proration_behavior", "always_invoice"),
                ("proration_date", &middle.to_string()),
                ("expand[]", "latest_invoice"),
            ])
            .await;
        let lines = changed["latest_invoice"]["lines"]["data"].as_array().unwrap();
        let amounts: Vec<_> = lines.iter().map(|line| line["amount"].as_i64().unwrap()).collect();
        assert_eq!(amounts, expected, "{coupon}");
        assert_eq!(changed["latest_invoice"]["total"], expected.iter().sum::<i64>());
        sandbox = subscriber.sandbox;
    }
}

#[tokio::test]
async fn coupons_reach_their_products_and_end_by_number_and_date() {
    let sandbox = Sandbox::start().await;
    let (a, b) =
        (sandbox.price("A", "1000", "month").await, sandbox.price("B", "500", "month").await);
    let price = sandbox.get(&format!("/v1/prices/{b}")).await;
    let form = [
        ("percent_off", "10"),
        ("duration", "forever"),
        ("applies_to[products][0]", text(&price["product"])),
        ("max_redemptions", "1"),
    ];
    let only_b = coupon(&sandbox, &form).await;
    let customer = sandbox.customer("pm_card_visa").await;
    let form = [
        ("customer", customer.as_str()),
        ("items[0][price]", &a),
        ("items[1][price]", &b),
        ("discounts[0][coupon]", &only_b),
        ("expand[]", "latest_invoice"),
    ];
    let made = sandbox.post("/v1/subscriptions", &form).await;
    assert_eq!(made["latest_invoice"]["total"], 1450);
    assert_eq!(sandbox.get(&format!("/v1/coupons/{only_b}")).await["valid"], false);
    let error = sandbox.refused("/v1/subscriptions", &form).await.error(400);
    assert_eq!(
        (text(&error["code"]), text(&error["param"])),
        ("coupon_expired", "discounts[0][coupon]")
    );
}

#[tokio::test]
async fn a_customers_discount_reduces_what_has_none_of_its_own() {
    let sandbox = Sandbox::start().await;
    let half = coupon(&sandbox, &[("percent_off", "50"), ("duration", "forever")]).await;
    let tenth = coupon(&sandbox, &[("percent_off", "10"), ("duration", "forever")]).await;
    let subscriber = starter(sandbox, &tenth).await;
    let sandbox = &subscriber.sandbox;
    let path = format!("/v1/customers/{}", subscriber.customer);
    // Basil dropped the parameter; the version before it has it.
    let old = [("Stripe-Version", "2025-02-24.acacia")];
    let given = sandbox.send(reqwest::Method::POST, &path, &[("coupon", &half)], &old).await;
    assert_eq!(given.json()["discount"]["coupon"]["id"], half.as_str());
    subscriber.sandbox.advance("1month").await;
    subscriber.update(&[("discounts", "")]).await;
    subscriber.sandbox.advance("1month").await;
    assert_eq!(subscriber.totals().await, [900, 900, 500]);
    sandbox.delete(&format!("{path}/discount")).await;
    assert_eq!(subscriber.customer().await["discount"], Value::Null);
}

#[tokio::test]
async fn promotion_codes_are_words_with_rules_of_their_own() {
    let sandbox = Sandbox::start().await;
    let half = coupon(&sandbox, &[("percent_off", "50"), ("duration", "once")]).await;
    let first =
        code(&sandbox, &half, "WELCOME", &[("restrictions[first_time_transaction]", "true")]).await;
    let again = [("promotion[type]", "coupon"), ("promotion[coupon]", &half), ("code", "welcome")];
    sandbox.refused("/v1/promotion_codes", &again).await.error(400);
    let found = sandbox.get("/v1/promotion_codes?code=Welcome").await;
    assert_eq!(found["data"][0]["promotion"], json!({ "coupon": half, "type": "coupon" }));

    let subscriber =
        Subscriber::new().with("discounts[0][promotion_code]", &first).start_in(sandbox).await;
    assert_eq!(subscriber.totals().await, [450]);
    let form = [
        ("customer", subscriber.customer.as_str()),
        ("items[0][price]", &subscriber.price),
        ("discounts[0][promotion_code]", &first),
    ];
    let error = subscriber.sandbox.refused("/v1/subscriptions", &form).await.error(400);
    assert!(text(&error["message"]).contains("prior transactions"), "{error}");
    let path = format!("/v1/promotion_codes/{first}");
    assert_eq!(subscriber.sandbox.get(&path).await["times_redeemed"], 1);
    assert_eq!(subscriber.sandbox.post(&path, &[("active", "false")]).await["active"], false);
}

async fn checkout(sandbox: &Sandbox, price: &str, more: &[(&str, &str)]) -> Value {
    let mut form = vec![
        ("mode", "subscription"),
        ("line_items[0][price]", price),
        ("line_items[0][quantity]", "2"),
        ("success_url", "https://example.com/done"),
    ];
    form.extend(more);
    sandbox.post("/v1/checkout/sessions", &form).await
}

#[tokio::test]
async fn checkout_takes_a_code_shows_it_and_passes_it_on() {
    let sandbox = Sandbox::start().await;
    let price = sandbox.price("Starter", "1000", "month").await;
    let form = [("percent_off", "25"), ("duration", "repeating"), ("duration_in_months", "3")];
    let quarter = coupon(&sandbox, &form).await;
    let promo = code(&sandbox, &quarter, "SPRING", &[("max_redemptions", "1")]).await;
    let session = checkout(&sandbox, &price, &[("allow_promotion_codes", "true")]).await;
    let late = checkout(&sandbox, &price, &[("allow_promotion_codes", "true")]).await;
    let url = text(&session["url"]);
    let apply = format!("{url}/promotion-code");
    let (status, _, page) = sandbox.submit(&apply, &[("promotion-code", "WINTER")]).await;
    assert_eq!(status, 422);
    assert!(page.contains("This code is invalid."), "{page}");
    let (status, ..) = sandbox.submit(&apply, &[("promotion-code", " spring ")]).await;
    assert_eq!(status, 303);
    let (status, ..) = sandbox
        .submit(&format!("{}/promotion-code", text(&late["url"])), &[("promotion-code", "spring")])
        .await;
    assert_eq!(status, 303);

    let path = format!("/v1/checkout/sessions/{}", text(&session["id"]));
    let priced = sandbox.get(&path).await;
    assert_eq!((&priced["amount_subtotal"], &priced["amount_total"]), (&2000.into(), &1500.into()));
    assert_eq!(priced["total_details"]["amount_discount"], 500);
    assert_eq!(priced["discounts"], json!([{ "coupon": null, "promotion_code": promo }]));
    let (status, ..) = sandbox.submit(url, &card(VISA)).await;
    assert_eq!(status, 303);
    let done =
        sandbox.get(&format!("{path}?expand[]=subscription.discounts&expand[]=invoice")).await;
    assert_eq!(done["invoice"]["total"], 1500);
    assert_eq!(done["subscription"]["discounts"][0]["promotion_code"], promo.as_str());

    let (status, _, page) = sandbox.submit(text(&late["url"]), &card(VISA)).await;
    assert_eq!(status, 422, "a code for one is used up");
    assert!(page.contains("no longer active"), "{page}");
}

#[tokio::test]
async fn checkout_quantities_change_within_their_bounds() {
    let sandbox = Sandbox::start().await;
    let price = sandbox.price("Seats", "1000", "month").await;
    let more = [
        ("line_items[0][adjustable_quantity][enabled]", "true"),
        ("line_items[0][adjustable_quantity][maximum]", "5"),
    ];
    let session = checkout(&sandbox, &price, &more).await;
    let path = format!("/v1/checkout/sessions/{}", text(&session["id"]));
    let lines = sandbox.get(&format!("{path}/line_items")).await;
    let line = text(&lines["data"][0]["id"]);
    let change = format!("{}/quantity", text(&session["url"]));
    let (status, ..) = sandbox.submit(&change, &[("line", line), ("quantity", "6")]).await;
    assert_eq!(status, 422);
    let (status, ..) = sandbox.submit(&change, &[("line", line), ("quantity", "4")]).await;
    assert_eq!(status, 303);
    assert_eq!(sandbox.get(&path).await["amount_total"], 4000);
    sandbox.submit(text(&session["url"]), &card(VISA)).await;
    let done = sandbox.get(&format!("{path}?expand[]=subscription")).await;
    assert_eq!(done["subscription"]["items"]["data"][0]["quantity"], 4);
}

#[tokio::test]
async fn an_invoice_item_carries_a_discount_of_its_own() {
    let sandbox = Sandbox::start().await;
    let half = coupon(&sandbox, &[("percent_off", "50"), ("duration", "once")]).await;
    let customer = sandbox.customer("pm_card_visa").await;
    for more in [vec![], vec![("discounts[0][coupon]", half.as_str())]] {
        let mut form =
            vec![("customer", customer.as_str()), ("amount", "1000"), ("currency", "usd")];
        form.extend(more);
        sandbox.post("/v1/invoiceitems", &form).await;
    }
    let form = [("customer", customer.as_str()), ("pending_invoice_items_behavior", "include")];
    let invoice = sandbox.post("/v1/invoices", &form).await;
    // Discounts of single items are in the subtotal.
    assert_eq!((&invoice["subtotal"], &invoice["total"]), (&1500.into(), &1500.into()));
    assert_eq!(invoice["discounts"], json!([]));
    assert_eq!(invoice["lines"]["data"][1]["discounts"].as_array().unwrap().len(), 1);
}
