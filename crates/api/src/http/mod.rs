//! HTTP: every route on one screen. The only product folder that knows actix, but for the composition root.

pub mod body;
pub mod error;
mod health;

use actix_web::web::{self, get};

/// Mounts the API, the feeds, the media and the site.
pub fn routes(service: &mut web::ServiceConfig) {
    service.route("/healthz", get().to(health::alive)).route("/readyz", get().to(health::ready));
}
