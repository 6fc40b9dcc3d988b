//! What a listener does, and what their bank and the operator do to them.

use rand::{RngExt, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};

use crate::harness::{Answer, Listener, PASSWORD, TestApp, VISA, credentials};

const PLANS: [&str; 3] = ["starter", "pro", "enterprise"];
const DECLINED: &str = "4000000000000002";
const DISPUTED: &str = "4000000000000259";

/// Somebody who walks.
pub struct Walker<'a> {
    app: &'a TestApp,
    pub email: String,
    token: String,
    random: StdRng,
    /// Whether the account was ever to be deleted.
    pub has_left: bool,
    /// What was done, by name.
    pub done: Vec<&'static str>,
}

impl<'a> Walker<'a> {
    pub async fn register(app: &'a TestApp, email: String, random: StdRng) -> Self {
        let Listener { token, .. } = app.register(&email).await;
        Self { app, email, token, random, has_left: false, done: Vec::new() }
    }

    /// The plan that the product opens to them now; nothing to somebody who left.
    pub async fn shown(&self) -> Option<String> {
        let answer = self.app.get_as(&self.token, "/api/me").await;
        if self.has_left && answer.status == 401 {
            return None;
        }
        let account = answer.expect(200);
        if account["deletion_pending"] == true {
            return Some("nothing yet: the account is still to be deleted".to_owned());
        }
        account["access"]["plan"].as_str().map(str::to_owned)
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.app.post_as(&self.token, path, body).await
    }

    /// Calls the sandbox as whoever runs the podcast; what fails is for another time.
    async fn operator(&self, method: &str, path: &str, form: &[(&str, &str)]) -> Option<Value> {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let url = format!("{}{path}", self.app.sandbox);
        let request = self.app.http.request(method.parse().unwrap(), url);
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        let answer = request.bearer_auth("sk_test_operator").body(form).send().await.ok()?;
        if !answer.status().is_success() {
            return None;
        }
        serde_json::from_str(&answer.text().await.ok()?).ok()
    }

    /// One thing that somebody does, or tries to do.
    pub async fn step(&mut self) {
        let account = self.app.get_as(&self.token, "/api/me").await;
        if account.status == 401 && self.has_left {
            return self.come_back().await;
        }
        let account = account.expect(200);
        let plan = *PLANS.choose(&mut self.random).unwrap();
        let wish: u32 = self.random.random_range(0..100);
        if wish < 4 && account["deletion_pending"] != true {
            return self.leave().await;
        }
        let answer = self.post("/api/billing/checkout-session", json!({ "plan": plan })).await;
        match answer.status {
            200 => {
                let page = answer.expect(200)["url"].as_str().unwrap().to_owned();
                let (card, what) = match wish {
                    ..70 => (VISA, "paid"),
                    70..78 => (DISPUTED, "paid and disputed"),
                    78..88 => (DECLINED, "were declined"),
                    _ => return self.done.push("went away from Checkout"),
                };
                self.app.pay_with(&page, card).await;
                self.done.push(what);
            }
            // A subscription is there: the portal it is.
            409 => drop(self.change_something(&account, plan).await),
            _ => {}
        }
    }

    async fn leave(&mut self) {
        let request = self.app.http.delete(self.app.url("/api/me")).bearer_auth(&self.token);
        let password = json!({ "current_password": PASSWORD }).to_string();
        let answer = self.app.send(request.body(password)).await;
        if answer.status == 202 {
            self.has_left = true;
            self.done.push("left");
        }
    }

    async fn come_back(&mut self) {
        let answer = self.app.post("/api/auth/register", credentials(&self.email)).await;
        if answer.status == 201 {
            self.token = Listener::of(answer, 201).token;
            self.done.push("came back");
        }
    }

    /// Something about a subscription that is there; `None` when it failed on the way.
    async fn change_something(&mut self, account: &Value, plan: &str) -> Option<()> {
        let customer = account["stripe_customer_id"].as_str()?;
        let theirs = format!("/v1/subscriptions?customer={customer}");
        let theirs = self.operator("GET", &theirs, &[]).await?;
        let subscription = &theirs["data"][0];
        let id = subscription["id"].as_str()?;
        let reason = account["access"]["reason"].as_str()?;
        let wish = match (self.random.random_range(0..100), reason) {
            // Who lacks something mostly sees to it.
            (0..60, "grace" | "past_due" | "unpaid") => 70,
            (0..60, "disputed") => 85,
            (wish, _) => wish,
        };
        let what = match wish {
            0..45 => self.visit_portal(id, plan).await?,
            45..57 => self.use_card(customer, id, "pm_card_chargeCustomerFail").await?,
            57..63 => self.use_card(customer, id, "pm_card_createDispute").await?,
            63..75 => {
                self.use_card(customer, id, "pm_card_visa").await?;
                self.pay_what_is_owed(id).await?
            }
            75..82 => self.refund(subscription).await?,
            82..88 => self.end_dispute(customer).await?,
            88..91 => {
                let methods = format!("/v1/customers/{customer}/payment_methods");
                let methods = self.operator("GET", &methods, &[]).await?;
                for method in methods["data"].as_array()? {
                    let detach = format!("/v1/payment_methods/{}/detach", method["id"].as_str()?);
                    self.operator("POST", &detach, &[]).await?;
                }
                "lost every card"
            }
            91..95 => {
                let behavior = if subscription["pause_collection"].is_null() { "void" } else { "" };
                let name = if behavior.is_empty() {
                    "pause_collection"
                } else {
                    "pause_collection[behavior]"
                };
                self.operator("POST", &format!("/v1/subscriptions/{id}"), &[(name, behavior)])
                    .await?;
                "had invoices voided or not"
            }
            _ => {
                self.operator("DELETE", &format!("/v1/subscriptions/{id}"), &[]).await?;
                "were ended at once"
            }
        };
        self.done.push(what);
        Some(())
    }

