//! HTTP: every route on one screen. The only product folder that knows actix, but for the composition root.

mod auth;
mod billing;
pub mod body;
mod conditions;
mod edge;
mod episodes;
pub mod error;
mod events;
mod feeds;
mod headers;
mod health;
mod mailed;
mod me;
mod media;
mod metrics;
mod name;
pub mod openapi;
mod plans;
mod signed_in;
mod site;
mod webhooks;

use actix_web::{
    HttpResponse, Resource,
    web::{self, delete, get, head, patch, post},
};
use shared::{error::ErrorCode, paths};

pub use edge::Edge;
use error::ApiError;
pub use error::{REQUEST_ID, log_failures};
pub use events::Closing;
pub use headers::security;
pub use metrics::{Metrics, measure, show_to_anybody as show_metrics};
pub use site::Site;

/// Mounts the API, the feeds, the media and the site.
pub fn routes(service: &mut web::ServiceConfig) {
    service
        .app_data(web::QueryConfig::default().error_handler(|error, _| invalid_parameter(&error)))
        .app_data(web::PathConfig::default().error_handler(|error, _| invalid_parameter(&error)))
        .service(at(paths::REGISTER).route(post().to(auth::register)))
        .service(at(paths::LOGIN).route(post().to(auth::login)))
        .service(at(paths::REFRESH).route(post().to(auth::refresh)))
        .service(at(paths::LOGOUT).route(post().to(auth::logout)))
        .service(at(paths::SESSIONS).route(get().to(auth::sessions)))
        .service(at(&format!("{}/{{id}}", paths::SESSIONS)).route(delete().to(auth::end_session)))
        .service(at(paths::FORGOT_PASSWORD).route(post().to(mailed::forgot_password)))
        .service(at(paths::RESET_PASSWORD).route(post().to(mailed::reset_password)))
        .service(at(paths::CHECK_LINK).route(post().to(mailed::check_link)))
        .service(at(paths::VERIFY_EMAIL).route(post().to(mailed::verify_email)))
        .service(at(paths::RESEND_VERIFICATION).route(post().to(mailed::resend_verification)))
        .service(
            at(paths::ME)
                .route(get().to(me::show))
                .route(patch().to(me::change))
                .route(delete().to(me::delete)),
        )
        .service(at(paths::CHECKOUT_SESSION).route(post().to(billing::start_checkout)))
        .service(
            at(&format!("{}/{{id}}", paths::CHECKOUT_SESSION))
                .route(get().to(billing::checkout_result)),
        )
        .service(at(paths::PORTAL_SESSION).route(post().to(billing::open_portal)))
        .service(at(paths::RESUME).route(post().to(billing::resume)))
        .service(at(paths::SUBSCRIPTION).route(get().to(billing::subscription)))
        .service(at(paths::OPEN_INVOICE).route(get().to(billing::open_invoice)))
        .service(at(paths::CHANGE_PREVIEW).route(get().to(billing::change_preview)))
        .service(at(paths::INVOICES).route(get().to(billing::invoices)))
        .service(at(paths::EVENTS).route(get().to(events::events)))
        .service(at(paths::EPISODES).route(get().to(episodes::list)))
        .service(at(&format!("{}/{{id}}", paths::EPISODES)).route(get().to(episodes::show)))
        .service(at(paths::FEED).route(get().to(feeds::address)))
        .service(at(paths::FEED_ROTATE).route(post().to(feeds::rotate)))
        .service(at("/feeds/cover.png").route(get().to(feeds::cover)))
        .service(
            at("/feeds/closed.mp3").route(get().to(feeds::closed)).route(head().to(feeds::closed)),
        )
        .service(
            at("/feeds/{token}.xml").route(get().to(feeds::show)).route(head().to(feeds::show)),
        )
        .service(
            at("/media/{episode}").route(get().to(media::signed)).route(head().to(media::signed)),
        )
        .service(
            at("/media/f/{token}/{episode}")
                .route(get().to(media::by_feed))
                .route(head().to(media::by_feed)),
        )
        .service(at("/healthz").route(get().to(health::alive)))
        .service(at("/metrics").route(get().to(metrics::show)))
        .service(at("/readyz").route(get().to(health::ready)))
        .service(at(paths::PLANS).route(get().to(plans::list)))
        .service(at(paths::OPENAPI).route(get().to(openapi::show)))
        .service(at(paths::DOCS).route(get().to(openapi::page)))
        .service(at("/api/docs/docs.js").route(get().to(openapi::script)))
        .service(at("/api/docs/docs.css").route(get().to(openapi::style)))
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

fn invalid_parameter(problem: &dyn std::fmt::Display) -> actix_web::Error {
    let problem = problem.to_string();
    let message = format!("A parameter of the address cannot be read: {problem}.");
    let error = ApiError::new(ErrorCode::InvalidParameter, message);
    match body::quoted(&problem) {
        Some(name) => error.field(name).into(),
        None => error.into(),
    }
}
