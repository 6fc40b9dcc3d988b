//! Sources and tokens, which programs from before payment methods use; and the discounts they give customers.

use super::{Sandbox, text};

#[tokio::test]
async fn a_source_is_a_default_card_and_a_payment_method() {
    let sandbox = Sandbox::start().await;
    let customer = sandbox.post("/v1/customers", &[("source", "tok_visa")]).await;
    let (id, source) = (text(&customer["id"]), text(&customer["default_source"]));
    let path = format!("/v1/customers/{id}");
    let card = sandbox.get(&format!("{path}/sources/{source}")).await;
    assert_eq!((text(&card["object"]), text(&card["brand"])), ("card", "Visa"));
    let shown = sandbox.get(&format!("{path}?expand[]=default_source&expand[]=sources")).await;
    assert_eq!((&shown["default_source"], &shown["sources"]["data"][0]), (&card, &card));
    let method = sandbox.get(&format!("/v1/payment_methods/{source}")).await;
    assert_eq!((text(&method["object"]), text(&method["customer"])), ("payment_method", id));

    // It pays, as nothing else is the customer's default.
    let price = sandbox.price("Pro", "1900", "month").await;
    assert_eq!(sandbox.subscribe(id, &price).await["status"], "active");
}

#[tokio::test]
async fn sources_are_added_changed_and_taken_away() {
    let sandbox = Sandbox::start().await;
    let customer = sandbox.post("/v1/customers", &[("source", "tok_visa")]).await;
    let (id, first) = (text(&customer["id"]), text(&customer["default_source"]));
    let path = format!("/v1/customers/{id}");
    let sources = format!("{path}/sources");
    let second = sandbox.post(&sources, &[("source", "tok_amex"), ("metadata[a]", "1")]).await;
    assert_eq!(second["metadata"]["a"], "1");
    let listed = sandbox.get(&sources).await;
    assert_eq!([0, 1].map(|place| text(&listed["data"][place]["last4"])), ["0005", "4242"]);
    let changed = [("name", "Ann"), ("address_zip", "10115"), ("exp_year", "2040")];
    let changed = sandbox.post(&format!("{sources}/{first}"), &changed).await;
    assert_eq!((text(&changed["name"]), &changed["exp_year"]), ("Ann", &2040.into()));
    assert_eq!(changed["address_zip"], "10115");

    let gone = sandbox.delete(&format!("{sources}/{first}")).await;
    assert_eq!((text(&gone["id"]), &gone["deleted"]), (first, &true.into()));
    assert_eq!(sandbox.get(&path).await["default_source"], second["id"]);
    assert_eq!(
        sandbox.events_about(first).await,
        [
            "payment_method.attached",
            "customer.source.created",
            "customer.source.updated",
            "payment_method.detached",
            "customer.source.deleted"
        ]
    );
    let missing = sandbox.send(reqwest::Method::GET, &format!("{sources}/{first}"), &[], &[]).await;
    assert_eq!(missing.error(404)["message"], format!("No such source: '{first}'"));
}

#[tokio::test]
async fn a_token_carries_one_card_once() {
    let sandbox = Sandbox::start().await;
    let card = [
        ("card[number]", "5555555555554444"),
        ("card[exp_month]", "12"),
        ("card[exp_year]", "2040"),
        ("card[name]", "Ann"),
    ];
    let token = sandbox.post("/v1/tokens", &card).await;
    let id = text(&token["id"]);
    assert_eq!((&token["used"], text(&token["card"]["brand"])), (&false.into(), "MasterCard"));
    let form = [("type", "card"), ("card[token]", id)];
    let method = sandbox.post("/v1/payment_methods", &form).await;
    assert_eq!(method["card"]["last4"], "4444");
    assert_eq!(sandbox.get(&format!("/v1/tokens/{id}")).await["used"], true);
    let again = sandbox.refused("/v1/customers", &[("source", id)]).await.error(400);
    assert_eq!((text(&again["code"]), text(&again["param"])), ("token_already_used", "source"));
    let unknown = sandbox.refused("/v1/customers", &[("source", "tok_nobodys")]).await.error(400);
    assert_eq!(unknown["message"], "No such token: 'tok_nobodys'");
    let declined = sandbox.refused("/v1/customers", &[("source", "tok_chargeDeclined")]).await;
    assert_eq!(declined.error(402)["code"], "card_declined");
}

#[tokio::test]
async fn a_customers_discount_begins_is_switched_and_ends() {
    let sandbox = Sandbox::start().await;
    for (id, percent) in [("twenty", "20"), ("thirty", "30")] {
        sandbox.post("/v1/coupons", &[("id", id), ("percent_off", percent)]).await;
    }
    let old = [("Stripe-Version", "2023-10-16")];
    let post = reqwest::Method::POST;
    let made = sandbox.send(post.clone(), "/v1/customers", &[("coupon", "twenty")], &old).await;
    let customer = made.json();
    let path = format!("/v1/customers/{}", text(&customer["id"]));
    let switched = sandbox.send(post.clone(), &path, &[("coupon", "thirty")], &old).await.json();
    assert_eq!(switched["discount"]["coupon"]["id"], "thirty");
    let ended = sandbox.send(post, &path, &[("coupon", "")], &old).await.json();
    assert_eq!(ended["discount"], serde_json::Value::Null);
    let (first, second) = (text(&customer["discount"]["id"]), text(&switched["discount"]["id"]));
    assert_eq!(sandbox.events_about(first).await, ["customer.discount.created"]);
    assert_eq!(
        sandbox.events_about(second).await,
        ["customer.discount.updated", "customer.discount.deleted"]
    );
}
