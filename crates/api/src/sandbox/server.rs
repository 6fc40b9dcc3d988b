//! Starting and stopping: binds the address, opens the file, serves.

use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
};

use actix_web::{App, HttpServer, dev::ServerHandle, web};
use serde_json::json;
use tokio::{sync::Notify, task::JoinHandle};

use super::{
    Config, Sandbox,
    api::{self, InFlight, webhook_endpoint},
    clock::Clock,
    control,
    error::ApiError,
    faults::{self, Faults},
    listen::{self, Listeners},
    log::RequestLog,
    mailbox,
    object::{Kind, Object, random_word},
    pages,
    protocol::Protocol,
    record::Recorder,
    store::{Listing, Origin, Setting, Store, StoreError, Surroundings, Tx},
    ticker::{self, Turn},
    webhooks::{Sender, SenderError},
};

/// Why a sandbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port is taken.
    #[error("port {} is already in use, so the sandbox cannot listen on {addr}", addr.port())]
    AddressInUse {
        /// The address asked for.
        addr: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("the sandbox cannot listen on {addr}: {source}")]
    Bind {
        /// The address asked for.
        addr: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// The folder of the file cannot be made.
    #[error("the sandbox cannot make the folder of {path}: {source}")]
    Folder {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file to record requests in cannot be opened.
    #[error("the sandbox cannot record requests in {path}: {source}")]
    Record {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file's content cannot be used.
    #[error("the sandbox's state cannot be used: {0}")]
    State(String),
    /// Webhooks cannot be sent.
    #[error(transparent)]
    Sender(#[from] SenderError),
    /// The server did not start.
    #[error("the sandbox's server did not start: {0}")]
    Serve(#[source] std::io::Error),
}

impl From<ApiError> for StartError {
    fn from(error: ApiError) -> StartError {
        StartError::State(error.message)
    }
}

/// A sandbox that runs. It stops with [`Running::stop`], or with the process.
#[derive(Debug)]
pub struct Running {
    addr: SocketAddr,
    smtp_addr: SocketAddr,
    public_url: String,
    webhook_secret: String,
    sandbox: web::Data<Sandbox>,
    server: ServerHandle,
    tasks: Vec<JoinHandle<()>>,
}

impl Running {
    /// The address it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Where its mailbox takes mail, by SMTP without TLS and without a log-in.
    pub fn smtp_addr(&self) -> SocketAddr {
        self.smtp_addr
    }

    /// Base of the API for clients on this machine, without a slash at the end.
    pub fn api_base(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Base of the URLs it gives to browsers.
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// What it signs deliveries to the configured webhook endpoint with.
    pub fn webhook_secret(&self) -> &str {
        &self.webhook_secret
    }

    /// `acct_…`: stable for one file.
    pub fn account(&self) -> &str {
        &self.sandbox.account
    }

    /// Sets the URL of the configured webhook endpoint.
    pub async fn set_webhook(&self, url: &str) -> Result<(), StartError> {
        let (url, secret) = (url.to_owned(), self.webhook_secret.clone());
        let work = move |tx: &mut Tx<'_>| {
            let (mut found, _) =
                tx.list(Kind::WebhookEndpoint, &Listing::default(), is_configured)?;
            if let Some(mut endpoint) = found.pop() {
                endpoint.body["url"] = json!(url);
                endpoint.private["secret"] = json!(secret);
                return tx.save(&endpoint);
            }
            let mut endpoint = webhook_endpoint(tx.now(), &url, &secret);
            endpoint.body["description"] = json!("Given by the sandbox's configuration");
            endpoint.private["is_configured"] = json!(true);
            tx.insert(&endpoint)
        };
        Ok(self.sandbox.store.write(Origin::default(), work).await?)
    }

    /// Answers what is in progress and ends; then the file may be opened again.
    pub async fn stop(self) {
        for task in &self.tasks {
            task.abort();
        }
        self.server.stop(true).await;
        for task in self.tasks {
            // Aborted above: nothing to learn from how it ended.
            let _ = task.await;
        }
        self.sandbox.store.close();
    }
}

fn is_configured(endpoint: &Object) -> bool {
    endpoint.private["is_configured"] == true
}

/// Starts a sandbox and returns once it answers.
pub async fn start(config: Config) -> Result<Running, StartError> {
    let listener = bind(config.addr)?;
    let addr = listener.local_addr().map_err(StartError::Serve)?;
    let smtp = mailbox::bind().await.map_err(StartError::Serve)?;
    let smtp_addr = smtp.local_addr().map_err(StartError::Serve)?;
    let public_url = config.public_url.unwrap_or_else(|| format!("http://{addr}"));
    let public_url = public_url.trim_end_matches('/').to_owned();
    if let Some(folder) = config.database.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|source| StartError::Folder { path: config.database.clone(), source })?;
    }
    let protocol = Protocol::new(config.protocol)?;
    let recorder = match config.record {
        Some(path) => {
            let opened = Recorder::open(&path);
            Some(opened.map_err(|source| StartError::Record { path, source })?)
        }
        None => None,
    };
    let clock_offset = config.clock_offset;
    let surroundings = Arc::new(Surroundings {
        clock: Clock::new(Arc::clone(&clock_offset)),
        business: config.business,
        public_url: public_url.clone(),
        has_queued: false.into(),
        has_advancing: false.into(),
        ticker: Notify::new(),
        deliveries: Notify::new(),
    });
    let store = Store::open(&config.database, surroundings)?;
    let given_secret = config.webhook.as_ref().and_then(|webhook| webhook.secret.clone());
    let (account, webhook_secret, offset) = store
        .write(Origin::default(), move |tx| {
            let account = kept(tx, Setting::Account, || format!("acct_{}", random_word(16)))?;
            if let Some(secret) = given_secret {
                tx.set_setting(Setting::WebhookSecret, &secret)?;
            }
            let secret = kept(tx, Setting::WebhookSecret, || format!("whsec_{}", random_word(32)))?;
            let offset: i64 =
                tx.setting(Setting::ClockOffset)?.and_then(|text| text.parse().ok()).unwrap_or(0);
            listen::forget_all(tx)?;
            Ok((account, secret, offset))
        })
        .await?;
    clock_offset.fetch_max(offset, Ordering::SeqCst);
    let sandbox = web::Data::new(Sandbox {
        store,
        account,
        faults: Faults::new(config.faults),
        in_flight: InFlight::default(),
        listeners: Listeners::default(),
        log: RequestLog::default(),
        protocol,
        recorder,
        turn: Turn::default(),
    });
    let sender = Sender::new(sandbox.clone())?;

    let state = sandbox.clone();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(state.clone())
            .configure(api::configure)
            // Before the controls, whose scope would take the mailbox's path.
            .configure(pages::configure)
            .configure(control::configure)
    })
    .on_connect(faults::keep_hold)
    .workers(2)
    .shutdown_timeout(2)
    .disable_signals()
    .listen(listener)
    .map_err(StartError::Serve)?
    .run();
    let handle = server.handle();
    let serving = tokio::spawn(async move {
        if let Err(error) = server.await {
            tracing::error!(%error, "the sandbox's server ended");
        }
    });
    let mut running = Running {
        addr,
        smtp_addr,
        public_url,
        webhook_secret,
        sandbox,
        server: handle,
        tasks: vec![serving],
    };
    if let Some(url) = config.webhook.and_then(|webhook| webhook.url) {
        running.set_webhook(&url).await?;
    }
    running.tasks.push(tokio::spawn(sender.run()));
    running.tasks.push(tokio::spawn(ticker::run(running.sandbox.clone())));
    running.tasks.push(tokio::spawn(mailbox::serve(smtp, running.sandbox.clone())));
    Ok(running)
}

fn bind(addr: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(addr).map_err(|source| match source.kind() {
        std::io::ErrorKind::AddrInUse => StartError::AddressInUse { addr },
        _ => StartError::Bind { addr, source },
    })
}

fn kept(
    tx: &mut Tx<'_>,
    setting: Setting,
    make: impl FnOnce() -> String,
) -> Result<String, ApiError> {
    if let Some(value) = tx.setting(setting)? {
        return Ok(value);
    }
    let value = make();
    tx.set_setting(setting, &value)?;
    Ok(value)
}
