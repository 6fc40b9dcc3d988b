//! The plans on offer.

use actix_web::web::{Data, Json};
use shared::plans::Plans;

use super::error::ApiError;
use crate::{
    catalog::{self, Catalog},
    db::Db,
};

/// `GET /api/plans`: from our database, never from Stripe.
pub(super) async fn list(catalog: Data<Catalog>, db: Data<Db>) -> Result<Json<Plans>, ApiError> {
    Ok(Json(catalog::list_plans(&catalog, &db).await?))
}
