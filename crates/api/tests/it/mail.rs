//! Mailed links and notices, through the mail server and the mailbox of the sandbox.

use api::{
    clock::Clock,
    db::{DbError, schema::mailed_tokens},
    mail::{Mail, NewMail, enqueue},
};
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use serde_json::{Value, json};

use crate::harness::{PASSWORD, TestApp, credentials, token_in};

const ADA: &str = "ada@example.com";
const EVE: &str = "eve@example.com";

async fn verify(app: &TestApp, mail: &Value) -> crate::harness::Answer {
    app.post("/api/auth/verify-email", json!({"token": token_in(mail)})).await
}

async fn check(app: &TestApp, token: &str) -> crate::harness::Answer {
    app.post("/api/auth/check-link", json!({ "token": token })).await
}

async fn reset(app: &TestApp, token: &str, password: &str) -> crate::harness::Answer {
    app.post("/api/auth/reset-password", json!({"token": token, "password": password})).await
}

#[tokio::test]
async fn a_new_address_is_confirmed_by_its_mailed_link() {
    let app = TestApp::start().await;
    let ada = app.register(ADA).await;
    assert_eq!(app.account(&ada).await["email_verified"], false);
    let mail = app.mail(ADA, "Confirm your e-mail address").await;
    assert_eq!(mail["from"], "Inner Circle <noreply@localhost>");
    assert!(mail["html"].as_str().unwrap().contains(&token_in(&mail)));
    verify(&app, &mail).await.expect(204);
    assert_eq!(app.account(&ada).await["email_verified"], true);
    // Pages are reloaded.
    verify(&app, &mail).await.expect(204);
    for token in ["", "nonsense", &"A".repeat(43)] {
        check(&app, token).await.expect_error(400, "invalid_token");
        app.post("/api/auth/verify-email", json!({ "token": token }))
            .await
            .expect_error(400, "invalid_token");
    }
}

