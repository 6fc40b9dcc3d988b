//! Webhook deliveries to a receiver in the test.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, dev::ServerHandle, web};
use api::sandbox::{Webhook, start};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{Sandbox, config, text};

const PATIENCE: Duration = Duration::from_secs(20);

/// An endpoint that answers with a status of the test's choice and hands on what it gets.
pub struct Receiver {
    addr: SocketAddr,
    status: Arc<AtomicU16>,
    deliveries: UnboundedReceiver<(String, String)>,
    server: ServerHandle,
}

type Inbox = web::Data<(Arc<AtomicU16>, UnboundedSender<(String, String)>)>;

impl Receiver {
    pub fn start(status: u16) -> Receiver {
        let (sender, deliveries) = unbounded_channel();
        let status = Arc::new(AtomicU16::new(status));
        let state = web::Data::new((Arc::clone(&status), sender));
        let server = HttpServer::new(move || {
            App::new().app_data(state.clone()).default_service(web::post().to(receive))
        })
        .workers(1)
        .bind(("127.0.0.1", 0))
        .unwrap();
        let addr = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Receiver { addr, status, deliveries, server: handle }
    }

    pub fn url(&self) -> String {
        format!("http://{}/webhooks", self.addr)
    }

    pub async fn next(&mut self) -> (String, Value) {
        let received = tokio::time::timeout(PATIENCE, self.deliveries.recv()).await;
        let (signature, payload) = received.expect("a delivery in time").unwrap();
        let event = serde_json::from_str(&payload).unwrap();
        (format!("{signature}\n{payload}"), event)
    }

    pub async fn stop(self) {
        self.server.stop(false).await;
    }
}

async fn receive(request: HttpRequest, body: web::Bytes, inbox: Inbox) -> HttpResponse {
    let signature = request.headers().get("Stripe-Signature").unwrap().to_str().unwrap().to_owned();
    inbox.1.send((signature, String::from_utf8(body.to_vec()).unwrap())).unwrap();
    let status = inbox.0.load(Ordering::SeqCst);
    HttpResponse::build(actix_web::http::StatusCode::from_u16(status).unwrap()).finish()
}

fn is_signed(delivery: &str, secret: &str) -> bool {
    let (header, payload) = delivery.split_once('\n').unwrap();
    let part = |name: &str| {
        let prefix = format!("{name}=");
        header.split(',').find_map(|part| part.strip_prefix(prefix.as_str())).unwrap()
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{}.{payload}", part("t")).as_bytes());
    hex::encode(mac.finalize().into_bytes()) == part("v1")
}

#[tokio::test]
async fn events_are_delivered_signed_and_repeated_until_taken() {
    let mut receiver = Receiver::start(500);
    let sandbox = Sandbox::start().await;
    let form = [("url", receiver.url()), ("enabled_events[0]", "customer.created".to_owned())];
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let endpoint = sandbox.post("/v1/webhook_endpoints", &form).await;
    let secret = text(&endpoint["secret"]);
    let customer = sandbox.post("/v1/customers", &[("email", "a@b.c")]).await;
    sandbox.post("/v1/products", &[("name", "not wanted")]).await;

    let (delivery, event) = receiver.next().await;
    assert!(is_signed(&delivery, secret));
    assert_eq!(event["type"], "customer.created");
    assert_eq!(event["data"]["object"]["id"], customer["id"]);
    assert_eq!(event["pending_webhooks"], 1);
    receiver.status.store(200, Ordering::SeqCst);
    let (again, repeated) = receiver.next().await;
    assert!(is_signed(&again, secret));
    assert_eq!(repeated["id"], event["id"]);

    let path = format!("/v1/events/{}", text(&event["id"]));
    let settled = async {
        while sandbox.get(&path).await["pending_webhooks"] != 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, settled).await.unwrap();
    let shown = sandbox.get("/v1/webhook_endpoints").await;
    assert!(shown["data"][0].get("secret").is_none(), "the secret is shown once");

    sandbox.post(&format!("{path}/retry"), &[]).await;
    assert_eq!(receiver.next().await.1["id"], event["id"]);
    receiver.stop().await;
}

#[tokio::test]
async fn the_configured_endpoint_gets_what_waited_while_everything_was_down() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(&folder);
    config.webhook =
        Some(Webhook { url: Some("http://127.0.0.1:9/closed".to_owned()), secret: None });
    let first = start(config.clone()).await.unwrap();
    let secret = first.webhook_secret().to_owned();
    assert!(secret.starts_with("whsec_"));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let response = client
        .post(format!("{}/v1/customers", first.api_base()))
        .bearer_auth("sk_test_1")
        .body("email=a%40b.c")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status().as_u16(), 200);
    first.stop().await;

    let mut receiver = Receiver::start(200);
    config.webhook = None;
    let second = start(config).await.unwrap();
    assert_eq!(second.webhook_secret(), secret);
    second.set_webhook(&receiver.url()).await.unwrap();
    let (delivery, event) = receiver.next().await;
    assert!(is_signed(&delivery, &secret));
    assert_eq!(event["type"], "customer.created");
    assert!(event["request"]["id"].as_str().unwrap().starts_with("req_"));
    second.stop().await;
    receiver.stop().await;
}

async fn endpoint(sandbox: &Sandbox, url: &str, event: &str) -> Value {
    sandbox.post("/v1/webhook_endpoints", &[("url", url), ("enabled_events[0]", event)]).await
}

