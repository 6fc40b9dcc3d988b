//! What the product asked of Stripe, as Stripe recorded it.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{BufRead, BufReader, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::harness::TestApp;

/// The requests since the last look.
pub struct Record {
    file: PathBuf,
    read: u64,
    /// Method and path, of the product's requests alone.
    requests: Vec<(String, String)>,
}

impl Record {
    pub fn of(file: &Path) -> Self {
        Self { file: file.to_owned(), read: 0, requests: Vec::new() }
    }

    /// Takes in what came since.
    pub fn read(&mut self) {
        self.requests.clear();
        let mut file = BufReader::new(File::open(&self.file).unwrap());
        file.seek(SeekFrom::Start(self.read)).unwrap();
        let mut line = String::new();
        while file.read_line(&mut line).unwrap() > 0 && line.ends_with('\n') {
            self.read += line.len() as u64;
            let request: Value = serde_json::from_str(&line).unwrap();
            let text = |name: &str| request[name].as_str().unwrap().to_owned();
            if text("client").starts_with("inner-circle/") {
                self.requests.push((text("method"), text("path")));
            }
            line.clear();
        }
    }

    pub fn assert_only_read(&self, when: &str) {
        let writing: Vec<_> = self.requests.iter().filter(|(method, _)| method != "GET").collect();
        assert!(writing.is_empty(), "{when}: {writing:#?}");
        assert!(!self.requests.is_empty(), "{when}: nothing was asked at all");
    }

    /// Everything that was written at Stripe is what a listener asked for: a customer, a Checkout, a portal page, or to
    /// be forgotten.
    pub async fn assert_listeners_alone_made(&self, app: &TestApp, leavers: &BTreeSet<&str>) {
        for (method, path) in &self.requests {
            let segments: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
            match (method.as_str(), &segments[..]) {
                ("GET", _)
                | ("POST", ["customers"] | ["billing_portal", "sessions"])
                | ("POST", ["checkout", "sessions"] | ["checkout", "sessions", _, "expire"]) => {}
                ("DELETE", ["subscriptions", id]) => {
                    let ended = app.stripe(&format!("/v1/subscriptions/{id}")).await;
                    let customer = ended["customer"].as_str().unwrap();
                    let customer = app.stripe(&format!("/v1/customers/{customer}")).await;
                    let email = customer["email"].as_str().unwrap();
                    assert!(leavers.contains(email), "{email} did not leave: {path}");
                }
                other => panic!("nobody asked for {other:?}"),
            }
        }
    }
}
