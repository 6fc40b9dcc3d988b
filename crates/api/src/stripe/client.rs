//! Sending: the one place that talks to Stripe.

use std::{sync::Arc, time::Duration};

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue};
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use url::Url;

use super::{
    API_VERSION,
    breaker::{BreakerSettings, BreakerState, Sign},
    error::{ApiError, Error},
    gate::{Gate, Refused},
    object::{List, Object},
    request::{Method, Request},
    retry::{self, Outcome},
    secret::SecretKey,
};
use crate::{clock, loopback::is_loopback};

/// How to reach Stripe.
#[derive(Clone, Debug)]
pub struct Config {
    /// Authenticates every request.
    pub secret_key: SecretKey,
    /// Scheme, host and port; requests go to `/v1/…` below it.
    pub api_base: Url,
    /// How long a connection may take to be made; 2 s.
    pub connect_timeout: Duration,
    /// How long an answer may stay silent, before its first byte and between any two; 5 s.
    pub read_timeout: Duration,
    /// How often a failed try is repeated; 2.
    pub max_network_retries: u32,
    /// The shortest wait before a retry, which the others are multiples of; 0.5 s.
    pub retry_delay: Duration,
    /// Calls on their way at once; 128. A call that finds no room within a second is refused.
    pub max_calls: usize,
    /// When calls are refused because Stripe is down.
    pub breaker: BreakerSettings,
}

impl Config {
    /// The usual times and tries.
    pub fn new(secret_key: SecretKey, api_base: Url) -> Self {
        Self {
            secret_key,
            api_base,
            connect_timeout: Duration::from_secs(2),
            read_timeout: Duration::from_secs(5),
            max_network_retries: 2,
            retry_delay: Duration::from_millis(500),
            max_calls: 128,
            breaker: BreakerSettings::default(),
        }
    }
}

/// A client that cannot be made of this configuration.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The key holds characters that no header can carry.
    #[error("the secret key holds characters that a header cannot carry")]
    UnusableKey,
    /// The base is not `http` or `https` with a host.
    #[error("{0} is no base for API requests: it needs http or https and a host")]
    UnusableBase(Url),
    /// TLS could not be set up.
    #[error("the HTTP client could not be set up")]
    Http(#[source] reqwest::Error),
}

/// The moment by which all calls made for one purpose must have ended, so that several calls share one budget.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    /// `budget` from now.
    pub fn within(budget: Duration) -> Self {
        Self(Instant::now() + budget)
    }

    /// What is left of the budget.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

/// An object, and what came with it.
#[derive(Clone, Debug)]
pub struct Response<T> {
    /// The object.
    pub value: T,
    /// Stripe's clock when it answered, Unix seconds: the header `Date`. When the header is missing, our clock
    /// before the request was sent, which is never later than the state that was read.
    pub date: i64,
    /// Stripe's `Request-Id`.
    pub request_id: Option<String>,
}

impl<T> Response<T> {
    fn with<U>(&self, value: U) -> Response<U> {
        Response { value, date: self.date, request_id: self.request_id.clone() }
    }
}

/// Sends requests over kept connections. Clones share them, and what is known of Stripe's health.
///
/// Dropping a call's future ends the call; nothing runs on in the background.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) http: reqwest::Client,
    pub(super) config: Config,
    pub(super) gate: Arc<Gate>,
}

/// A try that was cut short after less than this says nothing of Stripe's health.
const FAIR_WAIT: Duration = Duration::from_secs(1);

