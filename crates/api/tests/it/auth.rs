//! Accounts and sessions: registering, logging in, refreshing, logging out, and what must not work.

use api::db::{DbError, schema::sessions};
use diesel::{ExpressionMethods, RunQueryDsl};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, TestApp};

const PASSWORD: &str = "correct horse battery";

fn ada() -> Value {
    json!({"email": "ada@example.com", "password": PASSWORD})
}

/// A session as a client holds it.
struct Held {
    token: String,
    cookie: String,
}

impl Held {
    #[track_caller]
    fn of(answer: Answer, status: u16) -> Self {
        let cookie = cookie(&answer).expect("a refresh cookie");
        let token = answer.expect(status)["token"].as_str().unwrap().to_owned();
        Self { token, cookie }
    }
}

/// `name=value` of the cookie that an answer sets.
fn cookie(answer: &Answer) -> Option<String> {
    let set = answer.headers.get("set-cookie")?.to_str().unwrap();
    Some(set.split(';').next().unwrap().to_owned())
}

async fn register(app: &TestApp) -> Held {
    Held::of(app.post("/api/auth/register", ada()).await, 201)
}

async fn log_in(app: &TestApp) -> Held {
    Held::of(app.post("/api/auth/login", ada()).await, 200)
}

async fn refresh(app: &TestApp, cookie: &str) -> Answer {
    app.send(app.http.post(app.url("/api/auth/refresh")).header("Cookie", cookie)).await
}

async fn send(app: &TestApp, method: Method, token: &str, path: &str, body: Value) -> Answer {
    app.send(app.http.request(method, app.url(path)).bearer_auth(token).body(body.to_string()))
        .await
}

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
async fn the_refresh_cookie_is_secure_where_the_site_is_https() {
    let app = TestApp::start_with(|settings| {
        settings.public_url = Some("https://localhost:3000".to_owned());
    })
    .await;
    let answer = app.post("/api/auth/register", ada()).await;
    assert!(answer.header("set-cookie").contains("Secure"), "{}", answer.header("set-cookie"));
}

#[tokio::test]
async fn an_address_has_one_account_whatever_its_case() {
    let app = TestApp::start().await;
    register(&app).await;
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
    register(&app).await;
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
    log_in(&app).await;
}

#[tokio::test]
async fn each_log_in_opens_a_session_of_its_own() {
    let app = TestApp::start().await;
    let first = register(&app).await;
    let second = log_in(&app).await;
    assert_ne!(first.cookie, second.cookie);
    assert_ne!(first.token, second.token);
    app.get_as(&first.token, "/api/me").await.expect(200);
    app.get_as(&second.token, "/api/me").await.expect(200);
}

