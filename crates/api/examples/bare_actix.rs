//! The least that actix does for a request, to measure the product against: a constant answer, no database.
//!
//! `bare_actix 127.0.0.1:0` prints its address. `GET /` answers 300 bytes of JSON; `POST /` reads the body first.

use actix_web::{App, HttpResponse, HttpServer, web};

/// As long as what `GET /api/me` answers.
const ANSWER: &str = r#"{"id":"usr_000001","email":"listener-1@example.com","email_verified":true,"created_at":1700000000,"stripe_customer_id":"cus_000001","plan":"pro","subscription_status":"active","access":{"allowed":true,"plan":"pro","until":1900000000,"reason":"active"},"current_period_end":1900000000,"ends_at":null}"#;

async fn get() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(ANSWER)
}

async fn post(body: web::Bytes) -> HttpResponse {
    match body.is_empty() {
        true => HttpResponse::BadRequest().finish(),
        false => HttpResponse::Ok().content_type("application/json").body(r#"{"received":true}"#),
    }
}

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let addr = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let server = HttpServer::new(|| {
        App::new().service(web::resource("/").route(web::get().to(get)).route(web::post().to(post)))
    })
    .bind(addr)?;
    println!("{}", server.addrs()[0]);
    Ok(server.run().await?)
}
