//! What the Stripe client sends, and how it reads, pages, waits and holds back; `stripe_faults` has its failures.

use std::time::Duration;

use api::stripe::{
    BreakerSettings, BreakerState, Client, Config, Customer, Deadline, Error, List, Request,
    SecretKey, customers, prices, subscriptions,
};

use crate::fault_server::{Fault, FaultServer};

const CUSTOMER: &str = r#"{"id":"cus_1","object":"customer","email":"ada@example.com"}"#;

fn client(base: &str) -> Client {
    let config = Config {
        retry_delay: Duration::from_millis(1),
        read_timeout: Duration::from_millis(200),
        ..Config::new(SecretKey::parse("sk_test_123").unwrap(), base.parse().unwrap())
    };
    Client::new(config).unwrap()
}

fn soon() -> Deadline {
    Deadline::within(Duration::from_secs(10))
}

fn create() -> Request<Customer> {
    customers::Create { email: Some("ada@example.com".into()), ..Default::default() }.request()
}

#[tokio::test]
async fn all_tries_of_a_call_carry_one_key() {
    let server = FaultServer::start([
        Fault::ResetBeforeAnswer,
        Fault::status(500, "{}"),
        Fault::ok(CUSTOMER),
    ])
    .await;
    client(&server.base).send(&create().idempotency_key("customer-7-1"), soon()).await.unwrap();
    let received = server.received();
    assert_eq!(received.len(), 3);
    for received in received {
        assert_eq!(received.line(), "post /v1/customers http/1.1");
        assert_eq!(received.header("idempotency-key"), Some("customer-7-1"));
        assert_eq!(received.header("authorization"), Some("bearer sk_test_123"));
        assert_eq!(received.header("stripe-version"), Some("2026-10-28.endive"));
        assert_eq!(received.header("content-type"), Some("application/x-www-form-urlencoded"));
        assert_eq!(received.body, "email=ada%40example.com");
    }
}

