//! Answers for Stripe, always the same and after a set time, so that a bench measures the product and not Stripe.
//!
//! `constant_stripe 127.0.0.1:0 100` prints its address and answers after 100 ms; `POST /delay/0` changes that.
//! It knows accounts, portal sessions and empty lists of what is sold. Anything else is a 400, as Stripe words it.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};

const ACCOUNT: &str = r#"{"id":"acct_bench","object":"account"}"#;
const EMPTY_LIST: &str = r#"{"object":"list","data":[],"has_more":false,"url":"/v1/list"}"#;
const PORTAL_SESSION: &str = r#"{
  "id": "bps_1MrSjzLkdIwHu7ixex0IvU9b",
  "object": "billing_portal.session",
  "configuration": "bpc_1MAhNDLkdIwHu7ckFU9WYBMT",
  "created": 1680210639,
  "customer": "cus_000001",
  "flow": null,
  "livemode": false,
  "locale": null,
  "on_behalf_of": null,
  "return_url": "http://localhost:3000/portal-return",
  "url": "https://billing.stripe.com/p/session/test_YWNjdF8xTTJKVGtMa2RJd0h1N2l4LF9OY0hBTGtQNzNHcmNVbWZMY2pqVzQ5MDFhQ0tuRTR60100iBFLnhVi"
}"#;
const UNKNOWN: &str = r#"{"error":{"type":"invalid_request_error","message":"The constant Stripe does not know this."}}"#;

/// What a sleep takes too long in the middle: the timer counts whole milliseconds, and so does the poll below it.
const OVERSLEPT: Duration = Duration::from_micros(1_000);

/// Milliseconds before each answer.
static DELAY: AtomicU64 = AtomicU64::new(0);

async fn answer(request: HttpRequest, _: web::Bytes) -> HttpResponse {
    let delay = DELAY.load(Ordering::Relaxed);
    if delay > 0 {
        let delay = Duration::from_millis(delay);
        actix_web::rt::time::sleep(delay.saturating_sub(OVERSLEPT)).await;
    }
    let mut response = HttpResponse::Ok();
    let body = match request.path() {
        "/v1/billing_portal/sessions" => PORTAL_SESSION,
        "/v1/account" => ACCOUNT,
        "/v1/prices" | "/v1/products" | "/v1/billing_portal/configurations" => EMPTY_LIST,
        _ => {
            response = HttpResponse::BadRequest();
            UNKNOWN
        }
    };
    response
        .content_type("application/json")
        .insert_header(("Request-Id", "req_constant"))
        .body(body)
}

async fn set_delay(milliseconds: web::Path<u64>) -> HttpResponse {
    DELAY.store(*milliseconds, Ordering::Relaxed);
    HttpResponse::NoContent().finish()
}

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let addr = arguments.next().unwrap_or_else(|| "127.0.0.1:0".to_owned());
    DELAY.store(arguments.next().map_or(Ok(0), |delay| delay.parse())?, Ordering::Relaxed);
    let server = HttpServer::new(|| {
        App::new()
            .route("/delay/{milliseconds}", web::post().to(set_delay))
            .default_service(web::to(answer))
    })
    // One is enough for what the product can ask, and leaves it the rest of a small machine.
    .workers(1)
    .bind(addr)?;
    println!("{}", server.addrs()[0]);
    Ok(server.run().await?)
}
