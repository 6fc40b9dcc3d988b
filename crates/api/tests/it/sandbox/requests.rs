//! Requests that programs make wrongly or in part, and what is shown for them.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Sandbox, text};

#[tokio::test]
async fn what_cannot_be_read_is_refused_in_stripes_envelope() {
    let sandbox = Sandbox::start().await;
    let price = sandbox.price("Starter", "900", "month").await;
    let session = [
        ("mode", "subscription"),
        ("success_url", "https://example.com"),
        ("line_items[0][price]", price.as_str()),
    ];
    for name in ["tax_id_collection", "branding_settings", "custom_fields", "custom_text"] {
        let mut form = session.to_vec();
        form.push((name, "x"));
        let error = sandbox.refused("/v1/checkout/sessions", &form).await.error(400);
        assert_eq!(error["param"], name);
    }
    let last = [("items[18446744073709551615][price]", "x"), ("items[][price]", "y")];
    sandbox.refused("/v1/customers", &last).await.error(400);
    let long = "x".repeat((1 << 20) + 1);
    sandbox.refused("/v1/customers", &[("name", &long)]).await.error(413);
    for path in ["/v1", "/v2/core/accounts"] {
        let error = sandbox.send(Method::GET, path, &[], &[]).await.error(404);
        assert!(text(&error["message"]).starts_with("Unrecognized request URL"), "{path}");
    }
}

#[tokio::test]
async fn what_a_session_was_given_in_part_is_shown_whole() {
    let sandbox = Sandbox::start().await;
    let price = sandbox.price("Starter", "900", "month").await;
    let form = [
        ("mode", "subscription"),
        ("success_url", "https://example.com"),
        ("line_items[0][price]", price.as_str()),
        ("custom_fields[0][key]", "size"),
        ("custom_fields[0][label][type]", "custom"),
        ("custom_fields[0][label][custom]", "Size"),
        ("custom_fields[0][type]", "text"),
        ("custom_fields[0][text][maximum_length]", "9"),
        ("branding_settings[button_color]", "#112233"),
        ("after_expiration[recovery][enabled]", "true"),
    ];
    let session = sandbox.post("/v1/checkout/sessions", &form).await;
    let text = &session["custom_fields"][0]["text"];
    assert_eq!((&text["maximum_length"], &text["value"]), (&json!(9), &json!(null)));
    assert_eq!(session["custom_fields"][0]["optional"], false);
    assert_eq!(session["branding_settings"]["button_color"], "#112233");
    assert_eq!(session["branding_settings"]["border_style"], "rounded");
    assert_eq!(session["after_expiration"]["recovery"]["allow_promotion_codes"], false);

    let form = [
        ("name", "Box"),
        ("package_dimensions[height]", "1.5"),
        ("package_dimensions[length]", "2"),
        ("package_dimensions[weight]", "3"),
        ("package_dimensions[width]", "4"),
    ];
    let product = sandbox.post("/v1/products", &form).await;
    assert_eq!(product["package_dimensions"]["height"], 1.5);
    let error = sandbox.refused("/v1/products", &form[..2]).await.error(400);
    assert_eq!(error["code"], "parameter_missing");
}

#[tokio::test]
async fn an_intent_can_be_changed_until_it_is_done() {
    let sandbox = Sandbox::start().await;
    let customer = sandbox.customer("pm_card_visa").await;
    let intent =
        sandbox.post("/v1/payment_intents", &[("amount", "100"), ("currency", "usd")]).await;
    let path = format!("/v1/payment_intents/{}", text(&intent["id"]));
    let form = [
        ("amount", "250"),
        ("customer", customer.as_str()),
        ("payment_method", "pm_card_visa"),
        ("metadata[order]", "7"),
    ];
    let changed = sandbox.post(&path, &form).await;
    assert_eq!(
        (&changed["amount"], &changed["status"]),
        (&json!(250), &json!("requires_confirmation"))
    );
    let paid = sandbox.post(&format!("{path}/confirm"), &[]).await;
    assert_eq!((&paid["amount_received"], &paid["metadata"]["order"]), (&json!(250), &json!("7")));
    let error = sandbox.refused(&path, &[("amount", "1")]).await.error(400);
    assert_eq!(error["code"], "payment_intent_unexpected_state");
    assert_eq!(sandbox.post(&path, &[("description", "Late")]).await["description"], "Late");

    let intent = sandbox.post("/v1/setup_intents", &[]).await;
    let path = format!("/v1/setup_intents/{}", text(&intent["id"]));
    let changed =
        sandbox.post(&path, &[("customer", &customer), ("payment_method", "pm_card_visa")]).await;
    assert_eq!(
        (&changed["customer"], &changed["status"]),
        (&json!(customer), &json!("requires_confirmation"))
    );
}

#[tokio::test]
async fn metadata_amounts_and_currencies_have_limits() {
    let sandbox = Sandbox::start().await;
    let (long_key, long_value) = ("k".repeat(41), "v".repeat(501));
    let long_key = format!("metadata[{long_key}]");
    let many: Vec<String> = (0..51).map(|number| format!("metadata[{number}]")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), "1")).collect();
    for (form, param) in [
        (vec![(long_key.as_str(), "1")], long_key.as_str()),
        (vec![("metadata[a]", long_value.as_str())], "metadata[a]"),
        (many, "metadata"),
    ] {
        let error = sandbox.refused("/v1/customers", &form).await.error(400);
        assert_eq!(error["param"], param);
    }
    let (key, value) = (format!("metadata[{}]", "k".repeat(40)), "v".repeat(500));
    sandbox.post("/v1/customers", &[(&key, &value)]).await;
    for (path, form, code, param) in [
        (
            "payment_intents",
            [("amount", "49"), ("currency", "usd")],
            json!("amount_too_small"),
            "amount",
        ),
        ("payment_intents", [("amount", "900"), ("currency", "zzz")], Value::Null, "currency"),
        ("prices", [("unit_amount", "900"), ("currency", "dollar")], Value::Null, "currency"),
        ("coupons", [("amount_off", "900"), ("currency", "zzz")], Value::Null, "currency"),
    ] {
        let error = sandbox.refused(&format!("/v1/{path}"), &form).await.error(400);
        assert_eq!((&error["code"], &error["param"]), (&code, &json!(param)), "{path} {form:?}");
    }
    sandbox.post("/v1/payment_intents", &[("amount", "50"), ("currency", "USD")]).await;
}

#[tokio::test]
async fn what_may_be_asked_for_is_shown_where_there_is_any() {
    let sandbox = Sandbox::start().await;
    let product = [("name", "Pro"), ("tax_code", "txcd_10103000")];
    let product = sandbox.post("/v1/products", &product).await;
    let path = format!("/v1/products/{}?expand[]=tax_code", text(&product["id"]));
    assert_eq!(sandbox.get(&path).await["tax_code"]["object"], "tax_code");
    let price = sandbox.price("Starter", "900", "month").await;
    let path = format!("/v1/prices/{price}?expand[]=tiers&expand[]=currency_options");
    let shown = sandbox.get(&path).await;
    assert_eq!((shown.get("tiers"), shown.get("currency_options")), (None, None));
    let settings = sandbox.get("/v1/account").await["settings"].clone();
    assert_eq!(settings["dashboard"]["display_name"], "Inner Circle");
}
