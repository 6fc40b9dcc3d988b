//! Webhook signatures: `sign` beside `verify`.
//!
//! The header is `t=<unix seconds>,v1=<hex>[,v1=<hex>…]`; each `v1` is the HMAC-SHA256 of `<t>.<body>` under one of
//! the endpoint's secrets, of which a roll makes several for a while. Other schemes (`v0`) are never looked at.
//! Source: <https://docs.stripe.com/webhooks#verify-manually>.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use super::secret::SigningSecret;

/// Name of the header that carries the signature.
pub const HEADER: &str = "Stripe-Signature";

/// How far the timestamp may be from now, in seconds and both ways, so that a recorded delivery is soon worthless.
pub const TOLERANCE: i64 = 300;

/// Why a delivery is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The header has no timestamp, more than one, or one that is no number.
    #[error("the signature header has no usable timestamp")]
    Timestamp,
    /// The header has no `v1` signature.
    #[error("the signature header has no v1 signature")]
    NoSignature,
    /// No signature fits the body under any secret.
    #[error("no signature fits the payload")]
    Mismatch,
    /// It was signed too long ago.
    #[error("the signature is too old")]
    TooOld,
    /// It claims to be signed in the future.
    #[error("the signature is from the future")]
    InFuture,
}

/// Whether `payload` was signed with one of `secrets`, about `now` (Unix seconds).
///
/// The comparison takes the same time wherever the first difference is.
///
/// # Errors
/// [`SignatureError`]; the payload must then not be stored or acted on.
pub fn verify(
    payload: &[u8],
    header: &str,
    secrets: &[SigningSecret],
    now: i64,
) -> Result<(), SignatureError> {
    let Parsed { timestamp, seconds, signatures } = parse(header)?;
    let mut fits = Choice::from(0);
    for secret in secrets {
        let expected = signature(payload, secret, timestamp);
        for given in &signatures {
            fits |= given.as_bytes().ct_eq(expected.as_bytes());
        }
    }
    if !bool::from(fits) {
        return Err(SignatureError::Mismatch);
    }
    match now.saturating_sub(seconds) {
        age if age > TOLERANCE => Err(SignatureError::TooOld),
        age if age < -TOLERANCE => Err(SignatureError::InFuture),
        _ => Ok(()),
    }
}

/// The header for `payload`, signed with `secret` at `timestamp` (Unix seconds).
pub fn sign(payload: &[u8], secret: &SigningSecret, timestamp: i64) -> String {
    format!("t={timestamp},v1={}", signature(payload, secret, &timestamp.to_string()))
}

struct Parsed<'a> {
    /// As it was signed: its digits, not its value.
    timestamp: &'a str,
    seconds: i64,
    signatures: Vec<&'a str>,
}

fn parse(header: &str) -> Result<Parsed<'_>, SignatureError> {
    let mut timestamps = Vec::new();
    let mut signatures = Vec::new();
    for element in header.split(',') {
        match element.split_once('=') {
            Some(("t", value)) => timestamps.push(value),
            Some(("v1", value)) => signatures.push(value),
            _ => {}
        }
    }
    let [timestamp] = timestamps[..] else { return Err(SignatureError::Timestamp) };
    if !timestamp.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(SignatureError::Timestamp);
    }
    let seconds = timestamp.parse().map_err(|_| SignatureError::Timestamp)?;
    if signatures.is_empty() {
        return Err(SignatureError::NoSignature);
    }
    Ok(Parsed { timestamp, seconds, signatures })
}

