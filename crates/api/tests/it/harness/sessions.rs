//! Sessions: what a browser holds of one, and how it gets it.

use serde_json::{Value, json};

use super::{Answer, TestApp};

/// Every test's listeners have the same password.
pub const PASSWORD: &str = "correct horse battery";

/// A signed-in listener.
#[derive(Debug)]
pub struct Listener {
    /// The account's id.
    pub id: String,
    /// The bearer token.
    pub token: String,
    /// The refresh cookie, `name=value`.
    pub cookie: String,
}

impl Listener {
    /// Takes token and cookie from an answer with this status.
    #[track_caller]
    pub fn of(answer: Answer, status: u16) -> Self {
        let cookie = cookie(&answer);
        let session = answer.expect(status);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            id: text(&session["account"]["id"]),
            token: text(&session["token"]),
            cookie: cookie.expect("a refresh cookie"),
        }
    }
}

/// The cookie that an answer sets, `name=value`.
pub fn cookie(answer: &Answer) -> Option<String> {
    let set = answer.headers.get("set-cookie")?.to_str().unwrap();
    Some(set.split(';').next().unwrap().to_owned())
}

/// The body of register and log in.
pub fn credentials(email: &str) -> Value {
    json!({"email": email, "password": PASSWORD})
}

impl TestApp {
    /// Makes an account and signs in.
    pub async fn register(&self, email: &str) -> Listener {
        Listener::of(self.post("/api/auth/register", credentials(email)).await, 201)
    }

    /// Signs in once more.
    pub async fn log_in(&self, email: &str) -> Listener {
        Listener::of(self.post("/api/auth/login", credentials(email)).await, 200)
    }

    /// Presents a refresh cookie.
    pub async fn refresh(&self, cookie: &str) -> Answer {
        self.send(self.http.post(self.url("/api/auth/refresh")).header("Cookie", cookie)).await
    }

    /// What the listener's account shows now.
    pub async fn account(&self, listener: &Listener) -> Value {
        self.get_as(&listener.token, "/api/me").await.expect(200)
    }
}
