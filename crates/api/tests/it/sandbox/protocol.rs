//! Keys, errors, idempotency, lists, expansion, durability.

use std::net::TcpListener;

use api::sandbox::{StartError, start};
use reqwest::Method;
use serde_json::json;

use super::{Sandbox, config, text};

/// A request's parameters.
type Form<'a> = &'a [(&'a str, &'a str)];

#[tokio::test]
async fn only_test_keys_open_it() {
    let sandbox = Sandbox::start().await;
    for (key, status) in [("Bearer sk_live_abcdefghijklmnop", 401), ("Bearer pk_test_abc", 403)] {
        let headers = [("Authorization", key)];
        let answer = sandbox.send(Method::GET, "/v1/customers", &[], &headers).await;
        assert_eq!(answer.error(status)["type"], "invalid_request_error");
    }
    let headers = [("Authorization", "Basic c2tfdGVzdF9hYmM6")];
    let answer = sandbox.send(Method::GET, "/v1/customers", &[], &headers).await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("Request-Id").starts_with("req_"));
    assert_eq!(answer.header("Stripe-Version"), "2026-10-28.endive");
}

#[tokio::test]
async fn errors_name_code_and_parameter() {
    let sandbox = Sandbox::start().await;
    let cases: [(&str, Form<'_>, u16, &str, &str); 6] = [
        ("/v1/products", &[("name", "a"), ("nmae", "b")], 400, "parameter_unknown", "nmae"),
        ("/v1/products", &[("active", "true")], 400, "parameter_missing", "name"),
        ("/v1/products", &[("name", "")], 400, "parameter_invalid_empty", "name"),
        ("/v1/subscriptions", &[("customer", "cus_x")], 400, "resource_missing", "customer"),
        ("/v1/customers/cus_x", &[("name", "a")], 404, "resource_missing", "id"),
        (
            "/v1/prices",
            &[("product", "p"), ("currency", "usd"), ("unit_amount", "1.5")],
            400,
            "parameter_invalid_integer",
            "unit_amount",
        ),
    ];
    for (path, form, status, code, param) in cases {
        let error = sandbox.refused(path, form).await.error(status);
        assert_eq!((text(&error["code"]), text(&error["param"])), (code, param), "{path} {form:?}");
        assert!(text(&error["doc_url"]).contains(&code.replace('_', "-")));
    }
    let nothing = sandbox.send(Method::GET, "/v1/nothing", &[], &[]).await.error(404);
    assert!(text(&nothing["message"]).starts_with("Unrecognized request URL (GET: /v1/nothing)"));
}

#[tokio::test]
async fn one_idempotency_key_is_one_object() {
    let sandbox = Sandbox::start().await;
    let key = [("Idempotency-Key", "one")];
    let form = [("email", "a@b.c")];
    let first = sandbox.send(Method::POST, "/v1/customers", &form, &key).await;
    let again = sandbox.send(Method::POST, "/v1/customers", &form, &key).await;
    assert_eq!(first.text, again.text);
    assert_eq!(again.header("Idempotent-Replayed"), "true");
    assert_eq!(again.header("Original-Request"), first.header("Request-Id"));

    let other = [("email", "x@y.z")];
    let error = sandbox.send(Method::POST, "/v1/customers", &other, &key).await.error(400);
    assert_eq!(error["type"], "idempotency_error");

    let sandbox = sandbox.restart().await;
    let after = sandbox.send(Method::POST, "/v1/customers", &form, &key).await;
    assert_eq!(first.text, after.text);
    assert_eq!(sandbox.get("/v1/customers").await["data"].as_array().unwrap().len(), 1);
    let event = &sandbox.get("/v1/events?type=customer.created").await["data"][0];
    assert_eq!(event["request"]["idempotency_key"], "one");
    assert_eq!(event["request"]["id"], first.header("Request-Id"));
}

#[tokio::test]
async fn one_idempotency_key_at_once_is_one_object_or_a_conflict() {
    let sandbox = Sandbox::start().await;
    let key = [("Idempotency-Key", "at-once")];
    let form = [("email", "a@b.c")];
    let post = || sandbox.send(Method::POST, "/v1/customers", &form, &key);
    let mut made = Vec::new();
    for answer in futures_util::future::join_all((0..16).map(|_| post())).await {
        if answer.status == 200 {
            made.push(text(&answer.json()["id"]).to_owned());
            continue;
        }
        let error = answer.error(409);
        let (kind, code) = (text(&error["type"]), text(&error["code"]));
        assert_eq!((kind, code), ("idempotency_error", "idempotency_key_in_use"));
    }
    made.dedup();
    assert_eq!(made.len(), 1, "{made:?}");
    let listed = sandbox.get("/v1/customers").await;
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_refused_request_frees_its_idempotency_key() {
    let sandbox = Sandbox::start().await;
    let key = [("Idempotency-Key", "again")];
    let wrong = [("emial", "a@b.c")];
    sandbox.send(Method::POST, "/v1/customers", &wrong, &key).await.error(400);
    let right = [("email", "a@b.c")];
    assert_eq!(sandbox.send(Method::POST, "/v1/customers", &right, &key).await.status, 200);
}

#[tokio::test]
async fn cursors_walk_a_list_both_ways() {
    let sandbox = Sandbox::start().await;
    for name in ["a", "b", "c", "d", "e"] {
        sandbox.post("/v1/customers", &[("name", name)]).await;
    }
    let names = |page: &serde_json::Value| -> String {
        page["data"].as_array().unwrap().iter().map(|customer| text(&customer["name"])).collect()
    };
    let first = sandbox.get("/v1/customers?limit=2").await;
    assert_eq!((names(&first).as_str(), &first["has_more"]), ("ed", &true.into()));
    let last = text(&first["data"][1]["id"]);
    let second = sandbox.get(&format!("/v1/customers?limit=3&starting_after={last}")).await;
    assert_eq!((names(&second).as_str(), &second["has_more"]), ("cba", &false.into()));
    let oldest = text(&second["data"][2]["id"]);
    let back = sandbox.get(&format!("/v1/customers?limit=2&ending_before={oldest}")).await;
    assert_eq!((names(&back).as_str(), &back["has_more"]), ("cb", &true.into()));
    for wrong in ["limit=0", "limit=101", "starting_after=cus_x"] {
        let path = format!("/v1/customers?{wrong}");
        assert_eq!(sandbox.send(Method::GET, &path, &[], &[]).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn ids_expand_into_objects_on_every_level() {
    let sandbox = Sandbox::start().await;
    let price = sandbox.price("Starter", "900", "month").await;
    let customer = sandbox.customer("pm_card_visa").await;
    let subscription = sandbox.subscribe(&customer, &price).await;
    let id = text(&subscription["id"]);
    let path = "expand[]=customer&expand[1]=latest_invoice.payments\
                &expand%5B2%5D=items.data.price.product";
    let expanded = sandbox.get(&format!("/v1/subscriptions/{id}?{path}")).await;
    assert_eq!(expanded["customer"]["id"], customer.as_str());
    assert_eq!(expanded["latest_invoice"]["payments"]["data"][0]["status"], "paid");
    assert_eq!(expanded["items"]["data"][0]["price"]["product"]["name"], "Starter");
    let list = format!("/v1/subscriptions?customer={customer}&expand[]=data.customer");
    assert_eq!(sandbox.get(&list).await["data"][0]["customer"]["email"], "ann@example.com");
    let wrong = format!("/v1/subscriptions/{id}?expand[]=status");
    let error = sandbox.send(Method::GET, &wrong, &[], &[]).await.error(400);
    assert_eq!(error["message"], "This property cannot be expanded (status).");
}

#[tokio::test]
async fn delete_takes_parameters_in_query_and_body() {
    let sandbox = Sandbox::start().await;
    let price = sandbox.price("Starter", "900", "month").await;
    let customer = sandbox.customer("pm_card_visa").await;
    for in_query in [true, false] {
        let subscription = sandbox.subscribe(&customer, &price).await;
        let path = format!("/v1/subscriptions/{}", text(&subscription["id"]));
        let form = [("cancellation_details[comment]", "bye")];
        let answer = if in_query {
            let path = format!("{path}?cancellation_details[comment]=bye");
            sandbox.send(Method::DELETE, &path, &[], &[]).await
        } else {
            sandbox.send(Method::DELETE, &path, &form, &[]).await
        };
        let canceled = answer.json();
        assert_eq!(canceled["status"], "canceled");
        assert_eq!(canceled["cancellation_details"]["comment"], "bye");
        assert_eq!(canceled["cancellation_details"]["reason"], "cancellation_requested");
    }
}

#[tokio::test]
async fn state_clock_and_account_survive_a_restart() {
    let sandbox = Sandbox::start().await;
    let customer = sandbox.customer("pm_card_visa").await;
    sandbox.advance("3days").await;
    let account = sandbox.get("/v1/account").await["id"].clone();
    let offset = sandbox.get("/_sandbox/clock").await["offset"].as_i64().unwrap();
    assert!(offset >= 3 * 86_400 - 1);
    let sandbox = sandbox.restart().await;
    assert_eq!(sandbox.get("/v1/account").await["id"], account);
    assert_eq!(sandbox.get("/_sandbox/clock").await["offset"], offset);
    let path = format!("/v1/customers/{customer}");
    assert_eq!(sandbox.get(&path).await["email"], "ann@example.com");
}

#[tokio::test]
async fn the_date_header_shows_the_sandboxs_time() {
    let sandbox = Sandbox::start().await;
    sandbox.advance("40days").await;
    let answer = sandbox.send(Method::GET, "/v1/customers", &[], &[]).await;
    let date = jiff::fmt::rfc2822::parse(answer.header("Date")).unwrap().timestamp().as_second();
    assert!((sandbox.now().await - date).abs() <= 2);
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(&folder);
    config.addr = taken.local_addr().unwrap();
    let error = start(config).await.unwrap_err();
    assert!(matches!(error, StartError::AddressInUse { .. }));
    assert!(error.to_string().contains(&taken.local_addr().unwrap().port().to_string()));
}

#[tokio::test]
async fn requests_beyond_the_limit_are_refused_until_it_is_lifted() {
    let sandbox = Sandbox::start().await;
    sandbox.control("protocol", json!({ "rate_limit": 0 })).await;
    let refused = sandbox.send(Method::GET, "/v1/customers", &[], &[]).await;
    assert_eq!(refused.header("Stripe-Should-Retry"), "false");
    let error = refused.error(429);
    assert_eq!(
        (text(&error["type"]), text(&error["code"])),
        ("invalid_request_error", "rate_limit")
    );
    sandbox.control("protocol", json!({})).await;
    sandbox.get("/v1/customers").await;
}

#[tokio::test]
async fn a_restricted_key_does_what_it_is_permitted() {
    let sandbox = Sandbox::start().await;
    let keys = json!({ "restricted_keys": { "rk_test_reader": ["rak_customer_read"] } });
    sandbox.control("protocol", keys).await;
    let reader = [("Authorization", "Bearer rk_test_reader")];
    assert_eq!(sandbox.send(Method::GET, "/v1/customers", &[], &reader).await.status, 200);
    let refused = sandbox.send(Method::POST, "/v1/customers", &[("name", "Ann")], &reader).await;
    let error = refused.error(403);
    assert_eq!(error["type"], "invalid_request_error");
    let message = text(&error["message"]);
    assert!(
        message.contains("Having the 'rak_customer_write' permission would allow"),
        "{message}"
    );
    let other = [("Authorization", "Bearer rk_test_other")];
    let created = sandbox.send(Method::POST, "/v1/customers", &[("name", "Ann")], &other).await;
    assert_eq!(created.status, 200, "a key that is not named may do everything");
}

#[tokio::test]
async fn an_error_says_where_its_request_is_logged() {
    let sandbox = Sandbox::start().await;
    let answer = sandbox.send(Method::GET, "/v1/customers/cus_x", &[], &[]).await;
    let request = answer.header("Request-Id").to_owned();
    let url = text(&answer.error(404)["request_log_url"]).to_owned();
    assert!(url.ends_with(&request), "{url}");
    let page = sandbox.send(Method::GET, &url[url.find("/dashboard").unwrap()..], &[], &[]).await;
    assert!(page.status == 200 && page.text.contains("cus_x"), "{}", page.text);
}

#[tokio::test]
async fn an_expansion_goes_four_levels_deep() {
    let sandbox = Sandbox::start().await;
    let price = sandbox.price("Starter", "900", "month").await;
    let customer = sandbox.customer("pm_card_visa").await;
    let subscription = sandbox.subscribe(&customer, &price).await;
    let path = format!("/v1/subscriptions/{}", text(&subscription["id"]));
    for (path, deep) in [
        (path.as_str(), "latest_invoice.payments.data.payment.payment_intent"),
        ("/v1/subscriptions", "data.items.data.price.product"),
    ] {
        let answer = sandbox.send(Method::GET, &format!("{path}?expand[]={deep}"), &[], &[]).await;
        let error = answer.error(400);
        assert_eq!(error["code"], "property_expansion_max_depth");
        assert_eq!(
            error["message"],
            format!("You cannot expand more than 4 levels of a property. Property: {deep}")
        );
    }
}
