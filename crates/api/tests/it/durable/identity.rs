//! A database goes with one Stripe. Whoever has the key of another reads there that all of ours is missing, and must not
//! believe it.

use api::catalog::BUILT_IN;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{
    installation::{Installation, KEY},
    process::{Process, Server, Variables, free_port},
};
use crate::harness::{Listener, PATIENCE};

const RESTRICTED: &str = "rk_test_shop";

/// What docs/operating.md says a restricted key needs.
const ENOUGH: [&str; 13] = [
    "rak_accounts_kyc_basic_read",
    "rak_customer_write",
    "rak_checkout_session_write",
    "rak_subscription_write",
    "rak_customer_portal_write",
    "rak_product_write",
    "rak_plan_write",
    "rak_invoice_write",
    "rak_payment_method_read",
    "rak_charge_read",
    "rak_dispute_read",
    "rak_event_read",
    "rak_webhook_read",
];

/// The sandbox of another account.
struct Elsewhere {
    base: String,
    _process: Process,
    _data: tempfile::TempDir,
}

impl Elsewhere {
    async fn start_on(port: u16) -> Self {
        let data = tempfile::TempDir::new().unwrap();
        let (addr, folder) = (format!("127.0.0.1:{port}"), data.path().display().to_string());
        let arguments = ["sandbox", "--addr", &addr, "--data", &folder];
        let process = Process::start("elsewhere", data.path(), &arguments, Variables::new());
        process.printed("Webhook secret").await;
        Self { base: format!("http://{addr}"), _process: process, _data: data }
    }

    async fn start() -> Self {
        Self::start_on(free_port()).await
    }

    /// A command with the key of that account; why it did nothing.
    fn refuses(&self, site: &Installation, arguments: &[&str]) -> String {
        let (succeeded, printed) =
            site.try_circle_with(&[("STRIPE_API_BASE", &self.base)], arguments);
        assert!(!succeeded, "{arguments:?}: {printed}");
        printed
    }
}

/// Somebody who pays and listens.
async fn subscribed(site: &Installation) -> Listener {
    let ada = site.register("ada@example.com").await;
    site.subscribe(&ada, "pro").await;
    let deadline = Instant::now() + PATIENCE;
    while !site.circle(&["explain", "ada@example.com"]).contains("reason active") {
        assert!(Instant::now() < deadline, "the plan was never opened");
        sleep(std::time::Duration::from_millis(20)).await;
    }
    ada
}

