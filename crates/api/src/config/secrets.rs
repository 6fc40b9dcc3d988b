//! Secrets come by environment, or by a file that `NAME_FILE` names; never by flag, where `ps` shows them.

use std::{collections::HashMap, fs};

use super::ConfigError;
use crate::secret::Secret;

/// Where secrets are looked up.
#[derive(Clone, Default)]
pub struct SecretSource {
    variables: HashMap<String, String>,
}

impl SecretSource {
    /// The names that are secrets.
    pub const NAMES: [&'static str; 10] = [
        "DATABASE_URL",
        "DATABASE_READ_URL",
        "DATABASE_LISTEN_URL",
        "STRIPE_SECRET_KEY",
        "STRIPE_WEBHOOK_SECRET",
        "SECRET_KEYS",
        "SMTP_URL",
        "S3_ACCESS_KEY_ID",
        "S3_SECRET_ACCESS_KEY",
        "OPERATOR_TOKEN",
    ];

    /// The process's environment.
    pub fn environment() -> Self {
        Self::from_variables(std::env::vars())
    }

    /// Variables given by the caller.
    pub fn from_variables(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { variables: variables.into_iter().collect() }
    }

    /// One secret; `None` when neither the variable nor its file is set.
    pub(super) fn get(&self, name: &'static str) -> Result<Option<Secret>, ConfigError> {
        let file = self.variables.get(&format!("{name}_FILE"));
        let text = match (self.variables.get(name), file) {
            (Some(_), Some(_)) => {
                return Err(ConfigError::new(name, format!("both {name} and {name}_FILE are set")));
            }
            (Some(text), None) => text.clone(),
            (None, Some(path)) => fs::read_to_string(path.trim()).map_err(|error| {
                ConfigError::new(name, format!("cannot read {path:?} of {name}_FILE: {error}"))
            })?,
            (None, None) => return Ok(None),
        };
        Secret::new(&text).map(Some).ok_or_else(|| ConfigError::new(name, "is set but blank"))
    }

    /// Several secrets, comma-separated.
    pub(super) fn list(&self, name: &'static str) -> Result<Vec<Secret>, ConfigError> {
        let Some(all) = self.get(name)? else { return Ok(Vec::new()) };
        all.expose()
            .split(',')
            .map(|text| {
                Secret::new(text)
                    .ok_or_else(|| ConfigError::new(name, "has an empty item between commas"))
            })
            .collect()
    }
}
