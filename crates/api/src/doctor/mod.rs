//! `circle doctor`: looks at everything that has to be right, and says what is not.

mod finding;

use std::time::Duration;

use tokio::net::TcpStream;
use url::Url;

pub use finding::{Finding, NEEDED_EVENTS, Severity, clock, endpoints};

use crate::{
    billing::{
        alerts,
        identity::{self, IdentityError},
    },
    catalog::{self, Shop},
    clock::Clock,
    config::{Config, StripeSettings},
    db::{Db, DbError, weaknesses},
    episodes::bucket::{Bucket, Probe},
    status::{self, ago},
    stripe::{API_VERSION, Deadline, accounts, webhook_endpoints},
};

/// For each question to Stripe.
const BUDGET: Duration = Duration::from_secs(5);

/// How long the site may take to be reached.
const REACH: Duration = Duration::from_secs(3);

/// Seconds for which work may be due before something is wrong.
const OVERDUE: i64 = 600;

/// Looks at everything; the database is open already, which is the first thing.
///
/// # Errors
/// When the database fails on the way.
pub async fn examine(
    config: &Config,
    shop: &Shop,
    bucket: Option<&Bucket>,
    clock: &Clock,
) -> Result<Vec<Finding>, DbError> {
    let mut findings = settings(config);
    findings.extend(database(&shop.db).await?);
    findings.extend(stripe(config, shop, clock).await?);
    findings.push(site(&shop.site).await);
    if let Some(bucket) = bucket {
        findings.push(media(bucket).await);
    }
    findings.push(offer(shop).await);
    findings.push(portal(&shop.db).await?);
    findings.extend(work(config, &shop.db, clock.wall()).await?);
    Ok(findings)
}

fn settings(config: &Config) -> Vec<Finding> {
    let subject = "settings";
    let unused = config.unused.iter().map(|(variable, why)| {
        Finding::warning(subject, format!("{variable} is set and has no effect: {why}"))
    });
    let mut findings: Vec<_> = unused.collect();
    findings.push(match config.check_serving() {
        Ok(()) => Finding::fine(subject, "are complete and fit together"),
        Err(error) => Finding::failure(subject, error.to_string()),
    });
    findings
}

async fn database(db: &Db) -> Result<Vec<Finding>, DbError> {
    let weak = weaknesses(&db.durability().await?);
    let open = Finding::fine("database", format!("{}, its schema is up to date", db.engine()));
    let durable = Finding::fine("durability", "what is committed survives a power cut");
    let findings = weak.into_iter().map(|weakness| Finding::failure("durability", weakness));
    let mut findings: Vec<_> = findings.collect();
    if findings.is_empty() {
        findings.push(durable);
    }
    findings.insert(0, open);
    Ok(findings)
}

/// The key, the clock and the endpoint.
async fn stripe(config: &Config, shop: &Shop, own: &Clock) -> Result<Vec<Finding>, DbError> {
    let (stripe, livemode) = (&shop.stripe, config.stripe.is_live());
    let account = match stripe.send(&accounts::retrieve(), Deadline::within(BUDGET)).await {
        Ok(account) => account,
        Err(error) => {
            let error = anyhow::Error::from(IdentityError::from(error));
            return Ok(vec![Finding::failure("Stripe", format!("{error:#}"))]);
        }
    };
    match identity::compare(&shop.db, &account.value.id, livemode).await {
        Ok(()) => {}
        Err(IdentityError::Db(error)) => return Err(error),
        Err(error) => return Ok(vec![Finding::failure("Stripe", error.to_string())]),
    }
    let mode = if livemode { "live" } else { "test" };
    let mut findings = vec![Finding::fine(
        "Stripe",
        format!("{} ({mode} mode) takes the key and speaks {API_VERSION}", account.value.id),
    )];
    let StripeSettings::Account { .. } = &config.stripe else {
        // The sandbox's clock is moved on purpose, and its endpoint is the server it runs in.
        return Ok(findings);
    };
    findings.push(clock(own.wall() - account.date));
    let Some(url) = config.public_url.as_ref().and_then(|url| url.join("/webhooks").ok()) else {
        findings.push(Finding::warning(
            "webhooks",
            "PUBLIC_URL is not set, so where Stripe has to send events is not known",
        ));
        return Ok(findings);
    };
    let listed = stripe.list_all(webhook_endpoints::list(), Deadline::within(BUDGET)).await;
    findings.push(match listed {
        Ok(listed) => endpoints(&listed.value, url.as_str()),
        Err(error) => Finding::warning(
            "webhooks",
            format!("the key may not list endpoints: {:#}", anyhow::Error::from(error)),
        ),
    });
    Ok(findings)
}

