//! A sandbox with one subscriber in it, and what tests ask about them.

use serde_json::{Value, json};

use super::{Sandbox, text};

/// A customer who is subscribed to one price.
pub struct Subscriber {
    pub sandbox: Sandbox,
    pub customer: String,
    pub price: String,
    /// The subscription as it was made.
    pub subscription: Value,
}

/// What the subscriber is made of; the rest is a monthly $9.00 plan paid by a good card.
pub struct Setup<'a> {
    card: &'a str,
    amount: &'a str,
    interval: &'a str,
    form: Vec<(&'a str, &'a str)>,
}

impl<'a> Setup<'a> {
    pub fn card(mut self, card: &'a str) -> Setup<'a> {
        self.card = card;
        self
    }

    pub fn price(mut self, amount: &'a str, interval: &'a str) -> Setup<'a> {
        (self.amount, self.interval) = (amount, interval);
        self
    }

    /// A further parameter of the subscription.
    pub fn with(mut self, name: &'a str, value: &'a str) -> Setup<'a> {
        self.form.push((name, value));
        self
    }

    pub async fn start(self) -> Subscriber {
        self.start_in(Sandbox::start().await).await
    }

    pub async fn start_in(self, sandbox: Sandbox) -> Subscriber {
        let price = sandbox.price("Starter", self.amount, self.interval).await;
        let customer = sandbox.customer(self.card).await;
        let mut form = vec![("customer", customer.as_str()), ("items[0][price]", price.as_str())];
        form.extend(self.form);
        let subscription = sandbox.post("/v1/subscriptions", &form).await;
        Subscriber { sandbox, customer, price, subscription }
    }
}

impl Subscriber {
    #[expect(clippy::new_ret_no_self, reason = "the setup makes it, once it is told how")]
    pub fn new<'a>() -> Setup<'a> {
        Setup { card: "pm_card_visa", amount: "900", interval: "month", form: Vec::new() }
    }

    pub fn id(&self) -> &str {
        text(&self.subscription["id"])
    }

    /// The only item's id.
    pub fn item(&self) -> &str {
        text(&self.subscription["items"]["data"][0]["id"])
    }

    pub fn started(&self) -> i64 {
        self.subscription["created"].as_i64().unwrap()
    }

    /// When the first period ends.
    pub fn first_end(&self) -> i64 {
        self.subscription["items"]["data"][0]["current_period_end"].as_i64().unwrap()
    }

    /// The subscription as it is now, its latest invoice expanded.
    pub async fn now(&self) -> Value {
        let path = format!("/v1/subscriptions/{}?expand[]=latest_invoice", self.id());
        self.sandbox.get(&path).await
    }

    pub async fn update(&self, form: &[(&str, &str)]) -> Value {
        self.sandbox.post(&format!("/v1/subscriptions/{}", self.id()), form).await
    }

    /// Moves the clock to a time in Unix seconds.
    pub async fn at(&self, time: i64) {
        self.sandbox.control("clock/advance", json!({ "to": time })).await;
    }

    /// Totals of the customer's invoices, oldest first.
    pub async fn totals(&self) -> Vec<i64> {
        let list = format!("/v1/invoices?customer={}&limit=100", self.customer);
        let invoices = self.sandbox.get(&list).await;
        let invoices = invoices["data"].as_array().unwrap();
        invoices.iter().rev().map(|invoice| invoice["total"].as_i64().unwrap()).collect()
    }

    pub async fn customer(&self) -> Value {
        self.sandbox.get(&format!("/v1/customers/{}", self.customer)).await
    }
}
