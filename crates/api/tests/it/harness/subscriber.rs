//! Somebody who buys: registers, pays on the sandbox's page, and watches the account as an open page does.

use serde_json::{Value, json};

use super::{Listener, PATIENCE, TestApp};

/// The card that pays.
pub const VISA: &str = "4242424242424242";

/// Somebody with an account and a session.
pub struct Subscriber<'a> {
    pub app: &'a TestApp,
    pub token: String,
    pub id: String,
}

impl TestApp {
    /// Registers somebody who is going to buy.
    pub async fn subscriber(&self, email: &str) -> Subscriber<'_> {
        let Listener { id, token, .. } = self.register(email).await;
        Subscriber { app: self, id, token }
    }

    /// Sends a form of the sandbox's pages, as a browser does, without following where it leads.
    pub async fn submit(&self, page: &str, fields: &[(&str, &str)]) -> reqwest::Response {
        let client =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let form =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        client
            .post(page)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form)
            .send()
            .await
            .unwrap()
    }

    /// Fills in a page's card form and sends it; the answer is where it leads.
    pub async fn pay_with(&self, page: &str, card: &str) -> reqwest::Response {
        let fields = [
            ("card-number", card),
            ("card-expiry", "12 / 34"),
            ("card-cvc", "123"),
            ("billing-name", "Ada Lovelace"),
        ];
        self.submit(page, &fields).await
    }
}

impl Subscriber<'_> {
    pub async fn get(&self, path: &str) -> super::Answer {
        self.app.get_as(&self.token, path).await
    }

    pub async fn post(&self, path: &str, body: Value) -> super::Answer {
        self.app.post_as(&self.token, path, body).await
    }

    /// The address of a Checkout for a plan.
    pub async fn checkout(&self, plan: &str) -> String {
        let answer =
            self.post("/api/billing/checkout-session", json!({ "plan": plan })).await.expect(200);
        answer["url"].as_str().unwrap().to_owned()
    }

    /// Goes through Checkout, and gives the address that it sends the browser back to.
    pub async fn subscribe(&self, plan: &str) -> String {
        let answer = self.app.pay_with(&self.checkout(plan).await, VISA).await;
        assert_eq!(answer.status(), 303, "{}", answer.text().await.unwrap());
        answer.headers()["location"].to_str().unwrap().to_owned()
    }

    /// The account as it is now.
    pub async fn account(&self) -> Value {
        self.get("/api/me").await.expect(200)
    }

    /// Follows the account until it is as wanted.
    #[track_caller]
    pub fn account_when(&self, wanted: impl Fn(&Value) -> bool) -> impl Future<Output = Value> {
        let caller = std::panic::Location::caller();
        let request = self.app.http.get(self.app.url("/api/events")).bearer_auth(&self.token);
        async move {
            let mut last = Value::Null;
            let watch = async {
                let mut response = request.send().await.unwrap();
                let mut text = String::new();
                while let Some(chunk) = response.chunk().await.unwrap() {
                    text.push_str(&String::from_utf8_lossy(&chunk));
                    while let Some((message, rest)) = text.split_once("\n\n") {
                        if let Some(data) =
                            message.lines().find_map(|line| line.strip_prefix("data:"))
                        {
                            last = serde_json::from_str(data).unwrap();
                        }
                        text = rest.to_owned();
                        if wanted(&last) {
                            return;
                        }
                    }
                }
                panic!("the stream ended; {caller}");
            };
            let came = tokio::time::timeout(PATIENCE, watch).await;
            assert!(came.is_ok(), "{caller}: the account stayed {last:#}");
            last
        }
    }
}