impl Client {
    /// A client; no connection is made yet.
    ///
    /// # Errors
    /// [`BuildError`] when the configuration cannot work.
    pub fn new(config: Config) -> Result<Self, BuildError> {
        if !matches!(config.api_base.scheme(), "http" | "https") || !config.api_base.has_host() {
            return Err(BuildError::UnusableBase(config.api_base));
        }
        let mut authorization =
            HeaderValue::try_from(format!("Bearer {}", config.secret_key.expose()))
                .map_err(|_| BuildError::UnusableKey)?;
        authorization.set_sensitive(true);
        let headers = HeaderMap::from_iter([
            (AUTHORIZATION, authorization),
            (
                "stripe-version".parse().expect("is a header name"),
                HeaderValue::from_static(API_VERSION),
            ),
        ]);
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("inner-circle/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .connect_timeout(config.connect_timeout)
            .read_timeout(config.read_timeout)
            .pool_idle_timeout(Duration::from_secs(60))
            .tcp_nodelay(true)
            // The key must not follow a redirect to another host; Stripe sends none.
            .redirect(reqwest::redirect::Policy::none());
        if config.api_base.host().is_some_and(|host| is_loopback(&host)) {
            http = http.no_proxy();
        }
        let gate = Arc::new(Gate::new(config.breaker, config.max_calls));
        Ok(Self { http: http.build().map_err(BuildError::Http)?, config, gate })
    }

    /// Sends `request` until it is answered, retries are used up or `deadline` passes.
    ///
    /// # Errors
    /// [`Error`]; of several tries, the last one's.
    pub async fn send<T: DeserializeOwned>(
        &self,
        request: &Request<T>,
        deadline: Deadline,
    ) -> Result<Response<T>, Error> {
        let url = self.url(request)?;
        let (mut retries, mut last_failure) = (0, None);
        loop {
            let pass = match tokio::time::timeout_at(deadline.0, self.gate.pass()).await {
                Ok(Ok(pass)) => pass,
                // What was sent before may have reached Stripe: that is what the caller must know.
                Ok(Err(Refused(wait))) => return Err(last_failure.unwrap_or(Error::Refused(wait))),
                Err(_) => return Err(Error::DeadlineExceeded),
            };
            let began = Instant::now();
            let tried = tokio::time::timeout_at(deadline.0, self.try_once(request, url.clone()));
            let failed = match tried.await {
                Err(_) => {
                    let fair = began.elapsed() >= FAIR_WAIT;
                    pass.ended(if fair { Sign::Down } else { Sign::None });
                    return Err(Error::DeadlineExceeded);
                }
                Ok(Ok(response)) => {
                    pass.ended(Sign::Up);
                    return Ok(response);
                }
                Ok(Err(failed)) => failed,
            };
            pass.ended(retry::health(failed.outcome));
            let retries_left = self.config.max_network_retries - retries;
            let repeat = retry::should_retry(failed.outcome, request.is_repeatable(), retries_left);
            let delay = retry::delay(self.config.retry_delay, retries + 1, rand::random());
            if !repeat || delay >= deadline.remaining() {
                return Err(failed.error);
            }
            tracing::debug!(path = url.path(), error = %failed.error, ?delay, "trying again to reach Stripe");
            last_failure = Some(failed.error);
            tokio::time::sleep(delay).await;
            retries += 1;
        }
    }

    /// How long a call made now would be refused for, as Stripe is known to be down.
    pub fn refuses(&self) -> Option<Duration> {
        self.gate.refuses()
    }

    /// How the breaker stands.
    pub fn breaker_state(&self) -> BreakerState {
        self.gate.state()
    }

    /// The pages of a list, from the first one on.
    pub fn pages<T: DeserializeOwned + Object>(&self, request: Request<List<T>>) -> Pages<'_, T> {
        Pages { client: self, next: Some(request) }
    }

    /// Every object of a list, however many pages it takes. For lists whose length is bounded by what they are
    /// about; [`Client::pages`] keeps memory level for the others.
    ///
    /// # Errors
    /// [`Error`] of the first page that fails.
    pub async fn list_all<T: DeserializeOwned + Object>(
        &self,
        request: Request<List<T>>,
        deadline: Deadline,
    ) -> Result<Response<Vec<T>>, Error> {
        let mut pages = self.pages(request);
        // The first page's date: what came later may already have changed since.
        let mut all: Option<Response<Vec<T>>> = None;
        while let Some(page) = pages.next(deadline).await? {
            match &mut all {
                Some(all) => all.value.extend(page.value),
                None => all = Some(page),
            }
        }
        Ok(all.expect("a list has a first page"))
    }

    async fn try_once<T: DeserializeOwned>(
        &self,
        request: &Request<T>,
        url: Url,
    ) -> Result<Response<T>, Failed> {
        let sent_at = clock::wall();
        let mut builder = match request.method() {
            Method::Get => self.http.get(url),
            Method::Delete => self.http.delete(url),
            Method::Post => self
                .http
                .post(url)
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(request.form()),
        };
        if let Some(key) = request.key() {
            builder = builder.header("idempotency-key", key);
        }
        let answer = builder.send().await.map_err(Failed::without_answer)?;
        let status = answer.status().as_u16();
        let request_id = header(answer.headers(), "request-id").map(str::to_owned);
        let should_retry =
            header(answer.headers(), "stripe-should-retry").and_then(|told| told.parse().ok());
        let date = header(answer.headers(), DATE.as_str()).and_then(http_date).unwrap_or(sent_at);
        let body = answer.bytes().await.map_err(Failed::without_answer)?;

        let error = if (200..300).contains(&status) {
            match serde_json::from_slice(&body) {
                Ok(value) => return Ok(Response { value, date, request_id }),
                Err(source) => Error::Unreadable { status, request_id, source },
            }
        } else {
            Error::Api(Box::new(ApiError::read(status, request_id, &body)))
        };
        Err(Failed { outcome: Outcome::Answered { status, should_retry }, error })
    }

