//! Text that must not be printed.

use std::fmt;

use sha2::{Digest, Sha256};

/// A secret: keys and passwords. It neither prints nor serialises; ask for it by name.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret, trimmed; `None` when nothing is left, since a blank key protects nothing.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// The secret itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// SHA-256 in hexadecimal: what is kept of a token that was given out, so that who reads the database cannot use it.
/// For tokens of many random bits alone; a password can be guessed.
pub fn digest(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_trimmed_never_blank_and_never_printed() {
        assert!(Secret::new(" \n").is_none());
        let secret = Secret::new(" hush\n").unwrap();
        assert_eq!(secret.expose(), "hush");
        assert!(!format!("{secret:?}").contains("hush"));
    }
}
