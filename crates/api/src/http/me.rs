//! The signed-in account.

use actix_web::{HttpResponse, web};
use shared::account::{Account, ChangeAccount, DeleteAccount};

use super::{
    body::Json,
    error::ApiError,
    signed_in::{Bearer, SignedIn, SignedInOrLeaving},
};
use crate::account::Accounts;

/// `GET /api/me`
pub(super) async fn show(
    Bearer(token): Bearer,
    accounts: web::Data<Accounts>,
) -> Result<web::Json<Account>, ApiError> {
    Ok(web::Json(accounts.account_of_bearer(&token).await?))
}

/// `PATCH /api/me`
pub(super) async fn change(
    SignedIn(who): SignedIn,
    Json(body): Json<ChangeAccount>,
    accounts: web::Data<Accounts>,
) -> Result<web::Json<Account>, ApiError> {
    let account = accounts.change(who, body.email, body.password, body.current_password).await?;
    Ok(web::Json(account))
}

/// `DELETE /api/me`
pub(super) async fn delete(
    SignedInOrLeaving(who): SignedInOrLeaving,
    Json(body): Json<DeleteAccount>,
    accounts: web::Data<Accounts>,
) -> Result<HttpResponse, ApiError> {
    accounts.request_deletion(who, body.current_password).await?;
    Ok(HttpResponse::Accepted().finish())
}