    async fn visit_portal(&mut self, id: &str, plan: &str) -> Option<&'static str> {
        let portal = self.post("/api/billing/portal-session", json!({})).await;
        if portal.status != 200 {
            return None;
        }
        let portal = portal.expect(200)["url"].as_str()?.to_owned();
        let at = |action: &str| format!("{portal}/subscriptions/{id}/{action}");
        let (action, what) = match self.random.random_range(0..10) {
            0..2 => ("cancel", "cancelled"),
            2..4 => ("resume", "took the end back"),
            4..5 => ("pause", "paused"),
            5..6 => ("unpause", "went on"),
            _ => {
                let price = format!("/v1/prices?lookup_keys[]={plan}");
                let price = self.operator("GET", &price, &[]).await?;
                let price = price["data"][0]["id"].as_str()?;
                let changed = self.app.submit(&at("confirm"), &[("price", price)]).await;
                return (changed.status() == 303).then_some("changed the plan");
            }
        };
        (self.app.submit(&at(action), &[]).await.status() == 303).then_some(what)
    }

    async fn use_card(&self, customer: &str, id: &str, card: &str) -> Option<&'static str> {
        let attach = format!("/v1/payment_methods/{card}/attach");
        let method = self.operator("POST", &attach, &[("customer", customer)]).await?;
        let method = [("default_payment_method", method["id"].as_str()?)];
        self.operator("POST", &format!("/v1/subscriptions/{id}"), &method).await?;
        Some(match card {
            "pm_card_chargeCustomerFail" => "took a card that fails",
            "pm_card_createDispute" => "took a card that is disputed",
            _ => "took a card that pays",
        })
    }

    async fn pay_what_is_owed(&self, id: &str) -> Option<&'static str> {
        let open = format!("/v1/invoices?subscription={id}&status=open");
        for invoice in self.operator("GET", &open, &[]).await?["data"].as_array()? {
            self.operator("POST", &format!("/v1/invoices/{}/pay", invoice["id"].as_str()?), &[])
                .await?;
        }
        Some("paid what was owed")
    }

    /// Refunds the latest invoice, in full or in part.
    async fn refund(&mut self, subscription: &Value) -> Option<&'static str> {
        let latest = subscription["latest_invoice"].as_str()?;
        let latest = format!("/v1/invoices/{latest}?expand[]=payments");
        let invoice = self.operator("GET", &latest, &[]).await?;
        let intent = invoice["payments"]["data"][0]["payment"]["payment_intent"].as_str()?;
        let (amount, what) = match self.random.random_range(0..3) {
            0 => (&[("amount", "100")][..], "were refunded in part"),
            _ => (&[][..], "were refunded"),
        };
        let form = [&[("payment_intent", intent)], amount].concat();
        self.operator("POST", "/v1/refunds", &form).await?;
        Some(what)
    }

    /// Wins or loses the newest dispute that is open.
    async fn end_dispute(&mut self, customer: &str) -> Option<&'static str> {
        let charges = format!("/v1/charges?customer={customer}&limit=100");
        let charges = self.operator("GET", &charges, &[]).await?;
        let disputed =
            charges["data"].as_array()?.iter().find(|charge| charge["disputed"] == true)?;
        let disputes = format!("/v1/disputes?charge={}", disputed["id"].as_str()?);
        let disputes = self.operator("GET", &disputes, &[]).await?;
        let dispute = format!("/v1/disputes/{}", disputes["data"][0]["id"].as_str()?);
        if self.random.random_range(0..2) == 0 {
            let evidence = [("evidence[uncategorized_text]", "winning_evidence")];
            self.operator("POST", &dispute, &evidence).await?;
            return Some("lost a dispute");
        }
        self.operator("POST", &format!("{dispute}/close"), &[]).await?;
        Some("won a dispute")
    }
}
