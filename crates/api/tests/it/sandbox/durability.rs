//! `circle sandbox` as a process that is killed: what it has acknowledged is there when it is started again.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};

/// A sandbox in a process of its own.
struct Process {
    child: Child,
    base: String,
    client: reqwest::Client,
}

impl Process {
    fn start(folder: &Path) -> Process {
        let mut child = Command::new(env!("CARGO_BIN_EXE_circle"))
            .args(["sandbox", "--addr", "127.0.0.1:0", "--data"])
            .arg(folder)
            // Nobody listens there: deliveries stay pending.
            .args(["--forward-to", "http://127.0.0.1:9/closed"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let base = lines.map(Result::unwrap).find_map(|line| {
            line.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_owned)
        });
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Process { child, base: base.unwrap(), client }
    }

    /// SIGKILL: no chance to put anything in order.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    async fn get(&self, path: &str) -> Value {
        let request = self.client.get(format!("{}{path}", self.base)).bearer_auth("sk_test_1");
        serde_json::from_str(&request.send().await.unwrap().text().await.unwrap()).unwrap()
    }

    /// The answer and whether it is one given before; an error when the process is gone.
    async fn create(&self, email: &str, key: &str) -> reqwest::Result<(Value, bool)> {
        let request = self
            .client
            .post(format!("{}/v1/customers", self.base))
            .bearer_auth("sk_test_1")
            .header("Idempotency-Key", key)
            .body(format!("email={email}"));
        let answer = request.send().await?;
        let is_replay = answer.headers().contains_key("Idempotent-Replayed");
        Ok((serde_json::from_str(&answer.text().await?).unwrap(), is_replay))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_sandbox_has_lost_nothing_that_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let process = Arc::new(Process::start(folder.path()));
    let advance = process.client.post(format!("{}/_sandbox/clock/advance", process.base));
    advance.body(json!({ "by": "1month" }).to_string()).send().await.unwrap();
    let offset = process.get("/_sandbox/clock").await["offset"].as_i64().unwrap();

    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let (process, acknowledged) = (Arc::clone(&process), Arc::clone(&acknowledged));
            tokio::spawn(async move {
                for n in 0.. {
                    let key = format!("{writer}-{n}");
                    match process.create(&format!("{key}@example.com"), &key).await {
                        Ok((customer, _)) => acknowledged.lock().unwrap().push((key, customer)),
                        Err(_) => return,
                    }
                }
            })
        })
        .collect();
    while acknowledged.lock().unwrap().len() < 200 {
        tokio::task::yield_now().await;
    }
    // Killed in the middle of writing, by its id, since the writers hold the process.
    Command::new("kill").args(["-9", &process.child.id().to_string()]).status().unwrap();
    for writer in writers {
        writer.await.unwrap();
    }
    Arc::into_inner(process).unwrap().kill();

    let process = Process::start(folder.path());
    assert_eq!(process.get("/_sandbox/clock").await["offset"], offset);
    let acknowledged = std::mem::take(&mut *acknowledged.lock().unwrap());
    for (key, customer) in &acknowledged {
        let id = customer["id"].as_str().unwrap();
        assert_eq!(&process.get(&format!("/v1/customers/{id}")).await, customer);
        let (again, is_replay) = process.create(&format!("{key}@example.com"), key).await.unwrap();
        assert!(is_replay, "{key}");
        assert_eq!(&again, customer, "its key is remembered");
    }
    // Each has its event, which is still to be delivered.
    let events = process.get("/v1/events?type=customer.created&limit=100").await;
    for event in events["data"].as_array().unwrap() {
        assert_eq!(event["pending_webhooks"], 1, "{event}");
    }
    process.kill();
}
