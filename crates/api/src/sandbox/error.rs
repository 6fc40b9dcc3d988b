//! Stripe's error envelope.

use serde_json::{Value, json};

use super::object::Kind;

/// An error as the API answers it. The hosted pages show `message` and go by `code` and `param`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ApiError {
    /// HTTP status.
    pub(crate) status: u16,
    kind: ErrorKind,
    pub(crate) code: Option<String>,
    pub(crate) decline_code: Option<String>,
    pub(crate) param: Option<String>,
    pub(crate) message: String,
    /// Further members of the envelope, such as `payment_intent`.
    details: Option<Box<Value>>,
    /// Whether what was written before the error stays: a decline leaves a failed payment behind it.
    pub(crate) keeps_changes: bool,
}

/// The error's `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ErrorKind {
    Api,
    Card,
    Idempotency,
    InvalidRequest,
}

impl ErrorKind {
    fn name(self) -> &'static str {
        match self {
            ErrorKind::Api => "api_error",
            ErrorKind::Card => "card_error",
            ErrorKind::Idempotency => "idempotency_error",
            ErrorKind::InvalidRequest => "invalid_request_error",
        }
    }
}

impl ApiError {
    fn new(status: u16, kind: ErrorKind, message: impl Into<String>) -> ApiError {
        ApiError {
            status,
            kind,
            code: None,
            decline_code: None,
            param: None,
            message: message.into(),
            details: None,
            keeps_changes: false,
        }
    }

    /// 400, `invalid_request_error`.
    pub(crate) fn invalid(message: impl Into<String>) -> ApiError {
        ApiError::new(400, ErrorKind::InvalidRequest, message)
    }

    /// 400 with the parameter at fault.
    pub(crate) fn invalid_param(param: impl Into<String>, message: impl Into<String>) -> ApiError {
        ApiError::invalid(message).param(param)
    }

    /// 400 `parameter_missing`.
    pub(crate) fn missing(param: impl Into<String>) -> ApiError {
        let param = param.into();
        ApiError::invalid(format!("Missing required param: {param}."))
            .code("parameter_missing")
            .param(param)
    }

    /// 400 `resource_missing`: a reference in a body. [`ApiError::in_path`] makes it the 404 of a path.
    pub(crate) fn no_such(kind: Kind, id: &str, param: impl Into<String>) -> ApiError {
        ApiError::invalid(format!("No such {}: '{id}'", kind.noun()))
            .code("resource_missing")
            .param(param)
    }

    /// The same error for an id in the path: 404.
    pub(crate) fn in_path(mut self) -> ApiError {
        self.status = 404;
        self
    }

    /// 401.
    pub(crate) fn unauthenticated(message: impl Into<String>) -> ApiError {
        ApiError::new(401, ErrorKind::InvalidRequest, message)
    }

    /// 403.
    pub(crate) fn forbidden(message: impl Into<String>) -> ApiError {
        ApiError::new(403, ErrorKind::InvalidRequest, message)
    }

    /// `idempotency_error`: 400 for other parameters under the same key, 409 while the first is in flight.
    pub(crate) fn idempotency(status: u16, message: impl Into<String>) -> ApiError {
        ApiError::new(status, ErrorKind::Idempotency, message)
    }

    /// 402 `card_error`; what the attempt wrote stays.
    pub(crate) fn card(
        code: &str,
        decline_code: Option<&str>,
        message: impl Into<String>,
    ) -> ApiError {
        let mut error = ApiError::new(402, ErrorKind::Card, message).code(code);
        error.decline_code = decline_code.map(str::to_owned);
        error.keeps_changes = true;
        error
    }

    /// 500: the fault is the sandbox's.
    pub(crate) fn internal(message: impl Into<String>) -> ApiError {
        ApiError::new(500, ErrorKind::Api, message)
    }

    /// An error as Stripe answers it with this status, made by a fault.
    pub(crate) fn of_status(status: u16) -> ApiError {
        match status {
            402 => ApiError::card("card_declined", Some("generic_decline"), "Your card was declined."),
            409 => ApiError::new(
                409,
                ErrorKind::InvalidRequest,
                "This object cannot be accessed right now because another API request or Stripe process is \
                 currently accessing it. If you see this error intermittently, retry the request.",
            )
            .code("lock_timeout"),
            429 => ApiError::new(
                429,
                ErrorKind::InvalidRequest,
                "Request rate limit exceeded. Learn more about rate limits: https://stripe.com/docs/rate-limits.",
            )
            .code("rate_limit"),
            400..500 => {
                ApiError::new(status, ErrorKind::InvalidRequest, "Refused by a fault of the sandbox.")
            }
            _ => ApiError::new(
                status,
                ErrorKind::Api,
                "An unknown error occurred, because a fault of the sandbox wants it so.",
            ),
        }
    }

    /// Names the error for programs.
    pub(crate) fn code(mut self, code: &str) -> ApiError {
        self.code = Some(code.to_owned());
        self
    }

    /// Names the parameter at fault, in bracket form.
    pub(crate) fn param(mut self, param: impl Into<String>) -> ApiError {
        self.param = Some(param.into());
        self
    }

    /// Adds a member to the envelope.
    pub(crate) fn detail(mut self, name: &str, value: Value) -> ApiError {
        self.details.get_or_insert_with(|| Box::new(json!({})))[name] = value;
        self
    }

    /// The body.
    pub(crate) fn body(&self) -> Value {
        let mut error = self.details.as_deref().cloned().unwrap_or_else(|| json!({}));
        error["type"] = json!(self.kind.name());
        error["message"] = json!(self.message);
        if let Some(code) = &self.code {
            error["code"] = json!(code);
            error["doc_url"] =
                json!(format!("https://stripe.com/docs/error-codes/{}", code.replace('_', "-")));
        }
        if let Some(decline_code) = &self.decline_code {
            error["decline_code"] = json!(decline_code);
        }
        if let Some(param) = &self.param {
            error["param"] = json!(param);
        }
        json!({ "error": error })
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for ApiError {}
