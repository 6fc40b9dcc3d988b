//! Knobs of the API's protocol: the account's default version, how many requests a second it takes, and what
//! restricted keys may do.

use std::{collections::BTreeMap, sync::Mutex};

use serde::{Deserialize, Serialize};

use super::{clock::wall, error::ApiError, versions::Version};

/// How the API is to behave; what is not set behaves as an account made today.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProtocolSettings {
    /// The version of requests that name none, and of webhook endpoints without one; the newest when not set.
    #[serde(default)]
    pub api_version: Option<String>,
    /// Requests answered in a second; the others get 429 `rate_limit`. No limit when not set.
    #[serde(default)]
    pub rate_limit: Option<u32>,
    /// The permissions (`rak_customer_read`) of restricted keys (`rk_test_…`); those not named may do everything.
    #[serde(default)]
    pub restricted_keys: BTreeMap<String, Vec<String>>,
}

/// The settings at work.
#[derive(Debug, Default)]
pub(crate) struct Protocol(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    settings: ProtocolSettings,
    version: Version,
    /// The second of the wall that is counted, and the requests in it.
    second: i64,
    requests: u32,
}

impl Protocol {
    pub(crate) fn new(settings: ProtocolSettings) -> Result<Protocol, ApiError> {
        let protocol = Protocol::default();
        protocol.set(settings)?;
        Ok(protocol)
    }

    /// Replaces the settings.
    pub(crate) fn set(&self, settings: ProtocolSettings) -> Result<(), ApiError> {
        let version = settings.api_version.as_deref().map(Version::parse).transpose()?;
        for (key, granted) in &settings.restricted_keys {
            let is_permission = |word: &String| {
                word.starts_with("rak_") && (word.ends_with("_read") || word.ends_with("_write"))
            };
            if !key.starts_with("rk_test_") || !granted.iter().all(is_permission) {
                return Err(ApiError::invalid_param(
                    "restricted_keys",
                    "Invalid restricted_keys: expected permissions such as rak_customer_read under keys such as \
                     rk_test_reader",
                ));
            }
        }
        if let Ok(mut state) = self.0.lock() {
            *state = State { settings, version: version.unwrap_or_default(), ..State::default() };
        }
        Ok(())
    }

    pub(crate) fn settings(&self) -> ProtocolSettings {
        self.0.lock().map(|state| state.settings.clone()).unwrap_or_default()
    }

    /// The account's default version.
    pub(crate) fn version(&self) -> Version {
        self.0.lock().map(|state| state.version).unwrap_or_default()
    }

    /// What this key may do; `None` for everything.
    pub(crate) fn permissions(&self, key: &str) -> Option<Vec<String>> {
        self.0.lock().ok()?.settings.restricted_keys.get(key).cloned()
    }

    /// Counts a request; refuses it when its second is full.
    pub(crate) fn admit(&self) -> Result<(), ApiError> {
        let Ok(mut state) = self.0.lock() else { return Ok(()) };
        let Some(limit) = state.settings.rate_limit else { return Ok(()) };
        let now = wall();
        if state.second != now {
            (state.second, state.requests) = (now, 0);
        }
        state.requests = state.requests.saturating_add(1);
        if state.requests > limit { Err(ApiError::of_status(429)) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_admitted_beyond_the_limit() {
        let none = ProtocolSettings { rate_limit: Some(0), ..ProtocolSettings::default() };
        let protocol = Protocol::new(none).unwrap();
        assert_eq!(protocol.admit().unwrap_err().code.as_deref(), Some("rate_limit"));
        protocol.set(ProtocolSettings::default()).unwrap();
        assert_eq!(protocol.admit(), Ok(()));
    }

    #[test]
    fn the_default_version_must_exist() {
        let version = |name: &str| {
            let api_version = Some(name.to_owned());
            Protocol::new(ProtocolSettings { api_version, ..ProtocolSettings::default() })
                .map(|protocol| protocol.version().name())
        };
        assert_eq!(version("2023-10-16").unwrap(), "2023-10-16");
        assert!(version("2023-10-17").is_err());
    }
}
