//! What a listener does from the first visit to the last, with what is refused on the way.

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::{described::Described, with_query};
use crate::harness::{Answer, PASSWORD, TestApp, VISA, cookie, credentials, token_in};

const ADA: &str = "ada@example.com";

/// Calls what is described, and holds the answers against the description.
struct Caller<'a> {
    app: &'a TestApp,
    described: &'a Described,
    token: String,
}

impl Caller<'_> {
    /// Sends a request that `prepare` made of the plain one to an operation; `names` go into its path.
    async fn send(
        &self,
        method: &str,
        template: &str,
        names: &[&str],
        prepare: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> (Answer, Option<String>) {
        let operation = self.described.operation(method, template);
        let url = self.app.url(&operation.path(names));
        let request = self.app.http.request(operation.method.clone(), url);
        let answer = self.app.send(prepare(request.bearer_auth(&self.token))).await;
        let code = self.described.check(&operation, &answer);
        (answer, code)
    }

    /// Sends a body, or none for null, and expects a status.
    async fn call(&self, method: &str, template: &str, body: Value, status: u16) -> Answer {
        let with_body = |request: RequestBuilder| match body {
            Value::Null => request,
            body => request.body(body.to_string()),
        };
        let (answer, _) = self.send(method, template, &[], with_body).await;
        assert_eq!(answer.status, status, "{method} {template}: {}", answer.text());
        answer
    }

    /// Sends a body and expects an error.
    async fn refused(&self, method: &str, template: &str, body: Value, status: u16, code: &str) {
        let answer = self.call(method, template, body, status).await;
        answer.expect_error(status, code);
    }

    /// Reads what the query says, and expects a status.
    async fn query(&self, template: &str, query: &[(&str, &str)], status: u16) -> Answer {
        let (answer, _) =
            self.send("get", template, &[], |request| with_query(request, query)).await;
        assert_eq!(answer.status, status, "{template} {query:?}: {}", answer.text());
        answer
    }
}

#[tokio::test]
async fn accounts_answer_as_described() {
    let app = TestApp::start().await;
    let described = Described::read(&app).await;
    let mut ada = Caller { app: &app, described: &described, token: String::new() };
    let (register, login) = ("/api/auth/register", "/api/auth/login");
    let opened = ada.call("post", register, credentials(ADA), 201).await;
    let held = cookie(&opened).expect("a refresh cookie");
    ada.refused("post", register, credentials(ADA), 409, "email_taken").await;
    ada.refused("post", register, credentials("ada"), 422, "invalid_email").await;
    let weak = json!({ "email": "eve@example.com", "password": "short" });
    ada.refused("post", register, weak, 422, "weak_password").await;
    let wrong = json!({ "email": ADA, "password": "incorrect horse battery" });
    ada.refused("post", login, wrong, 401, "invalid_credentials").await;
    let nobody = json!({ "email": "ada\0", "password": PASSWORD });
    ada.refused("post", login, nobody, 401, "invalid_credentials").await;
    let session = ada.call("post", login, credentials(ADA), 200).await.json();
    ada.token = session["token"].as_str().unwrap().to_owned();
    let (traded, _) =
        ada.send("post", "/api/auth/refresh", &[], |request| request.header("Cookie", held)).await;
    traded.expect(200);

    ada.call("post", "/api/auth/verify-email/resend", Value::Null, 202).await;
    let junk = json!({ "token": "junk", "password": PASSWORD });
    ada.refused("post", "/api/auth/reset-password", junk, 400, "invalid_token").await;
    let junk = json!({ "token": "junk" });
    ada.refused("post", "/api/auth/verify-email", junk, 400, "invalid_token").await;
    ada.refused("post", "/api/auth/check-link", json!({ "token": "junk" }), 400, "invalid_token")
        .await;
    let confirm = token_in(&app.mail(ADA, "Confirm your e-mail address").await);
    ada.call("post", "/api/auth/check-link", json!({ "token": confirm }), 204).await;
    ada.call("post", "/api/auth/verify-email", json!({ "token": confirm }), 204).await;
    ada.call("post", "/api/auth/forgot-password", json!({ "email": ADA }), 202).await;

    ada.call("get", "/api/me", Value::Null, 200).await;
    let changed =
        |email: &str, password: &str| json!({ "email": email, "current_password": password });
    app.register("eve@example.com").await;
    for (email, password, status, code) in [
        ("ada.lovelace@example.com", "incorrect horse battery", 401, "invalid_credentials"),
        ("eve@example.com", PASSWORD, 409, "email_taken"),
        ("nowhere", PASSWORD, 422, "invalid_email"),
    ] {
        ada.refused("patch", "/api/me", changed(email, password), status, code).await;
    }
    let wished = ada.call("patch", "/api/me", changed("lovelace@example.com", PASSWORD), 200).await;
    assert_eq!(wished.json()["pending_email"], "lovelace@example.com");

    let sessions = ada.call("get", "/api/auth/sessions", Value::Null, 200).await.json();
    let id = sessions["sessions"][1]["id"].as_str().unwrap();
    for (name, status) in [(id, 204), (id, 404), ("%00", 404)] {
        let path = "/api/auth/sessions/{id}";
        let (ended, _) = ada.send("delete", path, &[name], |request| request).await;
        assert_eq!(ended.status, status, "{name}");
    }
    let leave = |password: &str| json!({ "current_password": password });
    let wrong = leave("incorrect horse battery");
    ada.refused("delete", "/api/me", wrong, 401, "invalid_credentials").await;
    ada.call("post", "/api/auth/logout", Value::Null, 204).await;
    ada.token = app.log_in(ADA).await.token;
    ada.call("delete", "/api/me", leave(PASSWORD), 202).await;
}