#[tokio::test]
async fn reads_and_cancellations_carry_their_parameters_in_the_query() {
    let list = Fault::ok(r#"{"object":"list","data":[],"has_more":false}"#);
    let server =
        FaultServer::start([list, Fault::ok(r#"{"id":"sub_1","status":"canceled"}"#)]).await;
    let stripe = client(&server.base);
    let keyed =
        prices::List { lookup_keys: vec!["pro".into(), "pro_yearly".into()], ..Default::default() };
    stripe.send(&keyed.request(), soon()).await.unwrap();
    stripe.send(&subscriptions::Cancel::default().request("sub_1"), soon()).await.unwrap();
    let received = server.received();
    assert_eq!(
        received[0].line(),
        "get /v1/prices?lookup_keys[0]=pro&lookup_keys[1]=pro_yearly http/1.1"
    );
    assert_eq!(received[0].header("idempotency-key"), None);
    assert_eq!(
        received[1].line(),
        "delete /v1/subscriptions/sub_1?invoice_now=false&prorate=false http/1.1"
    );
}

#[tokio::test]
async fn a_retry_that_would_miss_the_deadline_is_not_waited_for() {
    let server = FaultServer::start([Fault::status(500, "{}"), Fault::ok(CUSTOMER)]).await;
    let key = SecretKey::parse("sk_test_123").unwrap();
    let patient = Config {
        retry_delay: Duration::from_secs(60),
        ..Config::new(key, server.base.parse().unwrap())
    };
    let error = Client::new(patient)
        .unwrap()
        .send(&customers::retrieve("cus_1"), soon())
        .await
        .unwrap_err();
    assert_eq!(error.api().unwrap().status, 500);
}

#[tokio::test]
async fn connections_are_kept_and_replaced_when_they_close() {
    let server = FaultServer::start([
        Fault::ok(CUSTOMER),
        Fault::CloseAfterBody { body: CUSTOMER.into() },
        Fault::ok(CUSTOMER),
    ])
    .await;
    let stripe = client(&server.base);
    for _ in 0..3 {
        stripe.send(&create().fresh_idempotency_key(), soon()).await.unwrap();
    }
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn answers_keep_stripes_clock_and_request_id() {
    let headers = "date: Tue, 14 Nov 2023 22:13:20 GMT\r\nrequest-id: req_1\r\n";
    let answered = |status, body: &str| Fault::Answer { status, headers, body: body.into() };
    let missing = r#"{"error":{"type":"invalid_request_error","code":"resource_missing","param":"id","message":"No such customer: 'cus_2'"}}"#;
    let server = FaultServer::start([answered(200, CUSTOMER), answered(404, missing)]).await;
    let stripe = client(&server.base);
    let response = stripe.send(&customers::retrieve("cus_1"), soon()).await.unwrap();
    assert_eq!((response.date, response.request_id.as_deref()), (1_700_000_000, Some("req_1")));
    let error = stripe.send(&customers::retrieve("cus_2"), soon()).await.unwrap_err();
    assert!(error.is_missing("customer") && !error.is_outage());
    assert_eq!(
        error.to_string(),
        "Stripe answered 404 resource_missing (id): No such customer: 'cus_2' [request req_1]"
    );
}

#[tokio::test]
async fn lists_are_paged_to_their_end() {
    let page = |ids: &[&str], has_more: bool| {
        let data: Vec<String> =
            ids.iter().map(|id| format!(r#"{{"id":"{id}","status":"active"}}"#)).collect();
        Fault::ok(format!(
            r#"{{"object":"list","data":[{}],"has_more":{has_more}}}"#,
            data.join(",")
        ))
    };
    let faults = [
        page(&["sub_1", "sub_2"], true),
        Fault::ResetInBody,
        page(&["sub_3"], true),
        page(&[], false),
    ];
    let server = FaultServer::start(faults).await;
    let all = subscriptions::List::every_status().request();
    let subscriptions = client(&server.base).list_all(all, soon()).await.unwrap().value;
    let ids: Vec<&str> =
        subscriptions.iter().map(|subscription| subscription.id.as_str()).collect();
    assert_eq!(ids, ["sub_1", "sub_2", "sub_3"]);
    let lines: Vec<String> =
        server.received().iter().map(|received| received.line().to_owned()).collect();
    let next = |after: &str| {
        format!("get /v1/subscriptions?status=all&limit=100&starting_after={after} http/1.1")
    };
    let first = "get /v1/subscriptions?status=all&limit=100 http/1.1".to_owned();
    assert_eq!(lines, [first, next("sub_2"), next("sub_2"), next("sub_3")]);
}

#[tokio::test]
async fn a_page_without_objects_ends_a_list_whatever_it_says() {
    let server =
        FaultServer::start(vec![Fault::ok(r#"{"object":"list","data":[],"has_more":true}"#); 3])
            .await;
    let request: Request<List<Customer>> = Request::get(["customers"]);
    assert!(client(&server.base).list_all(request, soon()).await.unwrap().value.is_empty());
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn calls_are_refused_unsent_while_stripe_is_down_and_one_looks_whether_it_is_back() {
    let server = FaultServer::start(
        [vec![Fault::status(500, "{}"); 3], vec![Fault::ok(CUSTOMER); 2]].concat(),
    )
    .await;
    let config = Config {
        max_network_retries: 0,
        breaker: BreakerSettings {
            failures: 3,
            first_pause: Duration::from_millis(50),
            longest_pause: Duration::from_secs(1),
        },
        ..Config::new(SecretKey::parse("sk_test_123").unwrap(), server.base.parse().unwrap())
    };
    let stripe = Client::new(config).unwrap();
    let call = async || stripe.clone().send(&customers::retrieve("cus_1"), soon()).await;
    for _ in 0..3 {
        assert_eq!(call().await.unwrap_err().api().unwrap().status, 500);
    }
    let refused = call().await.unwrap_err();
    assert!(matches!(refused, Error::Refused(_)) && refused.is_outage(), "{refused:?}");
    assert_eq!((server.received().len(), stripe.breaker_state()), (3, BreakerState::Open));
    tokio::time::sleep(stripe.refuses().unwrap_or_default()).await;
    call().await.unwrap();
    call().await.unwrap();
    assert_eq!((server.received().len(), stripe.breaker_state()), (5, BreakerState::Closed));
}

#[tokio::test]
async fn calls_at_once_are_bounded_and_the_ones_beyond_are_told_to_come_back() {
    let server = FaultServer::start(vec![Fault::SilentHeaders; 2]).await;
    let key = SecretKey::parse("sk_test_123").unwrap();
    let config = Config { max_calls: 2, ..Config::new(key, server.base.parse().unwrap()) };
    let stripe = Client::new(config).unwrap();
    let (first, second, beyond) =
        (customers::retrieve("cus_1"), customers::retrieve("cus_2"), customers::retrieve("cus_3"));
    tokio::select! {
        _ = stripe.send(&first, soon()) => panic!("there is no answer"),
        _ = stripe.send(&second, soon()) => panic!("there is no answer"),
        refused = async { server.arrived().await; stripe.send(&beyond, soon()).await } => {
            assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
        }
    }
    assert_eq!(server.received().len(), 2);
}
