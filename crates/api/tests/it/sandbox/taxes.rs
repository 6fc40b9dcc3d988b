//! Taxes by hand and by country, on subscriptions, invoices and Checkout; and the tax ids of those who pay them.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Sandbox, VISA, card, subscriber::Subscriber, text};

/// A tax rate's id.
pub async fn rate(sandbox: &Sandbox, percentage: &str, inclusive: &str) -> String {
    let form = [
        ("display_name", "VAT"),
        ("percentage", percentage),
        ("inclusive", inclusive),
        ("jurisdiction", "Germany"),
    ];
    text(&sandbox.post("/v1/tax_rates", &form).await["id"]).to_owned()
}

async fn latest_invoice(subscriber: &Subscriber) -> Value {
    subscriber.now().await["latest_invoice"].clone()
}

#[tokio::test]
async fn tax_rates_are_made_changed_archived_and_listed() {
    let sandbox = Sandbox::start().await;
    let vat = rate(&sandbox, "8.8750", "false").await;
    let found = sandbox.get(&format!("/v1/tax_rates/{vat}")).await;
    assert_eq!((&found["percentage"], &found["inclusive"]), (&json!(8.875), &json!(false)));
    let form = [("active", "false"), ("metadata[a]", "b"), ("description", "State and city")];
    let archived = sandbox.post(&format!("/v1/tax_rates/{vat}"), &form).await;
    assert_eq!((&archived["active"], &archived["metadata"]["a"]), (&json!(false), &json!("b")));
    assert_eq!(sandbox.get("/v1/tax_rates?active=true").await["data"], json!([]));
    assert_eq!(sandbox.events_about(&vat).await, ["tax_rate.created", "tax_rate.updated"]);
    let refused = [
        vec![("display_name", "VAT"), ("percentage", "101"), ("inclusive", "true")],
        vec![("display_name", "VAT"), ("percentage", "1.00001"), ("inclusive", "true")],
        vec![("display_name", "VAT"), ("percentage", "19")],
        vec![("percentage", "19"), ("inclusive", "true")],
    ];
    for form in refused {
        sandbox.refused("/v1/tax_rates", &form).await.error(400);
    }
    let price = sandbox.price("Starter", "900", "month").await;
    let customer = sandbox.customer("pm_card_visa").await;
    let form = [
        ("customer", customer.as_str()),
        ("items[0][price]", &price),
        ("items[0][tax_rates][0]", &vat),
    ];
    let error = sandbox.refused("/v1/subscriptions", &form).await.error(400);
    assert_eq!(error["param"], "items[0][tax_rates][0]");
}

#[tokio::test]
async fn exclusive_taxes_come_on_top_and_inclusive_ones_are_within() {
    for (inclusive, percentage, expected) in [
        ("false", "19", json!([1000, 1000, 1190, 1000, 190])),
        ("true", "19", json!([1000, 840, 1000, 840, 160])),
    ] {
        let sandbox = Sandbox::start().await;
        let vat = rate(&sandbox, percentage, inclusive).await;
        let subscriber = Subscriber::new()
            .price("1000", "month")
            .with("default_tax_rates[0]", &vat)
            .start_in(sandbox)
            .await;
        assert_eq!(subscriber.subscription["default_tax_rates"][0]["id"], vat.as_str());
        let invoice = latest_invoice(&subscriber).await;
        let names = ["subtotal", "subtotal_excluding_tax", "total", "total_excluding_tax"];
        let mut found: Vec<_> = names.iter().map(|name| invoice[*name].clone()).collect();
        found.push(invoice["total_taxes"][0]["amount"].clone());
        assert_eq!(json!(found), expected, "{inclusive}");
        assert_eq!(invoice["amount_paid"], invoice["total"]);
        let tax = &invoice["lines"]["data"][0]["taxes"][0];
        assert_eq!(tax["tax_rate_details"]["tax_rate"], vat.as_str());
        assert_eq!(tax["taxable_amount"], expected[3]);
        // What renews is taxed alike.
        subscriber.sandbox.advance("1month").await;
        subscriber.sandbox.advance("2hours").await;
        let totals = subscriber.totals().await;
        assert_eq!(totals[0], totals[1]);
    }
}

