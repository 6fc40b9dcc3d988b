//! Logs: to standard error, as text, or as JSON with `LOG_FORMAT=json`; levels by `RUST_LOG`.

use std::ffi::OsString;

use tracing_subscriber::{EnvFilter, fmt};

/// What is worth a line. The audio parser warns of every file whose length it has to estimate.
const DEFAULT: &str = "info,lofty=error,actix_server=warn";

/// A setting of the logs that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {problem}")]
pub struct LogError {
    /// The environment variable.
    pub variable: &'static str,
    /// What is wrong with it, for people.
    pub problem: String,
}

/// Starts logging; a second call changes nothing.
///
/// # Errors
/// [`LogError`] for a setting that is blank or does not parse.
pub fn start() -> Result<(), LogError> {
    let filter = filter(text("RUST_LOG", std::env::var_os("RUST_LOG"))?)?;
    let json = is_json(text("LOG_FORMAT", std::env::var_os("LOG_FORMAT"))?)?;
    let logs = fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    // Fails only when logging has started already.
    let _ = match json {
        true => logs.json().try_init(),
        false => logs.compact().try_init(),
    };
    Ok(())
}

/// A variable's value, trimmed.
fn text(variable: &'static str, value: Option<OsString>) -> Result<Option<String>, LogError> {
    let Some(value) = value else { return Ok(None) };
    let problem = match value.to_str().map(str::trim) {
        Some("") => "is set but blank",
        Some(text) => return Ok(Some(text.to_owned())),
        None => "is not UTF-8",
    };
    Err(LogError { variable, problem: problem.to_owned() })
}

fn filter(levels: Option<String>) -> Result<EnvFilter, LogError> {
    let levels = levels.as_deref().unwrap_or(DEFAULT);
    EnvFilter::builder().parse(levels).map_err(|error| LogError {
        variable: "RUST_LOG",
        problem: format!("expected levels such as info or warn,api=debug, not {levels:?}: {error}"),
    })
}

fn is_json(format: Option<String>) -> Result<bool, LogError> {
    match format.as_deref() {
        None | Some("text") => Ok(false),
        Some("json") => Ok(true),
        Some(other) => Err(LogError {
            variable: "LOG_FORMAT",
            problem: format!("expected text or json, not {other:?}"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_the_logs_are_used_as_they_say_or_refused() {
        let levels = |text: &str| filter(Some(text.to_owned())).err().map(|error| error.variable);
        for (text, refused) in [
            ("info", None),
            ("warn,api=debug", None),
            ("off", None),
            ("api=loud", Some("RUST_LOG")),
        ] {
            assert_eq!(levels(text), refused, "{text}");
        }
        assert_eq!(filter(None).unwrap().to_string().matches("lofty").count(), 1);
        let json = |text: &str| is_json(Some(text.to_owned())).ok();
        assert_eq!([json("json"), json("text"), json("JSON")], [Some(true), Some(false), None]);
        for blank in ["", " "] {
            assert!(text("LOG_FORMAT", Some(blank.into())).is_err());
        }
    }
}
