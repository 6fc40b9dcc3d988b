//! Sessions: refreshed, listed, ended.

use api::db::{DbError, schema::sessions};
use diesel::{ExpressionMethods, RunQueryDsl};
use serde_json::json;

use crate::harness::{Listener, TestApp, cookie, credentials};

const ADA: &str = "ada@example.com";

#[tokio::test]
async fn a_refresh_rotates_the_cookie() {
    let app = TestApp::start().await;
    let held = app.register(ADA).await;
    let next = Listener::of(app.refresh(&held.cookie).await, 200);
    assert_ne!(next.cookie, held.cookie);
    app.get_as(&next.token, "/api/me").await.expect(200);
    Listener::of(app.refresh(&next.cookie).await, 200);
}

#[tokio::test]
async fn the_previous_cookie_is_answered_once_more_and_changes_nothing() {
    let app = TestApp::start().await;
    let held = app.register(ADA).await;
    let next = Listener::of(app.refresh(&held.cookie).await, 200);
    let repeated = app.refresh(&held.cookie).await;
    assert_eq!(cookie(&repeated), None);
    let token = repeated.expect(200)["token"].as_str().unwrap().to_owned();
    app.get_as(&token, "/api/me").await.expect(200);
    Listener::of(app.refresh(&next.cookie).await, 200);
}

#[tokio::test]
async fn the_previous_cookie_after_half_a_minute_ends_the_whole_session() {
    let app = TestApp::start().await;
    let stolen = app.register(ADA).await;
    let next = Listener::of(app.refresh(&stolen.cookie).await, 200);
    let db = app.db().await;
    let aged = db.write(|conn| {
        let rotated_at = sessions::rotated_at - 31_i64;
        diesel::update(sessions::table)
            .set(sessions::rotated_at.eq(rotated_at))
            .execute(conn)
            .map_err(DbError::from)
    });
    assert_eq!(aged.await.unwrap(), 1);

    app.refresh(&stolen.cookie).await.expect_error(401, "unauthenticated");
    app.get_as(&next.token, "/api/me").await.expect_error(401, "unauthenticated");
    app.refresh(&next.cookie).await.expect_error(401, "unauthenticated");
}

#[tokio::test]
async fn many_refreshes_at_once_rotate_once() {
    let app = TestApp::start().await;
    let held = app.register(ADA).await;
    let answers = futures_util::future::join_all((0..8).map(|_| app.refresh(&held.cookie))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    let mut cookies: Vec<_> = answers.iter().filter_map(cookie).collect();
    assert_eq!(cookies.len(), 1);
    Listener::of(app.refresh(&cookies.remove(0)).await, 200);
}

#[tokio::test]
async fn a_cookie_that_is_not_ours_refreshes_nothing() {
    let app = TestApp::start().await;
    app.send(app.http.post(app.url("/api/auth/refresh")))
        .await
        .expect_error(401, "unauthenticated");
    for cookie in ["circle_refresh=", "circle_refresh=nonsense", "other=1"] {
        app.refresh(cookie).await.expect_error(401, "unauthenticated");
    }
}

#[tokio::test]
async fn pages_of_another_origin_cannot_open_or_refresh_a_session() {
    let app = TestApp::start_with(|settings| {
        settings.rate_limits = Some("off".to_owned());
        settings.cors_origins = Some("http://localhost:8080".to_owned());
    })
    .await;
    let held = app.register(ADA).await;
    let from = |origin: &str, cookie: &str| {
        let request = app.http.post(app.url("/api/auth/refresh")).header("Cookie", cookie);
        app.send(request.header("Origin", origin))
    };
    for stranger in ["http://localhost:9999", "http://evil.example", "null"] {
        from(stranger, &held.cookie).await.expect_error(403, "forbidden");
    }
    let login = app.http.post(app.url("/api/auth/login")).header("Origin", "http://evil.example");
    app.send(login.body(credentials(ADA).to_string())).await.expect_error(403, "forbidden");
    let admitted = from("http://localhost:8080", &held.cookie).await;
    let shown = admitted.header("access-control-expose-headers").to_lowercase();
    assert!(shown.contains("retry-after") && shown.contains("x-request-id"), "{shown}");
    let next = Listener::of(admitted, 200);
    Listener::of(from(&app.base, &next.cookie).await, 200);
}

#[tokio::test]
async fn logging_out_ends_the_session_at_once() {
    let app = TestApp::start().await;
    let (leaving, staying) = (app.register(ADA).await, app.log_in(ADA).await);
    let answer = app.post_as(&leaving.token, "/api/auth/logout", json!(null)).await;
    assert!(answer.header("set-cookie").contains("Max-Age=0"), "{}", answer.header("set-cookie"));
    answer.expect(204);
    app.get_as(&leaving.token, "/api/me").await.expect_error(401, "unauthenticated");
    app.post_as(&leaving.token, "/api/auth/logout", json!(null))
        .await
        .expect_error(401, "unauthenticated");
    app.refresh(&leaving.cookie).await.expect_error(401, "unauthenticated");
    app.get_as(&staying.token, "/api/me").await.expect(200);
}

#[tokio::test]
async fn sessions_are_listed_and_can_be_ended_one_by_one() {
    let app = TestApp::start().await;
    let phone = {
        let request = app.http.post(app.url("/api/auth/register")).header("User-Agent", "Phone/1");
        Listener::of(app.send(request.body(credentials(ADA).to_string())).await, 201)
    };
    let laptop = app.log_in(ADA).await;
    let listed = app.get_as(&laptop.token, "/api/auth/sessions").await.expect(200);
    let sessions = listed["sessions"].as_array().unwrap();
    let current: Vec<_> =
        sessions.iter().map(|session| session["current"].as_bool().unwrap()).collect();
    assert_eq!(current, [true, false]);
    assert_eq!(sessions[1]["user_agent"], "Phone/1");

    let path = format!("/api/auth/sessions/{}", sessions[1]["id"].as_str().unwrap());
    app.delete_as(&laptop.token, &path).await.expect(204);
    app.get_as(&phone.token, "/api/me").await.expect_error(401, "unauthenticated");
    app.delete_as(&laptop.token, &path).await.expect_error(404, "not_found");
    let left = app.get_as(&laptop.token, "/api/auth/sessions").await.expect(200);
    assert_eq!(left["sessions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn nobody_ends_a_session_of_somebody_else() {
    let app = TestApp::start().await;
    let ada = app.register(ADA).await;
    let eve = credentials("eve@example.com");
    let eve = Listener::of(app.post("/api/auth/register", eve).await, 201);
    let listed = app.get_as(&ada.token, "/api/auth/sessions").await.expect(200);
    let path = format!("/api/auth/sessions/{}", listed["sessions"][0]["id"].as_str().unwrap());
    app.delete_as(&eve.token, &path).await.expect_error(404, "not_found");
    app.get_as(&ada.token, "/api/me").await.expect(200);
}

#[tokio::test]
async fn accounts_and_sessions_outlive_a_restart() {
    let app = TestApp::start().await;
    let held = app.register(ADA).await;
    let app = app.restart().await;
    app.get_as(&held.token, "/api/me").await.expect(200);
    Listener::of(app.refresh(&held.cookie).await, 200);
}
