//! Metrics for Prometheus: what requests did, and how the work behind them stands.

use std::time::Instant;

use actix_web::{
    Error, HttpRequest, HttpResponse,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::Method,
    middleware::Next,
    web,
};
use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounter, IntGaugeVec, Opts, Registry, TextEncoder,
};
use shared::error::ErrorCode;
use subtle::ConstantTimeEq;

use super::{error::ApiError, signed_in::bearer_token};
use crate::{
    clock::Clock,
    db::Db,
    secret::Secret,
    status::{self, Counts, Waiting},
    stripe::{BreakerState, Client},
};

/// Upper bounds of latencies, in seconds: from a read in place to the longest budget for Stripe.
const BUCKETS: [f64; 12] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];

/// All metrics of a process.
pub struct Metrics {
    requests: HistogramVec,
    registry: Registry,
    clock: Clock,
    db: Db,
    stripe: Client,
    token: Option<Secret>,
}

impl Metrics {
    /// Metrics about `db` and `stripe`. On the site's own address they are shown to who has `token`, and to nobody
    /// without one.
    ///
    /// # Errors
    /// Never, as long as the names below are valid and differ.
    pub fn new(
        db: Db,
        stripe: Client,
        clock: Clock,
        token: Option<Secret>,
    ) -> Result<Self, prometheus::Error> {
        let requests = HistogramVec::new(
            HistogramOpts::new(
                "circle_http_request_duration_seconds",
                "How long requests took, by method, route and status",
            )
            .buckets(BUCKETS.to_vec()),
            &["method", "route", "status"],
        )?;
        let registry = Registry::new();
        registry.register(Box::new(requests.clone()))?;
        Ok(Self { requests, registry, clock, db, stripe, token })
    }

    /// The text that Prometheus reads. Source: <https://prometheus.io/docs/instrumenting/exposition_formats/>.
    async fn text(&self) -> Result<String, prometheus::Error> {
        let now = self.clock.wall();
        let mut families = self.registry.gather();
        let mut gauges = Gauges::default();
        gauges.load(&self.db);
        gauges.breaker(self.stripe.breaker_state());
        let up = match status::work(&self.db, now).await {
            Ok(work) => {
                gauges.counts(
                    "circle_inbox_events",
                    "Events of the last 24 h",
                    "state",
                    &work.events,
                );
                let about = "Events of the last 24 h that were none of our business";
                gauges.counts("circle_inbox_ignored", about, "reason", &work.ignored_events);
                gauges.counts("circle_alerts", "Open alerts", "kind", &work.alerts);
                let last_runs: Counts =
                    work.jobs.into_iter().map(|job| (job.name, job.last_run_at)).collect();
                let about = "When the work last came to its end, Unix seconds";
                gauges.counts("circle_job_last_run_seconds", about, "job", &last_runs);
                gauges.waiting("events", &work.failed_events, now);
                gauges.waiting("refreshes", &work.refreshes, now);
                gauges.waiting("mails", &work.mails, now);
                1
            }
            // Its absence is what the reader has to learn.
            Err(error) => {
                tracing::warn!(%error, "metrics without what the database knows");
                0
            }
        };
        gauges.one("circle_database_up", "Whether the database answers", up);
        let gauges = gauges.registry()?;
        families.extend(gauges.gather());
        let mut text = Vec::new();
        TextEncoder::new().encode(&families, &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

/// What is read at the moment it is asked for.
#[derive(Default)]
struct Gauges {
    gauges: Vec<(String, String, &'static str, Counts)>,
    refused: u64,
}

impl Gauges {
    fn one(&mut self, name: &str, help: &str, value: i64) {
        self.gauges.push((name.to_owned(), help.to_owned(), "", vec![(String::new(), value)]));
    }

    fn counts(&mut self, name: &str, help: &str, label: &'static str, counts: &Counts) {
        self.gauges.push((name.to_owned(), help.to_owned(), label, counts.clone()));
    }

    fn waiting(&mut self, what: &str, waiting: &Waiting, now: i64) {
        let overdue = waiting.due_at.map_or(0, |due| (now - due).max(0));
        for (name, help, value) in [
            ("waiting", "that wait", waiting.count),
            ("failing", "that failed and are tried again", waiting.failing),
            ("overdue_seconds", "whose turn has come: for how long the oldest", overdue),
        ] {
            self.one(&format!("circle_{what}_{name}"), &format!("{what} {help}"), value);
        }
    }

    fn load(&mut self, db: &Db) {
        let load = db.load();
        self.refused = load.refused;
        for (name, help, value) in [
            ("busy", "Connections in use, or writes that wait", load.busy),
            ("room", "As many as there may be", load.room),
            ("watchers", "Open streams of account changes", db.watchers()),
        ] {
            let value = i64::try_from(value).unwrap_or(i64::MAX);
            self.one(&format!("circle_database_{name}"), help, value);
        }
    }

    fn breaker(&mut self, state: BreakerState) {
        let states = [BreakerState::Closed, BreakerState::Open, BreakerState::Probing];
        let counts = states.map(|each| (each.as_str().to_owned(), i64::from(each == state)));
        let help = "Whether calls to Stripe go through (closed) or are refused (open)";
        self.counts("circle_stripe_breaker", help, "state", &counts.to_vec());
    }

    fn registry(self) -> Result<Registry, prometheus::Error> {
        let registry = Registry::new();
        let refused = IntCounter::new(
            "circle_database_refused_total",
            "Requests told to come back for want of room",
        )?;
        refused.inc_by(self.refused);
        registry.register(Box::new(refused))?;
        for (name, help, label, counts) in self.gauges {
            let labels: &[&str] = if label.is_empty() { &[] } else { &[label] };
            let gauge = IntGaugeVec::new(Opts::new(name, help), labels)?;
            for (word, value) in &counts {
                let words: &[&str] = if label.is_empty() { &[] } else { &[word] };
                gauge.with_label_values(words).set(*value);
            }
            registry.register(Box::new(gauge))?;
        }
        Ok(registry)
    }
}

/// Measures every request: by the route's pattern, so that ids and tokens never become labels.
pub async fn measure(
    metrics: web::Data<Metrics>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let began = Instant::now();
    let method = known(request.method());
    let response = next.call(request).await?;
    let pattern = response.request().match_pattern();
    let route = pattern.as_deref().unwrap_or("site");
    let status = response.status();
    let labels = [method, route, status.as_str()];
    metrics.requests.with_label_values(&labels).observe(began.elapsed().as_secs_f64());
    Ok(response)
}

/// Anybody can make methods up.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// `GET /metrics` on the site's address: for who has the operator's token.
pub(super) async fn show(
    request: HttpRequest,
    metrics: web::Data<Metrics>,
) -> Result<HttpResponse, ApiError> {
    let token = metrics.token.as_ref().ok_or_else(ApiError::not_found)?;
    let given = bearer_token(&request).unwrap_or_default();
    match bool::from(token.expose().as_bytes().ct_eq(given.as_bytes())) {
        true => show_to_anybody(metrics).await,
        false => Err(ApiError::new(
            ErrorCode::Unauthenticated,
            "This is for who has the operator's token.",
        )),
    }
}

/// `GET /metrics` on an address of its own, which the operator guards.
pub async fn show_to_anybody(metrics: web::Data<Metrics>) -> Result<HttpResponse, ApiError> {
    let text = metrics.text().await.map_err(ApiError::internal)?;
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text))
}
