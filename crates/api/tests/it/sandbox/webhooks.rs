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
