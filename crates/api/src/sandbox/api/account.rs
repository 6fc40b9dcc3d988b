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
        "settings": {
            "branding": { "icon": null, "logo": null, "primary_color": null, "secondary_color": null },
            "card_payments": {
                "decline_on": { "avs_failure": false, "cvc_failure": false }, "statement_descriptor_prefix": null,
                "statement_descriptor_prefix_kana": null, "statement_descriptor_prefix_kanji": null,
            },
            "dashboard": { "display_name": tx.business(), "timezone": "Etc/UTC" },
            "invoices": { "default_account_tax_ids": null, "hosted_payment_method_save": "offer" },
            "payments": {
                "statement_descriptor": "SANDBOX", "statement_descriptor_kana": null,
                "statement_descriptor_kanji": null,
            },
            "payouts": {
                "debit_negative_balances": true, "schedule": { "delay_days": 2, "interval": "daily" },
                "statement_descriptor": null,
            },
            "sepa_debit_payments": {},
        },
        "type": "standard",
    }))
}
