//! Secrets come by environment, or by a file that `NAME_FILE` names; never by flag, where `ps` shows them.

use std::{
    collections::HashMap,
    ffi::{OsStr, OsString},
    fs,
};

use super::ConfigError;
use crate::secret::Secret;

/// Where secrets are looked up.
#[derive(Clone, Default)]
pub struct SecretSource {
    variables: HashMap<OsString, OsString>,
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
        Self { variables: std::env::vars_os().collect() }
    }

    /// Variables given by the caller.
    pub fn from_variables(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self { variables: variables.collect() }
    }

    /// One secret; `None` when neither the variable nor its file is set.
    ///
    /// # Errors
    /// [`ConfigError`] when it is blank, cannot be read, or both are set.
    pub fn get(&self, name: &'static str) -> Result<Option<Secret>, ConfigError> {
        let file = self.variable(name, &format!("{name}_FILE"))?;
        let text = match (self.variable(name, name)?, file) {
            (Some(_), Some(_)) => {
                return Err(ConfigError::new(name, format!("both {name} and {name}_FILE are set")));
            }
            (Some(text), None) => text.to_owned(),
            (None, Some(path)) => fs::read_to_string(path.trim()).map_err(|error| {
                ConfigError::new(name, format!("cannot read {path:?} of {name}_FILE: {error}"))
            })?,
            (None, None) => return Ok(None),
        };
        Secret::new(&text).map(Some).ok_or_else(|| ConfigError::new(name, "is set but blank"))
    }

    fn variable(&self, name: &'static str, variable: &str) -> Result<Option<&str>, ConfigError> {
        let Some(value) = self.variables.get(OsStr::new(variable)) else { return Ok(None) };
        let text = value.to_str();
        text.map(Some).ok_or_else(|| ConfigError::new(name, format!("{variable} is not UTF-8")))
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
