//! The stream of account changes.

use std::time::Duration;

use api::{
    clock::Clock,
    db::{DbError, schema::grants},
};
use diesel::{ExpressionMethods, RunQueryDsl};
use reqwest::Response;
use serde_json::{Value, json};

use crate::harness::{PASSWORD, PATIENCE, TestApp};

/// An open stream, read message by message.
struct Stream {
    response: Response,
    unread: String,
}

impl Stream {
    async fn open(app: &TestApp, token: &str) -> Self {
        let response =
            app.http.get(app.url("/api/events")).bearer_auth(token).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, unread: String::new() }
    }

    /// The next account; `None` when the stream has ended.
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((message, rest)) = self.unread.split_once("\n\n") {
                let data =
                    message.strip_prefix("data: ").map(|data| serde_json::from_str(data).unwrap());
                self.unread = rest.to_owned();
                match data {
                    Some(account) => return Some(account),
                    None => continue,
                }
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk())
                .await
                .expect("a message in time");
            self.unread += std::str::from_utf8(&chunk.unwrap()?).unwrap();
        }
    }
}

#[tokio::test]
async fn a_stream_begins_with_the_account_and_tells_each_change() {
    let app = TestApp::start().await;
    let token = app.register("ada@example.com").await.token;
    let mut stream = Stream::open(&app, &token).await;
    assert_eq!(stream.next().await, Some(app.get_as(&token, "/api/me").await.expect(200)));

    let change = json!({"email": "ada@example.org", "current_password": PASSWORD});
    app.patch_as(&token, "/api/me", change).await.expect(200);
    assert_eq!(stream.next().await.unwrap()["pending_email"], "ada@example.org");
}

#[tokio::test]
async fn a_stream_tells_when_access_ends_by_itself() {
    let app = TestApp::start().await;
    let ada = app.listener("ada@example.com", Some("pro")).await;
    let db = app.db().await;
    let soon = Clock::default().wall() + 2;
    let limited = db.write(move |conn| {
        let until = grants::until.eq(soon);
        diesel::update(grants::table).set(until).execute(conn).map_err(DbError::from)
    });
    limited.await.unwrap();

    let mut stream = Stream::open(&app, &ada.token).await;
    let open = stream.next().await.unwrap();
    assert_eq!(
        (&open["access"]["allowed"], &open["access"]["until"]),
        (&json!(true), &json!(soon))
    );
    assert_eq!(stream.next().await.unwrap()["access"]["allowed"], false);
}

#[tokio::test]
async fn a_stream_ends_with_its_session() {
    let app = TestApp::start().await;
    let token = app.register("ada@example.com").await.token;
    let mut stream = Stream::open(&app, &token).await;
    assert!(stream.next().await.is_some());
    app.post_as(&token, "/api/auth/logout", json!(null)).await.expect(204);
    assert_eq!(stream.next().await, None);
    app.get_as(&token, "/api/events").await.expect_error(401, "unauthenticated");
}

#[tokio::test]
async fn a_stream_does_not_hold_up_a_stop() {
    let app = TestApp::start().await;
    let token = app.register("ada@example.com").await.token;
    let mut stream = Stream::open(&app, &token).await;
    assert!(stream.next().await.is_some());
    // Sooner than the server would give up on a request that does not end.
    let soon = Duration::from_secs(8);
    let (_app, ended) =
        tokio::time::timeout(soon, async { tokio::join!(app.restart(), stream.next()) })
            .await
            .unwrap();
    assert_eq!(ended, None);
}
