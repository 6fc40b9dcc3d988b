//! `Idempotency-Key`: the first answer to a POST is kept for a day and given again.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Answer, Outcome, Tree};
use crate::sandbox::{
    error::ApiError,
    store::{Replay, Tx},
};

/// Seconds an answer is kept.
const KEPT_FOR: i64 = 86_400;
/// Longest key that Stripe takes.
const MAX_KEY: usize = 255;

/// Keys whose request has not been answered yet.
#[derive(Debug, Default, Clone)]
pub(crate) struct InFlight(Arc<Mutex<HashSet<String>>>);

/// Frees the key when dropped.
pub(super) struct Entered {
    keys: InFlight,
    key: String,
}

impl InFlight {
    /// Takes the key, or refuses when it is in use: 409.
    pub(super) fn enter(&self, key: &str) -> Result<Entered, ApiError> {
        if key.is_empty() || key.len() > MAX_KEY {
            return Err(ApiError::idempotency(
                400,
                format!("Invalid idempotency key: must be between 1 and {MAX_KEY} characters"),
            ));
        }
        let is_new = self.0.lock().is_ok_and(|mut keys| keys.insert(key.to_owned()));
        if !is_new {
            return Err(ApiError::idempotency(
                409,
                format!(
                    "There is currently another in-progress request using this Idempotent Key ({key}). \
                     Please try again later."
                ),
            )
            .code("idempotency_key_in_use"));
        }
        Ok(Entered { keys: self.clone(), key: key.to_owned() })
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        if let Ok(mut keys) = self.keys.0.lock() {
            keys.remove(&self.key);
        }
    }
}

/// What identifies a request that may come again.
pub(super) struct Kept {
    pub(super) key: String,
    pub(super) fingerprint: String,
    pub(super) request: String,
}

impl Kept {
    /// Runs the operation, unless it has been answered: then that answer. What never began, because a parameter
    /// was refused, is not kept.
    pub(super) fn run_once(
        self,
        tx: &mut Tx<'_>,
        run: impl FnOnce(&mut Tx<'_>) -> Outcome,
    ) -> Result<Answer, ApiError> {
        let oldest = tx.now() - KEPT_FOR;
        if let Some(replay) = tx.find_replay(&self.key)?.filter(|replay| replay.created >= oldest) {
            if replay.fingerprint != self.fingerprint {
                return Err(ApiError::idempotency(
                    400,
                    format!(
                        "Keys for idempotent requests can only be used with the same parameters they were first \
                         used with. Try using a key other than '{}' if you meant to execute a different request.",
                        self.key
                    ),
                ));
            }
            let status = u16::try_from(replay.status).unwrap_or(500);
            return Ok(Answer {
                status,
                body: replay.body.into(),
                original_request: replay.request,
                is_replay: true,
            });
        }
        let (status, body) = match run(tx) {
            Ok(body) => (200, body),
            Err(error) if error.keeps_changes => (error.status, error.body()),
            Err(error) => return Err(error),
        };
        let replay = Replay {
            key: self.key,
            fingerprint: self.fingerprint,
            request: self.request.clone(),
            status: status.into(),
            body: body.to_string(),
            created: tx.now(),
        };
        tx.insert_replay(&replay, oldest)?;
        Ok(Answer {
            status,
            body: replay.body.into(),
            original_request: self.request,
            is_replay: false,
        })
    }
}

/// Hash of what must be the same when a key comes again.
pub(super) fn fingerprint(method: &str, path: &str, tree: &Tree) -> String {
    let parameters = Value::Object(tree.clone());
    hex::encode(Sha256::digest(format!("{method} {path} {parameters}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_requests_until_it_is_answered() {
        let keys = InFlight::default();
        let first = keys.enter("a").ok();
        let second = keys.enter("a").err().unwrap();
        assert_eq!((second.status, second.code.as_deref()), (409, Some("idempotency_key_in_use")));
        assert!(keys.enter("b").is_ok());
        drop(first);
        assert!(keys.enter("a").is_ok());
        for unusable in ["", &"x".repeat(256)] {
            assert_eq!(keys.enter(unusable).err().map(|error| error.status), Some(400));
        }
    }
}