#[tokio::test]
async fn billing_answers_as_described() {
    let app = TestApp::start().await;
    let described = Described::read(&app).await;
    let buyer = app.subscriber(ADA).await;
    let ada = Caller { app: &app, described: &described, token: buyer.token.clone() };
    let (checkout, portal) = ("/api/billing/checkout-session", "/api/billing/portal-session");
    ada.call("get", "/api/plans", Value::Null, 200).await;
    ada.refused("post", portal, Value::Null, 409, "no_customer").await;
    ada.refused("post", checkout, json!({ "plan": "platinum" }), 404, "plan_not_found").await;
    ada.query("/api/billing/invoices", &[], 200).await;
    ada.query("/api/billing/invoices", &[("starting_after", "in_1")], 400).await;
    let page = ada.call("post", checkout, json!({ "plan": "starter" }), 200).await.json();
    let paid = app.pay_with(page["url"].as_str().unwrap(), VISA).await;
    let back = paid.headers()["location"].to_str().unwrap().to_owned();
    buyer.account_when(|account| account["subscription_status"] == "active").await;
    let id = back.split_once("session_id=").unwrap().1;
    for (name, status) in [(id, 200), ("cs_junk", 404), ("%00", 404)] {
        let path = "/api/billing/checkout-session/{id}";
        let (came, _) = ada.send("get", path, &[name], |request| request).await;
        assert_eq!(came.status, status, "{name}: {}", came.text());
    }
    ada.refused("post", checkout, json!({ "plan": "pro" }), 409, "already_subscribed").await;

    ada.refused("post", "/api/billing/resume", Value::Null, 409, "flow_not_available").await;
    ada.call("post", portal, Value::Null, 200).await;
    let flow = |flow: &str, plan: Option<&str>| json!({ "flow": flow, "plan": plan });
    for (wanted, status, code) in [
        (flow("refund", None), 422, "unknown_flow"),
        (flow("subscription_update_confirm", None), 400, "missing_field"),
        (flow("subscription_update_confirm", Some("platinum")), 404, "plan_not_found"),
        (flow("subscription_update_confirm", Some("starter")), 409, "flow_not_available"),
    ] {
        ada.refused("post", portal, wanted, status, code).await;
    }
    ada.call("get", "/api/billing/subscription", Value::Null, 200).await;
    ada.call("get", "/api/billing/open-invoice", Value::Null, 200).await;
    let preview = "/api/billing/change-preview";
    for (plan, status) in [("pro", 200), ("platinum", 404), ("starter", 409)] {
        ada.query(preview, &[("plan", plan)], status).await;
    }
    let missing = ada.query(preview, &[], 400).await.expect_error(400, "invalid_parameter");
    assert_eq!(missing["field"], "plan");
    let invoices = ada.query("/api/billing/invoices", &[("limit", "1")], 200).await.json();
    let id = invoices["invoices"][0]["id"].as_str().unwrap();
    ada.query("/api/billing/invoices", &[("starting_after", id)], 200).await;
    for junk in ["junk", "", "in_1", "../charges", "\0"] {
        let refused = ada.query("/api/billing/invoices", &[("starting_after", junk)], 400).await;
        assert_eq!(refused.expect_error(400, "invalid_parameter")["field"], "starting_after");
    }
}