#[tokio::test]
async fn an_items_own_rates_stand_in_for_the_default_ones_and_prorations_follow_them() {
    let sandbox = Sandbox::start().await;
    let (ten, twenty) = (rate(&sandbox, "10", "false").await, rate(&sandbox, "20", "false").await);
    let pro = sandbox.price("Pro", "3000", "month").await;
    let subscriber = Subscriber::new()
        .price("1000", "month")
        .with("default_tax_rates[0]", &ten)
        .with("items[0][tax_rates][0]", &twenty)
        .start_in(sandbox)
        .await;
    assert_eq!(subscriber.totals().await, [1200]);
    let middle = subscriber.started() + (subscriber.first_end() - subscriber.started()) / 2;
    subscriber
        .update(&[
            ("items[0][id]", subscriber.item()),
            ("items[0][price]", &pro),
            ("proration_behavior", "always_invoice"),
            ("proration_date", &middle.to_string()),
        ])
        .await;
    // Half of 30 less half of 10, and a fifth on top.
    assert_eq!(subscriber.totals().await, [1200, 1200]);
    subscriber.update(&[("items[0][id]", subscriber.item()), ("items[0][tax_rates]", "")]).await;
    let item = subscriber.now().await["items"]["data"][0].clone();
    assert_eq!(item["tax_rates"], json!([]));
    subscriber.sandbox.advance("1month").await;
    assert_eq!(subscriber.totals().await, [1200, 1200, 3300]);
}

#[tokio::test]
async fn tax_is_on_what_discounts_leave() {
    let sandbox = Sandbox::start().await;
    let vat = rate(&sandbox, "20", "true").await;
    let half = [("percent_off", "50"), ("duration", "forever")];
    let half = text(&sandbox.post("/v1/coupons", &half).await["id"]).to_owned();
    let subscriber = Subscriber::new()
        .price("1200", "month")
        .with("default_tax_rates[0]", &vat)
        .with("discounts[0][coupon]", &half)
        .start_in(sandbox)
        .await;
    let invoice = latest_invoice(&subscriber).await;
    assert_eq!(
        json!([
            invoice["subtotal"],
            invoice["subtotal_excluding_tax"],
            invoice["total"],
            invoice["total_excluding_tax"]
        ]),
        json!([1200, 1000, 600, 500])
    );
    assert_eq!(invoice["total_taxes"][0]["amount"], 100);
    let page = subscriber.sandbox.get_page(text(&invoice["hosted_invoice_url"])).await;
    assert!(page.contains("VAT Germany (20%, included)"), "{page}");
}

#[tokio::test]
async fn exempt_customers_pay_no_tax() {
    for (tax_exempt, reason) in [("exempt", "customer_exempt"), ("reverse", "reverse_charge")] {
        let sandbox = Sandbox::start().await;
        let vat = rate(&sandbox, "19", "false").await;
        let customer = sandbox.customer("pm_card_visa").await;
        sandbox.post(&format!("/v1/customers/{customer}"), &[("tax_exempt", tax_exempt)]).await;
        let price = sandbox.price("Starter", "1000", "month").await;
        let form = [
            ("customer", customer.as_str()),
            ("items[0][price]", &price),
            ("default_tax_rates[0]", &vat),
            ("expand[]", "latest_invoice"),
        ];
        let invoice = sandbox.post("/v1/subscriptions", &form).await["latest_invoice"].clone();
        assert_eq!(
            (&invoice["total"], &invoice["total_taxes"][0]["amount"]),
            (&json!(1000), &json!(0))
        );
        assert_eq!(invoice["total_taxes"][0]["taxability_reason"], reason);
    }
}

#[tokio::test]
async fn invoice_items_and_invoices_have_rates_too() {
    let sandbox = Sandbox::start().await;
    let (ten, twenty) = (rate(&sandbox, "10", "false").await, rate(&sandbox, "20", "false").await);
    let customer = sandbox.customer("pm_card_visa").await;
    let draft = sandbox
        .post("/v1/invoices", &[("customer", &customer), ("default_tax_rates[0]", &ten)])
        .await;
    let id = text(&draft["id"]);
    let item = |amount: &'static str| {
        vec![
            ("customer", customer.as_str()),
            ("invoice", id),
            ("amount", amount),
            ("currency", "usd"),
        ]
    };
    sandbox.post("/v1/invoiceitems", &item("1000")).await;
    let mut taxed = item("500");
    taxed.push(("tax_rates[0]", &twenty));
    let own = sandbox.post("/v1/invoiceitems", &taxed).await;
    let path = format!("/v1/invoices/{id}");
    assert_eq!(sandbox.get(&path).await["total"], 1000 + 100 + 500 + 100);
    let item = format!("/v1/invoiceitems/{}", text(&own["id"]));
    sandbox.post(&item, &[("amount", "700"), ("tax_rates", "")]).await;
    let invoice = sandbox.get(&path).await;
    assert_eq!((&invoice["subtotal"], &invoice["total"]), (&json!(1700), &json!(1870)));
    assert_eq!(invoice["lines"]["total_count"], 2);
    let taxed = sandbox.post(&path, &[("default_tax_rates[0]", &twenty)]).await;
    assert_eq!(taxed["total"], 2040);
    let old =
        sandbox.send(Method::GET, &path, &[], &[("Stripe-Version", "2024-06-20")]).await.json();
    assert_eq!(
        (&old["tax"], &old["total_tax_amounts"][0]["tax_rate"]),
        (&json!(340), &json!(twenty))
    );
    assert_eq!(old["lines"]["data"][0]["tax_rates"][0]["id"], twenty.as_str());
}

