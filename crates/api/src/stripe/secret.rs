//! Keys as types that do not print.

use std::fmt;

/// A secret that is empty or only white space, which would authenticate nobody or everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret is blank")]
pub struct BlankSecret;

/// The key that authenticates API requests: `sk_…` or `rk_…`.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey(String);

impl SecretKey {
    /// Reads a key, without the white space around it.
    ///
    /// # Errors
    /// [`BlankSecret`] when nothing remains.
    pub fn parse(text: &str) -> Result<Self, BlankSecret> {
        not_blank(text).map(Self)
    }

    /// Whether it is a key to live mode, where money is real.
    /// Source: <https://docs.stripe.com/keys#obtain-api-keys>.
    pub fn is_live(&self) -> bool {
        self.0.starts_with("sk_live_") || self.0.starts_with("rk_live_")
    }

    /// Whether it is a key to test mode.
    pub fn is_test(&self) -> bool {
        self.0.starts_with("sk_test_") || self.0.starts_with("rk_test_")
    }

    /// The key itself, for the `Authorization` header alone.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// The secret that signs deliveries to one webhook endpoint: `whsec_…`, used whole, prefix included.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret(String);

impl SigningSecret {
    /// Reads a secret, without the white space around it.
    ///
    /// # Errors
    /// [`BlankSecret`] when nothing remains: an empty HMAC key would let anybody sign.
    pub fn parse(text: &str) -> Result<Self, BlankSecret> {
        not_blank(text).map(Self)
    }

    /// The secret itself, for the HMAC alone.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

fn not_blank(text: &str) -> Result<String, BlankSecret> {
    match text.trim() {
        "" => Err(BlankSecret),
        secret => Ok(secret.to_owned()),
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_secrets_are_refused_and_others_trimmed() {
        for blank in ["", " ", "\n\t "] {
            assert_eq!(SecretKey::parse(blank), Err(BlankSecret));
            assert_eq!(SigningSecret::parse(blank), Err(BlankSecret));
        }
        assert_eq!(SigningSecret::parse("whsec_a\n").unwrap().expose(), "whsec_a");
    }

    #[test]
    fn secrets_do_not_print() {
        let shown = format!(
            "{:?} {:?}",
            SecretKey::parse("sk_live_51").unwrap(),
            SigningSecret::parse("whsec_51").unwrap()
        );
        assert!(!shown.contains("51"), "{shown}");
    }

    #[test]
    fn the_prefix_names_the_mode() {
        for (key, live, test) in [
            ("sk_live_1", true, false),
            ("rk_live_1", true, false),
            ("sk_test_1", false, true),
            ("rk_test_1", false, true),
            ("pk_live_1", false, false),
        ] {
            let key = SecretKey::parse(key).unwrap();
            assert_eq!((key.is_live(), key.is_test()), (live, test));
        }
    }
}
