//! `GET /v1/account`: whose sandbox this is.

use serde_json::json;

use super::{Outcome, Request};
use crate::sandbox::store::{Setting, Tx};

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