#[tokio::test]
async fn only_a_live_token_of_ours_is_let_in() {
    let app = TestApp::start().await;
    let held = register(&app).await;
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
async fn a_refresh_rotates_the_cookie() {
    let app = TestApp::start().await;
    let held = register(&app).await;
    let next = Held::of(refresh(&app, &held.cookie).await, 200);
    assert_ne!(next.cookie, held.cookie);
    app.get_as(&next.token, "/api/me").await.expect(200);
    Held::of(refresh(&app, &next.cookie).await, 200);
}

#[tokio::test]
async fn the_previous_cookie_is_answered_once_more_and_changes_nothing() {
    let app = TestApp::start().await;
    let held = register(&app).await;
    let next = Held::of(refresh(&app, &held.cookie).await, 200);
    let repeated = refresh(&app, &held.cookie).await;
    assert_eq!(cookie(&repeated), None);
    let token = repeated.expect(200)["token"].as_str().unwrap().to_owned();
    app.get_as(&token, "/api/me").await.expect(200);
    Held::of(refresh(&app, &next.cookie).await, 200);
}

#[tokio::test]
async fn the_previous_cookie_after_half_a_minute_ends_the_whole_session() {
    let app = TestApp::start().await;
    let stolen = register(&app).await;
    let next = Held::of(refresh(&app, &stolen.cookie).await, 200);
    let db = app.db().await;
    let aged = db.write(|conn| {
        let rotated_at = sessions::rotated_at - 31_i64;
        diesel::update(sessions::table)
            .set(sessions::rotated_at.eq(rotated_at))
            .execute(conn)
            .map_err(DbError::from)
    });
    assert_eq!(aged.await.unwrap(), 1);

    refresh(&app, &stolen.cookie).await.expect_error(401, "unauthenticated");
    app.get_as(&next.token, "/api/me").await.expect_error(401, "unauthenticated");
    refresh(&app, &next.cookie).await.expect_error(401, "unauthenticated");
}

#[tokio::test]
async fn many_refreshes_at_once_rotate_once() {
    let app = TestApp::start().await;
    let held = register(&app).await;
    let answers = futures_util::future::join_all((0..8).map(|_| refresh(&app, &held.cookie))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    let mut cookies: Vec<_> = answers.iter().filter_map(cookie).collect();
    assert_eq!(cookies.len(), 1);
    Held::of(refresh(&app, &cookies.remove(0)).await, 200);
}

#[tokio::test]
async fn a_cookie_that_is_not_ours_refreshes_nothing() {
    let app = TestApp::start().await;
    app.send(app.http.post(app.url("/api/auth/refresh")))
        .await
        .expect_error(401, "unauthenticated");
    for cookie in ["circle_refresh=", "circle_refresh=nonsense", "other=1"] {
        refresh(&app, cookie).await.expect_error(401, "unauthenticated");
    }
}

#[tokio::test]
async fn pages_of_another_origin_cannot_open_or_refresh_a_session() {
    let app = TestApp::start_with(|settings| {
        settings.rate_limits = Some("off".to_owned());
        settings.cors_origins = Some("http://localhost:8080".to_owned());
    })
    .await;
    let held = register(&app).await;
    let from = |origin: &str, cookie: &str| {
        let request = app.http.post(app.url("/api/auth/refresh")).header("Cookie", cookie);
        app.send(request.header("Origin", origin))
    };
    for stranger in ["http://localhost:9999", "http://evil.example", "null"] {
        from(stranger, &held.cookie).await.expect_error(403, "forbidden");
    }
    let login = app.http.post(app.url("/api/auth/login")).header("Origin", "http://evil.example");
    app.send(login.body(ada().to_string())).await.expect_error(403, "forbidden");
    let next = Held::of(from("http://localhost:8080", &held.cookie).await, 200);
    Held::of(from(&app.base, &next.cookie).await, 200);
}

#[tokio::test]
async fn logging_out_ends_the_session_at_once() {
    let app = TestApp::start().await;
    let (leaving, staying) = (register(&app).await, log_in(&app).await);
    let answer = app.post_as(&leaving.token, "/api/auth/logout", json!(null)).await;
    assert!(answer.header("set-cookie").contains("Max-Age=0"), "{}", answer.header("set-cookie"));
    answer.expect(204);
    app.get_as(&leaving.token, "/api/me").await.expect_error(401, "unauthenticated");
    app.post_as(&leaving.token, "/api/auth/logout", json!(null))
        .await
        .expect_error(401, "unauthenticated");
    refresh(&app, &leaving.cookie).await.expect_error(401, "unauthenticated");
    app.get_as(&staying.token, "/api/me").await.expect(200);
}

#[tokio::test]
async fn sessions_are_listed_and_can_be_ended_one_by_one() {
    let app = TestApp::start().await;
    let phone = {
        let request = app.http.post(app.url("/api/auth/register")).header("User-Agent", "Phone/1");
        Held::of(app.send(request.body(ada().to_string())).await, 201)
    };
    let laptop = log_in(&app).await;
    let listed = app.get_as(&laptop.token, "/api/auth/sessions").await.expect(200);
    let sessions = listed["sessions"].as_array().unwrap();
    let current: Vec<_> =
        sessions.iter().map(|session| session["current"].as_bool().unwrap()).collect();
    assert_eq!(current, [true, false]);
    assert_eq!(sessions[1]["user_agent"], "Phone/1");

    let path = format!("/api/auth/sessions/{}", sessions[1]["id"].as_str().unwrap());
    send(&app, Method::DELETE, &laptop.token, &path, json!(null)).await.expect(204);
    app.get_as(&phone.token, "/api/me").await.expect_error(401, "unauthenticated");
    send(&app, Method::DELETE, &laptop.token, &path, json!(null))
        .await
        .expect_error(404, "not_found");
    let left = app.get_as(&laptop.token, "/api/auth/sessions").await.expect(200);
    assert_eq!(left["sessions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn nobody_ends_a_session_of_somebody_else() {
    let app = TestApp::start().await;
    let ada = register(&app).await;
    let eve = json!({"email": "eve@example.com", "password": PASSWORD});
    let eve = Held::of(app.post("/api/auth/register", eve).await, 201);
    let listed = app.get_as(&ada.token, "/api/auth/sessions").await.expect(200);
    let path = format!("/api/auth/sessions/{}", listed["sessions"][0]["id"].as_str().unwrap());
    send(&app, Method::DELETE, &eve.token, &path, json!(null)).await.expect_error(404, "not_found");
    app.get_as(&ada.token, "/api/me").await.expect(200);
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let app = TestApp::start().await;
    let (here, there) = (register(&app).await, log_in(&app).await);
    let new = "another fine password";
    let change = json!({"password": new, "current_password": PASSWORD});
    send(&app, Method::PATCH, &here.token, "/api/me", change).await.expect(200);
    app.get_as(&here.token, "/api/me").await.expect(200);
    app.get_as(&there.token, "/api/me").await.expect_error(401, "unauthenticated");
    refresh(&app, &there.cookie).await.expect_error(401, "unauthenticated");
    app.post("/api/auth/login", ada()).await.expect_error(401, "invalid_credentials");
    app.post("/api/auth/login", json!({"email": "ada@example.com", "password": new}))
        .await
        .expect(200);
}

#[tokio::test]
async fn a_new_address_takes_effect_when_it_is_free() {
    let app = TestApp::start().await;
    let held = register(&app).await;
    app.post("/api/auth/register", json!({"email": "eve@example.com", "password": PASSWORD}))
        .await
        .expect(201);
    let change = async |body: Value| send(&app, Method::PATCH, &held.token, "/api/me", body).await;

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
    app.post("/api/auth/login", ada()).await.expect_error(401, "invalid_credentials");
    app.post("/api/auth/login", json!({"email": "ada@example.org", "password": PASSWORD}))
        .await
        .expect(200);
}

#[tokio::test]
async fn the_eleventh_log_in_to_an_account_has_to_wait() {
    let app = TestApp::start_with(|_| {}).await;
    register(&app).await;
    let wrong = json!({"email": "ADA@example.com", "password": "incorrect horse battery"});
    for _ in 0..10 {
        app.post("/api/auth/login", wrong.clone()).await.expect_error(401, "invalid_credentials");
    }
    let refused = app.post("/api/auth/login", ada()).await;
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=900).contains(&wait), "{wait}");
    refused.expect_error(429, "rate_limited");
    let other = json!({"email": "eve@example.com", "password": PASSWORD});
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

#[tokio::test]
async fn accounts_and_sessions_outlive_a_restart() {
    let app = TestApp::start().await;
    let held = register(&app).await;
    let app = app.restart().await;
    app.get_as(&held.token, "/api/me").await.expect(200);
    Held::of(refresh(&app, &held.cookie).await, 200);
}
