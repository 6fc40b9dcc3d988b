//! Products, prices, customers, payment methods, coupons, search.

use reqwest::Method;

use super::{Sandbox, text};

#[tokio::test]
async fn a_lookup_key_moves_to_the_new_price_at_once() {
    let sandbox = Sandbox::start().await;
    let product =
        sandbox.post("/v1/products", &[("name", "Starter"), ("id", "circle_starter")]).await;
    assert_eq!(product["id"], "circle_starter");
    let form = |amount| {
        vec![
            ("product", "circle_starter"),
            ("currency", "usd"),
            ("unit_amount", amount),
            ("recurring[interval]", "month"),
            ("lookup_key", "starter"),
        ]
    };
    let old = sandbox.post("/v1/prices", &form("900")).await;
    let error = sandbox.refused("/v1/prices", &form("1000")).await.error(400);
    assert_eq!(error["param"], "lookup_key");

    let mut transfer = form("1000");
    transfer.push(("transfer_lookup_key", "true"));
    let new = sandbox.post("/v1/prices", &transfer).await;
    assert_eq!(new["lookup_key"], "starter");
    let old = sandbox.get(&format!("/v1/prices/{}", text(&old["id"]))).await;
    assert!(old["lookup_key"].is_null());
    for keys in ["lookup_keys[]=starter", "lookup_keys[0]=other&lookup_keys[1]=starter"] {
        let found = sandbox.get(&format!("/v1/prices?{keys}&expand[]=data.product")).await;
        assert_eq!(found["data"].as_array().unwrap().len(), 1);
        assert_eq!(found["data"][0]["id"], new["id"]);
        assert_eq!(found["data"][0]["product"]["name"], "Starter");
    }
    let changes = sandbox.get("/v1/events?type=price.updated").await;
    assert_eq!(changes["data"][0]["data"]["previous_attributes"]["lookup_key"], "starter");
}

#[tokio::test]
async fn products_keep_metadata_and_go_only_without_prices() {
    let sandbox = Sandbox::start().await;
    let form = [
        ("name", "A"),
        ("metadata[a]", "1"),
        ("metadata[b]", "2"),
        ("images[]", "https://x/y.png"),
    ];
    let product = sandbox.post("/v1/products", &form).await;
    let path = format!("/v1/products/{}", text(&product["id"]));
    let form = [("metadata[a]", ""), ("metadata[c]", "3"), ("marketing_features[0][name]", "Feed")];
    let changed = sandbox.post(&path, &form).await;
    assert_eq!(changed["metadata"], serde_json::json!({ "b": "2", "c": "3" }));
    assert_eq!(changed["marketing_features"][0]["name"], "Feed");
    assert_eq!(sandbox.delete(&path).await["deleted"], true);
    assert_eq!(sandbox.send(Method::GET, &path, &[], &[]).await.status, 404);

    let price = sandbox.price("B", "100", "month").await;
    let price = sandbox.get(&format!("/v1/prices/{price}")).await;
    let path = format!("/v1/products/{}", text(&price["product"]));
    assert_eq!(sandbox.send(Method::DELETE, &path, &[], &[]).await.status, 400);
}

#[tokio::test]
async fn a_deleted_customer_says_so_and_its_subscription_has_ended() {
    let sandbox = Sandbox::start().await;
    let price = sandbox.price("Starter", "900", "month").await;
    let customer = sandbox.customer("pm_card_visa").await;
    let subscription = sandbox.subscribe(&customer, &price).await;
    let path = format!("/v1/customers/{customer}");
    sandbox.delete(&path).await;
    assert_eq!(
        sandbox.get(&path).await,
        serde_json::json!({
            "id": customer, "object": "customer", "deleted": true,
        })
    );
    assert_eq!(sandbox.refused(&path, &[("name", "x")]).await.status, 404);
    let path = format!("/v1/subscriptions/{}", text(&subscription["id"]));
    assert_eq!(sandbox.get(&path).await["status"], "canceled");
    assert!(sandbox.get("/v1/customers").await["data"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn cards_are_checked_when_made_and_when_attached() {
    let sandbox = Sandbox::start().await;
    let made = |number| {
        vec![
            ("type", "card"),
            ("card[number]", number),
            ("card[exp_month]", "12"),
            ("card[exp_year]", "2034"),
            ("card[cvc]", "123"),
        ]
    };
    let error = sandbox.refused("/v1/payment_methods", &made("4242424242424241")).await.error(402);
    assert_eq!((text(&error["code"]), text(&error["param"])), ("incorrect_number", "card[number]"));

    let customer = sandbox.post("/v1/customers", &[]).await;
    let customer = text(&customer["id"]);
    for (number, code, decline_code) in [
        ("4000000000000002", "card_declined", "generic_decline"),
        ("4000000000009995", "card_declined", "insufficient_funds"),
        ("4000000000000069", "expired_card", "expired_card"),
        ("4000000000000127", "incorrect_cvc", "incorrect_cvc"),
        ("4000000000000119", "processing_error", "processing_error"),
    ] {
        let method = sandbox.post("/v1/payment_methods", &made(number)).await;
        let path = format!("/v1/payment_methods/{}/attach", text(&method["id"]));
        let error = sandbox.refused(&path, &[("customer", customer)]).await.error(402);
        let found = (text(&error["code"]), text(&error["decline_code"]));
        assert_eq!(found, (code, decline_code));
    }
    let form = [("type", "card"), ("card[token]", "tok_visa")];
    let method = sandbox.post("/v1/payment_methods", &form).await;
    let path = format!("/v1/payment_methods/{}", text(&method["id"]));
    sandbox.post(&format!("{path}/attach"), &[("customer", customer)]).await;
    let magic = sandbox
        .post("/v1/payment_methods/pm_card_mastercard/attach", &[("customer", customer)])
        .await;
    assert_eq!(magic["card"]["last4"], "4444");
    let list = sandbox.get(&format!("/v1/customers/{customer}/payment_methods?type=card")).await;
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
    let detached = sandbox.post(&format!("{path}/detach"), &[]).await;
    assert!(detached["customer"].is_null());
    let events = sandbox.get("/v1/events?type=payment_method.detached").await;
    assert_eq!(events["data"][0]["data"]["previous_attributes"]["customer"], customer);
}

#[tokio::test]
async fn search_finds_by_metadata_and_email() {
    let sandbox = Sandbox::start().await;
    sandbox.post("/v1/customers", &[("email", "a@b.c"), ("metadata[user]", "1")]).await;
    sandbox.post("/v1/customers", &[("email", "d@e.f"), ("metadata[user]", "2")]).await;
    let query = "query=metadata%5B%22user%22%5D%3A%222%22%20AND%20email~%22d%22";
    let found = sandbox.get(&format!("/v1/customers/search?{query}")).await;
    assert_eq!(found["object"], "search_result");
    assert_eq!(found["data"].as_array().unwrap().len(), 1);
    assert_eq!(found["data"][0]["email"], "d@e.f");
    assert_eq!(
        sandbox.send(Method::GET, "/v1/customers/search?query=x", &[], &[]).await.status,
        400
    );
}
