//! Whether the process lives, and whether it can serve.

use actix_web::{HttpResponse, web};

use super::error::ApiError;
use crate::db::Db;

/// `GET /healthz`: the process answers.
pub(super) async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "status": "ok" }))
}

/// `GET /readyz`: the database answers and its schema is in place.
pub(super) async fn ready(db: web::Data<Db>) -> Result<HttpResponse, ApiError> {
    db.ready().await?;
    Ok(HttpResponse::Ok().json(serde_json::json!({ "status": "ready" })))
}
