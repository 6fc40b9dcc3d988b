//! Access tokens: JWT (RFC 7519), HS256, fifteen minutes.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::keys::{Keys, Purpose};

/// Seconds that a token lasts.
pub(super) const LIFETIME: i64 = 15 * 60;

/// Who a token was made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bearer {
    /// The user's id.
    pub(super) user_id: String,
    /// The session's id.
    pub(super) session_id: String,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    sid: String,
    iat: i64,
    exp: i64,
}

/// Makes and checks tokens.
pub(super) struct Tokens {
    making: EncodingKey,
    checking: Vec<DecodingKey>,
    rules: Validation,
}

impl Tokens {
    pub(super) fn new(keys: &Keys) -> Self {
        let mut rules = Validation::new(Algorithm::HS256);
        rules.algorithms = vec![Algorithm::HS256];
        rules.leeway = 0;
        rules.set_required_spec_claims(&["exp", "sub"]);
        Self {
            making: EncodingKey::from_secret(keys.current(Purpose::AccessToken)),
            checking: keys
                .all(Purpose::AccessToken)
                .map(|key| DecodingKey::from_secret(key))
                .collect(),
            rules,
        }
    }

    /// A token that is good until [`LIFETIME`] after `now`, Unix seconds.
    pub(super) fn make(
        &self,
        bearer: &Bearer,
        now: i64,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let claims = Claims {
            sub: bearer.user_id.clone(),
            sid: bearer.session_id.clone(),
            iat: now,
            exp: now + LIFETIME,
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.making)
    }

    /// Whom the token was made for; `None` when it is malformed, forged or expired.
    pub(super) fn check(&self, token: &str) -> Option<Bearer> {
        let decode = |key| jsonwebtoken::decode::<Claims>(token, key, &self.rules).ok();
        let claims = self.checking.iter().find_map(decode)?.claims;
        Some(Bearer { user_id: claims.sub, session_id: claims.sid })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock, secret::Secret};

    fn tokens(secrets: &[&str]) -> Tokens {
        let secrets: Vec<_> = secrets.iter().map(|secret| Secret::new(secret).unwrap()).collect();
        Tokens::new(&Keys::new(&secrets).unwrap())
    }

    fn ada() -> Bearer {
        Bearer { user_id: "usr_ada".to_owned(), session_id: "ses_1".to_owned() }
    }

    #[test]
    fn a_token_names_its_bearer_until_it_expires() {
        let tokens = tokens(&["one"]);
        assert_eq!(tokens.check(&tokens.make(&ada(), clock::wall()).unwrap()), Some(ada()));
        assert_eq!(tokens.check(&tokens.make(&ada(), clock::wall() - LIFETIME - 1).unwrap()), None);
    }

    #[test]
    fn a_changed_or_foreign_token_names_nobody() {
        let tokens = tokens(&["one"]);
        let token = tokens.make(&ada(), clock::wall()).unwrap();
        assert_eq!(
            tokens.check(&self::tokens(&["two"]).make(&ada(), clock::wall()).unwrap()),
            None
        );
        let (unsigned, _) = token.rsplit_once('.').unwrap();
        let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
        let claims = unsigned.split('.').nth(1).unwrap();
        for forged in
            ["", "x", "a.b.c", unsigned, &format!("{unsigned}."), &format!("{none}.{claims}.")]
        {
            assert_eq!(tokens.check(forged), None, "{forged}");
        }
    }

    #[test]
    fn other_algorithms_are_refused() {
        let secret = Secret::new("one").unwrap();
        let keys = Keys::new(&[secret]).unwrap();
        let claims = Claims {
            sub: "usr_ada".to_owned(),
            sid: "ses_1".to_owned(),
            iat: clock::wall(),
            exp: clock::wall() + 60,
        };
        let key = EncodingKey::from_secret(keys.current(Purpose::AccessToken));
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS512), &claims, &key).unwrap();
        assert_eq!(Tokens::new(&keys).check(&token), None);
    }

    #[test]
    fn tokens_of_an_older_secret_still_work() {
        let token = tokens(&["old"]).make(&ada(), clock::wall()).unwrap();
        assert_eq!(tokens(&["new", "old"]).check(&token), Some(ada()));
        assert_eq!(tokens(&["new"]).check(&token), None);
    }
}
