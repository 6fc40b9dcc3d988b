//! Request bodies: JSON of a known shape, or an error that names what is wrong with it.

use std::{future::Future, pin::Pin, time::Duration};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use serde::de::DeserializeOwned;
use shared::error::ErrorCode;

use super::error::ApiError;

/// Bytes of a JSON body at the most.
const LIMIT: usize = 64 * 1024;

/// How long a body may take: memory that is held for one that never ends is anybody's to take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A JSON body. No `Content-Type` is asked for, since the body says what it is.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let payload = web::Payload::from_request(request, payload);
        Box::pin(async move {
            let payload = payload.await.map_err(|error| unreadable(&error.to_string()))?;
            parse(&read(payload, LIMIT).await?).map(Self)
        })
    }
}

/// A JSON body, or none at all.
pub struct OptionalJson<T>(pub Option<T>);

impl<T: DeserializeOwned + 'static> FromRequest for OptionalJson<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let payload = web::Payload::from_request(request, payload);
        Box::pin(async move {
            let payload = payload.await.map_err(|error| unreadable(&error.to_string()))?;
            let body = read(payload, LIMIT).await?;
            if body.trim_ascii().is_empty() {
                return Ok(Self(None));
            }
            parse(&body).map(|value| Self(Some(value)))
        })
    }
}

/// The raw bytes of a body, at most `limit` of them, as long as they come within [`PATIENCE`].
pub async fn read(payload: web::Payload, limit: usize) -> Result<web::Bytes, ApiError> {
    let read = tokio::time::timeout(PATIENCE, payload.to_bytes_limited(limit)).await;
    match read.map_err(|_| unreadable("it took too long to arrive"))? {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => Err(unreadable(&error.to_string())),
        Err(_) => Err(ApiError::new(
            ErrorCode::PayloadTooLarge,
            format!("The body may have {limit} bytes at the most."),
        )),
    }
}

fn unreadable(problem: &str) -> ApiError {
    ApiError::new(ErrorCode::InvalidJson, format!("The body could not be read: {problem}."))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| {
        let problem = error.to_string();
        match quoted(&problem) {
            Some(name) if problem.starts_with("missing field") => {
                ApiError::new(ErrorCode::MissingField, format!("The field {name} is missing."))
                    .field(name)
            }
            Some(name) if problem.starts_with("unknown field") => {
                ApiError::new(ErrorCode::UnknownField, format!("There is no field {name} here."))
                    .field(name)
            }
            _ => ApiError::new(
                ErrorCode::InvalidJson,
                format!("The body is not the JSON that is expected: {problem}."),
            ),
        }
    })
}

/// The first word between back-quotes, which is how serde names a field.
pub(super) fn quoted(problem: &str) -> Option<&str> {
    problem.split('`').nth(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_named() {
        assert_eq!(quoted("missing field `email` at line 1 column 2"), Some("email"));
        assert_eq!(quoted("expected value at line 1 column 1"), None);
    }
}