#[tokio::test]
async fn episodes_feeds_and_audio_answer_as_described() {
    let app = TestApp::start().await;
    let described = Described::read(&app).await;
    let listener = app.listener(ADA, Some("starter")).await;
    let episodes = app.episodes(None).await;
    let ada = Caller { app: &app, described: &described, token: listener.token };
    ada.query("/api/episodes", &[("limit", "2"), ("q", "the \0")], 200).await;
    let free = episodes.iter().find(|episode| episode["audio_url"].is_string()).unwrap();
    let id = free["id"].as_str().unwrap();
    for (name, status) in [(id, 200), ("ep_junk", 404)] {
        let (shown, _) = ada.send("get", "/api/episodes/{id}", &[name], |request| request).await;
        assert_eq!(shown.status, status, "{name}");
    }

    let audio = url::Url::parse(free["audio_url"].as_str().unwrap()).unwrap();
    let query: Vec<(String, String)> = audio.query_pairs().into_owned().collect();
    let query: Vec<_> = query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    for (signature, range, status) in [
        (true, "bytes=0-", 206),
        (true, "bytes=999999999-", 416),
        (true, "", 200),
        (false, "", 403),
    ] {
        let prepare = |request: RequestBuilder| {
            let request = if signature { with_query(request, &query) } else { request };
            if range.is_empty() { request } else { request.header("Range", range) }
        };
        let (heard, _) = ada.send("get", "/media/{episode}", &[id], prepare).await;
        assert_eq!(heard.status, status, "{range} {}", heard.text());
    }

    let feed = ada.call("get", "/api/feed", Value::Null, 200).await.json();
    let feed = feed["url"].as_str().unwrap();
    let token = feed.rsplit('/').next().unwrap().trim_end_matches(".xml").to_owned();
    let read = async |etag: &str| {
        let known = |request: RequestBuilder| request.header("If-None-Match", etag);
        ada.send("get", "/feeds/{token}.xml", &[&token], known).await.0
    };
    let first = read("\"junk\"").await;
    assert_eq!(first.status, 200);
    assert_eq!(read(first.header("etag")).await.status, 304);
    let play = "/media/f/{token}/{episode}";
    let (heard, _) = ada.send("get", play, &[&token, id], |request| request).await;
    assert_eq!(heard.status, 200);
    ada.call("post", "/api/feed/rotate", Value::Null, 200).await;
    assert_eq!(read("\"junk\"").await.status, 410);
    let (ended, code) = ada.send("get", play, &[&token, id], |request| request).await;
    assert_eq!((ended.status, code.as_deref()), (410, Some("feed_rotated")));
}

#[tokio::test]
async fn closed_registration_answers_as_described() {
    let app = TestApp::start_with(|settings| {
        settings.open_registration_errors = Some("false".to_owned());
    })
    .await;
    let described = Described::read(&app).await;
    let ada = Caller { app: &app, described: &described, token: String::new() };
    let next = ada.call("post", "/api/auth/register", credentials(ADA), 202).await.json();
    assert_eq!(next, json!({ "next": "check_email" }));
}

#[tokio::test]
async fn what_is_done_too_often_is_answered_as_described() {
    let app = TestApp::start_with(|_| ()).await;
    let described = Described::read(&app).await;
    let buyer = app.subscriber(ADA).await;
    buyer.checkout("pro").await;
    let ada = Caller { app: &app, described: &described, token: buyer.token.clone() };
    // Each asks Stripe, and all of them together are limited.
    let preview = "/api/billing/change-preview";
    ada.query(preview, &[("plan", "starter")], 409).await;
    for _ in 1..60 {
        ada.query("/api/billing/invoices", &[], 200).await;
    }
    for (method, template) in
        [("get", "/api/billing/invoices"), ("post", "/api/billing/portal-session")]
    {
        let answer = ada.call(method, template, Value::Null, 429).await;
        assert!(answer.header("retry-after").parse::<u64>().unwrap() <= 60);
        answer.expect_error(429, "rate_limited");
    }
    ada.query(preview, &[("plan", "starter")], 429).await;
    // What asks nobody goes on.
    ada.call("get", "/api/billing/subscription", Value::Null, 200).await;

    let wrong = json!({ "email": ADA, "password": "incorrect horse battery" });
    for _ in 0..10 {
        ada.call("post", "/api/auth/login", wrong.clone(), 401).await;
    }
    ada.refused("post", "/api/auth/login", wrong, 429, "rate_limited").await;
}

#[tokio::test]
async fn an_outage_of_stripes_is_answered_as_described() {
    let app = TestApp::start().await;
    let described = Described::read(&app).await;
    let buyer = app.subscriber(ADA).await;
    buyer.checkout("pro").await;
    let ada = Caller { app: &app, described: &described, token: buyer.token.clone() };
    app.faults(1, json!([{ "on": "api", "kind": "error", "status": 500 }])).await;
    let mut statuses = Vec::new();
    // Until it is known to be down.
    while statuses.last() != Some(&503) {
        assert!(statuses.len() < 20, "{statuses:?}");
        let (answer, code) = ada.send("get", "/api/billing/invoices", &[], |request| request).await;
        assert_eq!(code.as_deref(), Some("stripe_unavailable"));
        assert!(!answer.text().contains("charged"), "nobody was paying: {}", answer.text());
        statuses.push(answer.status);
    }
    assert_eq!(statuses[0], 502);
    let wanted = json!({ "plan": "starter" });
    let body = |request: RequestBuilder| request.body(wanted.to_string());
    let (refused, code) = ada.send("post", "/api/billing/checkout-session", &[], body).await;
    assert_eq!(code.as_deref(), Some("stripe_unavailable"));
    assert!(refused.text().contains("Nothing was charged."), "{}", refused.text());
}