/// What [`RESTRICTED`] may do from now on.
async fn restrict(site: &Installation, granted: &[&str]) {
    let keys = json!({ "restricted_keys": { RESTRICTED: granted } });
    let told = reqwest::Client::new()
        .post(format!("{}/_sandbox/protocol", site.stripe_base))
        .body(keys.to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(told.status(), 200);
}

#[tokio::test]
async fn reconciling_with_the_key_of_another_account_changes_nothing() {
    let site = Installation::start(1).await;
    subscribed(&site).await;
    let elsewhere = Elsewhere::start().await;
    for arguments in [&["reconcile"][..], &["reconcile", "--dry-run"]] {
        let told = elsewhere.refuses(&site, arguments);
        assert!(told.contains("the database belongs to acct_"), "{told}");
    }
    let explained = site.circle(&["explain", "ada@example.com"]);
    assert!(explained.contains(": pro, reason active"), "{explained}");
    let (_, findings) = site.try_circle_with(&[("STRIPE_API_BASE", &elsewhere.base)], &["doctor"]);
    assert!(findings.contains("FAIL  Stripe       the database belongs to acct_"), "{findings}");
}

#[tokio::test]
async fn an_account_is_not_erased_with_the_key_of_another_account() {
    let site = Installation::start(1).await;
    let ada = subscribed(&site).await;
    let elsewhere = Elsewhere::start().await;
    let told = elsewhere.refuses(&site, &["account", "delete", "ada@example.com"]);
    assert!(told.contains("the database belongs to acct_"), "{told}");
    let server = &site.servers[0];
    let me = server.send(server.get("/api/me").bearer_auth(&ada.token)).await.expect(200);
    assert_eq!(
        me["access"],
        json!({ "allowed": true, "plan": "pro", "until": me["access"]["until"], "reason": "active" })
    );
    let live = site.at_stripe("/v1/subscriptions").await;
    assert_eq!(live[0]["status"], "active");
    // With its own key it goes.
    site.circle(&["account", "delete", "ada@example.com"]);
    server
        .send(server.get("/api/me").bearer_auth(&ada.token))
        .await
        .expect_error(401, "unauthenticated");
}

#[tokio::test]
async fn the_catalog_of_one_account_is_not_applied_to_another() {
    let site = Installation::start(1).await;
    let elsewhere = Elsewhere::start().await;
    let told = elsewhere.refuses(&site, &["catalog", "apply"]);
    assert!(told.contains("the database belongs to acct_"), "{told}");
    let products = reqwest::Client::new()
        .get(format!("{}/v1/products", elsewhere.base))
        .bearer_auth(KEY)
        .send()
        .await
        .unwrap();
    let products: serde_json::Value =
        serde_json::from_str(&products.text().await.unwrap()).unwrap();
    assert_eq!(products["data"], json!([]), "nothing was made there");
    let at_home = site.circle(&["catalog", "apply"]);
    assert!(at_home.contains("nothing to change"), "{at_home}");
}

#[tokio::test]
async fn a_restricted_key_that_may_not_say_whose_it_is_hears_what_it_lacks() {
    let site = Installation::start(1).await;
    subscribed(&site).await;
    restrict(&site, &["rak_subscription_read"]).await;
    for arguments in [
        &["reconcile"][..],
        &["account", "delete", "ada@example.com"],
        &["catalog", "apply"],
        &["serve"],
    ] {
        let restricted = [("STRIPE_SECRET_KEY", RESTRICTED), ("LISTEN_ADDR", "127.0.0.1:0")];
        let (succeeded, printed) = site.try_circle_with(&restricted, arguments);
        assert!(!succeeded && printed.contains("'rak_accounts_kyc_basic_read'"), "{printed}");
    }
    let explained = site.circle(&["explain", "ada@example.com"]);
    assert!(explained.contains(": pro, reason active"), "{explained}");
}

#[tokio::test]
async fn a_restricted_key_with_what_the_manual_asks_for_is_enough() {
    let port = free_port();
    let mut site = Installation::prepare(&[port], str::to_owned, BUILT_IN).await;
    restrict(&site, &ENOUGH).await;
    site.use_key(RESTRICTED);
    site.circle(&["catalog", "apply"]);
    site.serve_on(port).await;
    let ada = subscribed(&site).await;
    let server = &site.servers[0];
    let portal = server.post("/api/billing/portal-session", "").bearer_auth(&ada.token);
    server.send(portal).await.expect(200);
    for path in
        ["/api/billing/invoices", "/api/billing/change-preview?plan=enterprise&interval=month"]
    {
        server.send(server.get(path).bearer_auth(&ada.token)).await.expect(200);
    }
    let findings = site.circle(&["doctor"]);
    for line in ["ok    Stripe", "ok    catalog", "ok    portal", "ok    alerts"] {
        assert!(findings.contains(line), "{line} is not in\n{findings}");
    }
    assert!(!findings.contains("may not list"), "{findings}");
    assert!(site.circle(&["reconcile"]).contains("1 of them our listeners'"));
    site.circle(&["account", "delete", "ada@example.com"]);
    assert_eq!(site.at_stripe("/v1/subscriptions?status=all").await[0]["status"], "canceled");
    assert!(!server.process.output().contains("permission"), "{}", server.process.output());
}

#[tokio::test]
async fn a_start_without_stripe_makes_up_for_the_question_whose_it_is() {
    let mut site = Installation::start(1).await;
    let ada = subscribed(&site).await;
    let open_portal = async |server: &Server| {
        let request = server.post("/api/billing/portal-session", "").bearer_auth(&ada.token);
        server.send(request).await
    };
    site.stripe.kill();
    site.servers[0].process.kill();
    site.servers[0].process.restart();
    let server = &mut site.servers[0];
    server.ready().await;
    // Nothing is asked yet, and nothing else is in the way.
    open_portal(server).await.expect_error(503, "stripe_unavailable");
    let me = server.send(server.get("/api/me").bearer_auth(&ada.token)).await.expect(200);
    assert_eq!(me["access"]["allowed"], true);
    site.stripe.restart();
    let deadline = Instant::now() + PATIENCE;
    while open_portal(server).await.status != 200 {
        assert!(Instant::now() < deadline, "{}", server.process.output());
        sleep(std::time::Duration::from_millis(50)).await;
    }

    // At the next start another account answers where this one was.
    site.stripe.kill();
    server.process.kill();
    server.process.restart();
    server.ready().await;
    let port = site.stripe_base.rsplit_once(':').unwrap().1.parse().unwrap();
    let elsewhere = Elsewhere::start_on(port).await;
    server.process.printed("circle: the database belongs to acct_").await;
    assert!(!server.process.ended(), "it ends with an error");
    drop(elsewhere);
    let explained = site.circle(&["explain", "ada@example.com"]);
    assert!(explained.contains(": pro, reason active"), "{explained}");
}
