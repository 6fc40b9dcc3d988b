//! The tokens in mailed links: only a hash of one is ever stored.
//!
//! A token is `HMAC(key, seed)` of a random seed. The outbox keeps the seed and the token's hash until the mail is
//! sent, and makes the token anew for the mail, so that who reads the database alone can open nothing with it.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use crate::{
    keys::{Keys, Purpose},
    secret::digest,
};

/// A token, as far as it may be stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailedToken {
    seed: String,
    digest: String,
}

impl MailedToken {
    /// A new one: 128 random bits and a key nobody has who reads the database.
    pub fn random(keys: &Keys) -> Self {
        let seed = hex::encode(rand::random::<[u8; 16]>());
        let token = encode(keys.sign(Purpose::MailedToken, seed.as_bytes()));
        Self { seed, digest: digest(&token) }
    }

    /// What to store, to know the token again by.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The token itself, for the mail. It was made by the key of its time, which need not be the first any more;
    /// `None` once that key is gone.
    pub(super) fn open(&self, keys: &Keys) -> Option<String> {
        keys.signatures(Purpose::MailedToken, self.seed.as_bytes())
            .map(encode)
            .find(|token| digest(token) == self.digest)
    }
}

fn encode(signature: [u8; 32]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(signature)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn keys(secrets: &[&str]) -> Keys {
        let secrets: Vec<_> = secrets.iter().map(|secret| Secret::new(secret).unwrap()).collect();
        Keys::new(&secrets).unwrap()
    }

    #[test]
    fn a_token_opens_with_its_own_key_however_keys_were_rotated() {
        let stored = MailedToken::random(&keys(&["old"]));
        let token = stored.open(&keys(&["old"])).unwrap();
        assert_eq!(digest(&token), stored.digest());
        assert_eq!(stored.open(&keys(&["new", "old"])), Some(token));
        assert_eq!(stored.open(&keys(&["new"])), None);
    }
}
