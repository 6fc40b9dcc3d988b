//! Lookup keys: names that move from price to price.

use serde_json::Value;

use crate::sandbox::{error::ApiError, object::Kind, store::Tx};

/// Longest `lookup_key`, in characters.
const MAX_LOOKUP_KEY: usize = 200;

/// Takes a lookup key off the price that has it, when the request says so; else it must be free.
pub(super) fn free_lookup_key(
    tx: &mut Tx<'_>,
    key: &str,
    transfers: bool,
    new_owner: Option<&str>,
) -> Result<(), ApiError> {
    let Some(before) = tx.find_by_lookup(Kind::Price, key)? else { return Ok(()) };
    if new_owner == Some(&before.id) {
        return Ok(());
    }
    if !transfers {
        return Err(ApiError::invalid_param(
            "lookup_key",
            format!(
                "A price (`{}`) already uses that lookup key. Use `transfer_lookup_key=true` to transfer it to \
                 this price.",
                before.id
            ),
        )
        .code("resource_already_exists"));
    }
    let mut owner = before.clone();
    owner.body["lookup_key"] = Value::Null;
    tx.update(&before, &owner)
}

pub(super) fn check_lookup_key(key: Option<&str>) -> Result<(), ApiError> {
    match key {
        Some(key) if key.chars().count() > MAX_LOOKUP_KEY => Err(ApiError::invalid_param(
            "lookup_key",
            format!("Invalid string: must be at most {MAX_LOOKUP_KEY} characters"),
        )),
        _ => Ok(()),
    }
}
