//! Errors as HTTP answers: what a handler's [`ApiError`] becomes, and how it is logged.

use std::fmt;

use actix_web::{
    Error, HttpResponse, ResponseError,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
    middleware::Next,
};
use shared::error::{ErrorBody, ErrorCode};
use uuid::Uuid;

use crate::db::DbError;

/// What an answer that hides its cause is found by in the log.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What a handler answers when it cannot do what was asked.
#[derive(Debug)]
pub struct ApiError {
    code: ErrorCode,
    /// Differs from the code's own where Stripe is known to be down.
    status: Option<StatusCode>,
    message: String,
    field: Option<String>,
    retry_after: Option<u64>,
    /// Logged, never shown.
    cause: Option<anyhow::Error>,
}

impl ApiError {
    /// An error with a message for people.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            status: None,
            message: message.into(),
            field: None,
            retry_after: None,
            cause: None,
        }
    }

    /// A fault of ours; the cause is logged once and hidden.
    pub fn internal(cause: impl Into<anyhow::Error>) -> Self {
        Self::new(ErrorCode::Internal, "Something went wrong on our side.").caused_by(cause)
    }

    /// Nothing at this address.
    pub fn not_found() -> Self {
        Self::new(ErrorCode::NotFound, "There is nothing at this address.")
    }

    /// Names the field at fault.
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Says when to come back, in seconds.
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Answers with another status than the code's own.
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = Some(status);
        self
    }

    /// Says more, for people.
    pub fn with_words(mut self, words: &str) -> Self {
        self.message = format!("{} {words}", self.message);
        self
    }

    /// Keeps what happened for the log.
    pub fn caused_by(mut self, cause: impl Into<anyhow::Error>) -> Self {
        self.cause = Some(cause.into());
        self
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status
            .or_else(|| StatusCode::from_u16(self.code.status()).ok())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        let mut response = HttpResponse::build(status);
        if let Some(seconds) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        response.json(ErrorBody {
            code: self.code.as_str().to_owned(),
            message: self.message.clone(),
            field: self.field.clone(),
        })
    }
}

/// Logs every failure of ours once, with all its causes, under an id that the answer carries too.
pub async fn log_failures(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut response = next.call(request).await?;
    let status = response.status();
    if !status.is_server_error() {
        return Ok(response);
    }
    let request_id = Uuid::new_v4().simple().to_string();
    let request = response.request();
    let (method, pattern) = (request.method(), request.match_pattern());
    // The pattern, since addresses hold tokens.
    let route = pattern.as_deref().unwrap_or("site");
    match response.response().error().and_then(|error| error.as_error::<ApiError>()) {
        Some(ApiError { code, cause: Some(cause), .. }) => {
            let code = code.as_str();
            tracing::error!(%method, route, request_id, code, "{cause:#}");
        }
        Some(ApiError { code, message, .. }) => {
            let code = code.as_str();
            tracing::warn!(%method, route, request_id, code, "{message}");
        }
        None => tracing::error!(%method, route, request_id, %status, "a request failed"),
    }
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    Ok(response)
}

impl From<DbError> for ApiError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Overloaded => {
                Self::new(ErrorCode::Overloaded, "The server is busy. Try again in a moment.")
                    .retry_after(1)
                    .caused_by(error)
            }
            error if error.is_outage() => {
                Self::new(ErrorCode::Overloaded, "The database is not available right now.")
                    .retry_after(2)
                    .caused_by(error)
            }
            error => Self::internal(error),
        }
    }
}
