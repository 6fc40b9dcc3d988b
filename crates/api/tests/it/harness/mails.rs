//! What was mailed, as the sandbox's mailbox shows it.

use serde_json::Value;

use super::{PATIENCE, TestApp};

impl TestApp {
    /// Everything that was mailed to an address, newest first.
    pub async fn mails_to(&self, address: &str) -> Vec<Value> {
        let url = format!("{}/_sandbox/mailbox.json?to={address}", self.sandbox);
        let answer = self.send(self.http.get(url)).await.expect(200);
        answer["data"].as_array().unwrap().clone()
    }

    /// The newest mail to an address with this subject, once it came.
    #[track_caller]
    pub fn mail(&self, address: &str, subject: &str) -> impl Future<Output = Value> {
        let caller = std::panic::Location::caller();
        async move {
            let deadline = tokio::time::Instant::now() + PATIENCE;
            loop {
                let mails = self.mails_to(address).await;
                if let Some(mail) = mails.iter().find(|mail| mail["subject"] == subject) {
                    return mail.clone();
                }
                let subjects: Vec<_> = mails.iter().map(|mail| &mail["subject"]).collect();
                let late = tokio::time::Instant::now() > deadline;
                assert!(!late, "{caller}: no mail {subject:?} to {address}, only {subjects:?}");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
    }
}

/// The token in a mail's link.
#[track_caller]
pub fn token_in(mail: &Value) -> String {
    let text = mail["text"].as_str().unwrap();
    let (_, rest) = text.split_once("?token=").expect("a link with a token");
    rest.split_whitespace().next().unwrap().to_owned()
}
