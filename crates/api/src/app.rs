//! The composition root: everything is made here, once, and handed to those who need it.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
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
use url::Url;

use crate::{
    catalog,
    config::{Config, StripeSettings},
    db::{DatabaseUrl, Db},
    http::{self, Site},
    secret::Secret,
    stripe::{self, Client, SecretKey},
};

/// The sandbox takes any test key.
const SANDBOX_KEY: &str = "sk_test_circle";

/// The whole product, listening but not yet serving.
pub struct Application {
    server: Server,
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
        let db = web::Data::new(open_database(&config).await?);
        let catalog = web::Data::new(catalog::cli::load(config.catalog.as_deref())?);
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
                .configure(http::routes)
        })
        .workers(config.workers)
        .shutdown_timeout(10)
        .listen(listener)?
        .run();
        Ok(Self { server, addr, public_url, site_is_built })
    }

    /// Where the API listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Stops the server from elsewhere.
    pub fn handle(&self) -> ServerHandle {
        self.server.handle()
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
        self.server.await?;
        Ok(())
    }
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
#[expect(dead_code, reason = "the accounts take it next")]
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
