//! Logs: to standard error, as text, or as JSON with `LOG_FORMAT=json`; levels by `RUST_LOG`.

use tracing_subscriber::{EnvFilter, fmt};

/// What is worth a line. The audio parser warns of every file whose length it has to estimate.
const DEFAULT: &str = "info,lofty=error,actix_server=warn";

/// Starts logging; a second call changes nothing.
pub fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let logs = fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    // Fails only when logging has started already.
    let _ = match std::env::var("LOG_FORMAT").as_deref() {
        Ok("json") => logs.json().try_init(),
        _ => logs.compact().try_init(),
    };
}
