//! What can go wrong with a call, with everything Stripe said about it.

use std::{fmt, time::Duration};

use serde::Deserialize;

use super::object::null_default;

/// A call that brought no object.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Stripe answered, and refused.
    #[error(transparent)]
    Api(Box<ApiError>),
    /// No complete answer came: refused, reset, silent for too long. What Stripe did is unknown.
    #[error("no answer from Stripe")]
    Connection(#[source] reqwest::Error),
    /// The time for this call ran out. What Stripe did is unknown.
    #[error("the time for calls to Stripe ran out")]
    DeadlineExceeded,
    /// Nothing was sent: Stripe is known to be down, or too many calls are on their way. Come back after this long.
    #[error("calls to Stripe are refused for now: it is down, or too many are on their way")]
    Refused(Duration),
    /// An answer of success that does not read as the object asked for.
    #[error("Stripe's answer (HTTP {status}, request {}) does not read as expected", or_unknown(.request_id.as_deref()))]
    Unreadable {
        /// The HTTP status.
        status: u16,
        /// Stripe's `Request-Id`.
        request_id: Option<String>,
        /// Where reading stopped.
        #[source]
        source: serde_json::Error,
    },
    /// An id that can be none of Stripe's, such as `..`: nothing was sent.
    #[error("{id:?} cannot be the id of an object at Stripe")]
    InvalidId {
        /// The text given as an id.
        id: String,
    },
}

impl Error {
    /// What Stripe said, when it was Stripe that refused.
    pub fn api(&self) -> Option<&ApiError> {
        match self {
            Self::Api(error) => Some(error),
            _ => None,
        }
    }

    /// Whether Stripe says that the object named in the path, or by the parameter `param`, does not exist.
    ///
    /// `resource_missing` without a parameter means something else ("no attached payment source"), and a
    /// failure to ask is never "does not exist".
    pub fn is_missing(&self, param: &str) -> bool {
        self.api().is_some_and(|error| {
            matches!(error.status, 400 | 404)
                && error.code.as_deref() == Some("resource_missing")
                && matches!(error.param.as_deref(), Some(named) if named == param || named == "id")
        })
    }

    /// Whether Stripe is slow, down or out of reach, so that the same call may succeed later.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Connection(_)
            | Self::DeadlineExceeded
            | Self::Refused(_)
            | Self::Unreadable { .. } => true,
            Self::Api(error) => error.status >= 500 || matches!(error.status, 409 | 429),
            Self::InvalidId { .. } => false,
        }
    }

    /// Whether calls with the same idempotency key may be answered so for a day: once Stripe began, it keeps what it
    /// answered, its own failures too. Only what was refused at the door is certain not to be kept.
    /// Source: <https://docs.stripe.com/api/idempotent_requests>.
    pub fn may_be_kept(&self) -> bool {
        self.api().is_some_and(|error| !matches!(error.status, 401 | 403 | 409 | 429))
    }

    /// Stripe's `Request-Id`, which its support and its dashboard find the call by.
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Api(error) => error.request_id.as_deref(),
            Self::Unreadable { request_id, .. } => request_id.as_deref(),
            _ => None,
        }
    }
}

/// The classes of refusal, told apart by the HTTP status as the official SDKs do: the `type` in the body of a 401
/// says `invalid_request_error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// 400, 404 and other 4xx: the call is wrong or names something that is not there.
    InvalidRequest,
    /// 400: this idempotency key came before with other parameters.
    Idempotency,
    /// 401: the key is not accepted.
    Authentication,
    /// 402: the card or the bank said no.
    Card,
    /// 403: the key may not do this.
    Permission,
    /// 429, or 400 with code `rate_limit`: too many calls, or too many at once on one object.
    RateLimit,
    /// 409, 5xx and whatever else: Stripe could not.
    Api,
}

/// Stripe's refusal. Source: <https://docs.stripe.com/api/errors>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// The class, by HTTP status.
    pub kind: ErrorKind,
    /// The HTTP status.
    pub status: u16,
    /// `card_error`, `invalid_request_error`, `idempotency_error`, `api_error`, …
    pub error_type: Option<String>,
    /// Such as `resource_missing`. Source: <https://docs.stripe.com/error-codes>.
    pub code: Option<String>,
    /// The issuer's reason for a declined card.
    pub decline_code: Option<String>,
    /// The parameter it is about, such as `items[0][price]`.
    pub param: Option<String>,
    /// For operators; it can quote what was sent.
    pub message: Option<String>,
    /// Stripe's `Request-Id`.
    pub request_id: Option<String>,
}

