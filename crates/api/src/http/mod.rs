//! HTTP: every route on one screen. The only product folder that knows actix, but for the composition root.

pub mod body;
pub mod error;
mod headers;
mod health;
mod plans;
mod site;
mod webhooks;

use actix_web::{
    HttpResponse, Resource,
    web::{self, get, post},
};
use shared::{error::ErrorCode, paths};

use error::ApiError;
pub use headers::security;
pub use site::Site;

/// Mounts the API, the feeds, the media and the site.
pub fn routes(service: &mut web::ServiceConfig) {
    service
        .service(at("/healthz").route(get().to(health::alive)))
        .service(at("/readyz").route(get().to(health::ready)))
        .service(at(paths::PLANS).route(get().to(plans::list)))
        .service(at(paths::WEBHOOKS).route(post().to(webhooks::accept)))
        .default_service(web::to(site::serve));
}

/// A resource that answers 405 to methods it has no route for.
fn at(path: &str) -> Resource {
    web::resource(path).default_service(web::to(method_not_allowed))
}

async fn method_not_allowed() -> Result<HttpResponse, ApiError> {
    Err(ApiError::new(ErrorCode::MethodNotAllowed, "This address does not take that method."))
}
