//! The sandbox's hosted pages, used as a browser without a script uses them.

mod checkout;
mod flows;
mod invoice;
mod portal;

use std::sync::{Arc, atomic::AtomicI64};

use api::sandbox::{Config, Running};
use reqwest::{Client, RequestBuilder, header, redirect::Policy};
use serde_json::Value;
use tempfile::TempDir;
use url::form_urlencoded;

pub(super) const PAYS: &str = "4242 4242 4242 4242";
pub(super) const ASKS_FOR_3D_SECURE: &str = "4000 0025 0000 3155";
pub(super) const IS_DECLINED: &str = "4000 0000 0000 0002";
pub(super) const FAILS_LATER: &str = "4000 0000 0000 0341";

/// A sandbox with two plans on offer, and a browser that follows no redirect by itself.
pub(super) struct Stage {
    sandbox: Running,
    http: Client,
    _folder: TempDir,
}

/// What a page answered.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) status: u16,
    pub(super) headers: header::HeaderMap,
    pub(super) body: String,
}

impl Page {
    /// Where a redirect leads.
    pub(super) fn location(&self) -> &str {
        self.headers
            .get(header::LOCATION)
            .unwrap_or_else(|| panic!("no redirect: {}", self.body))
            .to_str()
            .unwrap()
    }

    pub(super) fn assert_shows(&self, text: &str) {
        assert!(self.body.contains(text), "{text:?} is not on the page:\n{}", self.body);
    }

    pub(super) fn assert_lacks(&self, text: &str) {
        assert!(!self.body.contains(text), "{text:?} is on the page:\n{}", self.body);
    }
}

/// The card form, filled in.
pub(super) fn card(number: &str) -> Vec<(&'static str, String)> {
    let fields = [
        ("card-number", number),
        ("card-expiry", "12 / 34"),
        ("card-cvc", "123"),
        ("billing-name", "Ada Listener"),
    ];
    fields.into_iter().map(|(name, value)| (name, value.to_owned())).collect()
}

impl Stage {
    pub(super) async fn start() -> Stage {
        let folder = TempDir::new().unwrap();
        let config = Config {
            addr: "127.0.0.1:0".parse().unwrap(),
            public_url: None,
            business: "Inner Circle".to_owned(),
            database: folder.path().join("sandbox.db"),
            webhook: None,
            clock_offset: Arc::new(AtomicI64::new(0)),
            faults: api::sandbox::FaultPlan::default(),
            protocol: api::sandbox::ProtocolSettings::default(),
            record: std::env::var_os("SANDBOX_RECORD").map(Into::into),
        };
        let stage = Stage {
            sandbox: api::sandbox::start(config).await.unwrap(),
            http: Client::builder().redirect(Policy::none()).build().unwrap(),
            _folder: folder,
        };
        for (id, name, monthly) in
            [("circle_starter", "Starter", "500"), ("circle_pro", "Pro", "1000")]
        {
            stage.api("products", &[("id", id), ("name", name)]).await;
            let key = name.to_lowercase();
            let price = [
                ("product", id),
                ("currency", "usd"),
                ("unit_amount", monthly),
                ("recurring[interval]", "month"),
                ("lookup_key", key.as_str()),
            ];
            stage.api("prices", &price).await;
        }
        stage
    }

