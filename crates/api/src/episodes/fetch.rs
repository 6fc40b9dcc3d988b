//! Fetching a feed: conditional, and bounded in time and size.

use std::time::Duration;

use reqwest::{
    Client, StatusCode,
    header::{ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED},
};
use url::Url;

use super::import::{FEED_LIMIT, Progress};

const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// For the whole answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(120);
/// For the whole of a small file.
const SMALL_WITHIN: Duration = Duration::from_secs(15);
/// Between two pieces of the answer.
const STALLED_AFTER: Duration = Duration::from_secs(20);
const REDIRECTS: usize = 5;

/// What the server said the last time, for a conditional request (RFC 9110, section 13).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub last_modified: Option<String>,
}

/// What the server answered.
#[derive(Debug)]
pub enum Fetched {
    /// Nothing changed since the validators were given.
    NotModified,
    /// The feed.
    Feed(Page),
}

/// A fetched body.
#[derive(Debug)]
pub struct Page {
    /// Where it was in the end, after redirects.
    pub url: Url,
    /// For the next time.
    pub validators: Validators,
    /// The bytes.
    pub body: Vec<u8>,
}

/// Why an address could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// It does not answer, or stopped answering.
    #[error("cannot fetch {url}: {reason}")]
    Unreachable {
        /// What was fetched.
        url: Url,
        /// The causes, outermost first.
        reason: String,
    },
    /// It answers with an error.
    #[error("{url} answers {status}")]
    Status {
        /// What was fetched.
        url: Url,
        /// The status.
        status: StatusCode,
    },
    /// The answer is too large to be what was asked for.
    #[error("{url} sends more than {limit} MiB", limit = limit / 1024 / 1024)]
    TooLarge {
        /// What was fetched.
        url: Url,
        /// Bytes at the most.
        limit: usize,
    },
}

/// Gets `url`, unless it did not change.
pub async fn fetch(
    url: &Url,
    validators: &Validators,
    report: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Fetched, FetchError> {
    let unreachable = |error: reqwest::Error| FetchError::Unreachable {
        url: url.clone(),
        reason: causes(&error),
    };
    let mut request = client().map_err(unreachable)?.get(url.clone());
    for (name, value) in
        [(IF_NONE_MATCH, &validators.etag), (IF_MODIFIED_SINCE, &validators.last_modified)]
    {
        if let Some(value) = value {
            request = request.header(name, value);
        }
    }
    let mut answer = request.send().await.map_err(unreachable)?;
    if answer.status() == StatusCode::NOT_MODIFIED {
        return Ok(Fetched::NotModified);
    }
    if !answer.status().is_success() {
        return Err(FetchError::Status { url: url.clone(), status: answer.status() });
    }
    let total = answer.content_length();
    let body =
        body(url, &mut answer, FEED_LIMIT as usize, |read| report(Progress::Fetched(read, total)))
            .await?;
    let validators = Validators {
        etag: text(answer.headers(), ETAG),
        last_modified: text(answer.headers(), LAST_MODIFIED),
    };
    Ok(Fetched::Feed(Page { url: answer.url().clone(), validators, body }))
}

/// Gets a small file that belongs to a feed, at most `limit` bytes of it.
///
/// # Errors
/// As [`fetch`].
pub async fn small(client: &Client, url: &Url, limit: usize) -> Result<Vec<u8>, FetchError> {
    let unreachable = |error: reqwest::Error| FetchError::Unreachable {
        url: url.clone(),
        reason: causes(&error),
    };
    let request = client.get(url.clone()).timeout(SMALL_WITHIN);
    let mut answer = request.send().await.map_err(unreachable)?;
    if !answer.status().is_success() {
        return Err(FetchError::Status { url: url.clone(), status: answer.status() });
    }
    body(url, &mut answer, limit, |_| ()).await
}

/// A client for all that one import fetches, so that files of one server share its connections.
pub fn client() -> reqwest::Result<Client> {
    Client::builder()
        .user_agent(concat!("InnerCircle/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_WITHIN)
        .read_timeout(STALLED_AFTER)
        .timeout(ANSWER_WITHIN)
        .redirect(reqwest::redirect::Policy::limited(REDIRECTS))
        .build()
}

/// The whole body, piece by piece; `report` hears how many bytes there are.
async fn body(
    url: &Url,
    answer: &mut reqwest::Response,
    limit: usize,
    report: impl Fn(u64),
) -> Result<Vec<u8>, FetchError> {
    let mut body = Vec::new();
    loop {
        let piece = answer.chunk().await.map_err(|error| FetchError::Unreachable {
            url: url.clone(),
            reason: causes(&error),
        })?;
        let Some(piece) = piece else { return Ok(body) };
        if body.len() + piece.len() > limit {
            return Err(FetchError::TooLarge { url: url.clone(), limit });
        }
        body.extend_from_slice(&piece);
        report(body.len() as u64);
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

/// The chain of causes without the address, which the message has already.
fn causes(error: &reqwest::Error) -> String {
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    let mut chain = Vec::new();
    while let Some(error) = cause {
        chain.push(error.to_string());
        cause = error.source();
    }
    if error.is_timeout() {
        chain.insert(0, "no answer in time".to_owned());
    }
    if chain.is_empty() { error.to_string() } else { chain.join(": ") }
}