    fn url<T>(&self, request: &Request<T>) -> Result<Url, Error> {
        let mut url = self.config.api_base.clone();
        let ids = request.segments();
        // A URL would read these as "stay" and "go up" and reach another endpoint.
        // URLs also lose tabs and line breaks, so these could hide a "..".
        let unusable = |id: &str| {
            matches!(id, "" | "." | "..") || id.chars().any(|c| c.is_whitespace() || c.is_control())
        };
        if let Some(id) = ids.iter().find(|id| unusable(id)) {
            return Err(Error::InvalidId { id: id.to_string() });
        }
        url.path_segments_mut().expect("the base has a host").pop_if_empty().push("v1").extend(ids);
        if request.method() != Method::Post {
            url.set_query(Some(request.form()).filter(|query| !query.is_empty()).as_deref());
        }
        Ok(url)
    }
}

/// The pages of a list, one request each.
pub struct Pages<'a, T> {
    client: &'a Client,
    next: Option<Request<List<T>>>,
}

impl<T: DeserializeOwned + Object> Pages<'_, T> {
    /// The next page; `None` behind the last one.
    ///
    /// # Errors
    /// [`Error`] when the page did not come; calling again asks for it again.
    pub async fn next(&mut self, deadline: Deadline) -> Result<Option<Response<Vec<T>>>, Error> {
        let Some(request) = &self.next else { return Ok(None) };
        let page = self.client.send(request, deadline).await?;
        let last = page.value.data.last().filter(|_| page.value.has_more);
        self.next = last.map(|last| request.clone().starting_after(last.id()));
        let response = page.with(());
        Ok(Some(response.with(page.value.data)))
    }
}

struct Failed {
    outcome: Outcome,
    error: Error,
}

impl Failed {
    fn without_answer(error: reqwest::Error) -> Self {
        // The URL can carry an e-mail address in its query.
        Self { outcome: Outcome::NoAnswer, error: Error::Connection(error.without_url()) }
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn http_date(text: &str) -> Option<i64> {
    jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(text)
        .ok()
        .map(jiff::Timestamp::as_second)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(base: &str) -> Client {
        Client::new(Config::new(SecretKey::parse("sk_test_1").unwrap(), base.parse().unwrap()))
            .unwrap()
    }

    #[test]
    fn ids_cannot_leave_their_path_segment() {
        let url = |base, id: &'static str| {
            client(base).url(&Request::<()>::get(["checkout", "sessions", id]))
        };
        for (base, id, expected) in [
            ("https://api.stripe.com", "cs_1", "https://api.stripe.com/v1/checkout/sessions/cs_1"),
            ("https://api.stripe.com/", "cs_1", "https://api.stripe.com/v1/checkout/sessions/cs_1"),
            (
                "http://localhost:9/x",
                "../a?b#c",
                "http://localhost:9/x/v1/checkout/sessions/..%2Fa%3Fb%23c",
            ),
        ] {
            assert_eq!(url(base, id).unwrap().as_str(), expected);
        }
        for id in ["", " ", ".", "..", ".\t."] {
            assert!(
                matches!(url("https://api.stripe.com", id), Err(Error::InvalidId { .. })),
                "{id:?}"
            );
        }
    }

    #[test]
    fn bases_that_cannot_work_are_refused() {
        for base in ["ftp://api.stripe.com", "data:text/plain,x"] {
            let config = Config::new(SecretKey::parse("sk_test_1").unwrap(), base.parse().unwrap());
            assert!(matches!(Client::new(config), Err(BuildError::UnusableBase(_))), "{base}");
        }
    }

    #[test]
    fn stripes_clock_is_read_from_the_date_header() {
        assert_eq!(http_date("Tue, 14 Nov 2023 22:13:20 GMT"), Some(1_700_000_000));
        assert_eq!(http_date("yesterday"), None);
    }
}
