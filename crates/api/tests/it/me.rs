//! Changing one's own account.

use api::db::{DbError, schema::users};
use diesel::{ExpressionMethods, RunQueryDsl};
use serde_json::{Value, json};

use crate::harness::{PASSWORD, TestApp, credentials};

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
async fn a_new_address_takes_effect_when_it_is_free() {
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
    assert_eq!(app.get_as(&held.token, "/api/me").await.expect(200)["email"], "ada@example.com");

    let moved =
        change(json!({"email": "Ada@example.org", "current_password": PASSWORD})).await.expect(200);
    assert_eq!(moved["email"], "ada@example.org");
    app.post("/api/auth/login", credentials(ADA)).await.expect_error(401, "invalid_credentials");
    app.post("/api/auth/login", json!({"email": "ada@example.org", "password": PASSWORD}))
        .await
        .expect(200);
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
