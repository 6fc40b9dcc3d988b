//! `GET /v1/account`: whose sandbox this is.

use serde_json::json;

use super::{Outcome, Request};
use crate::sandbox::{
    error::ApiError,
    store::{Setting, Tx},
};

/// The account by its id; there are no others.
pub(super) fn retrieve_by_id(tx: &mut Tx<'_>, request: Request) -> Outcome {
    if tx.setting(Setting::Account)?.as_deref() == Some(request.id()) {
        return retrieve(tx, request);
    }
    Err(ApiError::forbidden(format!(
        "The provided key does not have access to account '{}' (or that account does not exist). Application access may \
         have been revoked.",
        request.id()
    ))
    .code("account_invalid"))
}

pub(super) fn retrieve(tx: &mut Tx<'_>, request: Request) -> Outcome {
    request.params.finish()?;
    let id = tx.setting(Setting::Account)?;
    Ok(json!({
        "id": id,
        "object": "account",
        "business_profile": { "name": tx.business(), "support_email": null, "url": null },
        "business_type": "company",
        "capabilities": { "card_payments": "active", "transfers": "active" },
        "charges_enabled": true,
        "country": "US",
        "created": 1_700_000_000,
        "default_currency": "usd",
        "details_submitted": true,
        "email": "sandbox@example.com",
        "metadata": {},
        "payouts_enabled": true,
        "settings": null,
        "type": "standard",
    }))
}