fn signature(payload: &[u8], secret: &SigningSecret, timestamp: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(payload);
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000;
    const BODY: &[u8] = br#"{"id":"evt_1","object":"event","type":"ping"}"#;
    const KNOWN: &str = "6be5a5272ac29cc8843de27b9962b1a10af9028a4d15ce8768ae394567d7afa0";

    fn secret(text: &str) -> SigningSecret {
        SigningSecret::parse(text).unwrap()
    }

    fn check(header: &str) -> Result<(), SignatureError> {
        verify(BODY, header, &[secret("whsec_test_secret")], NOW)
    }

    #[test]
    fn the_known_answer_comes_out() {
        assert_eq!(sign(BODY, &secret("whsec_test_secret"), NOW), format!("t={NOW},v1={KNOWN}"));
    }

    #[test]
    fn headers_are_judged() {
        let wrong = "0".repeat(64);
        let truncated = &KNOWN[..63];
        let upper = KNOWN.to_uppercase();
        for (header, verdict) in [
            (format!("t={NOW},v1={KNOWN}"), Ok(())),
            (format!("v1={KNOWN},t={NOW}"), Ok(())),
            (format!("t={NOW},v1={KNOWN},v1={wrong}"), Ok(())),
            (format!("t={NOW},v1={wrong},v1={KNOWN}"), Ok(())),
            (format!("t={NOW},v1={KNOWN},v0={wrong}"), Ok(())),
            (format!("t={NOW},v0={KNOWN}"), Err(SignatureError::NoSignature)),
            (format!("t={NOW}"), Err(SignatureError::NoSignature)),
            (format!("t={NOW},v1={upper}"), Err(SignatureError::Mismatch)),
            (format!("t={NOW},v1={truncated}"), Err(SignatureError::Mismatch)),
            (format!("t={NOW},v1={KNOWN}0"), Err(SignatureError::Mismatch)),
            (format!("t={NOW},v1="), Err(SignatureError::Mismatch)),
            (format!("t={NOW}, v1={KNOWN}"), Err(SignatureError::NoSignature)),
            (format!("t={NOW},t={NOW},v1={KNOWN}"), Err(SignatureError::Timestamp)),
            (format!("v1={KNOWN}"), Err(SignatureError::Timestamp)),
            (format!("t=,v1={KNOWN}"), Err(SignatureError::Timestamp)),
            (format!("t=NaN,v1={KNOWN}"), Err(SignatureError::Timestamp)),
            (format!("t=+{NOW},v1={KNOWN}"), Err(SignatureError::Timestamp)),
            (format!("t=9{NOW}000000000,v1={KNOWN}"), Err(SignatureError::Timestamp)),
            (format!("t=0{NOW},v1={KNOWN}"), Err(SignatureError::Mismatch)),
            (String::new(), Err(SignatureError::Timestamp)),
            ("garbage".to_owned(), Err(SignatureError::Timestamp)),
            (",,=,".to_owned(), Err(SignatureError::Timestamp)),
        ] {
            assert_eq!(check(&header), verdict, "{header}");
        }
    }

    #[test]
    fn any_change_of_the_body_is_noticed() {
        let header = sign(BODY, &secret("whsec_test_secret"), NOW);
        let secrets = [secret("whsec_test_secret")];
        for index in 0..BODY.len() {
            let mut changed = BODY.to_vec();
            changed[index] ^= 1;
            assert_eq!(verify(&changed, &header, &secrets, NOW), Err(SignatureError::Mismatch));
        }
        for changed in [[BODY, b"\n"].concat(), BODY[1..].to_vec(), Vec::new()] {
            assert_eq!(verify(&changed, &header, &secrets, NOW), Err(SignatureError::Mismatch));
        }
    }

    #[test]
    fn time_is_tolerated_300_seconds_both_ways() {
        let header = sign(BODY, &secret("whsec_test_secret"), NOW);
        let secrets = [secret("whsec_test_secret")];
        for (now, verdict) in [
            (NOW + 300, Ok(())),
            (NOW + 301, Err(SignatureError::TooOld)),
            (NOW - 300, Ok(())),
            (NOW - 301, Err(SignatureError::InFuture)),
            (i64::MIN, Err(SignatureError::InFuture)),
        ] {
            assert_eq!(verify(BODY, &header, &secrets, now), verdict, "{now}");
        }
    }

    #[test]
    fn every_signature_is_tried_with_every_secret() {
        let [old, new, other] = ["whsec_old", "whsec_new", "whsec_other"].map(secret);
        let v1 = |secret| signature(BODY, secret, &NOW.to_string());
        let header = format!("t={NOW},v1={},v1={}", v1(&old), v1(&new));
        for secrets in
            [vec![old.clone()], vec![new.clone()], vec![other.clone(), new.clone()], vec![new, old]]
        {
            assert_eq!(verify(BODY, &header, &secrets, NOW), Ok(()));
        }
        assert_eq!(verify(BODY, &header, &[other], NOW), Err(SignatureError::Mismatch));
        assert_eq!(verify(BODY, &header, &[], NOW), Err(SignatureError::Mismatch));
    }
}
