//! A sandbox as a process of its own, and servers beside it that take it for Stripe.

use std::process::Command;

use api::{
    catalog::BUILT_IN,
    db::{Db, DbError},
};
use diesel::RunQueryDsl;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    gate::Gate,
    process::{Process, Server, Variables, free_port},
    webhooks,
};
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
        let ports: Vec<u16> = (0..count).map(|_| free_port()).collect();
        let mut installation = Self::prepare(&ports, str::to_owned, BUILT_IN).await;
        installation.circle(&["catalog", "apply"]);
        for port in ports {
            installation.serve_on(port).await;
        }
        installation
    }

    /// One server that sells what `catalog` says, and reaches its Stripe through a gate.
    pub async fn start_behind_gate(catalog: &str) -> (Self, Gate) {
        let (port, mut gate) = (free_port(), None);
        let reach = |stripe: &str| gate.insert(Gate::start(stripe)).base.clone();
        let mut installation = Self::prepare(&[port], reach, catalog).await;
        installation.circle(&["catalog", "apply"]);
        installation.serve_on(port).await;
        (installation, gate.unwrap())
    }

    /// Starts the sandbox, which sends all events to each of `ports`, and nothing else: no plan is there, and no
    /// server. `reach` says by which address that Stripe is reached.
    pub async fn prepare(ports: &[u16], reach: impl FnOnce(&str) -> String, catalog: &str) -> Self {
        let (folder, database) = (TempDir::new().unwrap(), Database::fresh());
        let stripe_port = free_port();
        let (addr, data) =
            (format!("127.0.0.1:{stripe_port}"), folder.path().display().to_string());
        let arguments = ["sandbox", "--addr", &addr, "--data", &data];
        let stripe = Process::start("sandbox", folder.path(), &arguments, Variables::new());
        let mut secrets = vec![stripe.printed("Webhook secret").await];

        let stripe_base = format!("http://{addr}");
        for port in ports {
            secrets.push(make_endpoint(&stripe_base, *port).await);
        }
        let secrets = secrets.join(",");
        let catalog_file = folder.path().join("plans.toml");
        std::fs::write(&catalog_file, catalog).unwrap();
        let mut variables = database.variables();
        for (variable, value) in [
            ("STRIPE_SECRET_KEY", KEY),
            ("STRIPE_API_BASE", &reach(&stripe_base)),
            ("CATALOG", &catalog_file.display().to_string()),
            ("STRIPE_WEBHOOK_SECRET", &secrets),
            // What Stripe loses is found by comparing.
            ("RECONCILE_EVERY", "3s"),
            ("DATA_DIR", &data),
            ("OPERATOR_TOKEN", OPERATOR_TOKEN),
        ] {
            variables.push((variable.to_owned(), value.to_owned()));
        }
        Self { stripe, stripe_base, servers: Vec::new(), variables, folder, database }
    }

    /// Has something else sold from the next `circle catalog apply` on.
    pub fn write_catalog(&self, catalog: &str) {
        std::fs::write(self.folder.path().join("plans.toml"), catalog).unwrap();
    }

    /// The database of the servers.
    pub async fn db(&self) -> Db {
        let mut variables = self.variables.clone();
        let file = format!("sqlite://{}", self.folder.path().join("circle.db").display());
        variables.push(("DATABASE_URL".to_owned(), file));
        webhooks::open(&variables).await
    }

    /// Has every process that is started from now on use this key.
    pub fn use_key(&mut self, key: &str) {
        self.variables.push(("STRIPE_SECRET_KEY".to_owned(), key.to_owned()));
    }

    /// Starts one more server.
    pub async fn serve_on(&mut self, port: u16) {
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
        self.try_circle_with(&[], arguments)
    }

    /// The same with some variables set otherwise.
    pub fn try_circle_with(&self, other: &[(&str, &str)], arguments: &[&str]) -> (bool, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_circle"))
            .args(arguments)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .envs(other.iter().copied())
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        let printed = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(printed).unwrap())
    }

    /// Runs a statement in it.
    pub async fn execute(&self, statement: String) {
        let db = self.db().await;
        let run = move |conn: &mut _| diesel::sql_query(statement).execute(conn);
        db.write(move |conn| Ok::<_, DbError>(run(conn)?)).await.unwrap();
    }

    /// Starts an operator's command beside what runs.
    pub fn start_circle(&self, name: &str, arguments: &[&str]) -> Process {
        Process::start(name, self.folder.path(), arguments, self.variables.clone())
    }

    /// A list of Stripe's, read past the gate.
    pub async fn at_stripe(&self, path: &str) -> Vec<Value> {
        let list = self.ask_stripe("GET", path, "").await;
        list["data"].as_array().unwrap_or_else(|| panic!("{path}: {list}")).clone()
    }

    /// Changes something at Stripe, past the gate.
    pub async fn tell_stripe(&self, method: &str, path: &str, form: &str) {
        let told = self.ask_stripe(method, path, form).await;
        assert!(told["error"].is_null(), "{path}: {told}");
    }

    async fn ask_stripe(&self, method: &str, path: &str, form: &str) -> Value {
        let url = format!("{}{path}", self.stripe_base);
        let request = reqwest::Client::new()
            .request(method.parse().unwrap(), url)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .bearer_auth(KEY)
            .body(form.to_owned());
        serde_json::from_str(&request.send().await.unwrap().text().await.unwrap()).unwrap()
    }

    /// Registers somebody at the first server.
    pub async fn register(&self, email: &str) -> Listener {
        let server = &self.servers[0];
        let request = server.post("/api/auth/register", credentials(email).to_string());
        Listener::of(server.send(request).await, 201)
    }

    /// Buys a plan, on the sandbox's page.
    pub async fn subscribe(&self, listener: &Listener, plan: &str) {
        let request = self.checkout(listener, plan);
        let answer = self.servers[0].send(request).await.expect(200);
        self.pay(answer["url"].as_str().unwrap()).await;
    }

    /// The request for a page to pay for a plan on.
    pub fn checkout(&self, listener: &Listener, plan: &str) -> reqwest::RequestBuilder {
        self.checkout_at(0, listener, plan)
    }

    /// The same at one of the servers.
    pub fn checkout_at(
        &self,
        server: usize,
        listener: &Listener,
        plan: &str,
    ) -> reqwest::RequestBuilder {
        let body = json!({ "plan": plan }).to_string();
        let server = &self.servers[server];
        server.post("/api/billing/checkout-session", body).bearer_auth(&listener.token)
    }

    /// Pays on one of the sandbox's pages.
    pub async fn pay(&self, page: &str) {
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