#[tokio::test]
async fn checkout_shows_and_charges_taxes() {
    let sandbox = Sandbox::start().await;
    let vat = rate(&sandbox, "19", "false").await;
    let price = sandbox.price("Starter", "1000", "month").await;
    let form = [
        ("mode", "subscription"),
        ("success_url", "http://localhost/return"),
        ("line_items[0][price]", &price),
        ("line_items[0][tax_rates][0]", &vat),
    ];
    let session = sandbox.post("/v1/checkout/sessions", &form).await;
    assert_eq!(
        (&session["amount_subtotal"], &session["amount_total"]),
        (&json!(1000), &json!(1190))
    );
    assert_eq!(session["total_details"]["amount_tax"], 190);
    let url = text(&session["url"]);
    let page = sandbox.get_page(url).await;
    assert!(page.contains("VAT Germany (19%)") && page.contains("$11.90"), "{page}");
    let (status, _, page) = sandbox.submit(url, &card(VISA)).await;
    assert_eq!(status, 303, "{page}");
    let path = format!(
        "/v1/checkout/sessions/{}?expand[]=invoice&expand[]=subscription&expand[]=line_items",
        text(&session["id"])
    );
    let done = sandbox.get(&path).await;
    assert_eq!(done["invoice"]["total"], 1190);
    assert_eq!(done["line_items"]["data"][0]["amount_tax"], 190);
    assert_eq!(done["subscription"]["items"]["data"][0]["tax_rates"][0]["id"], vat.as_str());
}

#[tokio::test]
async fn checkout_tells_when_asked_what_its_discounts_and_taxes_are() {
    let sandbox = Sandbox::start().await;
    let (ten, five) = (rate(&sandbox, "10", "false").await, rate(&sandbox, "5", "false").await);
    let price = sandbox.price("Starter", "1000", "month").await;
    let half = [("id", "half"), ("percent_off", "50"), ("duration", "forever")];
    sandbox.post("/v1/coupons", &half).await;
    let form = [
        ("mode", "subscription"),
        ("success_url", "http://localhost/return"),
        ("line_items[0][price]", &price),
        ("line_items[0][tax_rates][0]", &ten),
        ("line_items[0][tax_rates][1]", &five),
        ("discounts[0][coupon]", "half"),
    ];
    let made = sandbox.post("/v1/checkout/sessions", &form).await;
    assert_eq!(made["total_details"].get("breakdown"), None);
    let path =
        format!("/v1/checkout/sessions/{}?expand[]=total_details.breakdown", text(&made["id"]));
    let breakdown = sandbox.get(&path).await["total_details"]["breakdown"].clone();
    let discount = &breakdown["discounts"][0];
    assert_eq!(
        (&discount["amount"], &discount["discount"]["checkout_session"]),
        (&json!(500), &made["id"])
    );
    assert_eq!(discount["discount"]["source"], json!({ "coupon": "half", "type": "coupon" }));
    let taxes = breakdown["taxes"].as_array().unwrap();
    let taxes: Vec<_> = taxes.iter().map(|tax| json!([tax["amount"], tax["rate"]["id"]])).collect();
    assert_eq!(taxes, [json!([50, ten]), json!([25, five])]);

    let lines = format!("/v1/checkout/sessions/{}/line_items", text(&made["id"]));
    let line = &sandbox.get(&format!("{lines}?expand[]=data.discounts&expand[]=data.taxes")).await
        ["data"][0];
    assert_eq!(
        (&line["discounts"], &line["taxes"]),
        (&breakdown["discounts"], &breakdown["taxes"])
    );

    let list = "/v1/checkout/sessions?expand[]=data.total_details.breakdown";
    let listed = sandbox.get(list).await["data"][0]["total_details"]["breakdown"].clone();
    assert_eq!(listed, breakdown);
    let old = [("Stripe-Version", "2024-06-20")];
    let old = sandbox.send(Method::GET, &path, &[], &old).await.json();
    let discount = &old["total_details"]["breakdown"]["discounts"][0]["discount"];
    assert_eq!((&discount["coupon"]["id"], discount.get("source")), (&json!("half"), None));
}

