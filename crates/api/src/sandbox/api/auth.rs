//! Who may ask: anybody with a test key.

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::sandbox::error::ApiError;

/// The key of `Authorization`: Bearer, or Basic with the key as its user name.
pub(super) fn check(authorization: Option<&str>) -> Result<String, ApiError> {
    let key = authorization.and_then(key).filter(|key| !key.is_empty()).ok_or_else(|| {
        ApiError::unauthenticated(
            "You did not provide an API key. You need to provide your API key in the Authorization header, \
             using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). \
             See https://stripe.com/docs/api#authentication for details.",
        )
    })?;
    let is_word = |rest: &str| {
        !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    if ["sk_test_", "rk_test_"].iter().any(|prefix| key.strip_prefix(prefix).is_some_and(is_word)) {
        return Ok(key);
    }
    if key.starts_with("pk_") {
        return Err(ApiError::forbidden(
            "This API call cannot be made with a publishable API key. Please use a secret API key. \
             You can find a list of your API keys at https://dashboard.stripe.com/account/apikeys.",
        )
        .code("secret_key_required"));
    }
    Err(ApiError::unauthenticated(format!("Invalid API Key provided: {}", masked(&key))))
}

fn key(authorization: &str) -> Option<String> {
    let (scheme, credentials) = authorization.split_once(' ')?;
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" => Some(credentials.trim().to_owned()),
        "basic" => {
            let decoded =
                String::from_utf8(BASE64_STANDARD.decode(credentials.trim()).ok()?).ok()?;
            Some(decoded.split_once(':').map_or(decoded.as_str(), |(user, _)| user).to_owned())
        }
        _ => None,
    }
}

/// `sk_live_****1234`: enough to recognise, not to use.
fn masked(key: &str) -> String {
    let characters: Vec<char> = key.chars().collect();
    if characters.len() < 16 {
        return "*".repeat(characters.len());
    }
    let head: String = characters[..8].iter().collect();
    let tail: String = characters[characters.len() - 4..].iter().collect();
    format!("{head}{}{tail}", "*".repeat(characters.len() - 12))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_keys_open_and_others_do_not() {
        let basic = |text: &str| format!("Basic {}", BASE64_STANDARD.encode(text));
        assert!(check(Some("Bearer sk_test_123")).is_ok());
        assert!(check(Some("bearer rk_test_abc_DEF")).is_ok());
        assert!(check(Some(&basic("sk_test_123:"))).is_ok());
        for (authorization, status) in [
            (None, 401),
            (Some("Bearer "), 401),
            (Some("Bearer sk_test_"), 401),
            (Some("Bearer sk_live_1234567890"), 401),
            (Some("Basic !!"), 401),
            (Some("Bearer pk_test_123"), 403),
        ] {
            assert_eq!(check(authorization).unwrap_err().status, status, "{authorization:?}");
        }
    }

    #[test]
    fn a_wrong_key_is_not_repeated_whole() {
        assert!(
            !check(Some("Bearer sk_live_abcdefghijklmnop"))
                .unwrap_err()
                .message
                .contains("abcdefgh")
        );
    }
}
