//! Stripe's deliveries.

use actix_web::{HttpRequest, HttpResponse, web};
use shared::error::ErrorCode;

use super::{body, error::ApiError};
use crate::{
    inbox::{AcceptError, Inbox},
    stripe::signature,
};

/// Bytes of a delivery at the most.
const LIMIT: usize = 1024 * 1024;

/// `POST /webhooks`: the bytes are verified as they came, so no extractor may read them.
pub(super) async fn accept(
    request: HttpRequest,
    payload: web::Payload,
    inbox: web::Data<Inbox>,
) -> Result<HttpResponse, ApiError> {
    let body = body::read(payload, LIMIT).await?;
    let header = request.headers().get(signature::HEADER).and_then(|value| value.to_str().ok());
    inbox.accept(header.unwrap_or_default(), &body).await?;
    Ok(HttpResponse::Ok().json(serde_json::json!({ "received": true })))
}

impl From<AcceptError> for ApiError {
    fn from(error: AcceptError) -> Self {
        match error {
            AcceptError::Signature(error) => Self::new(
                ErrorCode::InvalidSignature,
                format!("The delivery is not believed: {error}."),
            ),
            AcceptError::Payload(error) => {
                Self::new(ErrorCode::InvalidPayload, format!("The delivery is no event: {error}."))
            }
            AcceptError::Failed(_) => Self::internal(error),
            AcceptError::Db(error) => error.into(),
        }
    }
}
