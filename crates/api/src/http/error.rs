//! Errors as HTTP answers: the one place where a failure becomes a status.

use std::fmt;

use actix_web::{HttpResponse, ResponseError, http::StatusCode, http::header};
use shared::error::{ErrorBody, ErrorCode};

use crate::db::DbError;

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
        if let Some(cause) = &self.cause {
            if status.is_server_error() {
                tracing::error!(code = self.code.as_str(), "{cause:#}");
            } else {
                tracing::debug!(code = self.code.as_str(), "{cause:#}");
            }
        }
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
