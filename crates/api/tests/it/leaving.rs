//! Deleting an account: Stripe first, then everything here; and what is remembered.

use std::process::Command;

use api::db::{
    DbError,
    schema::{events, former_customers, outbox, subscriptions, users},
};
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl, TextExpressionMethods};
use serde_json::json;

use crate::harness::{PASSWORD, PATIENCE, Subscriber, TestApp, VISA, credentials};

const ADA: &str = "ada@example.com";

impl TestApp {
    /// Asks for the deletion of an account with the password.
    async fn ask_to_leave(&self, token: &str, password: &str) -> crate::harness::Answer {
        let request = self.http.delete(self.url("/api/me")).bearer_auth(token);
        self.send(request.body(json!({"current_password": password}).to_string())).await
    }

    /// Waits until the account is gone, and its stream with it.
    async fn gone(&self, token: &str) {
        let stream = self.get_as(token, "/api/events");
        tokio::time::timeout(PATIENCE, stream).await.expect("the account was erased");
        self.get_as(token, "/api/me").await.expect_error(401, "unauthenticated");
    }
}

async fn subscribed(app: &TestApp) -> (Subscriber<'_>, String) {
    let ada = app.subscriber(ADA).await;
    ada.subscribe("pro").await;
    let account = ada.account_when(|account| account["access"]["allowed"] == true).await;
    let customer = account["stripe_customer_id"].as_str().unwrap().to_owned();
    (ada, customer)
}

