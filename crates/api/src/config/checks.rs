//! Combinations of settings that would take or leak money: none of them starts.

use std::{net::SocketAddr, time::Duration};

use url::Url;

use super::{Config, ConfigError, STRIPE_API, StripeSettings};
use crate::{db::DatabaseUrl, loopback::is_loopback, stripe::SecretKey};

/// Characters of a `SECRET_KEYS` entry at the least; 32 random bytes in hex have 64.
const MIN_SECRET_KEY: usize = 32;

/// Characters of `OPERATOR_TOKEN` at the least.
const MIN_OPERATOR_TOKEN: usize = 16;

/// Longer than Stripe goes on delivering an event.
const MIN_EVENT_RETENTION: Duration = Duration::from_secs(7 * 86_400);

pub(super) fn check(config: &Config) -> Result<(), ConfigError> {
    match &config.stripe {
        StripeSettings::Account { secret_key, api_base, .. } => {
            check_key(secret_key, api_base)?;
            if secret_key.is_live() {
                check_public_url(config.public_url.as_ref())?;
            }
        }
        StripeSettings::Sandbox { addr, public_url, public, .. } if !public => {
            loopback_addr("LISTEN_ADDR", config.listen_addr)?;
            loopback_addr("SANDBOX_ADDR", *addr)?;
            loopback_url("PUBLIC_URL", config.public_url.as_ref())?;
            loopback_url("SANDBOX_PUBLIC_URL", public_url.as_ref())?;
        }
        StripeSettings::Sandbox { .. } => {}
    }
    check_webhook_secrets(&config.stripe)?;
    check_databases(config)?;
    if config.operator_token.as_ref().is_some_and(|token| token.expose().len() < MIN_OPERATOR_TOKEN)
    {
        return Err(ConfigError::new(
            "OPERATOR_TOKEN",
            format!("expected {MIN_OPERATOR_TOKEN} characters or more"),
        ));
    }
    check_secret_keys(config)
}

pub(super) fn check_serving(config: &Config) -> Result<(), ConfigError> {
    match &config.stripe {
        StripeSettings::Account { webhook_secrets, .. } if webhook_secrets.is_empty() => {
            Err(ConfigError::new(
                "STRIPE_WEBHOOK_SECRET",
                "is not set; without it no event of Stripe's can be trusted (whsec_…, shown by the dashboard and by stripe listen)",
            ))
        }
        _ => Ok(()),
    }
}

/// Where real money is, Stripe leads people back here with what opens their session, and feeds are known by their
/// address alone.
fn check_public_url(url: Option<&Url>) -> Result<(), ConfigError> {
    let problem = match url.map(Url::scheme) {
        Some("https") => return Ok(()),
        Some(_) => "is not https://…, and must be with a live key",
        None => {
            "is not set and must be with a live key: https://…, where browsers and Stripe reach the site"
        }
    };
    Err(ConfigError::new("PUBLIC_URL", problem))
}

/// A replica or a direct address of a database that is not on PostgreSQL is a mistake. Stripe sends an event again for
/// days, and one that was forgotten meanwhile would be taken for new.
fn check_databases(config: &Config) -> Result<(), ConfigError> {
    let postgres = matches!(config.database_url, Some(DatabaseUrl::Postgres(_)));
    for (variable, url) in [
        ("DATABASE_READ_URL", &config.postgres.read_url),
        ("DATABASE_LISTEN_URL", &config.postgres.listen_url),
    ] {
        if url.is_some() && !postgres {
            return Err(ConfigError::new(variable, "is set, but DATABASE_URL is no postgres://…"));
        }
    }
    match config.event_retention >= MIN_EVENT_RETENTION {
        true => Ok(()),
        false => Err(ConfigError::new("EVENT_RETENTION", "expected a week (7d) or longer")),
    }
}

fn check_key(key: &SecretKey, api_base: &Url) -> Result<(), ConfigError> {
    if !key.is_live() && !key.is_test() {
        return Err(ConfigError::new(
            "STRIPE_SECRET_KEY",
            "expected a secret or restricted key (sk_test_…, rk_test_…, sk_live_…, rk_live_…)",
        ));
    }
    let stripe = Url::parse(STRIPE_API).is_ok_and(|stripe| stripe == *api_base);
    if key.is_live() && !stripe {
        return Err(ConfigError::new(
            "STRIPE_API_BASE",
            format!("is not {STRIPE_API}, and a live key would be sent there; use a test key"),
        ));
    }
    Ok(())
}

fn check_webhook_secrets(stripe: &StripeSettings) -> Result<(), ConfigError> {
    let (StripeSettings::Account { webhook_secrets, .. }
    | StripeSettings::Sandbox { webhook_secrets, .. }) = stripe;
    match webhook_secrets.iter().all(|secret| secret.expose().starts_with("whsec_")) {
        true => Ok(()),
        false => Err(ConfigError::new(
            "STRIPE_WEBHOOK_SECRET",
            "expected signing secrets, which start with whsec_",
        )),
    }
}

