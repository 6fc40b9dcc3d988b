//! Who is signed in: a handler that takes one of these is for signed-in listeners alone.

use std::{
    future::{Future, Ready, ready},
    pin::Pin,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header::AUTHORIZATION, web};

use super::error::ApiError;
use crate::{
    account::{AccountError, Accounts, SignedInUser},
    catalog::store::PORTAL_CONFIGURATION,
};

/// A bearer token that nobody looked at yet, for what reads the account in the statement that checks its session.
pub(super) struct Bearer(pub(super) String);

type Authenticating<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;

/// A listener with a session that has not ended, whose account is not about to be deleted.
pub(super) struct SignedIn(pub(super) SignedInUser);

/// What [`SignedIn`] is, with the portal configuration, both read in one statement.
pub(super) struct AtPortal {
    pub(super) who: SignedInUser,
    pub(super) configuration: Option<String>,
}

/// A listener with a session that has not ended, who may be about to leave: sees the account and logs out.
pub(super) struct SignedInOrLeaving(pub(super) SignedInUser);

/// A signed-in listener, or a visitor who does not claim to be one. A token that does not work is refused.
pub(super) struct MaybeSignedIn(pub(super) Option<SignedInUser>);

impl FromRequest for MaybeSignedIn {
    type Error = ApiError;
    type Future = Authenticating<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if !request.headers().contains_key(AUTHORIZATION) {
            return Box::pin(async { Ok(Self(None)) });
        }
        let who = SignedIn::from_request(request, payload);
        Box::pin(async move { who.await.map(|SignedIn(who)| Self(Some(who))) })
    }
}

impl FromRequest for SignedIn {
    type Error = ApiError;
    type Future = Authenticating<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let who = SignedInOrLeaving::from_request(request, payload);
        Box::pin(async move {
            let SignedInOrLeaving(who) = who.await?;
            staying(who).map(Self)
        })
    }
}

impl FromRequest for AtPortal {
    type Error = ApiError;
    type Future = Authenticating<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let claimed = claimed(request);
        Box::pin(async move {
            let (accounts, token) = claimed?;
            let (who, configuration) =
                accounts.authenticate_with_setting(&token, PORTAL_CONFIGURATION).await?;
            Ok(Self { who: staying(who)?, configuration })
        })
    }
}

/// Refuses whoever is about to leave.
fn staying(who: SignedInUser) -> Result<SignedInUser, ApiError> {
    match who.user.deletion_requested_at {
        None => Ok(who),
        Some(_) => Err(AccountError::DeletionPending.into()),
    }
}

impl FromRequest for Bearer {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let token = bearer_token(request).ok_or(AccountError::SessionEnded);
        ready(token.map(|token| Self(token.to_owned())).map_err(ApiError::from))
    }
}

impl FromRequest for SignedInOrLeaving {
    type Error = ApiError;
    type Future = Authenticating<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let claimed = claimed(request);
        Box::pin(async move {
            let (accounts, token) = claimed?;
            Ok(Self(accounts.authenticate(&token).await?))
        })
    }
}

/// The accounts, and the token that is to be looked at.
fn claimed(request: &HttpRequest) -> Result<(web::Data<Accounts>, String), ApiError> {
    let accounts = request.app_data::<web::Data<Accounts>>().cloned();
    let missing = || ApiError::internal(anyhow::anyhow!("accounts are not set up"));
    let token = bearer_token(request).ok_or(AccountError::SessionEnded)?;
    Ok((accounts.ok_or_else(missing)?, token.to_owned()))
}

/// The token of `Authorization: Bearer …` (RFC 6750, section 2.1).
pub(super) fn bearer_token(request: &HttpRequest) -> Option<&str> {
    let (scheme, token) = request.headers().get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}
