//! What the Stripe client makes of everything that a network and Stripe can do to a call: the table in [`rows`].

use std::time::Duration;

use api::stripe::{
    Client, Config, Customer, Deadline, Error, ErrorKind, Request, SecretKey, customers,
};
use tokio::task::JoinSet;

use crate::fault_server::{Fault, FaultServer};

const CUSTOMER: &str = r#"{"id":"cus_1","object":"customer","email":"ada@example.com"}"#;

/// What a call ends with when the fault goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// No complete answer came.
    Connection,
    /// Stripe refused.
    Api(ErrorKind),
    /// Stripe said yes, in words that cannot be read.
    Unreadable,
}

/// Tries of a call that may be repeated: this fault is worth another one.
const AGAIN: usize = 3;
/// It is not.
const ONCE: usize = 1;

fn rows() -> Vec<(&'static str, Fault, usize, End)> {
    use End::{Api, Connection, Unreadable};
    use ErrorKind as Kind;
    let status = |status, body: &str| Fault::status(status, body);
    let told = |status, headers| Fault::Answer { status, headers, body: "{}".into() };
    let (yes, no) = ("stripe-should-retry: true\r\n", "stripe-should-retry: false\r\n");
    let lock = r#"{"error":{"type":"invalid_request_error","code":"lock_timeout"}}"#;
    let other = r#"{"error":{"type":"idempotency_error"}}"#;
    let busy = r#"{"error":{"type":"invalid_request_error","code":"rate_limit"}}"#;
    vec![
        ("reset before the answer", Fault::ResetBeforeAnswer, AGAIN, Connection),
        ("reset inside the body", Fault::ResetInBody, AGAIN, Connection),
        ("no head for too long", Fault::SilentHeaders, AGAIN, Connection),
        ("no body for too long", Fault::SilentBody, AGAIN, Connection),
        ("400", status(400, "{}"), ONCE, Api(Kind::InvalidRequest)),
        ("400, other parameters under the key", status(400, other), ONCE, Api(Kind::Idempotency)),
        ("400, rate_limit", status(400, busy), ONCE, Api(Kind::RateLimit)),
        ("400, should retry", told(400, yes), AGAIN, Api(Kind::InvalidRequest)),
        ("401", status(401, "{}"), ONCE, Api(Kind::Authentication)),
        ("402", status(402, "{}"), ONCE, Api(Kind::Card)),
        ("403", status(403, "{}"), ONCE, Api(Kind::Permission)),
        ("404", status(404, "{}"), ONCE, Api(Kind::InvalidRequest)),
        ("409, lock_timeout", status(409, lock), AGAIN, Api(Kind::Api)),
        ("409, the first with the key is in flight", status(409, other), AGAIN, Api(Kind::Api)),
        ("409, should not retry", told(409, no), ONCE, Api(Kind::Api)),
        ("429", status(429, busy), ONCE, Api(Kind::RateLimit)),
        ("429, Retry-After alone", told(429, "retry-after: 1\r\n"), ONCE, Api(Kind::RateLimit)),
        ("429, should retry", told(429, yes), AGAIN, Api(Kind::RateLimit)),
        ("429, should not retry", told(429, no), ONCE, Api(Kind::RateLimit)),
        ("500", status(500, "{}"), AGAIN, Api(Kind::Api)),
        ("500, should not retry", told(500, no), ONCE, Api(Kind::Api)),
        ("502 of a proxy", status(502, "<html>Bad Gateway</html>"), AGAIN, Api(Kind::Api)),
        ("503 without a body", status(503, ""), AGAIN, Api(Kind::Api)),
        // Following it would carry the key to wherever it points.
        ("302", told(302, "location: http://127.0.0.1:1/\r\n"), ONCE, Api(Kind::Api)),
        ("200 without a body", status(200, ""), ONCE, Unreadable),
        ("200 without JSON", status(200, "OK"), ONCE, Unreadable),
        ("200 with a list", status(200, "[]"), ONCE, Unreadable),
        ("200 with null", status(200, "null"), ONCE, Unreadable),
        ("200 without an id", status(200, r#"{"object":"customer"}"#), ONCE, Unreadable),
        ("200 without an id, should retry", told(200, yes), ONCE, Unreadable),
    ]
}

/// A client that waits this long for each part of an answer.
fn client(base: &str, read_timeout: Duration) -> Client {
    let config = Config {
        retry_delay: Duration::from_millis(1),
        read_timeout,
        ..Config::new(SecretKey::parse("sk_test_123").unwrap(), base.parse().unwrap())
    };
    Client::new(config).unwrap()
}

/// A call against a server that behaves like `faults`: how it ended (`None`: well) and the keys of its tries.
async fn outcome(
    request: &Request<Customer>,
    faults: Vec<Fault>,
) -> (Option<End>, Vec<Option<String>>) {
    let is_silent = matches!(faults[0], Fault::SilentHeaders | Fault::SilentBody);
    let patience = if is_silent { Duration::from_secs(1) } else { Duration::from_secs(30) };
    let server = FaultServer::start(faults).await;
    let deadline = Deadline::within(Duration::from_secs(60));
    let end = match client(&server.base, patience).send(request, deadline).await {
        Ok(_) => None,
        Err(Error::Connection(_)) => Some(End::Connection),
        Err(Error::Api(error)) => Some(End::Api(error.kind)),
        Err(Error::Unreadable { .. }) => Some(End::Unreadable),
        Err(other) => panic!("{other:?}"),
    };
    let key = |received: &crate::fault_server::Received| {
        received.header("idempotency-key").map(str::to_owned)
    };
    (end, server.received().iter().map(key).collect())
}

async fn check((name, fault, tries, end): (&'static str, Fault, usize, End)) {
    let create =
        || customers::Create { email: Some("ada@example.com".into()), ..Default::default() };
    let keyed = create().request().idempotency_key("customer-7-1");
    let reading = customers::retrieve("cus_1");
    let key = Some("customer-7-1".to_owned());
    let ends_well = (tries == ONCE).then_some(end);
    let passing = || vec![fault.clone(), Fault::ok(CUSTOMER)];
    let lasting = || vec![fault.clone(); 5];

    let once = outcome(&keyed, passing()).await;
    assert_eq!(once, (ends_well, vec![key.clone(); tries.min(2)]), "{name}: it passes");
    let always = outcome(&keyed, lasting()).await;
    assert_eq!(always, (Some(end), vec![key; tries]), "{name}: it lasts");
    let unkeyed = outcome(&create().request(), passing()).await;
    assert_eq!(unkeyed, (Some(end), vec![None]), "{name}: a POST without a key");
    let read = outcome(&reading, passing()).await;
    assert_eq!(read, (ends_well, vec![None; tries.min(2)]), "{name}: a GET");
}

#[tokio::test]
async fn every_fault_is_tried_again_or_not_and_ends_as_the_table_says() {
    let mut checks = JoinSet::new();
    rows().into_iter().for_each(|row| {
        checks.spawn(check(row));
    });
    checks.join_all().await;
}

#[tokio::test]
async fn a_refused_connection_is_tried_again_and_is_an_outage() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let deadline = Deadline::within(Duration::from_secs(30));
    let delay = Duration::from_millis(20);
    let config = Config {
        retry_delay: delay,
        ..Config::new(SecretKey::parse("sk_test_123").unwrap(), base.parse().unwrap())
    };
    let began = tokio::time::Instant::now();
    let stripe = Client::new(config).unwrap();
    let error = stripe.send(&customers::retrieve("cus_1"), deadline).await.unwrap_err();
    assert!(matches!(error, Error::Connection(_)) && error.is_outage(), "{error:?}");
    assert!(began.elapsed() >= 2 * delay, "two waits lie between three tries");
}

#[tokio::test]
async fn the_deadline_bounds_all_tries_together_however_slowly_answers_come() {
    for (name, fault, tries) in [
        ("no head", Fault::SilentHeaders, 2),
        ("no body", Fault::SilentBody, 2),
        // A head that is not there in time is none.
        ("a slow head", Fault::SlowHeaders, 2),
        // Each byte comes in time, so that only the deadline can end it.
        ("a slow body", Fault::SlowBody, 1),
    ] {
        let server = FaultServer::start(vec![fault; 5]).await;
        let stripe = client(&server.base, Duration::from_secs(1));
        let deadline = Deadline::within(Duration::from_millis(1_500));
        let request = customers::retrieve("cus_1");
        let error = stripe.send(&request, deadline).await.unwrap_err();
        assert!(matches!(error, Error::DeadlineExceeded) && error.is_outage(), "{name}: {error:?}");
        assert!(deadline.remaining().is_zero(), "{name}");
        assert_eq!(server.received().len(), tries, "{name}");
    }
}

#[tokio::test]
async fn a_dropped_call_leaves_nothing_behind() {
    for fault in [Fault::SilentHeaders, Fault::SilentBody, Fault::SlowBody] {
        let server = FaultServer::start([fault.clone(), Fault::ok(CUSTOMER)]).await;
        let key = SecretKey::parse("sk_test_123").unwrap();
        let config = Config { max_calls: 1, ..Config::new(key, server.base.parse().unwrap()) };
        let stripe = Client::new(config).unwrap();
        let deadline = Deadline::within(Duration::from_secs(30));
        let request = customers::Create::default().request().idempotency_key("customer-7-1");
        tokio::select! {
            _ = stripe.send(&request, deadline) => panic!("there is no answer"),
            () = server.arrived() => {}
        }
        // Its connection is closed, it is not tried again, and its place is free.
        server.abandoned().await;
        stripe.send(&customers::retrieve("cus_1"), deadline).await.unwrap();
        assert_eq!(server.received().len(), 2, "{fault:?}");
        assert!(server.received()[1].line().starts_with("get "), "{fault:?}");
    }
}
