//! Changing one's own account.

use api::db::{DbError, schema::users};
use diesel::{ExpressionMethods, RunQueryDsl};
use serde_json::{Value, json};

use crate::harness::{PASSWORD, TestApp, credentials, token_in};

const ADA: &str = "ada@example.com";

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let app = TestApp::start().await;
    let (here, there) = (app.register(ADA).await, app.log_in(ADA).await);
    let new = "another fine password";
    let change = json!({"password": new, "current_password": PASSWORD});
    app.patch_as(&here.token, "/api/me", change).await.expect(200);
    app.get_as(&here.token, "/api/me").await.expect(200);
    app.get_as(&there.token, "/api/me").await.expect_error(401, "unauthenticated");
    app.refresh(&there.cookie).await.expect_error(401, "unauthenticated");
    app.post("/api/auth/login", credentials(ADA)).await.expect_error(401, "invalid_credentials");
    app.post("/api/auth/login", json!({"email": "ada@example.com", "password": new}))
        .await
        .expect(200);
}

#[tokio::test]
async fn a_new_address_takes_effect_once_it_is_confirmed() {
    let app = TestApp::start().await;
    let held = app.register(ADA).await;
    app.post("/api/auth/register", credentials("eve@example.com")).await.expect(201);
    let change = async |body: Value| app.patch_as(&held.token, "/api/me", body).await;

    let taken = json!({"email": "Eve@example.com", "current_password": PASSWORD});
    change(taken).await.expect_error(409, "email_taken");
    let wrong = json!({"email": "ada@example.org", "current_password": "incorrect horse battery"});
    assert_eq!(
        change(wrong).await.expect_error(401, "invalid_credentials")["field"],
        "current_password"
    );
    let invalid = json!({"email": "ada", "current_password": PASSWORD});
    change(invalid).await.expect_error(422, "invalid_email");
    let weak = json!({"password": "11character", "current_password": PASSWORD});
    change(weak).await.expect_error(422, "weak_password");
    change(json!({"email": "ada@example.org"})).await.expect_error(400, "missing_field");

    let asked =
        change(json!({"email": "Ada@example.org", "current_password": PASSWORD})).await.expect(200);
    assert_eq!(asked["email"], ADA);
    assert_eq!(asked["pending_email"], "ada@example.org");
    app.mail(ADA, "Your e-mail address is about to change").await;
    app.log_in(ADA).await;

    let mail = app.mail("ada@example.org", "Confirm your new e-mail address").await;
    let confirm = json!({"token": token_in(&mail)});
    app.post("/api/auth/verify-email", confirm.clone()).await.expect(204);
    app.post("/api/auth/verify-email", confirm).await.expect(204);
    let account = app.account(&held).await;
    assert_eq!(account["email"], "ada@example.org");
    assert_eq!(account["email_verified"], true);
    assert!(account.get("pending_email").is_none());
    app.mail(ADA, "Your e-mail address was changed").await;
    app.post("/api/auth/login", credentials(ADA)).await.expect_error(401, "invalid_credentials");
    app.log_in("ada@example.org").await;
}

#[tokio::test]
async fn a_change_of_address_can_be_taken_back_or_overtaken() {
    let app = TestApp::start().await;
    let held = app.register(ADA).await;
    let ask = async |email: &str| {
        let body = json!({"email": email, "current_password": PASSWORD});
        app.patch_as(&held.token, "/api/me", body).await.expect(200)
    };
    let verify = async |address: &str| {
        let mail = app.mail(address, "Confirm your new e-mail address").await;
        app.post("/api/auth/verify-email", json!({"token": token_in(&mail)})).await
    };
    ask("ada@example.org").await;
    app.mail("ada@example.org", "Confirm your new e-mail address").await;
    assert!(ask(ADA).await.get("pending_email").is_none());
    verify("ada@example.org").await.expect_error(400, "invalid_token");

    ask("ada@example.net").await;
    app.mail("ada@example.net", "Confirm your new e-mail address").await;
    app.register("ada@example.net").await;
    verify("ada@example.net").await.expect_error(409, "email_taken");
    assert_eq!(app.account(&held).await["email"], ADA);
}

#[tokio::test]
async fn an_account_that_is_being_deleted_shows_only_that() {
    let app = TestApp::start().await;
    let ada = app.register(ADA).await;
    assert!(app.account(&ada).await.get("deletion_pending").is_none());
    let db = app.db().await;
    let requested = db.write(|conn| {
        let requested = users::deletion_requested_at.eq(1_i64);
        diesel::update(users::table).set(requested).execute(conn).map_err(DbError::from)
    });
    requested.await.unwrap();

    let again = app.log_in(ADA).await;
    assert_eq!(app.account(&again).await["deletion_pending"], true);
    let change = json!({"email": "ada@example.org", "current_password": PASSWORD});
    app.patch_as(&again.token, "/api/me", change).await.expect_error(409, "deletion_pending");
    app.post_as(&again.token, "/api/auth/logout", json!(null)).await.expect(204);
}
