//! What every subcommand stands on: the database, the keys, the addresses, the way to Stripe.

use std::{
    fs,
    io::Write,
    net::SocketAddr,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use anyhow::{Context, anyhow};
use url::Url;

use crate::{
    access::{Policy, Suspension},
    billing::identity,
    catalog::{self, Catalog},
    clock::Clock,
    config::{BucketSettings, Config, StripeSettings},
    db::{self, DatabaseUrl, Db},
    episodes::{
        Library,
        audio::MediaFolder,
        bucket::{Bucket, Signer},
    },
    keys::Keys,
    mail::{Mailer, Sender, SmtpUrl, Transport},
    secret::Secret,
    stripe::{self, Client, SecretKey},
};

/// The sandbox takes any test key.
const SANDBOX_KEY: &str = "sk_test_circle";

/// Opens the database that the settings name, brought up to date.
pub async fn open_database(config: &Config) -> anyhow::Result<Db> {
    make_data_dir(&config.data_dir)?;
    let db = Db::open_with(&database_url(config), &config.postgres).await?;
    for weakness in db::weaknesses(&db.durability().await?) {
        tracing::warn!("the database: {weakness}");
    }
    Ok(db)
}

/// Opens the database that the settings name for those who only look: it is left as it is.
///
/// # Errors
/// When it is not there, or its schema is not this program's.
pub async fn diagnosed_database(config: &Config) -> anyhow::Result<Db> {
    Ok(Db::open_as_it_is(&database_url(config), &config.postgres).await?)
}

fn database_url(config: &Config) -> DatabaseUrl {
    match &config.database_url {
        Some(url) => url.clone(),
        None => DatabaseUrl::Sqlite(config.data_dir.join("circle.db")),
    }
}

/// The episodes, for the commands that keep them.
pub async fn library(config: &Config) -> anyhow::Result<Library> {
    let catalog = catalog::cli::load(config.catalog.as_deref())?;
    library_over(config, open_database(config).await?, Clock::default(), &catalog)
}

/// The episodes in a database that is open, with their audio in the data folder.
pub(super) fn library_over(
    config: &Config,
    db: Db,
    clock: Clock,
    catalog: &Catalog,
) -> anyhow::Result<Library> {
    let mut media = MediaFolder::open(config.data_dir.join("media"))
        .context("DATA_DIR: cannot make its media folder")?;
    if let Some(bucket) = bucket(config)? {
        media = media.with_bucket(bucket);
    }
    Ok(Library::new(db, clock, media, catalog))
}

/// The bucket for the audio, when the settings name one.
///
/// # Errors
/// When endpoint and name make none.
pub fn bucket(config: &Config) -> anyhow::Result<Option<Bucket>> {
    let Some(settings) = config.bucket.clone() else { return Ok(None) };
    let BucketSettings { endpoint, name, region, access_key_id, secret_access_key } = settings;
    let signer = Signer { access_key_id: &access_key_id, secret_access_key: &secret_access_key };
    let bucket = Bucket::new(endpoint, name, region, signer).context("S3_ENDPOINT, S3_BUCKET")?;
    Ok(Some(bucket))
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
    match &config.stripe {
        StripeSettings::Account { secret_key, api_base, .. } => {
            Ok(Client::new(stripe::Config::new(secret_key.clone(), api_base.clone()))?)
        }
        StripeSettings::Sandbox { addr, .. } => sandbox_client(*addr),
    }
}

/// [`stripe_client()`], once it is certain that `db` goes with that Stripe: for those who write there, or write down
/// what is missing there.
///
/// # Errors
/// When it does not, and when Stripe does not say.
pub async fn own_stripe(config: &Config, db: &Db) -> anyhow::Result<Client> {
    let stripe = stripe_client(config)?;
    identity::check(db, &stripe, config.stripe.is_live()).await?;
    Ok(stripe)
}

/// A client for the sandbox that listens on `addr`.
pub(super) fn sandbox_client(addr: SocketAddr) -> anyhow::Result<Client> {
    let base = Url::parse(&format!("http://{addr}"))?;
    Ok(Client::new(stripe::Config::new(SecretKey::parse(SANDBOX_KEY)?, base))?)
}

/// What sends mail: by the server in the settings, else by the sandbox's, else not at all until one is set.
pub(super) fn mailer(
    config: &Config,
    sandbox: Option<SocketAddr>,
    keys: Keys,
    site: &Url,
    catalog: &Catalog,
) -> anyhow::Result<Mailer> {
    let of_sandbox = || {
        let url = sandbox.and_then(|addr| Secret::new(&format!("smtp://{addr}")));
        url.map(SmtpUrl::parse).transpose()
    };
    let smtp = match &config.smtp_url {
        Some(url) => Some(url.clone()),
        None => of_sandbox()?,
    };
    if smtp.is_none() {
        tracing::warn!(
            "SMTP_URL is not set: mail waits in the outbox and is given up when it is of no use any more"
        );
    }
    let sender = config.mail_from.clone().unwrap_or_else(|| Sender::of_site(site));
    let plans = catalog.plans.iter().map(|plan| (plan.id.clone(), plan.name.clone()));
    Ok(Mailer::new(Transport::new(smtp.as_ref()), sender, keys, site.clone(), plans))
}

/// What the catalog says of access.
pub fn policy(catalog: &Catalog) -> Policy {
    let catalog::Suspension { on_refund, on_dispute } = catalog.suspension;
    Policy::new(catalog.plans.iter().map(|plan| (plan.id.clone(), plan.grace_days)))
        .suspending(Suspension { on_refund, on_dispute })
}

/// The keys that a running server signs with.
pub fn keys(config: &Config) -> anyhow::Result<Keys> {
    Ok(Keys::new(&secret_keys(config)?)?)
}

/// The keys in the settings, or else the one kept in the data folder, made at the first start.
fn secret_keys(config: &Config) -> anyhow::Result<Vec<Secret>> {
    if !config.secret_keys.is_empty() {
        return Ok(config.secret_keys.clone());
    }
    let path = config.data_dir.join("secret.key");
    if !path.exists() {
        write_new_key(&path).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Secret::new(&text).map(|key| vec![key]).ok_or_else(|| anyhow!("{} is blank", path.display()))
}

fn write_new_key(path: &Path) -> std::io::Result<()> {
    let key = hex::encode(rand::random::<[u8; 32]>());
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(key.as_bytes())?;
    file.sync_all()
}

/// Personal data lies there: for the owner only.
fn make_data_dir(path: &Path) -> anyhow::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("DATA_DIR: cannot make {}", path.display()))
}