#[tokio::test]
async fn automatic_tax_asks_for_the_country_and_goes_by_it() {
    let sandbox = Sandbox::start().await;
    let price = sandbox.price("Starter", "1000", "month").await;
    let form = [
        ("mode", "subscription"),
        ("success_url", "http://localhost/return"),
        ("line_items[0][price]", &price),
        ("automatic_tax[enabled]", "true"),
        ("tax_id_collection[enabled]", "true"),
    ];
    let session = sandbox.post("/v1/checkout/sessions", &form).await;
    assert_eq!(session["automatic_tax"]["status"], "requires_location_inputs");
    let url = text(&session["url"]);
    let (status, _, page) = sandbox.submit(url, &card(VISA)).await;
    assert_eq!((status, page.contains("Choose your country")), (422, true), "{page}");
    let place = format!("{url}/tax-country");
    assert_eq!(sandbox.submit(&place, &[("tax-country", "Germany")]).await.0, 422);
    assert_eq!(sandbox.submit(&place, &[("tax-country", "de")]).await.0, 303);
    let path = format!(
        "/v1/checkout/sessions/{}?expand[]=invoice&expand[]=subscription",
        text(&session["id"])
    );
    let known = sandbox.get(&path).await;
    assert_eq!(
        (&known["automatic_tax"]["status"], &known["amount_total"]),
        (&json!("complete"), &json!(1190))
    );

    let mut wrong = card(VISA);
    wrong.extend([("tax-id-type", "eu_vat"), ("tax-id", "12")]);
    assert_eq!(sandbox.submit(url, &wrong).await.0, 422);
    let mut form = card(VISA);
    form.extend([("tax-id-type", "eu_vat"), ("tax-id", "DE123456789")]);
    let (status, _, page) = sandbox.submit(url, &form).await;
    assert_eq!(status, 303, "{page}");
    let done = sandbox.get(&path).await;
    let tax_ids = json!([{ "type": "eu_vat", "value": "DE123456789" }]);
    assert_eq!(done["customer_details"]["tax_ids"], tax_ids);
    assert_eq!(done["invoice"]["customer_tax_ids"], tax_ids);
    assert_eq!(done["invoice"]["automatic_tax"]["status"], "complete");
    assert_eq!(done["invoice"]["total"], 1190);
    assert_eq!(done["subscription"]["automatic_tax"]["enabled"], true);
    let rate = text(&done["invoice"]["total_taxes"][0]["tax_rate_details"]["tax_rate"]);
    let rate = sandbox.get(&format!("/v1/tax_rates/{rate}")).await;
    assert_eq!(
        json!([rate["country"], rate["percentage"], rate["active"]]),
        json!(["DE", 19, false])
    );
    sandbox.advance("1month").await;
    let customer = text(&done["customer"]);
    let invoices = sandbox.get(&format!("/v1/invoices?customer={customer}")).await;
    assert_eq!(invoices["data"][0]["total"], 1190);
}

#[tokio::test]
async fn tax_ids_are_added_verified_and_removed() {
    let sandbox = Sandbox::start().await;
    let customer = sandbox.customer("pm_card_visa").await;
    let path = format!("/v1/customers/{customer}/tax_ids");
    for (kind, value, status) in [
        ("eu_vat", "DE000000000", "verified"),
        ("eu_vat", "DE111111111", "unverified"),
        ("gb_vat", "GB222222222", "pending"),
        ("us_ein", "12-3456789", "unavailable"),
    ] {
        let added = sandbox.post(&path, &[("type", kind), ("value", value)]).await;
        assert_eq!(added["owner"]["customer"], customer.as_str());
        let found = sandbox.get(&format!("/v1/tax_ids/{}", text(&added["id"]))).await;
        assert_eq!(found["verification"]["status"], status, "{value}");
    }
    let wrong = sandbox.refused(&path, &[("type", "eu_vat"), ("value", "x")]).await.error(400);
    assert_eq!(wrong["code"], "tax_id_invalid");
    let listed = sandbox.get(&path).await;
    assert_eq!(listed["data"].as_array().unwrap().len(), 4);
    let last = text(&listed["data"][3]["id"]).to_owned();
    assert_eq!(sandbox.delete(&format!("{path}/{last}")).await["deleted"], true);
    assert_eq!(
        sandbox.events_about(&last).await,
        ["customer.tax_id.created", "customer.tax_id.updated", "customer.tax_id.deleted"]
    );
    let with = sandbox.get(&format!("/v1/customers/{customer}?expand[]=tax_ids")).await;
    assert_eq!(with["tax_ids"]["data"].as_array().unwrap().len(), 3);
    let own = sandbox.post("/v1/tax_ids", &[("type", "us_ein"), ("value", "12-3456789")]).await;
    assert_eq!(own["owner"]["type"], "self");
    assert_eq!(sandbox.get("/v1/tax_ids").await["data"][0]["id"], own["id"]);
}