impl ApiError {
    /// Reads an answer that is no success; a body that is not Stripe's (a proxy's HTML) leaves the status alone.
    pub(super) fn read(status: u16, request_id: Option<String>, body: &[u8]) -> Self {
        let Body { error } = serde_json::from_slice(body).unwrap_or_default();
        let kind = kind(status, error.error_type.as_deref(), error.code.as_deref());
        Self {
            kind,
            status,
            error_type: error.error_type,
            code: error.code,
            decline_code: error.decline_code,
            param: error.param,
            message: error.message,
            request_id,
        }
    }
}

fn kind(status: u16, error_type: Option<&str>, code: Option<&str>) -> ErrorKind {
    match (status, error_type, code) {
        (429, _, _) | (400, _, Some("rate_limit")) => ErrorKind::RateLimit,
        (400, Some("idempotency_error"), _) => ErrorKind::Idempotency,
        (401, _, _) => ErrorKind::Authentication,
        (402, _, _) => ErrorKind::Card,
        (403, _, _) => ErrorKind::Permission,
        (409, _, _) => ErrorKind::Api,
        (400..500, _, _) => ErrorKind::InvalidRequest,
        _ => ErrorKind::Api,
    }
}

impl std::error::Error for ApiError {}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stripe answered {}", self.status)?;
        if let Some(code) = self.code.as_deref().or(self.error_type.as_deref()) {
            write!(f, " {code}")?;
        }
        if let Some(param) = self.param.as_deref().filter(|param| !param.is_empty()) {
            write!(f, " ({param})")?;
        }
        if let Some(message) = &self.message {
            write!(f, ": {message}")?;
        }
        write!(f, " [request {}]", or_unknown(self.request_id.as_deref()))
    }
}

fn or_unknown(request_id: Option<&str>) -> &str {
    request_id.unwrap_or("unknown")
}

#[derive(Default, Deserialize)]
struct Body {
    #[serde(default, deserialize_with = "null_default")]
    error: Detail,
}

#[derive(Default, Deserialize)]
struct Detail {
    #[serde(rename = "type")]
    error_type: Option<String>,
    code: Option<String>,
    decline_code: Option<String>,
    param: Option<String>,
    message: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_follows_the_http_status() {
        let invalid = Some("invalid_request_error");
        for (status, error_type, code, expected) in [
            (400, invalid, None, ErrorKind::InvalidRequest),
            (400, Some("idempotency_error"), None, ErrorKind::Idempotency),
            (400, invalid, Some("rate_limit"), ErrorKind::RateLimit),
            (401, invalid, None, ErrorKind::Authentication),
            (402, Some("card_error"), Some("card_declined"), ErrorKind::Card),
            (403, invalid, None, ErrorKind::Permission),
            (404, invalid, Some("resource_missing"), ErrorKind::InvalidRequest),
            (409, invalid, Some("lock_timeout"), ErrorKind::Api),
            (429, invalid, Some("rate_limit"), ErrorKind::RateLimit),
            (500, Some("api_error"), None, ErrorKind::Api),
            (502, None, None, ErrorKind::Api),
        ] {
            assert_eq!(
                kind(status, error_type, code),
                expected,
                "{status} {error_type:?} {code:?}"
            );
        }
    }

    #[test]
    fn everything_stripe_said_is_kept() {
        let body = br#"{"error":{"type":"card_error","code":"card_declined","decline_code":"insufficient_funds",
            "param":"","message":"Your card has insufficient funds.","doc_url":"https://stripe.com/docs"}}"#;
        let error = ApiError::read(402, Some("req_1".into()), body);
        assert_eq!(error.decline_code.as_deref(), Some("insufficient_funds"));
        assert_eq!(
            error.to_string(),
            "Stripe answered 402 card_declined: Your card has insufficient funds. [request req_1]"
        );
    }

    #[test]
    fn a_body_that_is_not_stripes_leaves_the_status() {
        for body in [
            &b"<html>Bad Gateway</html>"[..],
            b"",
            b"[]",
            b"{\"error\":null}",
            b"{\"error\":\"no\"}",
        ] {
            let error = ApiError::read(502, None, body);
            assert_eq!((error.status, error.kind, error.message), (502, ErrorKind::Api, None));
        }
    }

    #[test]
    fn missing_needs_the_parameter_that_names_the_object() {
        let missing = |status: u16, code: &str, param: &str| {
            let body = format!(r#"{{"error":{{"code":"{code}","param":"{param}"}}}}"#);
            Error::Api(Box::new(ApiError::read(status, None, body.as_bytes())))
                .is_missing("customer")
        };
        assert!(missing(404, "resource_missing", "id"));
        assert!(missing(400, "resource_missing", "customer"));
        assert!(!missing(400, "resource_missing", ""));
        assert!(!missing(400, "resource_missing", "line_items[0][price]"));
        assert!(!missing(500, "resource_missing", "customer"));
        assert!(!missing(400, "parameter_missing", "customer"));
    }
}
