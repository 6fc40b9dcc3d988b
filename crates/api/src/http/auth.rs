//! Registering, logging in, and the sessions that follow.

use actix_web::{
    HttpRequest, HttpResponse,
    cookie::{Cookie, SameSite, time::Duration},
    http::{StatusCode, header::CACHE_CONTROL},
    web,
};
use shared::{
    account::{Credentials, NextStep, Session, Sessions},
    error::ErrorCode,
};

use super::{
    body::Json,
    edge::{Edge, OwnPage},
    error::ApiError,
    name::Named,
    signed_in::SignedInOrLeaving,
};
use crate::account::{
    AccountError, Accounts, HashError, OpenedSession, SESSION_LIFETIME, SignedUp, Visitor,
};

/// The cookie that holds the refresh token.
const REFRESH_COOKIE: &str = "circle_refresh";

/// `POST /api/auth/register`
pub(super) async fn register(
    _: OwnPage,
    visitor: Visitor,
    Json(body): Json<Credentials>,
    accounts: web::Data<Accounts>,
    edge: web::Data<Edge>,
) -> Result<HttpResponse, ApiError> {
    Ok(match accounts.sign_up(&body.email, body.password, visitor).await? {
        SignedUp::Opened(opened) => answer(StatusCode::CREATED, *opened, &edge),
        SignedUp::CheckEmail => {
            HttpResponse::Accepted().json(NextStep { next: "check_email".to_owned() })
        }
    })
}

/// `POST /api/auth/login`
pub(super) async fn login(
    _: OwnPage,
    visitor: Visitor,
    Json(body): Json<Credentials>,
    accounts: web::Data<Accounts>,
    edge: web::Data<Edge>,
) -> Result<HttpResponse, ApiError> {
    let opened = accounts.log_in(&body.email, body.password, visitor).await?;
    Ok(answer(StatusCode::OK, opened, &edge))
}

/// `POST /api/auth/refresh`
pub(super) async fn refresh(
    _: OwnPage,
    visitor: Visitor,
    request: HttpRequest,
    accounts: web::Data<Accounts>,
    edge: web::Data<Edge>,
) -> Result<HttpResponse, ApiError> {
    let cookie = request.cookie(REFRESH_COOKIE).ok_or(AccountError::SessionEnded)?;
    let opened = accounts.refresh(cookie.value(), &visitor).await?;
    Ok(answer(StatusCode::OK, opened, &edge))
}

/// `POST /api/auth/logout`
pub(super) async fn logout(
    SignedInOrLeaving(who): SignedInOrLeaving,
    accounts: web::Data<Accounts>,
    edge: web::Data<Edge>,
) -> Result<HttpResponse, ApiError> {
    accounts.log_out(&who).await?;
    let gone = refresh_cookie(String::new(), Duration::ZERO, &edge);
    Ok(HttpResponse::NoContent().cookie(gone).finish())
}

/// `GET /api/auth/sessions`
pub(super) async fn sessions(
    SignedInOrLeaving(who): SignedInOrLeaving,
    accounts: web::Data<Accounts>,
) -> Result<web::Json<Sessions>, ApiError> {
    Ok(web::Json(Sessions { sessions: accounts.sessions(&who).await? }))
}

/// `DELETE /api/auth/sessions/{id}`
pub(super) async fn end_session(
    SignedInOrLeaving(who): SignedInOrLeaving,
    Named(session_id): Named,
    accounts: web::Data<Accounts>,
) -> Result<HttpResponse, ApiError> {
    accounts.end_session(&who.user.id, &session_id).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn answer(status: StatusCode, opened: OpenedSession, edge: &Edge) -> HttpResponse {
    let OpenedSession { token, expires_in, account, refresh_token } = opened;
    let mut response = HttpResponse::build(status);
    response.insert_header((CACHE_CONTROL, "no-store"));
    if let Some(refresh_token) = refresh_token {
        let lifetime = Duration::seconds(SESSION_LIFETIME);
        response.cookie(refresh_cookie(refresh_token.expose().to_owned(), lifetime, edge));
    }
    response.json(Session { token, expires_in, account })
}

fn refresh_cookie(value: String, max_age: Duration, edge: &Edge) -> Cookie<'static> {
    Cookie::build(REFRESH_COOKIE, value)
        .path("/api/auth")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(edge.is_https())
        .max_age(max_age)
        .finish()
}

impl From<AccountError> for ApiError {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::InvalidEmail(_) => {
                Self::new(ErrorCode::InvalidEmail, "This is not an e-mail address.").field("email")
            }
            AccountError::WeakPassword(weak) => {
                Self::new(ErrorCode::WeakPassword, sentence(&weak.to_string())).field("password")
            }
            AccountError::EmailTaken => Self::new(
                ErrorCode::EmailTaken,
                "There is an account with this e-mail address already.",
            )
            .field("email"),
            AccountError::InvalidCredentials => Self::new(
                ErrorCode::InvalidCredentials,
                "E-mail address and password do not belong together.",
            ),
            AccountError::WrongCurrentPassword => {
                Self::new(ErrorCode::InvalidCredentials, "The current password is wrong.")
                    .field("current_password")
            }
            AccountError::SessionEnded => Self::new(ErrorCode::Unauthenticated, "Log in to go on."),
            AccountError::UnknownSession => {
                Self::new(ErrorCode::NotFound, "There is no such session.")
            }
            AccountError::InvalidToken => Self::new(
                ErrorCode::InvalidToken,
                "This link does not work any more. Have a new one sent.",
            )
            .field("token"),
            AccountError::DeletionPending => Self::new(
                ErrorCode::DeletionPending,
                "This account is being deleted; nothing else can be done with it.",
            ),
            AccountError::RateLimited { retry_after } => {
                Self::new(ErrorCode::RateLimited, "Too many tries. Wait a while and try again.")
                    .retry_after(retry_after)
            }
            AccountError::Hash(HashError::Overloaded) => {
                Self::new(ErrorCode::Overloaded, "The server is busy. Try again in a moment.")
                    .retry_after(1)
            }
            AccountError::Db(error) => error.into(),
            AccountError::Hash(_) | AccountError::Token(_) => Self::internal(error),
        }
    }
}

/// What an error says, as a sentence for people.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
        .unwrap_or_default()
}