#[tokio::test]
async fn an_account_is_erased_once_its_subscription_has_ended_at_stripe() {
    let app = TestApp::start().await;
    let (ada, customer) = subscribed(&app).await;
    app.ask_to_leave(&ada.token, "incorrect horse battery")
        .await
        .expect_error(401, "invalid_credentials");
    app.ask_to_leave(&ada.token, PASSWORD).await.expect(202);
    app.gone(&ada.token).await;

    let path = format!("/v1/subscriptions?customer={customer}&status=all");
    let subscription = &app.stripe(&path).await["data"][0];
    assert_eq!(subscription["status"], "canceled");
    let invoices = app.stripe(&format!("/v1/invoices?customer={customer}")).await;
    assert_eq!(invoices["data"].as_array().unwrap().len(), 1, "nothing is prorated");

    app.mail(ADA, "Your account is deleted").await;
    app.post("/api/auth/login", credentials(ADA)).await.expect_error(401, "invalid_credentials");

    // The events of the end come after it, and leave nothing behind either.
    let db = app.db().await;
    let of_customer = customer.clone();
    let erased = async {
        loop {
            let customer = of_customer.clone();
            let (kinds, payloads): (Vec<String>, Vec<Option<Vec<u8>>>) = db
                .read(move |conn| {
                    let rows: Vec<(String, Option<Vec<u8>>)> = events::table
                        .filter(events::customer_id.eq(customer))
                        .select((events::kind, events::payload))
                        .load(conn)?;
                    Ok::<_, DbError>(rows.into_iter().unzip())
                })
                .await
                .unwrap();
            let ended = kinds.iter().any(|kind| kind == "customer.subscription.deleted");
            if ended && payloads.iter().all(Option::is_none) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, erased).await.expect("no payload is left");
    let (people, bought, owner, waiting): (i64, i64, Option<String>, i64) = db
        .read(move |conn| {
            Ok::<_, DbError>((
                users::table.count().get_result(conn)?,
                subscriptions::table.count().get_result(conn)?,
                former_customers::table
                    .find(&customer)
                    .select(former_customers::user_id)
                    .get_result(conn)?,
                outbox::table.filter(outbox::recipient.eq(ADA)).count().get_result(conn)?,
            ))
        })
        .await
        .unwrap();
    assert_eq!((people, bought, owner, waiting), (0, 0, None, 0));
    app.register(ADA).await;
}

#[tokio::test]
async fn what_stripe_sent_about_a_dispute_is_erased_with_the_account() {
    let app = TestApp::start().await;
    let ada = app.subscriber(ADA).await;
    let page = ada.checkout("pro").await;
    app.pay_with(&page, "4000000000000259").await;
    ada.account_when(|account| account["access"]["reason"] == "disputed").await;
    app.ask_to_leave(&ada.token, PASSWORD).await.expect(202);
    app.gone(&ada.token).await;

    let db = app.db().await;
    let erased = async {
        loop {
            let kept: Vec<(String, bool)> = db
                .read(|conn| {
                    let about = events::kind.like("charge.dispute.%");
                    let rows = events::table.filter(about).select((events::id, events::payload));
                    let rows: Vec<(String, Option<Vec<u8>>)> = rows.load(conn)?;
                    let kept = rows.into_iter().map(|(id, payload)| (id, payload.is_some()));
                    Ok::<_, DbError>(kept.collect())
                })
                .await
                .unwrap();
            if !kept.is_empty() && kept.iter().all(|(_, is_kept)| !is_kept) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, erased).await.expect("no payload is left");
}

#[tokio::test]
async fn an_account_waits_visibly_until_stripe_confirms() {
    let app = TestApp::start().await;
    let (ada, customer) = subscribed(&app).await;
    // Once it breaks, once it does not find what is there.
    app.faults(7, json!([
        {"on": "api", "method": "DELETE", "path": "/v1/subscriptions/*", "kind": "error", "status": 404, "times": 1},
        {"on": "api", "method": "DELETE", "path": "/v1/subscriptions/*", "kind": "error", "status": 500},
    ]))
    .await;
    app.ask_to_leave(&ada.token, PASSWORD).await.expect(202);
    let shown = ada.account_when(|account| account["deletion_pending"] == true).await;
    assert_eq!(shown["email"], ADA);
    let again = app.log_in(ADA).await;
    assert_eq!(app.account(&again).await["deletion_pending"], true);
    let plan = json!({"plan": "starter"});
    app.post_as(&again.token, "/api/billing/checkout-session", plan)
        .await
        .expect_error(409, "deletion_pending");
    app.get_as(&again.token, "/api/feed").await.expect_error(409, "deletion_pending");
    // Once more is no error.
    app.ask_to_leave(&again.token, PASSWORD).await.expect(202);

    let tried = async {
        let db = app.db().await;
        loop {
            let tries: i64 = db
                .read(|conn| {
                    users::table
                        .select(users::deletion_tries)
                        .get_result(conn)
                        .map_err(DbError::from)
                })
                .await
                .unwrap();
            if tries > 1 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, tried).await.expect("it is tried again");
    app.get_as(&again.token, "/api/me").await.expect(200);
    let path = format!("/v1/subscriptions?customer={customer}");
    assert_eq!(app.stripe(&path).await["data"][0]["status"], "active");

    app.faults(7, json!([])).await;
    app.gone(&again.token).await;
    let path = format!("/v1/subscriptions?customer={customer}&status=all");
    assert_eq!(app.stripe(&path).await["data"][0]["status"], "canceled");
}

#[tokio::test]
async fn a_checkout_left_open_cannot_be_paid_after_leaving() {
    let app = TestApp::start().await;
    let ada = app.subscriber(ADA).await;
    let checkout = ada.checkout("pro").await;
    app.ask_to_leave(&ada.token, PASSWORD).await.expect(202);
    app.gone(&ada.token).await;
    assert_eq!(app.stripe("/v1/checkout/sessions").await["data"][0]["status"], "expired");
    app.pay_with(&checkout, VISA).await;
    assert_eq!(app.stripe("/v1/subscriptions?status=all").await["data"], json!([]));
}

#[tokio::test]
async fn who_comes_back_has_had_the_trial() {
    let app = TestApp::start_with_trial().await;
    let (ada, _) = subscribed(&app).await;
    assert_eq!(ada.account().await["subscription_status"], "trialing");
    app.ask_to_leave(&ada.token, PASSWORD).await.expect(202);
    app.gone(&ada.token).await;

    let (back, _) = subscribed(&app).await;
    assert_eq!(back.account().await["subscription_status"], "active", "no second trial");
    let eve = app.subscriber("eve@example.com").await;
    eve.subscribe("pro").await;
    eve.account_when(|account| account["subscription_status"] == "trialing").await;
}

#[tokio::test]
async fn operators_delete_accounts_too() {
    let app = TestApp::start().await;
    let (ada, customer) = subscribed(&app).await;
    let circle = |email: &'static str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_circle"));
        command.current_dir(app.data_dir()).env_clear();
        command.args(["account", "delete", email, "--data-dir"]).arg(app.data_dir());
        command.args(["--sandbox-addr", app.sandbox.trim_start_matches("http://")]);
        command.envs(app.variables());
        tokio::task::spawn_blocking(move || command.output().unwrap())
    };
    let refused = circle("nobody@example.com").await.unwrap();
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("nobody has this e-mail address"));
    let done = circle(ADA).await.unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    app.gone(&ada.token).await;
    let path = format!("/v1/subscriptions?customer={customer}&status=all");
    assert_eq!(app.stripe(&path).await["data"][0]["status"], "canceled");
}
