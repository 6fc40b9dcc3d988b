//! Database addresses: which engine, and how a PostgreSQL connection notices that its server is gone.

use std::path::PathBuf;

/// Where the data is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file; created when absent.
    Sqlite(PathBuf),
    /// A `postgres://` address.
    Postgres(String),
}

/// A `DATABASE_URL` that names no database we know.
#[derive(Debug, thiserror::Error)]
#[error("expected sqlite:///path/to/file or postgres://…")]
pub struct UnknownDatabase;

impl DatabaseUrl {
    /// Reads `sqlite:///path` (or `sqlite:path`) and `postgres://…`.
    ///
    /// # Errors
    /// [`UnknownDatabase`].
    pub fn parse(url: &str) -> Result<Self, UnknownDatabase> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(url.to_owned()));
        }
        let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"));
        match path {
            Some(path) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            _ => Err(UnknownDatabase),
        }
    }
}

/// What a connection needs to give a dead server up within seconds, unless the address says otherwise. By default
/// libpq waits for ever. Source: <https://www.postgresql.org/docs/current/libpq-connect.html>.
const DEFAULTS: [(&str, &str); 6] = [
    ("application_name", "circle"),
    ("connect_timeout", "2"),
    ("keepalives_idle", "10"),
    ("keepalives_interval", "5"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "10000"),
];

/// `address` with [`DEFAULTS`]; `read_write`: of several servers, the one that takes writes.
pub(super) fn with_defaults(address: &str, read_write: bool) -> String {
    let (base, query) = address.split_once('?').unwrap_or((address, ""));
    let given = |name: &str| {
        query.split('&').any(|pair| pair.split('=').next().is_some_and(|key| key == name))
    };
    let several = base.contains(',') || query.contains("host=");
    let writable = (read_write && several).then_some(("target_session_attrs", "read-write"));
    let added = DEFAULTS.into_iter().chain(writable).filter(|(name, _)| !given(name));
    let pairs: Vec<_> = (!query.is_empty())
        .then(|| query.to_owned())
        .into_iter()
        .chain(added.map(|(name, value)| format!("{name}={value}")))
        .collect();
    format!("{base}?{}", pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn database_urls_name_their_engine() {
        assert_eq!(
            DatabaseUrl::parse("sqlite:///var/x.db").unwrap(),
            DatabaseUrl::Sqlite("/var/x.db".into())
        );
        assert_eq!(DatabaseUrl::parse("sqlite:x.db").unwrap(), DatabaseUrl::Sqlite("x.db".into()));
        assert!(matches!(DatabaseUrl::parse("postgres://h/d").unwrap(), DatabaseUrl::Postgres(_)));
        for bad in ["", "sqlite:", "sqlite://", "mysql://h/d", "x.db"] {
            assert!(DatabaseUrl::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn addresses_keep_what_they_say_and_get_the_rest() {
        const TIMEOUTS: &str =
            "keepalives_idle=10&keepalives_interval=5&keepalives_count=3&tcp_user_timeout=10000";
        for (address, read_write, expected) in [
            (
                "postgres://u:p@h/d",
                true,
                format!("postgres://u:p@h/d?application_name=circle&connect_timeout=2&{TIMEOUTS}"),
            ),
            (
                "postgres://u@h/d?sslmode=require&connect_timeout=9",
                true,
                format!(
                    "postgres://u@h/d?sslmode=require&connect_timeout=9&application_name=circle&{TIMEOUTS}"
                ),
            ),
            (
                "postgres://a:1,b:2/d",
                true,
                format!(
                    "postgres://a:1,b:2/d?application_name=circle&connect_timeout=2&{TIMEOUTS}\
                     &target_session_attrs=read-write"
                ),
            ),
            (
                "postgres://a:1,b:2/d?target_session_attrs=any",
                true,
                format!(
                    "postgres://a:1,b:2/d?target_session_attrs=any&application_name=circle&connect_timeout=2&{TIMEOUTS}"
                ),
            ),
            (
                "postgres://a:1,b:2/d",
                false,
                format!(
                    "postgres://a:1,b:2/d?application_name=circle&connect_timeout=2&{TIMEOUTS}"
                ),
            ),
        ] {
            assert_eq!(with_defaults(address, read_write), expected);
        }
    }
}
