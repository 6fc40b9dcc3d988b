//! Signatures against those of Stripe's own software.
//!
//! `stripe_signatures.json` was made by `generateTestHeaderString` of stripe-node 23.1.0; stripe-python 16.1.0
//! verifies the same headers. What we sign is equal to the letter, so both accept it too.

use api::stripe::{
    SigningSecret,
    signature::{SignatureError, TOLERANCE, sign, verify},
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Signed {
    payload: String,
    secret: String,
    timestamp: i64,
    header: String,
}

fn signed() -> Vec<Signed> {
    serde_json::from_str(include_str!("stripe_signatures.json")).unwrap()
}

#[test]
fn we_sign_as_stripes_software_does() {
    for case in signed() {
        let secret = SigningSecret::parse(&case.secret).unwrap();
        assert_eq!(
            sign(case.payload.as_bytes(), &secret, case.timestamp),
            case.header,
            "{:?}",
            case.payload
        );
    }
}

#[test]
fn we_believe_what_stripes_software_signed_within_the_tolerance() {
    for case in signed() {
        let secrets = [SigningSecret::parse(&case.secret).unwrap()];
        let at = |now| verify(case.payload.as_bytes(), &case.header, &secrets, now);
        assert_eq!(at(case.timestamp + TOLERANCE), Ok(()));
        assert_eq!(at(case.timestamp + TOLERANCE + 1), Err(SignatureError::TooOld));
        assert_eq!(at(case.timestamp - TOLERANCE - 1), Err(SignatureError::InFuture));
        let others = [SigningSecret::parse("whsec_of_another_endpoint").unwrap()];
        let by_others = verify(case.payload.as_bytes(), &case.header, &others, case.timestamp);
        assert_eq!(by_others, Err(SignatureError::Mismatch));
    }
}
