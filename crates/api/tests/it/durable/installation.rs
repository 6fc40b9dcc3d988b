//! A sandbox as a process of its own, and servers beside it that take it for Stripe.

use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

use super::process::{Process, Server, Variables, free_port};
use crate::harness::{Database, Listener, VISA, credentials};

/// Stands for a key: any opens the sandbox.
pub const KEY: &str = "sk_test_processes";

/// Opens the metrics.
pub const OPERATOR_TOKEN: &str = "an operator's token";

/// A Stripe that can be killed and frozen, and the servers that need it.
pub struct Installation {
    pub stripe: Process,
    pub stripe_base: String,
    pub servers: Vec<Server>,
    variables: Variables,
    folder: TempDir,
    pub database: Database,
}

impl Installation {
    /// Starts the sandbox, sets up the plans, and starts `count` servers, each of which is sent all
    /// events.
    pub async fn start(count: usize) -> Self {
        let (folder, database) = (TempDir::new().unwrap(), Database::fresh());
        let (stripe_port, ports) =
            (free_port(), (0..count).map(|_| free_port()).collect::<Vec<_>>());
        let (addr, data) =
            (format!("127.0.0.1:{stripe_port}"), folder.path().display().to_string());
        let forward_to = format!("http://127.0.0.1:{}/webhooks", ports[0]);
        let arguments = ["sandbox", "--addr", &addr, "--data", &data, "--forward-to", &forward_to];
        let stripe = Process::start("sandbox", folder.path(), &arguments, Variables::new());
        let mut secrets = vec![stripe.printed("Webhook secret").await];

        let stripe_base = format!("http://{addr}");
        for port in &ports[1..] {
            secrets.push(make_endpoint(&stripe_base, *port).await);
        }
        let secrets = secrets.join(",");
        let mut variables = database.variables();
        for (variable, value) in [
            ("STRIPE_SECRET_KEY", KEY),
            ("STRIPE_API_BASE", &stripe_base),
            ("STRIPE_WEBHOOK_SECRET", &secrets),
            // What Stripe loses is found by comparing.
            ("RECONCILE_EVERY", "3s"),
            ("DATA_DIR", &data),
            ("OPERATOR_TOKEN", OPERATOR_TOKEN),
        ] {
            variables.push((variable.to_owned(), value.to_owned()));
        }
        let mut installation =
            Self { stripe, stripe_base, servers: Vec::new(), variables, folder, database };
        installation.circle(&["catalog", "apply"]);
        for port in ports {
            installation.serve_on(port).await;
        }
        installation
    }

    async fn serve_on(&mut self, port: u16) {
        let name = format!("server-{}", self.servers.len() + 1);
        let server = Server::on(port, &name, self.folder.path(), self.variables.clone());
        server.ready().await;
        self.servers.push(server);
    }

    /// Runs an operator's command; what it printed.
    pub fn circle(&self, arguments: &[&str]) -> String {
        let (succeeded, printed) = self.try_circle(arguments);
        assert!(succeeded, "{arguments:?}: {printed}");
        printed
    }

    /// Runs an operator's command; whether it succeeded, and what it printed.
    pub fn try_circle(&self, arguments: &[&str]) -> (bool, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_circle"))
            .args(arguments)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        let printed = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(printed).unwrap())
    }

    /// Registers somebody at the first server.
    pub async fn register(&self, email: &str) -> Listener {
        let server = &self.servers[0];
        let request = server.post("/api/auth/register", credentials(email).to_string());
        Listener::of(server.send(request).await, 201)
    }

    /// Buys a plan, on the sandbox's page.
    pub async fn subscribe(&self, listener: &Listener, plan: &str) {
        let server = &self.servers[0];
        let body = json!({ "plan": plan }).to_string();
        let request =
            server.post("/api/billing/checkout-session", body).bearer_auth(&listener.token);
        let page = server.send(request).await.expect(200)["url"].as_str().unwrap().to_owned();
        let fields = [
            ("card-number", VISA),
            ("card-expiry", "12 / 34"),
            ("card-cvc", "123"),
            ("billing-name", "Ada Lovelace"),
        ];
        let form =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let client =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let paid = client
            .post(page)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form)
            .send()
            .await
            .unwrap();
        assert_eq!(paid.status(), 303, "{}", paid.text().await.unwrap());
    }
}

/// Has every event sent to the server on `port` too; the endpoint's secret.
async fn make_endpoint(stripe_base: &str, port: u16) -> String {
    let url = format!("http://127.0.0.1:{port}/webhooks");
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("url", &url)
        .append_pair("enabled_events[0]", "*")
        .finish();
    let made = reqwest::Client::new()
        .post(format!("{stripe_base}/v1/webhook_endpoints"))
        .bearer_auth(KEY)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(form)
        .send()
        .await
        .unwrap();
    let made: serde_json::Value = serde_json::from_str(&made.text().await.unwrap()).unwrap();
    made["secret"].as_str().unwrap().to_owned()
}
