//! What goes by mailed links: confirming an address, and setting a new password.

use actix_web::{HttpResponse, web};
use shared::account::{CheckLink, ForgotPassword, ResetPassword, VerifyEmail};

use super::{body::Json, edge::OwnPage, error::ApiError, signed_in::SignedIn};
use crate::account::{Accounts, Visitor};

/// `POST /api/auth/forgot-password`
pub(super) async fn forgot_password(
    _: OwnPage,
    visitor: Visitor,
    Json(body): Json<ForgotPassword>,
    accounts: web::Data<Accounts>,
) -> Result<HttpResponse, ApiError> {
    accounts.forgot_password(&body.email, &visitor).await?;
    Ok(HttpResponse::Accepted().finish())
}

/// `POST /api/auth/check-link`: by POST, so that the token is in no log of addresses.
pub(super) async fn check_link(
    visitor: Visitor,
    Json(body): Json<CheckLink>,
    accounts: web::Data<Accounts>,
) -> Result<HttpResponse, ApiError> {
    accounts.check_link(&body.token, &visitor).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `POST /api/auth/reset-password`
pub(super) async fn reset_password(
    _: OwnPage,
    visitor: Visitor,
    Json(body): Json<ResetPassword>,
    accounts: web::Data<Accounts>,
) -> Result<HttpResponse, ApiError> {
    accounts.reset_password(&body.token, body.password, &visitor).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `POST /api/auth/verify-email`
pub(super) async fn verify_email(
    _: OwnPage,
    visitor: Visitor,
    Json(body): Json<VerifyEmail>,
    accounts: web::Data<Accounts>,
) -> Result<HttpResponse, ApiError> {
    accounts.verify_email(&body.token, &visitor).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `POST /api/auth/verify-email/resend`
pub(super) async fn resend_verification(
    SignedIn(who): SignedIn,
    accounts: web::Data<Accounts>,
) -> Result<HttpResponse, ApiError> {
    accounts.resend_verification(who).await?;
    Ok(HttpResponse::Accepted().finish())
}