    /// An address of the sandbox; absolute ones stay as they are.
    pub(super) fn url(&self, path: &str) -> String {
        if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{path}", self.sandbox.public_url())
        }
    }

    /// `POST /v1/{path}`, which must succeed.
    pub(super) async fn api(&self, path: &str, fields: &[(&str, &str)]) -> Value {
        let request = self.http.post(self.url(&format!("/v1/{path}")));
        self.answer(with_form(request, fields), path).await
    }

    /// `GET /v1/{path}`, which must succeed.
    pub(super) async fn api_get(&self, path: &str) -> Value {
        self.answer(self.http.get(self.url(&format!("/v1/{path}"))), path).await
    }

    async fn answer(&self, request: RequestBuilder, path: &str) -> Value {
        let answer = request.bearer_auth("sk_test_pages").send().await.unwrap();
        let status = answer.status();
        let body = answer.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {body}");
        serde_json::from_str(&body).unwrap()
    }

    /// Moves the sandbox's clock.
    pub(super) async fn advance(&self, span: &str) {
        let body = serde_json::json!({ "by": span }).to_string();
        let answer =
            self.http.post(self.url("/_sandbox/clock/advance")).body(body).send().await.unwrap();
        assert!(answer.status().is_success(), "{:?}", answer.text().await);
    }

    /// Opens a page.
    pub(super) async fn open(&self, address: &str) -> Page {
        read(self.http.get(self.url(address))).await
    }

    /// Opens a page and follows redirects on the sandbox.
    pub(super) async fn follow(&self, address: &str) -> Page {
        let mut page = self.open(address).await;
        while page.status == 303 {
            page = self.open(page.location()).await;
        }
        page
    }

    /// Sends a page's form, as its own page would.
    pub(super) async fn send(&self, address: &str, fields: &[(&str, String)]) -> Page {
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let request =
            self.http.post(self.url(address)).header(header::ORIGIN, self.sandbox.public_url());
        read(with_form(request, &fields)).await
    }

    /// The price behind a lookup key.
    pub(super) async fn price(&self, key: &str) -> String {
        let prices = self.api_get(&format!("prices?lookup_keys[]={key}")).await;
        prices["data"][0]["id"].as_str().unwrap().to_owned()
    }

    pub(super) async fn customer(&self) -> String {
        let customer = self.api("customers", &[("email", "ada@example.com")]).await;
        customer["id"].as_str().unwrap().to_owned()
    }

    /// A Checkout Session for a subscription to `plan`; more parameters in `more`.
    pub(super) async fn checkout(
        &self,
        customer: &str,
        plan: &str,
        more: &[(&str, &str)],
    ) -> Value {
        let price = self.price(plan).await;
        let mut fields = vec![
            ("mode", "subscription"),
            ("customer", customer),
            ("line_items[0][price]", price.as_str()),
            ("line_items[0][quantity]", "1"),
            ("success_url", "http://localhost:3000/welcome?session_id={CHECKOUT_SESSION_ID}"),
            ("cancel_url", "http://localhost:3000/pricing"),
        ];
        fields.extend(more);
        self.api("checkout/sessions", &fields).await
    }

    /// A customer who has subscribed to `plan` through Checkout.
    pub(super) async fn subscriber(&self, plan: &str) -> String {
        let customer = self.customer().await;
        let session = self.checkout(&customer, plan, &[]).await;
        let page = self.send(session["url"].as_str().unwrap(), &card(PAYS)).await;
        assert_eq!(page.status, 303, "{}", page.body);
        customer
    }

    /// The customer's only subscription; null for none.
    pub(super) async fn subscription(&self, customer: &str) -> Value {
        let mut list = self.api_get(&format!("subscriptions?customer={customer}&status=all")).await;
        list["data"].get_mut(0).map(Value::take).unwrap_or_default()
    }

    /// A portal configuration with everything on, as `more` changes it; its id.
    pub(super) async fn configuration(&self, more: &[(&str, &str)]) -> String {
        let (starter, pro) = (self.price("starter").await, self.price("pro").await);
        let mut fields = vec![
            ("business_profile[headline]", "Your membership"),
            ("business_profile[terms_of_service_url]", "http://localhost:3000/terms"),
            ("business_profile[privacy_policy_url]", "http://localhost:3000/privacy"),
            ("features[customer_update][enabled]", "true"),
            ("features[customer_update][allowed_updates][0]", "email"),
            ("features[customer_update][allowed_updates][1]", "name"),
            ("features[customer_update][allowed_updates][2]", "address"),
            ("features[invoice_history][enabled]", "true"),
            ("features[payment_method_update][enabled]", "true"),
            ("features[subscription_cancel][enabled]", "true"),
            ("features[subscription_cancel][mode]", "at_period_end"),
            ("features[subscription_update][enabled]", "true"),
            ("features[subscription_update][default_allowed_updates][0]", "price"),
            ("features[subscription_update][proration_behavior]", "always_invoice"),
            ("features[subscription_update][products][0][product]", "circle_starter"),
            ("features[subscription_update][products][0][prices][0]", starter.as_str()),
            ("features[subscription_update][products][1][product]", "circle_pro"),
            ("features[subscription_update][products][1][prices][0]", pro.as_str()),
        ];
        for change in more {
            fields.retain(|(name, _)| name != &change.0);
            fields.push(*change);
        }
        let configuration = self.api("billing_portal/configurations", &fields).await;
        configuration["id"].as_str().unwrap().to_owned()
    }

    /// The address of a portal session; more parameters in `more`.
    pub(super) async fn portal(
        &self,
        customer: &str,
        configuration: &str,
        more: &[(&str, &str)],
    ) -> String {
        let mut fields = vec![
            ("customer", customer),
            ("configuration", configuration),
            ("return_url", "http://localhost:3000/account"),
        ];
        fields.extend(more);
        let session = self.api("billing_portal/sessions", &fields).await;
        session["url"].as_str().unwrap().to_owned()
    }
}

fn with_form(request: RequestBuilder, fields: &[(&str, &str)]) -> RequestBuilder {
    let body: String =
        form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body)
}

async fn read(request: RequestBuilder) -> Page {
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Page {
        status,
        headers,
        body: String::from_utf8_lossy(&answer.bytes().await.unwrap()).into_owned(),
    }
}
