//! The settings that may be flags, and how each is read.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use url::Url;

use super::{Config, ConfigError, STRIPE_API, SecretSource, StripeSettings, bucket};
use crate::{
    db::{DatabaseUrl, PostgresSettings},
    mail::{Sender, SmtpUrl},
    stripe::{SecretKey, SigningSecret},
};

/// Every setting but the secrets. Raw text, so that a wrong value can be reported under its variable's name.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Settings {
    /// Address and port to listen on; port 0 takes a free one and prints it [default: 127.0.0.1:3000]
    #[arg(long, env = "LISTEN_ADDR", hide_env_values = true)]
    pub listen_addr: Option<String>,
    /// Where browsers reach the site: the base of return URLs, feeds and media [default: http://localhost:3000]
    #[arg(long, env = "PUBLIC_URL", hide_env_values = true)]
    pub public_url: Option<String>,
    /// Origins of pages elsewhere that may call the API, comma-separated [default: none]
    #[arg(long, env = "CORS_ORIGINS", hide_env_values = true)]
    pub cors_origins: Option<String>,
    /// Networks whose Forwarded and X-Forwarded-For headers count, comma-separated [default: none]
    #[arg(long, env = "TRUSTED_PROXIES", hide_env_values = true)]
    pub trusted_proxies: Option<String>,
    /// Folder of the SQLite files, the media and the generated secret [default: ./data]
    #[arg(long, env = "DATA_DIR", hide_env_values = true)]
    pub data_dir: Option<String>,
    /// Where Stripe's API is; anything but Stripe's own needs a test key [default: https://api.stripe.com, or the sandbox]
    #[arg(long, env = "STRIPE_API_BASE", hide_env_values = true)]
    pub stripe_api_base: Option<String>,
    /// Address and port of the embedded sandbox [default: 127.0.0.1:12111]
    #[arg(long, env = "SANDBOX_ADDR", hide_env_values = true)]
    pub sandbox_addr: Option<String>,
    /// Where browsers reach the sandbox's pages [default: http://SANDBOX_ADDR]
    #[arg(long, env = "SANDBOX_PUBLIC_URL", hide_env_values = true)]
    pub sandbox_public_url: Option<String>,
    /// "yes" lets the sandbox, where anybody pays with a test card, be reached from other machines [default: no]
    #[arg(long, env = "SANDBOX_PUBLIC", hide_env_values = true)]
    pub sandbox_public: Option<String>,
    /// Who mails come from, such as "Inner Circle <hello@example.com>" [default: noreply@ the host of PUBLIC_URL]
    #[arg(long, env = "MAIL_FROM", hide_env_values = true)]
    pub mail_from: Option<String>,
    /// "false" answers every registration alike and mails what came of it, so that nobody learns who has an account
    /// [default: true]
    #[arg(long, env = "OPEN_REGISTRATION_ERRORS", hide_env_values = true)]
    pub open_registration_errors: Option<String>,
    /// A file that every request to the sandbox and its answer is added to, as JSON lines [default: none]
    #[arg(long, env = "SANDBOX_RECORD", hide_env_values = true)]
    pub sandbox_record: Option<String>,
    /// "off" lifts the limits on log-in, registration and Checkout, for load tests [default: on]
    #[arg(long, env = "RATE_LIMITS", hide_env_values = true)]
    pub rate_limits: Option<String>,
    /// Threads that serve requests [default: number of cores]
    #[arg(long, env = "WORKERS", hide_env_values = true)]
    pub workers: Option<String>,
    /// The plans' file; without one the built-in catalog is used [default: catalog.toml]
    #[arg(long, env = "CATALOG", hide_env_values = true)]
    pub catalog: Option<String>,
    /// How often everything is compared with Stripe, such as 30m, 1h, 1d [default: 1h]
    #[arg(long, env = "RECONCILE_EVERY", hide_env_values = true)]
    pub reconcile_every: Option<String>,
    /// Address and port that show metrics to anybody; without one they need OPERATOR_TOKEN [default: none]
    #[arg(long, env = "METRICS_ADDR", hide_env_values = true)]
    pub metrics_addr: Option<String>,
    /// How long events that Stripe sent are kept, such as 30d; a week at the least [default: 90d]
    #[arg(long, env = "EVENT_RETENTION", hide_env_values = true)]
    pub event_retention: Option<String>,
    /// The longest a statement may take on PostgreSQL [default: 10s]
    #[arg(long, env = "DATABASE_STATEMENT_TIMEOUT", hide_env_values = true)]
    pub database_statement_timeout: Option<String>,
    /// A bucket of an S3-compatible store for the audio, in place of DATA_DIR
    #[arg(long, env = "S3_BUCKET", hide_env_values = true)]
    pub s3_bucket: Option<String>,
    /// Where that store is, such as https://s3.eu-central-1.amazonaws.com
    #[arg(long, env = "S3_ENDPOINT", hide_env_values = true)]
    pub s3_endpoint: Option<String>,
    /// The bucket's region [default: us-east-1]
    #[arg(long, env = "S3_REGION", hide_env_values = true)]
    pub s3_region: Option<String>,
}

