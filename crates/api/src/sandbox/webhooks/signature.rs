//! `Stripe-Signature`.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The header's value: the time (wall, Unix seconds), a signature by each secret, and the decoy that test mode adds.
pub(super) fn header(secrets: &[&str], time: i64, payload: &str) -> String {
    let mut header = format!("t={time}");
    for secret in secrets {
        header.push_str(",v1=");
        header.push_str(&sign(secret, time, payload));
    }
    header + ",v0=" + &sign("decoy", time, payload)
}

/// HMAC-SHA256 over `"{time}.{payload}"`, the secret's text being the key; lower-case hex.
fn sign(secret: &str, time: i64, payload: &str) -> String {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(time.to_string().as_bytes());
    mac.update(b".");
    mac.update(payload.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_answer_is_met() {
        assert_eq!(
            sign(
                "whsec_test_secret",
                1_700_000_000,
                r#"{"id":"evt_1","object":"event","type":"ping"}"#
            ),
            "6be5a5272ac29cc8843de27b9962b1a10af9028a4d15ce8768ae394567d7afa0"
        );
    }
}
