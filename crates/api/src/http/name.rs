//! What an address names.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Path};

use super::error::ApiError;

/// The one id in the address. No id of ours or of Stripe's has a control character, and PostgreSQL takes no NUL in text.
pub(super) struct Named(pub(super) String);

impl FromRequest for Named {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, actix_web::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Path::<String>::extract(request).into_inner().and_then(|id| {
            match id.contains(char::is_control) {
                true => Err(ApiError::not_found().into()),
                false => Ok(Self(id.into_inner())),
            }
        }))
    }
}