fn check_secret_keys(config: &Config) -> Result<(), ConfigError> {
    let needed = if config.stripe.is_live() {
        Some("a live key")
    } else if matches!(config.database_url, Some(DatabaseUrl::Postgres(_))) {
        Some("PostgreSQL, which several machines may share")
    } else {
        None
    };
    if let (Some(reason), true) = (needed, config.secret_keys.is_empty()) {
        return Err(ConfigError::new(
            "SECRET_KEYS",
            format!("is not set and must be with {reason}; make one with: openssl rand -hex 32"),
        ));
    }
    match config.secret_keys.iter().all(|key| key.expose().len() >= MIN_SECRET_KEY) {
        true => Ok(()),
        false => Err(ConfigError::new(
            "SECRET_KEYS",
            format!("expected {MIN_SECRET_KEY} characters or more in each"),
        )),
    }
}

fn loopback_addr(variable: &'static str, addr: SocketAddr) -> Result<(), ConfigError> {
    if addr.ip().is_loopback() { Ok(()) } else { Err(not_loopback(variable)) }
}

fn loopback_url(variable: &'static str, url: Option<&Url>) -> Result<(), ConfigError> {
    if url.and_then(Url::host).is_none_or(|host| is_loopback(&host)) {
        Ok(())
    } else {
        Err(not_loopback(variable))
    }
}

fn not_loopback(variable: &'static str) -> ConfigError {
    ConfigError::new(
        variable,
        "is not a loopback address, and without STRIPE_SECRET_KEY anybody who reaches the site can subscribe with a \
         test card; set a key, or SANDBOX_PUBLIC=yes if that is meant",
    )
}

#[cfg(test)]
mod tests {
    use super::super::{SecretSource, Settings};
    use super::*;

    const HEX: &str = "0123456789abcdef0123456789abcdef";

