//! The hosted pages: Checkout, the Customer Portal and the invoice, rendered on the server.

use actix_web::web;

/// Mounts the pages on the sandbox's own server. Handlers take `web::Data<Sandbox>`.
pub(crate) fn configure(_routes: &mut web::ServiceConfig) {}
