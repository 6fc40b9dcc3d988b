//! The keys that sign and seal, all derived from `SECRET_KEYS`.
//!
//! Each purpose has a key of its own, `HMAC-SHA256(secret, label)`, so that a signature made for one
//! purpose is worthless for another. The first secret makes, every secret checks: a secret is rotated by
//! putting the new one in front and dropping the old one when nothing it signed is still in use.

use std::{fmt, sync::Arc};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::secret::Secret;

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Access tokens (JWT).
    AccessToken,
    /// The token in a private feed's address.
    Feed,
    /// Signed media addresses.
    Media,
    /// E-mail and network addresses kept only as a hash.
    Pseudonym,
    /// The tokens in mailed links.
    MailedToken,
}

impl Purpose {
    const ALL: [Self; 5] =
        [Self::AccessToken, Self::Feed, Self::Media, Self::Pseudonym, Self::MailedToken];

    /// Part of what is signed for good: changing one voids everything made with its key.
    const fn label(self) -> &'static [u8] {
        match self {
            Self::AccessToken => b"inner-circle/1/access-token",
            Self::Feed => b"inner-circle/1/feed",
            Self::Media => b"inner-circle/1/media",
            Self::Pseudonym => b"inner-circle/1/pseudonym",
            Self::MailedToken => b"inner-circle/1/mailed-token",
        }
    }
}

/// A list of secrets without a single one.
#[derive(Debug, thiserror::Error)]
#[error("at least one secret key is needed")]
pub struct NoSecret;

/// The derived keys of every secret, cheap to clone.
#[derive(Clone)]
pub struct Keys {
    /// Invariant: not empty; the first makes.
    by_secret: Arc<[Derived]>,
}

/// One secret's keys, in the order of [`Purpose::ALL`].
struct Derived([[u8; 32]; Purpose::ALL.len()]);

impl Keys {
    /// Derives every key of every secret; the first secret is the one that makes.
    pub fn new(secrets: &[Secret]) -> Result<Self, NoSecret> {
        let derive = |secret: &Secret| {
            Derived(Purpose::ALL.map(|purpose| mac(secret.expose().as_bytes(), purpose.label())))
        };
        let by_secret: Arc<[Derived]> = secrets.iter().map(derive).collect();
        if by_secret.is_empty() { Err(NoSecret) } else { Ok(Self { by_secret }) }
    }

    /// The key that makes.
    pub fn current(&self, purpose: Purpose) -> &[u8; 32] {
        &self.by_secret[0].0[purpose as usize]
    }

    /// Every key that checks, the one that makes first.
    pub fn all(&self, purpose: Purpose) -> impl Iterator<Item = &[u8; 32]> {
        self.by_secret.iter().map(move |derived| &derived.0[purpose as usize])
    }

    /// HMAC-SHA256 of `message` with the key that makes.
    pub fn sign(&self, purpose: Purpose, message: &[u8]) -> [u8; 32] {
        mac(self.current(purpose), message)
    }

    /// HMAC-SHA256 of `message` with every key, that of the one that makes first: to find what an older key made.
    pub fn signatures(&self, purpose: Purpose, message: &[u8]) -> impl Iterator<Item = [u8; 32]> {
        self.all(purpose).map(move |key| mac(key, message))
    }

    /// Whether any of the keys made `signature`, in a time that does not tell how much of it is right.
    pub fn verify(&self, purpose: Purpose, message: &[u8], signature: &[u8]) -> bool {
        self.all(purpose).fold(false, |verified, key| {
            verified | keyed(key, message).verify_slice(signature).is_ok()
        })
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({} secrets)", self.by_secret.len())
    }
}

fn keyed(key: &[u8], message: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes any key");
    mac.update(message);
    mac
}

fn mac(key: &[u8], message: &[u8]) -> [u8; 32] {
    keyed(key, message).finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys<const N: usize>(secrets: [&str; N]) -> Keys {
        Keys::new(&secrets.map(|secret| Secret::new(secret).unwrap())).unwrap()
    }

    #[test]
    fn a_signature_holds_for_its_purpose_and_message_alone() {
        let keys = keys(["secret"]);
        let signature = keys.sign(Purpose::Media, b"episode 1");
        assert!(keys.verify(Purpose::Media, b"episode 1", &signature));
        assert!(!keys.verify(Purpose::Media, b"episode 2", &signature));
        assert!(!keys.verify(Purpose::Feed, b"episode 1", &signature));
        assert!(!keys.verify(Purpose::Media, b"episode 1", &signature[..31]));
        assert!(!keys.verify(Purpose::Media, b"episode 1", b""));
    }

    #[test]
    fn the_first_secret_makes_and_all_check() {
        let old = keys(["old"]);
        let both = keys(["new", "old"]);
        let new = keys(["new"]);
        let before = old.sign(Purpose::Feed, b"m");
        let after = both.sign(Purpose::Feed, b"m");
        assert!(both.verify(Purpose::Feed, b"m", &before));
        assert!(new.verify(Purpose::Feed, b"m", &after));
        assert!(!new.verify(Purpose::Feed, b"m", &before));
    }

    #[test]
    fn no_secret_makes_no_keys() {
        assert!(Keys::new(&[]).is_err());
    }

    #[test]
    fn keys_do_not_print() {
        assert_eq!(format!("{:?}", keys(["secret"])), "Keys(1 secrets)");
    }

    #[test]
    fn purposes_index_their_keys() {
        for (index, purpose) in Purpose::ALL.into_iter().enumerate() {
            assert_eq!(purpose as usize, index);
        }
    }
}