/// Whether the store of the audio knows the bucket and takes the key.
async fn media(bucket: &Bucket) -> Finding {
    let subject = "media";
    match bucket.probe().await {
        Ok(Probe::Readable) => Finding::fine(subject, "the bucket is there and takes the key"),
        Ok(Probe::Unlisted) => Finding::warning(
            subject,
            "the bucket takes the key, which may not list it; so whether files can be read is not known",
        ),
        Err(error) => Finding::failure(subject, error.to_string()),
    }
}

/// Whether anything listens where browsers and Stripe are sent to.
async fn site(site: &Url) -> Finding {
    let subject = "site";
    let (Some(host), Some(port)) = (site.host_str(), site.port_or_known_default()) else {
        return Finding::failure(subject, format!("{site} names no host"));
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match tokio::time::timeout(REACH, TcpStream::connect((host, port))).await {
        Ok(Ok(_)) => Finding::fine(subject, format!("{site} is reached")),
        Ok(Err(error)) => Finding::warning(subject, format!("{site} is not reached: {error}")),
        Err(_) => Finding::warning(subject, format!("{site} does not answer")),
    }
}

async fn offer(shop: &Shop) -> Finding {
    let subject = "catalog";
    match catalog::cli::differences(&shop.catalog, &shop.stripe, &shop.site).await {
        Ok(differences) if differences.is_empty() => {
            Finding::fine(subject, "Stripe sells what it says")
        }
        Ok(differences) => Finding::warning(
            subject,
            format!("{} differences; see `circle catalog plan`", differences.len()),
        ),
        Err(error) => Finding::failure(subject, format!("{error:#}")),
    }
}

async fn portal(db: &Db) -> Result<Finding, DbError> {
    Ok(match catalog::portal_configuration(db).await? {
        Some(id) => Finding::fine("portal", format!("{id} is in use")),
        None => Finding::failure("portal", "no configuration; run `circle catalog apply`"),
    })
}

/// What waits too long, and what an operator was told before.
async fn work(config: &Config, db: &Db, now: i64) -> Result<Vec<Finding>, DbError> {
    let work = status::work(db, now).await?;
    let mut findings = Vec::new();
    for (subject, waiting) in
        [("events", &work.failed_events), ("refreshes", &work.refreshes), ("mail", &work.mails)]
    {
        let overdue = waiting.due_at.is_some_and(|due| due < now - OVERDUE);
        findings.push(match (overdue, waiting.failing > 0) {
            (true, _) => Finding::failure(subject, waiting.line(now) + "; does a server run?"),
            (false, true) => Finding::warning(subject, waiting.line(now)),
            (false, false) => Finding::fine(subject, waiting.line(now)),
        });
    }
    let every = i64::try_from(config.reconcile_every.as_secs()).unwrap_or(i64::MAX);
    let ran_at = work.jobs.iter().find(|job| job.name == "reconcile").map(|job| job.last_run_at);
    findings.push(match ran_at {
        Some(at) if now - at <= every.saturating_mul(3) => {
            Finding::fine("reconcile", format!("{} ago", ago(now - at)))
        }
        Some(at) if at > 0 => {
            Finding::warning("reconcile", format!("{} ago; does a server run?", ago(now - at)))
        }
        _ => Finding::warning("reconcile", "has never come to its end"),
    });
    let open = db.scan(alerts::list_open).await?;
    if open.is_empty() {
        findings.push(Finding::fine("alerts", "none is open"));
    }
    let told = |alert: alerts::Alert| {
        Finding::warning("alerts", format!("{} {}: {}", alert.kind, alert.subject, alert.message))
    };
    findings.extend(open.into_iter().map(told));
    Ok(findings)
}
