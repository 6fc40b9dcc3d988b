//! Settings: flags of `circle serve`, environment variables of the same name, and secrets that come by
//! environment or by a file named in `NAME_FILE`.
//!
//! Whatever is wrong stops the start and names the variable. What a combination of settings must not be
//! is in [`checks`].

mod bucket;
mod checks;
mod secrets;
mod settings;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use ipnet::IpNet;
use url::Url;

pub use bucket::BucketSettings;
pub use secrets::SecretSource;
pub use settings::Settings;

use crate::{
    db::{DatabaseUrl, PostgresSettings},
    mail::{Sender, SmtpUrl},
    secret::Secret,
    stripe::{SecretKey, SigningSecret},
};

/// Where Stripe is when nothing else is said.
pub const STRIPE_API: &str = "https://api.stripe.com";

/// A setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {problem}")]
pub struct ConfigError {
    /// The environment variable.
    pub variable: &'static str,
    /// What is wrong with it, for people.
    pub problem: String,
}

impl ConfigError {
    fn new(variable: &'static str, problem: impl Into<String>) -> Self {
        Self { variable, problem: problem.into() }
    }
}

/// Everything the program was told, parsed and checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the API listens.
    pub listen_addr: SocketAddr,
    /// Where browsers reach it; `None` when it follows the listening address.
    pub public_url: Option<Url>,
    /// Origins that may call the API from a page, besides our own.
    pub cors_origins: Vec<String>,
    /// Proxies whose forwarding headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// SQLite files, media, the generated secret.
    pub data_dir: PathBuf,
    /// The database; `None` is the SQLite file in [`Config::data_dir`].
    pub database_url: Option<DatabaseUrl>,
    /// What is only said of PostgreSQL.
    pub postgres: PostgresSettings,
    /// Real Stripe, or the embedded sandbox.
    pub stripe: StripeSettings,
    /// Keys for tokens, feeds and media, the first one for making; empty means generated.
    pub secret_keys: Vec<Secret>,
    /// The mail server; `None` is the sandbox's mailbox, or, with an account at Stripe, none at all.
    pub smtp_url: Option<SmtpUrl>,
    /// Who mails come from; `None` is `noreply` at the site's host.
    pub mail_from: Option<Sender>,
    /// Whether registering may tell that an address has an account.
    pub open_registration_errors: bool,
    /// Whether log-in, registration and Checkout are limited.
    pub rate_limits: bool,
    /// Threads that serve requests.
    pub workers: usize,
    /// The catalog's file; `None` is `catalog.toml` when it exists, else the built-in one.
    pub catalog: Option<PathBuf>,
    /// How often everything is compared with Stripe.
    pub reconcile_every: Duration,
    /// Where metrics are shown to anybody; `None` when on the site's address, to who has the operator's token.
    pub metrics_addr: Option<SocketAddr>,
    /// Opens the metrics.
    pub operator_token: Option<Secret>,
    /// How long events are kept.
    pub event_retention: Duration,
    /// Where the audio is; `None` is the media folder in [`Config::data_dir`].
    pub bucket: Option<BucketSettings>,
    /// Variables that are set and change nothing beside the others, and why.
    pub unused: Vec<(&'static str, &'static str)>,
}

/// Which Stripe, and how to talk to it.
#[derive(Clone, Debug)]
pub enum StripeSettings {
    /// The sandbox in this process.
    Sandbox {
        /// Where it listens.
        addr: SocketAddr,
        /// Where browsers reach it; `None` when it follows the listening address.
        public_url: Option<Url>,
        /// Whether other machines may reach it, and the site with it.
        public: bool,
        /// A file that every request of the API and its answer is added to.
        record: Option<PathBuf>,
        /// Accepted besides the sandbox's own.
        webhook_secrets: Vec<SigningSecret>,
    },
    /// An account at Stripe, or something that speaks like it.
    Account {
        /// `sk_…` or `rk_…`.
        secret_key: SecretKey,
        /// Where the API is.
        api_base: Url,
        /// `whsec_…`; see [`Config::check_serving`].
        webhook_secrets: Vec<SigningSecret>,
    },
}

impl Config {
    /// Parses and checks the settings.
    pub fn new(settings: &Settings, secrets: &SecretSource) -> Result<Self, ConfigError> {
        let mut config = settings.parse(secrets)?;
        config.unused = settings.unused(&config);
        checks::check(&config)?;
        Ok(config)
    }

    /// What only a server needs beside: a secret that tells Stripe's events from others'.
    ///
    /// # Errors
    /// [`ConfigError`] when it is not set.
    pub fn check_serving(&self) -> Result<(), ConfigError> {
        checks::check_serving(self)
    }
}

impl StripeSettings {
    /// Whether a key that moves real money is set.
    pub fn is_live(&self) -> bool {
        match self {
            Self::Sandbox { .. } => false,
            Self::Account { secret_key, .. } => secret_key.is_live(),
        }
    }
}
