//! Starts the whole product on free ports with a fresh database and the sandbox, and speaks to it as clients do.

mod beside;
mod database;
mod http;
mod listeners;
mod mails;
mod sessions;
mod stripe;
mod subscriber;

use std::{path::Path, sync::Arc, time::Duration};

use api::{
    app::{Application, Stop},
    config::{Config, SecretSource, Settings},
    db::{DatabaseUrl, Db, DbError},
};
use tempfile::TempDir;
use tokio::task::JoinHandle;

pub use beside::serve;
pub use database::{Database, execute};
pub use http::Answer;
pub use mails::token_in;
pub use sessions::{Listener, PASSWORD, cookie, credentials};
pub use subscriber::{Subscriber, VISA};

/// The secret that names the mail server.
const SMTP_URL: &str = "SMTP_URL";

/// How long a test waits for something that must come; reached only when it fails.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A running product. Dropping it stops the server and removes its data.
pub struct TestApp {
    /// `http://127.0.0.1:port`.
    pub base: String,
    /// The sandbox's `http://127.0.0.1:port`.
    pub sandbox: String,
    /// A client without a cookie jar, so that a test sees every cookie.
    pub http: reqwest::Client,
    server: Stop,
    running: Option<JoinHandle<()>>,
    data: Arc<TempDir>,
    database: Arc<Database>,
}

impl TestApp {
    /// Starts with the defaults, without rate limits.
    pub async fn start() -> Self {
        Self::start_with(|settings| settings.rate_limits = Some("off".to_owned())).await
    }

    /// Starts with other settings.
    pub async fn start_with(adjust: impl FnOnce(&mut Settings)) -> Self {
        let data = TempDir::new().unwrap();
        Self::start_in(Arc::new(data), Arc::new(Database::fresh()), adjust).await
    }

    /// Stops the product and starts it again on the same data.
    pub async fn restart(self) -> Self {
        self.restart_with(|settings| settings.rate_limits = Some("off".to_owned())).await
    }

    /// Stops the product and starts it again on the same data, with other settings.
    pub async fn restart_with(mut self, adjust: impl FnOnce(&mut Settings)) -> Self {
        self.server.stop(true).await;
        self.running.take().unwrap().await.unwrap();
        let (data, database) = (Arc::clone(&self.data), Arc::clone(&self.database));
        drop(self);
        Self::start_in(data, database, adjust).await
    }

    async fn start_in(
        data: Arc<TempDir>,
        database: Arc<Database>,
        adjust: impl FnOnce(&mut Settings),
    ) -> Self {
        let config = Self::config(&data, &database, adjust);
        let application = Application::build(config).await.unwrap();
        let base = format!("http://{}", application.addr());
        let server = application.handle();
        let sandbox =
            application.sandbox_addr().map(|addr| format!("http://{addr}")).unwrap_or_default();
        let running = tokio::spawn(async { application.run().await.unwrap() });
        let http = reqwest::Client::new();
        let app = Self { base, sandbox, http, server, running: Some(running), data, database };
        app.wait_for_plans().await;
        app
    }

    /// What this product is started with.
    fn config(data: &TempDir, database: &Database, adjust: impl FnOnce(&mut Settings)) -> Config {
        let mut settings = Settings {
            listen_addr: Some("127.0.0.1:0".to_owned()),
            sandbox_addr: Some("127.0.0.1:0".to_owned()),
            data_dir: Some(data.path().display().to_string()),
            workers: Some("2".to_owned()),
            sandbox_record: std::env::var("SANDBOX_RECORD").ok(),
            ..Settings::default()
        };
        adjust(&mut settings);
        let mut variables = database.variables();
        let smtp_url = data.path().join(SMTP_URL);
        if smtp_url.exists() {
            variables.push((format!("{SMTP_URL}_FILE"), smtp_url.display().to_string()));
        }
        Config::new(&settings, &SecretSource::from_variables(variables)).unwrap()
    }

    /// What commands must be told beside the data folder to use this product's database.
    pub fn variables(&self) -> Vec<(String, String)> {
        self.database.variables()
    }

    /// Stops the product and starts it again, with its mail going to the server at `url`.
    pub async fn restart_with_mail_server(self, url: &str) -> Self {
        std::fs::write(self.data_dir().join(SMTP_URL), url).unwrap();
        self.restart().await
    }

    /// Stops the product, changes its data folder, and tries to start it again; why it does not.
    pub async fn fails_to_restart_after(mut self, change: impl FnOnce(&Path)) -> String {
        self.server.stop(true).await;
        self.running.take().unwrap().await.unwrap();
        change(self.data.path());
        let config = Self::config(&self.data, &self.database, |_| {});
        format!("{:#}", Application::build(config).await.err().expect("it does not start"))
    }

    /// The catalog is applied after the start; until then there is nothing to buy.
    async fn wait_for_plans(&self) {
        let on_sale = async {
            while self.get("/api/plans").await.expect(200)["plans"][0]["prices"][0].is_null() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, on_sale).await.expect("the catalog was applied");
    }

    /// The product's database, for what can only be brought about there, such as the past.
    pub async fn db(&self) -> Db {
        let variables = self.database.variables();
        let url = variables.iter().find(|(name, _)| name == "DATABASE_URL");
        let url = url.map_or_else(
            || Ok(DatabaseUrl::Sqlite(self.data_dir().join("circle.db"))),
            |(_, url)| DatabaseUrl::parse(url),
        );
        Db::open(&url.unwrap()).await.unwrap()
    }

    /// Runs a statement in the product's database, beside the product.
    pub async fn execute(&self, statement: String) {
        use diesel::RunQueryDsl;
        let run = move |conn: &mut _| diesel::sql_query(statement).execute(conn);
        self.db().await.write(move |conn| Ok::<_, DbError>(run(conn)?)).await.unwrap();
    }

    /// The data folder.
    pub fn data_dir(&self) -> &Path {
        self.data.path()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.http.get(self.url(path))).await
    }

    pub async fn get_as(&self, token: &str, path: &str) -> Answer {
        self.send(self.http.get(self.url(path)).bearer_auth(token)).await
    }

    pub async fn post(&self, path: &str, body: serde_json::Value) -> Answer {
        self.send(self.http.post(self.url(path)).body(body.to_string())).await
    }

    pub async fn post_as(&self, token: &str, path: &str, body: serde_json::Value) -> Answer {
        self.send(self.http.post(self.url(path)).bearer_auth(token).body(body.to_string())).await
    }

    pub async fn patch_as(&self, token: &str, path: &str, body: serde_json::Value) -> Answer {
        self.send(self.http.patch(self.url(path)).bearer_auth(token).body(body.to_string())).await
    }

    pub async fn delete_as(&self, token: &str, path: &str) -> Answer {
        self.send(self.http.delete(self.url(path)).bearer_auth(token)).await
    }

    /// Sends any request and reads the whole answer.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        Answer::read(request.send().await.unwrap()).await
    }

    /// An address of this product.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // The future only asks the server to stop; nobody needs to wait for it.
        drop(self.server.stop(false));
    }
}
