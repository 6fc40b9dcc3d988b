//! The embedded Stripe, started alone and driven over HTTP.

mod billing;
mod cards;
mod checkout;
mod clocks;
mod customer_balance;
mod differential;
mod direct_charges;
mod discounts;
mod durability;
mod faults;
mod giving_up;
mod invoice_details;
mod money;
mod payments;
mod pending_updates;
mod periods;
mod plans;
mod portal;
mod portal_flows;
mod previews;
mod pricing;
mod protocol;
mod requests;
mod resources;
mod schedules;
mod sources;
mod subscriber;
mod taxes;
mod trials;
mod versions;
mod webhooks;
mod whole_account;

use std::sync::{Arc, atomic::AtomicI64};

use api::sandbox::{Config, FaultPlan, Running, start};
use reqwest::{Method, header::HeaderMap};
use serde_json::{Value, json};
use tempfile::TempDir;

pub const VISA: &str = "4242 4242 4242 4242";
pub const WANTS_3DS: &str = "4000 0025 0000 3155";
pub const NO_FUNDS: &str = "4000 0000 0000 9995";
pub const FAILS_LATER: &str = "4000 0000 0000 0341";

/// A sandbox on a port and a file of its own.
pub struct Sandbox {
    running: Running,
    folder: TempDir,
    client: reqwest::Client,
}

/// An answer, read whole.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Asserts an error's status and gives its envelope.
    #[track_caller]
    pub fn error(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()["error"].clone()
    }
}

impl Sandbox {
    pub async fn start() -> Sandbox {
        Sandbox::open(tempfile::tempdir().unwrap()).await
    }

    async fn open(folder: TempDir) -> Sandbox {
        let running = start(config(&folder)).await.unwrap();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Sandbox { running, folder, client }
    }

    /// Ends it and starts it again on the same file.
    pub async fn restart(self) -> Sandbox {
        self.running.stop().await;
        Sandbox::open(self.folder).await
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        form: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = self.request(method, path);
        if !headers.iter().any(|(name, _)| *name == "Stripe-Version") {
            request = request.header("Stripe-Version", "2026-10-28.endive");
        }
        if !headers.iter().any(|(name, _)| *name == "Authorization") {
            request = request.header("Authorization", "Bearer sk_test_sandbox");
        }
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            request = request.header(*name, *value);
        }
        if !form.is_empty() {
            let body =
                url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
            request =
                request.header("Content-Type", "application/x-www-form-urlencoded").body(body);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, text: response.text().await.unwrap() }
    }

    /// A request without a body that may go without an answer.
    pub async fn try_send(&self, method: Method, path: &str) -> reqwest::Result<u16> {
        let request = self.request(method, path).bearer_auth("sk_test_sandbox");
        request.send().await.map(|response| response.status().as_u16())
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("{}{path}", self.running.api_base()))
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> impl Future<Output = Value> {
        let path = path.to_owned();
        async move {
            let answer = self.send(Method::GET, &path, &[], &[]).await;
            assert_eq!(answer.status, 200, "GET {path}: {}", answer.text);
            answer.json()
        }
    }

    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Value {
        let answer = self.send(Method::POST, path, form, &[]).await;
        assert_eq!(answer.status, 200, "POST {path} {form:?}: {}", answer.text);
        answer.json()
    }

    pub async fn refused(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(Method::POST, path, form, &[]).await
    }

    pub async fn delete(&self, path: &str) -> Value {
        let answer = self.send(Method::DELETE, path, &[], &[]).await;
        assert_eq!(answer.status, 200, "DELETE {path}: {}", answer.text);
        answer.json()
    }

    /// A page's HTML.
    pub async fn get_page(&self, url: &str) -> String {
        let path = url.strip_prefix(&self.running.api_base()).unwrap_or(url);
        let answer = self.send(Method::GET, path, &[], &[]).await;
        assert_eq!(answer.status, 200, "GET {path}: {}", answer.text);
        answer.text
    }

    /// Sends a page's form; the place it leads to, empty when the page is shown again.
    pub async fn submit(&self, url: &str, form: &[(&str, &str)]) -> (u16, String, String) {
        let path = url.strip_prefix(&self.running.api_base()).unwrap_or(url);
        let answer = self.send(Method::POST, path, form, &[]).await;
        (answer.status, answer.header("Location").to_owned(), answer.text)
    }

    /// Moves the clock, which carries out all that is due on the way.
    pub async fn advance(&self, by: &str) {
        self.control("clock/advance", json!({ "by": by })).await;
    }

    pub async fn control(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/_sandbox/{path}", self.running.api_base());
        let response = self.client.post(url).body(body.to_string()).send().await.unwrap();
        assert_eq!(response.status().as_u16(), 200);
        serde_json::from_str(&response.text().await.unwrap()).unwrap()
    }

    pub async fn now(&self) -> i64 {
        self.get("/_sandbox/clock").await["now"].as_i64().unwrap()
    }

    /// The types of the events about an object, oldest first.
    pub async fn events_about(&self, id: &str) -> Vec<String> {
        let events = self.get("/v1/events?limit=100").await;
        let mut types: Vec<String> = events["data"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|event| event["data"]["object"]["id"] == id)
            .map(|event| event["type"].as_str().unwrap().to_owned())
            .collect();
        types.reverse();
        types
    }

    /// A recurring price of `amount` cents each `interval`, on a product of its own.
    pub async fn price(&self, name: &str, amount: &str, interval: &str) -> String {
        let product = self.post("/v1/products", &[("name", name)]).await;
        let price = self
            .post(
                "/v1/prices",
                &[
                    ("product", text(&product["id"])),
                    ("currency", "usd"),
                    ("unit_amount", amount),
                    ("recurring[interval]", interval),
                ],
            )
            .await;
        text(&price["id"]).to_owned()
    }

    /// A customer whose invoices are charged to the card behind a magic id such as `pm_card_visa`.
    pub async fn customer(&self, payment_method: &str) -> String {
        let customer = self
            .post(
                "/v1/customers",
                &[
                    ("email", "ann@example.com"),
                    ("payment_method", payment_method),
                    ("invoice_settings[default_payment_method]", payment_method),
                ],
            )
            .await;
        text(&customer["id"]).to_owned()
    }

    pub async fn subscribe(&self, customer: &str, price: &str) -> Value {
        let form = [("customer", customer), ("items[0][price]", price)];
        self.post("/v1/subscriptions", &form).await
    }
}

pub fn config(folder: &TempDir) -> Config {
    Config {
        addr: "127.0.0.1:0".parse().unwrap(),
        public_url: None,
        business: "Inner Circle".to_owned(),
        database: folder.path().join("sandbox.sqlite"),
        webhook: None,
        clock_offset: Arc::new(AtomicI64::new(0)),
        faults: FaultPlan::default(),
        protocol: api::sandbox::ProtocolSettings::default(),
        record: std::env::var_os("SANDBOX_RECORD").map(Into::into),
    }
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}

/// A page's form with a card in it.
pub fn card(number: &str) -> Vec<(&str, &str)> {
    vec![
        ("email", "ann@example.com"),
        ("card-number", number),
        ("card-expiry", "12 / 34"),
        ("card-cvc", "123"),
        ("billing-name", "Ann Listener"),
    ]
}