impl Settings {
    pub(super) fn parse(&self, secrets: &SecretSource) -> Result<Config, ConfigError> {
        let database_url = secrets
            .get("DATABASE_URL")?
            .map(|url| {
                DatabaseUrl::parse(url.expose())
                    .map_err(|e| ConfigError::new("DATABASE_URL", e.to_string()))
            })
            .transpose()?;
        Ok(Config {
            bucket: bucket::parse(self, secrets)?,
            listen_addr: text("LISTEN_ADDR", &self.listen_addr)?
                .map_or(Ok(SocketAddr::from(([127, 0, 0, 1], 3000))), |t| {
                    address("LISTEN_ADDR", t)
                })?,
            public_url: text("PUBLIC_URL", &self.public_url)?
                .map(|t| web_url("PUBLIC_URL", t))
                .transpose()?,
            cors_origins: list("CORS_ORIGINS", &self.cors_origins)?
                .into_iter()
                .map(|t| origin("CORS_ORIGINS", t))
                .collect::<Result<_, _>>()?,
            trusted_proxies: list("TRUSTED_PROXIES", &self.trusted_proxies)?
                .into_iter()
                .map(network)
                .collect::<Result<_, _>>()?,
            data_dir: text("DATA_DIR", &self.data_dir)?.unwrap_or("./data").into(),
            database_url,
            postgres: self.postgres(secrets)?,
            stripe: self.stripe(secrets)?,
            secret_keys: secrets.list("SECRET_KEYS")?,
            smtp_url: secrets
                .get("SMTP_URL")?
                .map(SmtpUrl::parse)
                .transpose()
                .map_err(|problem| ConfigError::new("SMTP_URL", problem.to_string()))?,
            mail_from: text("MAIL_FROM", &self.mail_from)?
                .map(Sender::parse)
                .transpose()
                .map_err(|problem| ConfigError::new("MAIL_FROM", problem.to_string()))?,
            open_registration_errors: switch(
                "OPEN_REGISTRATION_ERRORS",
                &self.open_registration_errors,
                ["true", "false"],
                true,
            )?,
            rate_limits: switch("RATE_LIMITS", &self.rate_limits, ["on", "off"], true)?,
            workers: match text("WORKERS", &self.workers)? {
                None => std::thread::available_parallelism().map_or(2, usize::from),
                Some(t) => {
                    t.parse().ok().filter(|workers| (1..=1024).contains(workers)).ok_or_else(
                        || ConfigError::new("WORKERS", "expected a number from 1 to 1024"),
                    )?
                }
            },
            catalog: text("CATALOG", &self.catalog)?.map(PathBuf::from),
            reconcile_every: text("RECONCILE_EVERY", &self.reconcile_every)?
                .map_or(Ok(Duration::from_secs(3600)), |t| span("RECONCILE_EVERY", t))?,
            metrics_addr: text("METRICS_ADDR", &self.metrics_addr)?
                .map(|t| address("METRICS_ADDR", t))
                .transpose()?,
            operator_token: secrets.get("OPERATOR_TOKEN")?,
            unused: Vec::new(),
            event_retention: text("EVENT_RETENTION", &self.event_retention)?
                .map_or(Ok(Duration::from_secs(90 * 86_400)), |t| span("EVENT_RETENTION", t))?,
        })
    }

    /// What changes nothing, as other settings are.
    pub(super) fn unused(&self, config: &Config) -> Vec<(&'static str, &'static str)> {
        let mut unused = Vec::new();
        if let StripeSettings::Account { .. } = &config.stripe {
            let of_sandbox = [
                ("SANDBOX_ADDR", &self.sandbox_addr),
                ("SANDBOX_PUBLIC_URL", &self.sandbox_public_url),
                ("SANDBOX_PUBLIC", &self.sandbox_public),
                ("SANDBOX_RECORD", &self.sandbox_record),
            ];
            let set = of_sandbox.into_iter().filter(|(_, value)| value.is_some());
            unused.extend(set.map(|(variable, _)| {
                (variable, "with STRIPE_SECRET_KEY there is no embedded sandbox")
            }));
        }
        if config.metrics_addr.is_some() && config.operator_token.is_some() {
            unused.push(("OPERATOR_TOKEN", "metrics are on METRICS_ADDR, open to who reaches it"));
        }
        unused
    }

    fn postgres(&self, secrets: &SecretSource) -> Result<PostgresSettings, ConfigError> {
        let address = |variable| match secrets.get(variable)? {
            None => Ok(None),
            Some(url) => match DatabaseUrl::parse(url.expose()) {
                Ok(DatabaseUrl::Postgres(url)) => Ok(Some(url)),
                _ => Err(ConfigError::new(variable, "expected postgres://…")),
            },
        };
        Ok(PostgresSettings {
            read_url: address("DATABASE_READ_URL")?,
            listen_url: address("DATABASE_LISTEN_URL")?,
            statement_timeout: text(
                "DATABASE_STATEMENT_TIMEOUT",
                &self.database_statement_timeout,
            )?
            .map_or(Ok(PostgresSettings::default().statement_timeout), |t| {
                span("DATABASE_STATEMENT_TIMEOUT", t)
            })?,
        })
    }