#[tokio::test]
async fn the_link_is_mailed_again_until_it_was_used() {
    let app = TestApp::start().await;
    let ada = app.register(ADA).await;
    let first = app.mail(ADA, "Confirm your e-mail address").await;
    let again = "/api/auth/verify-email/resend";
    app.post(again, json!(null)).await.expect_error(401, "unauthenticated");
    app.post_as(&ada.token, again, json!(null)).await.expect(202);
    let second = loop {
        let newest = app.mail(ADA, "Confirm your e-mail address").await;
        if newest["id"] != first["id"] {
            break newest;
        }
    };
    assert_ne!(token_in(&first), token_in(&second));
    verify(&app, &second).await.expect(204);
    app.post_as(&ada.token, again, json!(null)).await.expect(202);
    app.post("/api/auth/forgot-password", json!({"email": ADA})).await.expect(202);
    app.mail(ADA, "Set a new password").await;
    assert_eq!(app.mails_to(ADA).await.len(), 3, "a confirmed address is not asked again");
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_once_and_every_session_ends() {
    let app = TestApp::start().await;
    let (ada, phone) = (app.register(ADA).await, app.log_in(ADA).await);
    app.post("/api/auth/forgot-password", json!({"email": "Ada@Example.com "})).await.expect(202);
    let token = token_in(&app.mail(ADA, "Set a new password").await);

    reset(&app, &token, "11character").await.expect_error(422, "weak_password");
    check(&app, &token).await.expect(204);
    reset(&app, &token, "another fine password").await.expect(204);
    check(&app, &token).await.expect_error(400, "invalid_token");
    for token in [&ada.token, &phone.token] {
        app.get_as(token, "/api/me").await.expect_error(401, "unauthenticated");
    }
    app.refresh(&phone.cookie).await.expect_error(401, "unauthenticated");
    app.post("/api/auth/login", credentials(ADA)).await.expect_error(401, "invalid_credentials");
    let new = json!({"email": ADA, "password": "another fine password"});
    let session = app.post("/api/auth/login", new).await.expect(200);
    assert_eq!(session["account"]["email_verified"], true, "who reads its mail has the address");
    app.mail(ADA, "Your password was changed").await;

    reset(&app, &token, "a third fine password").await.expect_error(400, "invalid_token");
}

#[tokio::test]
async fn a_link_that_resets_works_for_half_an_hour_and_for_nothing_else() {
    let app = TestApp::start().await;
    app.register(ADA).await;
    let verification = app.mail(ADA, "Confirm your e-mail address").await;
    app.post("/api/auth/forgot-password", json!({"email": ADA})).await.expect(202);
    let mail = app.mail(ADA, "Set a new password").await;
    verify(&app, &mail).await.expect_error(400, "invalid_token");
    reset(&app, &token_in(&verification), PASSWORD).await.expect_error(400, "invalid_token");

    let db = app.db().await;
    let half_an_hour = Clock::default().wall() + 1800;
    let expiry: i64 = db
        .read(|conn| {
            mailed_tokens::table
                .filter(mailed_tokens::purpose.eq("reset_password"))
                .select(mailed_tokens::expires_at)
                .get_result(conn)
                .map_err(DbError::from)
        })
        .await
        .unwrap();
    assert!((half_an_hour - 60..=half_an_hour).contains(&expiry));
    db.write(|conn| {
        let past = mailed_tokens::expires_at.eq(mailed_tokens::expires_at - 1801_i64);
        diesel::update(mailed_tokens::table).set(past).execute(conn).map_err(DbError::from)
    })
    .await
    .unwrap();
    check(&app, &token_in(&mail)).await.expect_error(400, "invalid_token");
    reset(&app, &token_in(&mail), PASSWORD).await.expect_error(400, "invalid_token");
}

#[tokio::test]
async fn nobody_learns_by_a_forgotten_password_who_has_an_account() {
    let app = TestApp::start().await;
    app.register(ADA).await;
    for email in [EVE, ADA, "nonsense"] {
        let answer = app.post("/api/auth/forgot-password", json!({ "email": email })).await;
        assert_eq!((answer.status, answer.body.len()), (202, 0), "{email}");
    }
    app.mail(ADA, "Set a new password").await;
    assert!(app.mails_to(EVE).await.is_empty());
}

#[tokio::test]
async fn an_intruder_in_a_session_cannot_move_the_account_past_a_reset() {
    let app = TestApp::start().await;
    let ada = app.register(ADA).await;
    let change = json!({"email": EVE, "current_password": PASSWORD});
    app.patch_as(&ada.token, "/api/me", change).await.expect(200);
    let theirs = app.mail(EVE, "Confirm your new e-mail address").await;
    app.post("/api/auth/forgot-password", json!({"email": ADA})).await.expect(202);
    let token = token_in(&app.mail(ADA, "Set a new password").await);
    reset(&app, &token, "another fine password").await.expect(204);
    verify(&app, &theirs).await.expect_error(400, "invalid_token");
}

#[tokio::test]
async fn closed_registration_tells_nobody_but_the_mailbox() {
    let app = TestApp::start_with(|settings| {
        settings.rate_limits = Some("off".to_owned());
        settings.open_registration_errors = Some("false".to_owned());
    })
    .await;
    let register = async |email: &str| {
        let answer = app.post("/api/auth/register", credentials(email)).await;
        assert_eq!(answer.header("set-cookie"), "");
        answer.expect(202)
    };
    assert_eq!(register(ADA).await, json!({"next": "check_email"}));
    // Logging in would tell, too.
    app.post("/api/auth/login", credentials(ADA)).await.expect_error(401, "invalid_credentials");
    let mail = app.mail(ADA, "Confirm your new account").await;
    check(&app, &token_in(&mail)).await.expect(204);
    verify(&app, &mail).await.expect(204);
    verify(&app, &mail).await.expect(204);
    let ada = app.log_in(ADA).await;
    assert_eq!(app.account(&ada).await["email_verified"], true);

    assert_eq!(register(ADA).await, json!({"next": "check_email"}));
    app.mail(ADA, "You have an account already").await;

    register(EVE).await;
    let eves = app.mail(EVE, "Confirm your new account").await;
    let change = json!({"email": ADA, "current_password": PASSWORD});
    verify(&app, &eves).await.expect(204);
    let eve = app.log_in(EVE).await;
    let asked = app.patch_as(&eve.token, "/api/me", change).await.expect(200);
    assert_eq!(asked["pending_email"], ADA);
}

#[tokio::test]
async fn there_is_never_a_second_mail_for_one_cause() {
    let app = TestApp::start().await;
    let db = app.db().await;
    let enqueued = |cause: &'static str| {
        db.write(move |conn| {
            let (mail, now) = (Mail::PasswordChanged, Clock::default().wall());
            let new = NewMail {
                cause,
                user_id: None,
                recipient: ADA,
                mail: &mail,
                useless_at: now + 60,
                now,
            };
            enqueue(conn, &new)
        })
    };
    assert!(enqueued("one").await.unwrap());
    app.mail(ADA, "Your password was changed").await;
    assert!(!enqueued("one").await.unwrap(), "not after it was sent, either");
    assert!(enqueued("two").await.unwrap());
    while app.mails_to(ADA).await.len() < 2 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let ids: Vec<_> =
        app.mails_to(ADA).await.iter().map(|mail| mail["message_id"].clone()).collect();
    assert_eq!(ids.len(), 2);
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test]
async fn the_mailbox_shows_mails_to_people_too() {
    let app = TestApp::start().await;
    app.register(ADA).await;
    let mail = app.mail(ADA, "Confirm your e-mail address").await;
    let page = |path: String| app.send(app.http.get(format!("{}{path}", app.sandbox)));
    let list = page("/_sandbox/mailbox".to_owned()).await;
    assert!(list.text().contains("Confirm your e-mail address"), "{}", list.text());
    let path = format!("/_sandbox/mailbox/{}", mail["id"]);
    let shown = page(path.clone()).await;
    assert!(shown.text().contains("<iframe"), "{}", shown.text());
    let text = page(format!("{path}?view=text")).await.text();
    assert!(text.contains(&format!("href=\"{}/verify-email?token=", public(&app))), "{text}");
    let html = page(format!("{path}/html")).await;
    assert!(html.header("content-security-policy").starts_with("sandbox allow-popups"));
    assert!(html.text().contains("<base target=\"_blank\">"), "{}", html.text());
    assert_eq!(page("/_sandbox/mailbox/999".to_owned()).await.status, 404);
}

/// Where the product says it is reached.
fn public(app: &TestApp) -> String {
    app.base.replace("127.0.0.1", "localhost")
}