    /// Starts with these variables; the variable that is refused, if any.
    fn refused(variables: &[(&str, &str)]) -> Option<&'static str> {
        let get = |name: &str| {
            variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
        };
        let settings = Settings {
            listen_addr: get("LISTEN_ADDR"),
            public_url: get("PUBLIC_URL"),
            stripe_api_base: get("STRIPE_API_BASE"),
            sandbox_addr: get("SANDBOX_ADDR"),
            sandbox_public_url: get("SANDBOX_PUBLIC_URL"),
            sandbox_public: get("SANDBOX_PUBLIC"),
            workers: get("WORKERS"),
            reconcile_every: get("RECONCILE_EVERY"),
            event_retention: get("EVENT_RETENTION"),
            metrics_addr: get("METRICS_ADDR"),
            database_statement_timeout: get("DATABASE_STATEMENT_TIMEOUT"),
            s3_bucket: get("S3_BUCKET"),
            s3_endpoint: get("S3_ENDPOINT"),
            s3_region: get("S3_REGION"),
            cors_origins: get("CORS_ORIGINS"),
            mail_from: get("MAIL_FROM"),
            open_registration_errors: get("OPEN_REGISTRATION_ERRORS"),
            ..Settings::default()
        };
        let secrets = SecretSource::from_variables(
            variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())),
        );
        let served = Config::new(&settings, &secrets).and_then(|config| config.check_serving());
        served.err().map(|error| error.variable)
    }

    #[test]
    fn wrong_combinations_name_their_variable() {
        let test = ("STRIPE_SECRET_KEY", "sk_test_1");
        let live = ("STRIPE_SECRET_KEY", "sk_live_1");
        let hook = ("STRIPE_WEBHOOK_SECRET", "whsec_1");
        let keys = ("SECRET_KEYS", HEX);
        let site = ("PUBLIC_URL", "https://circle.example");
        for (variables, expected) in [
            (vec![], None),
            (vec![test, hook], None),
            (vec![test, ("STRIPE_WEBHOOK_SECRET", " whsec_1,whsec_2\n")], None),
            (vec![live, hook, keys, site], None),
            (vec![live, hook, keys], Some("PUBLIC_URL")),
            (vec![live, hook, keys, ("PUBLIC_URL", "http://circle.example")], Some("PUBLIC_URL")),
            (vec![test, hook, ("PUBLIC_URL", "http://circle.example")], None),
            (vec![test], Some("STRIPE_WEBHOOK_SECRET")),
            (vec![test, ("STRIPE_WEBHOOK_SECRET", "  ")], Some("STRIPE_WEBHOOK_SECRET")),
            (
                vec![test, ("STRIPE_WEBHOOK_SECRET", "whsec_1,,whsec_2")],
                Some("STRIPE_WEBHOOK_SECRET"),
            ),
            (vec![test, ("STRIPE_WEBHOOK_SECRET", "secret")], Some("STRIPE_WEBHOOK_SECRET")),
            (vec![("STRIPE_SECRET_KEY", "")], Some("STRIPE_SECRET_KEY")),
            (vec![("STRIPE_SECRET_KEY", " \n"), hook], Some("STRIPE_SECRET_KEY")),
            (vec![("STRIPE_SECRET_KEY", "pk_test_1"), hook], Some("STRIPE_SECRET_KEY")),
            (vec![live, hook, site], Some("SECRET_KEYS")),
            (vec![live, hook, site, ("SECRET_KEYS", "short")], Some("SECRET_KEYS")),
            (
                vec![live, hook, keys, ("STRIPE_API_BASE", "http://127.0.0.1:1")],
                Some("STRIPE_API_BASE"),
            ),
            (
                vec![
                    ("STRIPE_SECRET_KEY", "rk_live_1"),
                    hook,
                    keys,
                    ("STRIPE_API_BASE", "https://api.stripe.example"),
                ],
                Some("STRIPE_API_BASE"),
            ),
            (
                vec![live, hook, keys, ("STRIPE_API_BASE", "http://api.stripe.com")],
                Some("STRIPE_API_BASE"),
            ),
            (vec![test, hook, ("STRIPE_API_BASE", "http://127.0.0.1:1")], None),
            (vec![("STRIPE_API_BASE", "http://127.0.0.1:1")], Some("STRIPE_API_BASE")),
            (vec![("LISTEN_ADDR", "0.0.0.0:3000")], Some("LISTEN_ADDR")),
            (vec![("LISTEN_ADDR", "0.0.0.0:3000"), ("SANDBOX_PUBLIC", "yes")], None),
            (vec![("LISTEN_ADDR", "0.0.0.0:3000"), test, hook], None),
            (vec![("LISTEN_ADDR", "localhost")], Some("LISTEN_ADDR")),
            (vec![("PUBLIC_URL", "https://circle.example")], Some("PUBLIC_URL")),
            (vec![("PUBLIC_URL", "http://[::1]:3000")], None),
            (vec![("PUBLIC_URL", "http://localhost:3000/app")], Some("PUBLIC_URL")),
            (vec![("SANDBOX_ADDR", "0.0.0.0:12111")], Some("SANDBOX_ADDR")),
            (vec![("SANDBOX_PUBLIC_URL", "http://10.0.0.1:12111")], Some("SANDBOX_PUBLIC_URL")),
            (vec![("SANDBOX_PUBLIC", "true")], Some("SANDBOX_PUBLIC")),
            (vec![("DATABASE_URL", "postgres://localhost/circle")], Some("SECRET_KEYS")),
            (vec![("DATABASE_URL", "postgres://localhost/circle"), keys], None),
            (vec![("DATABASE_URL", "mysql://localhost/circle")], Some("DATABASE_URL")),
            (vec![("S3_BUCKET", "media")], Some("S3_ENDPOINT")),
            (vec![("S3_REGION", "eu-central-1")], Some("S3_REGION")),
            (vec![("S3_ACCESS_KEY_ID", "id")], Some("S3_ACCESS_KEY_ID")),
            (
                vec![
                    ("S3_BUCKET", "media"),
                    ("S3_ENDPOINT", "https://s3.example"),
                    ("S3_ACCESS_KEY_ID", "id"),
                ],
                Some("S3_SECRET_ACCESS_KEY"),
            ),
            (vec![("WORKERS", "0")], Some("WORKERS")),
            (vec![("WORKERS", "")], Some("WORKERS")),
            (vec![("RECONCILE_EVERY", "1 week")], Some("RECONCILE_EVERY")),
            (vec![("OPERATOR_TOKEN", "short")], Some("OPERATOR_TOKEN")),
            (vec![("METRICS_ADDR", "9090")], Some("METRICS_ADDR")),
            (vec![("EVENT_RETENTION", "1d")], Some("EVENT_RETENTION")),
            (vec![("EVENT_RETENTION", "30d")], None),
            (vec![("DATABASE_STATEMENT_TIMEOUT", "soon")], Some("DATABASE_STATEMENT_TIMEOUT")),
            (vec![("DATABASE_READ_URL", "postgres://replica/circle")], Some("DATABASE_READ_URL")),
            (
                vec![
                    ("DATABASE_URL", "postgres://pooler/circle"),
                    ("DATABASE_LISTEN_URL", "sqlite:x.db"),
                    keys,
                ],
                Some("DATABASE_LISTEN_URL"),
            ),
            (
                vec![
                    ("DATABASE_URL", "postgres://pooler/circle"),
                    ("DATABASE_READ_URL", "postgres://replica/circle"),
                    ("DATABASE_LISTEN_URL", "postgres://primary/circle"),
                    keys,
                ],
                None,
            ),
            (vec![("CORS_ORIGINS", "*")], Some("CORS_ORIGINS")),
            (vec![("SMTP_URL", "smtps://user:secret@mail.example.com")], None),
            (vec![("SMTP_URL", "smtp://user:secret@mail.example.com")], Some("SMTP_URL")),
            (vec![("SMTP_URL", " ")], Some("SMTP_URL")),
            (vec![("MAIL_FROM", "The Show <hello@example.com>")], None),
            (vec![("MAIL_FROM", "The Show")], Some("MAIL_FROM")),
            (vec![("OPEN_REGISTRATION_ERRORS", "no")], Some("OPEN_REGISTRATION_ERRORS")),
            (vec![("STRIPE_SECRET_KEY_FILE", "/no/such/file"), hook], Some("STRIPE_SECRET_KEY")),
        ] {
            assert_eq!(refused(&variables), expected, "{variables:?}");
        }
    }
}
