//! The composition root: everything is made here, once, and handed to those who need it.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
    sync::Arc,
};

use actix_cors::Cors;
use actix_web::{
    App, HttpServer,
    dev::{Server, ServerHandle},
    http::{Method, header},
    middleware::Condition,
    web,
};
use anyhow::{Context, anyhow};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};
use url::Url;

use crate::{
    access::Policy,
    account::{Accounts, Limits},
    catalog::{self, Catalog},
    clock::Clock,
    config::{Config, StripeSettings},
    db::{DatabaseUrl, Db},
    http::{self, Closing, Edge, Site},
    keys::Keys,
    secret::Secret,
    stripe::{self, Client, SecretKey},
};

/// The sandbox takes any test key.
const SANDBOX_KEY: &str = "sk_test_circle";

/// The whole product, listening but not yet serving.
pub struct Application {
    server: Server,
    stop: Stop,
    addr: SocketAddr,
    public_url: Url,
    site_is_built: bool,
}

impl Application {
    /// Makes everything that `config` asks for and binds its ports.
    pub async fn build(config: Config) -> anyhow::Result<Self> {
        let listener = bind("LISTEN_ADDR", config.listen_addr)?;
        let addr = listener.local_addr()?;
        let public_url = public_url(&config, addr)?;
        let db = open_database(&config).await?;
        let clock = Clock::default();
        let catalog = catalog::cli::load(config.catalog.as_deref())?;
        let keys = Keys::new(&secret_keys(&config)?)?;
        let limits = match config.rate_limits {
            true => Limits::on(db.clone(), clock.clone(), keys.clone()),
            false => Limits::off(),
        };
        let policy = Arc::new(policy(&catalog));
        let accounts = Accounts::new(db.clone(), clock, &keys, limits, policy)?;
        let edge = web::Data::new(Edge {
            public_url: public_url.clone(),
            cors_origins: config.cors_origins.clone(),
            trusted_proxies: config.trusted_proxies.clone(),
        });
        let (closing, closed) = watch::channel(false);
        let closed = web::Data::new(Closing(closed));
        let (db, accounts, catalog) =
            (web::Data::new(db), web::Data::new(accounts), web::Data::new(catalog));
        let site = web::Data::new(Site::load());
        let site_is_built = site.is_built();
        let origins = config.cors_origins.clone();
        let server = HttpServer::new(move || {
            App::new()
                .wrap(http::security())
                .wrap(Condition::new(!origins.is_empty(), cors(&origins)))
                .app_data(db.clone())
                .app_data(catalog.clone())
                .app_data(site.clone())
                .app_data(accounts.clone())
                .app_data(edge.clone())
                .app_data(closed.clone())
                .configure(http::routes)
        })
        .workers(config.workers)
        .shutdown_timeout(10)
        .disable_signals()
        .listen(listener)?
        .run();
        let stop = Stop { server: server.handle(), closing: Arc::new(closing) };
        Ok(Self { server, stop, addr, public_url, site_is_built })
    }

    /// Where the API listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Stops the server from elsewhere.
    pub fn handle(&self) -> Stop {
        self.stop.clone()
    }

    /// Says where everything is, for the person who started it.
    pub fn announce(&self) {
        println!("Inner Circle  {}", self.public_url.as_str().trim_end_matches('/'));
        if !self.site_is_built {
            println!("  (built without the site: scripts/run builds both)");
        }
    }

    /// Serves until the process is told to stop.
    pub async fn run(self) -> anyhow::Result<()> {
        let Self { server, stop, .. } = self;
        let stopping = async {
            told_to_stop().await?;
            stop.stop(true).await;
            anyhow::Ok(())
        };
        tokio::select! {
            stopped = server => stopped?,
            stopped = stopping => stopped?,
        }
        Ok(())
    }
}

/// Stops a server that runs.
#[derive(Clone)]
pub struct Stop {
    server: ServerHandle,
    closing: Arc<watch::Sender<bool>>,
}

impl Stop {
    /// Ends the event streams and stops; a graceful stop lets other requests finish first. Nobody needs to wait.
    pub fn stop(&self, graceful: bool) -> impl Future<Output = ()> + use<> {
        self.closing.send_replace(true);
        self.server.stop(graceful)
    }
}

/// Waits for Ctrl-C or SIGTERM.
async fn told_to_stop() -> std::io::Result<()> {
    let (mut interrupt, mut terminate) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

/// What the catalog says of access.
fn policy(catalog: &Catalog) -> Policy {
    Policy::new(catalog.plans.iter().map(|plan| (plan.id.clone(), plan.grace_days)))
}

/// Opens the database that the settings name, brought up to date.
pub async fn open_database(config: &Config) -> anyhow::Result<Db> {
    make_data_dir(&config.data_dir)?;
    let url = match &config.database_url {
        Some(url) => url.clone(),
        None => DatabaseUrl::Sqlite(config.data_dir.join("circle.db")),
    };
    Ok(Db::open(&url).await?)
}

/// Where browsers reach the site that listens on `addr`.
pub fn public_url(config: &Config, addr: SocketAddr) -> anyhow::Result<Url> {
    match &config.public_url {
        Some(url) => Ok(url.clone()),
        None => Ok(Url::parse(&format!("http://localhost:{}", addr.port()))?),
    }
}

/// A client for the Stripe that the settings name: an account, or the sandbox of a running `circle serve`.
pub fn stripe_client(config: &Config) -> anyhow::Result<Client> {
    let (key, base) = match &config.stripe {
        StripeSettings::Account { secret_key, api_base, .. } => {
            (secret_key.clone(), api_base.clone())
        }
        StripeSettings::Sandbox { addr, .. } => {
            (SecretKey::parse(SANDBOX_KEY)?, Url::parse(&format!("http://{addr}"))?)
        }
    };
    Ok(Client::new(stripe::Config::new(key, base))?)
}

/// The keys in the settings, or else the one kept in the data folder, made at the first start.
fn secret_keys(config: &Config) -> anyhow::Result<Vec<Secret>> {
    if !config.secret_keys.is_empty() {
        return Ok(config.secret_keys.clone());
    }
    let path = config.data_dir.join("secret.key");
    if !path.exists() {
        let key = hex::encode(rand::random::<[u8; 32]>());
        let mut file =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        std::io::Write::write_all(&mut file, key.as_bytes())?;
        file.sync_all()?;
    }
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Secret::new(&text).map(|key| vec![key]).ok_or_else(|| anyhow!("{} is blank", path.display()))
}

/// Personal data lies there: for the owner only.
fn make_data_dir(path: &Path) -> anyhow::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("DATA_DIR: cannot make {}", path.display()))
}

fn bind(variable: &str, addr: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(addr).map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            anyhow!(
                "{variable}: port {} is in use; stop what uses it or set {variable} to another",
                addr.port()
            )
        }
        _ => anyhow!("{variable}: cannot listen on {addr}: {error}"),
    })?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Exactly the configured origins may call the API from their pages, with the refresh cookie.
fn cors(origins: &[String]) -> Cors {
    origins.iter().fold(
        Cors::default()
            .allowed_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
            .allowed_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
            .supports_credentials()
            .max_age(3600),
        |cors, origin| cors.allowed_origin(origin),
    )
}
