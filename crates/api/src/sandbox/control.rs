//! The sandbox's own controls, under `/_sandbox`. They need no key: the address is a loopback one.
//!
//! | | |
//! |---|---|
//! | `GET /_sandbox/clock` | `{"now": unix seconds, "offset": seconds ahead of the wall}` |

use actix_web::{HttpResponse, web};
use serde_json::json;

use super::Sandbox;

/// Mounts the controls.
pub(super) fn configure(routes: &mut web::ServiceConfig) {
    routes.route("/_sandbox/clock", web::get().to(clock));
}

async fn clock(sandbox: web::Data<Sandbox>) -> HttpResponse {
    let clock = &sandbox.store.surroundings().clock;
    HttpResponse::Ok().json(json!({ "now": clock.now(), "offset": clock.offset() }))
}
