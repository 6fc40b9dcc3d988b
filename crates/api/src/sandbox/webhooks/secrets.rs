//! Signing secrets of an endpoint, and how they are rolled: the old one stays valid for up to a day.

use serde_json::{Value, json};

use crate::sandbox::{
    error::ApiError,
    object::{Kind, Object, random_word},
    store::Tx,
};

/// Longest time that an old secret stays valid, in seconds.
const LONGEST: i64 = 86_400;

/// The secrets that sign now (Unix seconds), the newest first.
pub(super) fn valid(endpoint: &Object, now: i64) -> Vec<&str> {
    let old = endpoint.private["old_secrets"].as_array().into_iter().flatten();
    let still = old.filter(|old| old["until"].as_i64().is_some_and(|until| until > now));
    std::iter::once(&endpoint.private["secret"])
        .chain(still.map(|old| &old["secret"]))
        .filter_map(Value::as_str)
        .collect()
}

/// Gives the endpoint a new secret; the one it had stays valid for `expire_in` seconds. Answers with the new one.
pub(crate) fn roll(tx: &mut Tx<'_>, endpoint: &str, expire_in: i64) -> Result<String, ApiError> {
    if !(0..=LONGEST).contains(&expire_in) {
        let message = format!("An old secret stays valid for 0 to {LONGEST} seconds.");
        return Err(ApiError::invalid_param("expire_in", message));
    }
    let mut endpoint = tx.get(Kind::WebhookEndpoint, endpoint, "id").map_err(ApiError::in_path)?;
    let secret = format!("whsec_{}", random_word(32));
    let now = tx.now();
    let mut old = vec![json!({ "secret": endpoint.private["secret"], "until": now + expire_in })];
    let older = endpoint.private["old_secrets"].as_array().into_iter().flatten();
    old.extend(older.filter(|older| older["until"].as_i64() > Some(now)).cloned());
    endpoint.private["secret"] = json!(secret);
    endpoint.private["old_secrets"] = json!(old);
    tx.save(&endpoint)?;
    Ok(secret)
}
