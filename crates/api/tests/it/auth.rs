//! Registering and logging in, and what must not work.

use serde_json::{Value, json};

use crate::harness::{PASSWORD, TestApp, credentials};

const ADA: &str = "ada@example.com";

#[tokio::test]
async fn registering_opens_a_session_for_a_new_account() {
    let app = TestApp::start().await;
    let answer = app
        .post("/api/auth/register", json!({"email": " Ada@Example.com ", "password": PASSWORD}))
        .await;
    let set = answer.header("set-cookie").to_owned();
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/api/auth", "Max-Age=2592000"] {
        assert!(set.contains(attribute), "{set}");
    }
    assert!(!set.contains("Secure"), "{set}");
    assert_eq!(answer.header("strict-transport-security"), "");
    let session = answer.expect(201);
    assert_eq!(session["expires_in"], 900);
    let account = &session["account"];
    assert_eq!(account["email"], "ada@example.com");
    assert_eq!(account["email_verified"], false);
    assert_eq!(account["subscription_status"], "incomplete");
    assert_eq!(account["access"]["allowed"], false);
    for absent in [
        "stripe_customer_id",
        "plan",
        "current_period_end",
        "ends_at",
        "trial_end",
        "payment_problem",
    ] {
        assert!(account.get(absent).is_some_and(Value::is_null), "{absent} in {account}");
    }

    let token = session["token"].as_str().unwrap();
    assert_eq!(&app.get_as(token, "/api/me").await.expect(200), account);
}

#[tokio::test]
async fn a_site_that_is_https_is_reached_by_tls_alone() {
    let app = TestApp::start_with(|settings| {
        settings.public_url = Some("https://localhost:3000".to_owned());
    })
    .await;
    let answer = app.post("/api/auth/register", credentials(ADA)).await;
    assert!(answer.header("set-cookie").contains("Secure"), "{}", answer.header("set-cookie"));
    assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
}

#[tokio::test]
async fn an_address_has_one_account_whatever_its_case() {
    let app = TestApp::start().await;
    app.register(ADA).await;
    let again = json!({"email": "ADA@example.COM", "password": PASSWORD});
    let error = app.post("/api/auth/register", again).await.expect_error(409, "email_taken");
    assert_eq!(error["field"], "email");
}

#[tokio::test]
async fn bad_input_is_refused_with_the_field_named() {
    let app = TestApp::start().await;
    let long = "x".repeat(1025);
    for (body, status, code, field) in [
        (json!({"email": "ada", "password": PASSWORD}), 422, "invalid_email", "email"),
        (
            json!({"email": "ada@example.com", "password": "11character"}),
            422,
            "weak_password",
            "password",
        ),
        (json!({"email": "ada@example.com", "password": long}), 422, "weak_password", "password"),
        (json!({"email": "ada@example.com"}), 400, "missing_field", "password"),
        (
            json!({"email": "a@b", "password": PASSWORD, "admin": true}),
            400,
            "unknown_field",
            "admin",
        ),
    ] {
        let error = app.post("/api/auth/register", body).await.expect_error(status, code);
        assert_eq!(error["field"], field, "{error}");
    }
    for path in ["/api/auth/register", "/api/auth/login"] {
        for body in ["", "{", "email=ada", "[]", "{\"email\": 5, \"password\": []}"] {
            let request = app.http.post(app.url(path)).body(body);
            app.send(request).await.expect_error(400, "invalid_json");
        }
        let large = app.http.post(app.url(path)).body(" ".repeat(65 * 1024));
        app.send(large).await.expect_error(413, "payload_too_large");
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_get_one_answer() {
    let app = TestApp::start().await;
    app.register(ADA).await;
    let mut answers = Vec::new();
    for (email, password) in [
        ("ada@example.com", "incorrect horse battery"),
        ("eve@example.com", PASSWORD),
        ("no address", PASSWORD),
        ("ada@example.com", ""),
    ] {
        let answer =
            app.post("/api/auth/login", json!({"email": email, "password": password})).await;
        assert!(answer.headers.get("set-cookie").is_none());
        answers.push(answer.expect_error(401, "invalid_credentials"));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    app.log_in(ADA).await;
}

#[tokio::test]
async fn each_log_in_opens_a_session_of_its_own() {
    let app = TestApp::start().await;
    let first = app.register(ADA).await;
    let second = app.log_in(ADA).await;
    assert_ne!(first.cookie, second.cookie);
    assert_ne!(first.token, second.token);
    app.get_as(&first.token, "/api/me").await.expect(200);
    app.get_as(&second.token, "/api/me").await.expect(200);
}

#[tokio::test]
async fn only_a_live_token_of_ours_is_let_in() {
    let app = TestApp::start().await;
    let held = app.register(ADA).await;
    let changed = format!("{}x", held.token);
    for (name, value) in [
        ("Authorization", String::new()),
        ("Authorization", "Bearer".to_owned()),
        ("Authorization", "Bearer ".to_owned()),
        ("Authorization", "Bearer nonsense".to_owned()),
        ("Authorization", format!("Bearer {changed}")),
        ("Authorization", format!("Basic {}", held.token)),
        ("Cookie", held.cookie.clone()),
    ] {
        let answer = app.send(app.http.get(app.url("/api/me")).header(name, &value)).await;
        assert_eq!(answer.header("www-authenticate"), "Bearer", "{name}: {value}");
        answer.expect_error(401, "unauthenticated");
    }
    let spelled =
        app.http.get(app.url("/api/me")).header("authorization", format!("bearer {}", held.token));
    app.send(spelled).await.expect(200);
}

#[tokio::test]
async fn the_eleventh_log_in_to_an_account_has_to_wait() {
    let app = TestApp::start_with(|_| {}).await;
    app.register(ADA).await;
    let wrong = json!({"email": "ADA@example.com", "password": "incorrect horse battery"});
    for _ in 0..10 {
        app.post("/api/auth/login", wrong.clone()).await.expect_error(401, "invalid_credentials");
    }
    let refused = app.post("/api/auth/login", credentials(ADA)).await;
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=900).contains(&wait), "{wait}");
    refused.expect_error(429, "rate_limited");
    let other = credentials("eve@example.com");
    app.post("/api/auth/login", other).await.expect_error(401, "invalid_credentials");
}

#[tokio::test]
async fn limits_outlive_a_restart() {
    let app = TestApp::start_with(|_| {}).await;
    let wrong = json!({"email": "ada@example.com", "password": "incorrect horse battery"});
    for _ in 0..10 {
        app.post("/api/auth/login", wrong.clone()).await.expect_error(401, "invalid_credentials");
    }
    let app = app.restart_with(|_| {}).await;
    app.post("/api/auth/login", wrong).await.expect_error(429, "rate_limited");
}

#[tokio::test]
async fn the_eleventh_registration_from_an_address_has_to_wait() {
    let app =
        TestApp::start_with(|settings| settings.trusted_proxies = Some("127.0.0.1".to_owned()))
            .await;
    let register = |number: usize, from: &str| {
        let body = json!({"email": format!("listener{number}@example.com"), "password": PASSWORD});
        let request = app.http.post(app.url("/api/auth/register")).header("X-Forwarded-For", from);
        app.send(request.body(body.to_string()))
    };
    for number in 0..10 {
        register(number, "192.0.2.1").await.expect(201);
    }
    let refused = register(10, "192.0.2.1").await;
    assert!(refused.header("retry-after").parse::<u64>().is_ok_and(|wait| wait <= 3600));
    refused.expect_error(429, "rate_limited");
    register(10, "192.0.2.2").await.expect(201);
}
