//! What the operator of the podcast does at Stripe, from a terminal: the sandbox's API, its clock, its faults.

use api::catalog::BUILT_IN;
use serde_json::{Value, json};

use super::{Answer, Subscriber, TestApp};

const KEY: &str = "sk_test_operator";

impl TestApp {
    /// Starts without rate limits, selling a plan with a trial.
    pub async fn start_with_trial() -> Self {
        let catalog = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(catalog.path(), BUILT_IN.replace("# trial_days", "trial_days")).unwrap();
        let path = catalog.path().display().to_string();
        Self::start_with(|settings| {
            settings.rate_limits = Some("off".to_owned());
            settings.catalog = Some(path);
        })
        .await
    }

    /// Reads from Stripe's API. A connection that was kept may be one that a fault has closed, so one that fails is tried
    /// again.
    pub async fn stripe(&self, path: &str) -> Value {
        let ask = || self.http.get(format!("{}{path}", self.sandbox)).bearer_auth(KEY).send();
        let answer = match ask().await {
            Ok(answer) => answer,
            Err(_) => ask().await.unwrap(),
        };
        Answer::read(answer).await.expect(200)
    }

    /// Makes or changes something at Stripe.
    pub async fn tell_stripe(&self, path: &str, fields: &[(&str, &str)]) -> Value {
        let form =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.http.post(format!("{}{path}", self.sandbox)).bearer_auth(KEY);
        self.send(request.header("Content-Type", "application/x-www-form-urlencoded").body(form))
            .await
            .expect(200)
    }

    /// Moves the sandbox's clock.
    pub async fn advance(&self, seconds: i64) {
        let request = self.http.post(format!("{}/_sandbox/clock/advance", self.sandbox));
        self.send(request.body(json!({ "seconds": seconds }).to_string())).await.expect(200);
    }

    /// Lets the sandbox fail by these rules alone.
    pub async fn faults(&self, seed: u64, rules: Value) {
        self.control("faults", json!({ "seed": seed, "rules": rules })).await;
    }

    /// Uses one of the sandbox's own controls.
    pub async fn control(&self, name: &str, settings: Value) {
        let request = self.http.post(format!("{}/_sandbox/{name}", self.sandbox));
        self.send(request.body(settings.to_string())).await.expect(200);
    }
}

impl Subscriber<'_> {
    /// The id of the subscription that counts.
    pub async fn subscription_id(&self) -> String {
        let answer = self.get("/api/billing/subscription").await.expect(200);
        answer["subscription"]["id"].as_str().unwrap().to_owned()
    }
}