/// Deliveries of the newest event of a type, once they all have a state.
async fn settled(sandbox: &Sandbox, kind: &str, state: &str) -> Value {
    let events = sandbox.get(&format!("/v1/events?type={kind}")).await;
    let path = format!("/_sandbox/deliveries?event={}", text(&events["data"][0]["id"]));
    let settled = async {
        loop {
            let shown = sandbox.get(&path).await;
            let deliveries = shown["data"].as_array().unwrap();
            if deliveries.iter().all(|delivery| delivery["state"] == state) {
                return shown;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, settled).await.unwrap_or_else(|_| panic!("{kind} {state}"))
}

#[tokio::test]
async fn an_endpoint_that_hangs_holds_up_neither_others_nor_later_events() {
    // Takes connections and never answers.
    let hanging = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut receiver = Receiver::start(200);
    let sandbox = Sandbox::start().await;
    let silent = format!("http://{}/", hanging.local_addr().unwrap());
    for _ in 0..3 {
        endpoint(&sandbox, &silent, "*").await;
    }
    endpoint(&sandbox, &receiver.url(), "customer.created").await;
    // More deliveries hang than one endpoint, or a batch, has slots for.
    for _ in 0..60 {
        sandbox.post("/v1/products", &[("name", "hangs")]).await;
    }
    for _ in 0..5 {
        sandbox.post("/v1/customers", &[]).await;
        let soon = std::time::Duration::from_secs(8);
        let arrived = tokio::time::timeout(soon, receiver.next()).await;
        assert_eq!(arrived.expect("before the others time out").1["type"], "customer.created");
    }
    receiver.stop().await;
}

#[tokio::test]
async fn a_rolled_secret_signs_along_until_it_expires() {
    let mut receiver = Receiver::start(200);
    let sandbox = Sandbox::start().await;
    let endpoint = endpoint(&sandbox, &receiver.url(), "*").await;
    let roll = format!("webhook_endpoints/{}/roll_secret", text(&endpoint["id"]));
    let rolled = sandbox.control(&roll, serde_json::json!({ "expire_in": 3_600 })).await;
    let (old, new) = (text(&endpoint["secret"]), text(&rolled["secret"]));
    assert_ne!(old, new);

    sandbox.post("/v1/products", &[("name", "both")]).await;
    let (delivery, _) = receiver.next().await;
    let header = delivery.split_once('\n').unwrap().0.to_owned();
    let signatures: Vec<&str> = header.split(',').filter(|part| part.starts_with("v1=")).collect();
    assert_eq!(signatures.len(), 2, "{header}");
    assert!(is_signed(&delivery, new), "the new one comes first");
    let old_first = delivery.replacen(&format!("{},", signatures[0]), "", 1);
    assert!(is_signed(&old_first, old));

    sandbox.advance("61min").await;
    sandbox.post("/v1/products", &[("name", "new alone")]).await;
    let (delivery, _) = receiver.next().await;
    assert!(is_signed(&delivery, new));
    assert_eq!(delivery.split_once('\n').unwrap().0.matches("v1=").count(), 1);
    receiver.stop().await;
}

#[tokio::test]
async fn test_mode_gives_up_after_three_attempts_under_the_clock() {
    let receiver = Receiver::start(503);
    let sandbox = Sandbox::start().await;
    endpoint(&sandbox, &receiver.url(), "product.created").await;
    sandbox.control("webhooks", serde_json::json!({ "retries": "test" })).await;
    sandbox.post("/v1/products", &[("name", "refused")]).await;
    for attempts in 1..=3 {
        let state = if attempts < 3 { "pending" } else { "failed" };
        let attempted = async {
            loop {
                let shown = settled(&sandbox, "product.created", state).await;
                if shown["data"][0]["attempts"] == attempts {
                    return shown;
                }
                tokio::task::yield_now().await;
            }
        };
        let shown = tokio::time::timeout(PATIENCE, attempted).await.unwrap();
        let made = shown["data"][0]["made"].as_array().unwrap().clone();
        assert_eq!(made.len(), attempts);
        assert!(made.iter().all(|attempt| attempt["status"] == 503), "{made:?}");
        sandbox.advance("2h").await;
    }
    let sandbox = sandbox.restart().await;
    assert_eq!(sandbox.get("/_sandbox/webhooks").await["retries"], "test", "it is remembered");
    receiver.stop().await;
}

#[tokio::test]
async fn events_say_who_asked_and_what_was_there_before() {
    let sandbox = Sandbox::start().await;
    let keyed = [("Idempotency-Key", "key-1")];
    let form = [("name", "First")];
    let made = sandbox.send(reqwest::Method::POST, "/v1/products", &form, &keyed).await;
    let product = made.json();
    let event = &sandbox.get("/v1/events?type=product.created").await["data"][0];
    assert_eq!(event["request"]["id"], made.header("Request-Id"));
    assert_eq!(event["request"]["idempotency_key"], "key-1");
    assert!(event["data"].get("previous_attributes").is_none());
    let path = format!("/v1/products/{}", text(&product["id"]));
    sandbox.post(&path, &[("name", "Second"), ("metadata[k]", "v")]).await;
    let event = &sandbox.get("/v1/events?type=product.updated").await["data"][0];
    assert_eq!(event["data"]["previous_attributes"]["name"], "First");
    assert_eq!(event["request"]["idempotency_key"], Value::Null);
    assert_eq!(event["pending_webhooks"], 0);
}