    fn stripe(&self, secrets: &SecretSource) -> Result<StripeSettings, ConfigError> {
        let webhook_secrets = secrets
            .list("STRIPE_WEBHOOK_SECRET")?
            .iter()
            .map(|secret| SigningSecret::parse(secret.expose()))
            .collect::<Result<_, _>>()
            .map_err(|blank| ConfigError::new("STRIPE_WEBHOOK_SECRET", blank.to_string()))?;
        let api_base = text("STRIPE_API_BASE", &self.stripe_api_base)?;
        let public = switch("SANDBOX_PUBLIC", &self.sandbox_public, ["yes", "no"], false)?;
        match secrets.get("STRIPE_SECRET_KEY")? {
            Some(secret_key) => Ok(StripeSettings::Account {
                secret_key: SecretKey::parse(secret_key.expose())
                    .map_err(|blank| ConfigError::new("STRIPE_SECRET_KEY", blank.to_string()))?,
                api_base: web_url("STRIPE_API_BASE", api_base.unwrap_or(STRIPE_API))?,
                webhook_secrets,
            }),
            None if api_base.is_some() => Err(ConfigError::new(
                "STRIPE_API_BASE",
                "is set, but STRIPE_SECRET_KEY is not; without a key the embedded sandbox is used",
            )),
            None => Ok(StripeSettings::Sandbox {
                addr: text("SANDBOX_ADDR", &self.sandbox_addr)?
                    .map_or(Ok(SocketAddr::from(([127, 0, 0, 1], 12111))), |t| {
                        address("SANDBOX_ADDR", t)
                    })?,
                public_url: text("SANDBOX_PUBLIC_URL", &self.sandbox_public_url)?
                    .map(|t| web_url("SANDBOX_PUBLIC_URL", t))
                    .transpose()?,
                public,
                record: text("SANDBOX_RECORD", &self.sandbox_record)?.map(PathBuf::from),
                webhook_secrets,
            }),
        }
    }
}

/// A value that is set, trimmed. Set but blank is a mistake, not an absence.
pub(super) fn text<'a>(
    variable: &'static str,
    value: &'a Option<String>,
) -> Result<Option<&'a str>, ConfigError> {
    match value.as_deref().map(str::trim) {
        Some("") => Err(ConfigError::new(variable, "is set but blank")),
        other => Ok(other),
    }
}

fn list<'a>(
    variable: &'static str,
    value: &'a Option<String>,
) -> Result<Vec<&'a str>, ConfigError> {
    let items: Vec<_> =
        text(variable, value)?.map(|t| t.split(',').map(str::trim).collect()).unwrap_or_default();
    if items.contains(&"") {
        return Err(ConfigError::new(variable, "has an empty item between commas"));
    }
    Ok(items)
}

fn address(variable: &'static str, text: &str) -> Result<SocketAddr, ConfigError> {
    text.parse().map_err(|_| {
        ConfigError::new(
            variable,
            format!("expected address:port, such as 127.0.0.1:3000, not {text:?}"),
        )
    })
}

pub(super) fn web_url(variable: &'static str, text: &str) -> Result<Url, ConfigError> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .filter(|url| url.path() == "/" && url.query().is_none() && url.fragment().is_none())
        .ok_or_else(|| {
            ConfigError::new(
                variable,
                format!("expected http(s)://host without a path, not {text:?}"),
            )
        })
}

fn origin(variable: &'static str, text: &str) -> Result<String, ConfigError> {
    web_url(variable, text).map(|url| url.origin().ascii_serialization())
}

fn network(text: &str) -> Result<ipnet::IpNet, ConfigError> {
    let single = || text.parse::<std::net::IpAddr>().map(ipnet::IpNet::from);
    text.parse().or_else(|_| single()).map_err(|_| {
        ConfigError::new(
            "TRUSTED_PROXIES",
            format!("expected networks such as 10.0.0.0/8, not {text:?}"),
        )
    })
}

/// One of two words.
fn switch(
    variable: &'static str,
    value: &Option<String>,
    [on, off]: [&str; 2],
    default: bool,
) -> Result<bool, ConfigError> {
    match text(variable, value)? {
        None => Ok(default),
        Some(t) if t == on => Ok(true),
        Some(t) if t == off => Ok(false),
        Some(t) => Err(ConfigError::new(variable, format!("expected {on} or {off}, not {t:?}"))),
    }
}

/// A whole number of seconds, minutes, hours or days: `90s`, `30m`, `1h`, `1d`.
fn span(variable: &'static str, text: &str) -> Result<Duration, ConfigError> {
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3600,
        Some('d') => 86_400,
        _ => 0,
    };
    let number =
        text.get(..text.len().saturating_sub(1)).and_then(|number| number.parse::<u64>().ok());
    number
        .and_then(|number| number.checked_mul(unit))
        .filter(|seconds| *seconds > 0)
        .map(Duration::from_secs)
        .ok_or_else(|| {
            ConfigError::new(
                variable,
                format!("expected a span such as 30m, 1h or 1d, not {text:?}"),
            )
        })
}
