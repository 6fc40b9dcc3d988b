//! Whether what is committed survives a power cut: read back from the database, not assumed.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Text},
};

use super::{Conn, DbError};

/// A setting as the database reports it.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Setting {
    /// The database's own name for it.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Its value now.
    #[diesel(sql_type = Text)]
    pub value: String,
}

/// What a setting must be, and what happens otherwise.
const WANTED: [(&str, &[&str], &str); 5] = [
    ("synchronous", &["2", "3"], "a power cut may lose events that Stripe was told are taken"),
    ("journal_mode", &["wal"], "readers and the writer wait for each other"),
    ("fsync", &["on"], "a power cut may destroy the database"),
    (
        "synchronous_commit",
        &["on", "local", "remote_write", "remote_apply"],
        "a power cut may lose events that Stripe was told are taken",
    ),
    ("full_page_writes", &["on"], "a power cut may destroy the database"),
];

#[derive(QueryableByName)]
struct Synchronous {
    #[diesel(sql_type = BigInt)]
    synchronous: i64,
}

#[derive(QueryableByName)]
struct JournalMode {
    #[diesel(sql_type = Text)]
    journal_mode: String,
}

/// Reads the settings of the connection that writes.
pub(super) fn read(conn: &mut Conn) -> Result<Vec<Setting>, DbError> {
    let setting = |name: &str, value: String| Setting { name: name.to_owned(), value };
    match conn {
        Conn::Sqlite(conn) => {
            let Synchronous { synchronous } =
                diesel::sql_query("PRAGMA synchronous").get_result(conn)?;
            let JournalMode { journal_mode } =
                diesel::sql_query("PRAGMA journal_mode").get_result(conn)?;
            Ok(vec![
                setting("synchronous", synchronous.to_string()),
                setting("journal_mode", journal_mode),
            ])
        }
        Conn::Postgres(conn) => Ok(diesel::sql_query(
            "SELECT name, setting AS value FROM pg_settings \
             WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes') ORDER BY name",
        )
        .load(conn)?),
    }
}

/// What is not as durable as it has to be, a sentence each.
pub fn weaknesses(settings: &[Setting]) -> Vec<String> {
    let weakness = |setting: &Setting| {
        let (name, wanted, consequence) = WANTED.iter().find(|(name, ..)| *name == setting.name)?;
        (!wanted.contains(&setting.value.as_str()))
            .then(|| format!("{name} is {}: {consequence}", setting.value))
    };
    settings.iter().filter_map(weakness).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_settings_that_lose_data_are_named() {
        for (name, value, weak) in [
            ("synchronous", "2", false),
            ("synchronous", "1", true),
            ("synchronous", "0", true),
            ("journal_mode", "wal", false),
            ("journal_mode", "delete", true),
            ("fsync", "on", false),
            ("fsync", "off", true),
            ("synchronous_commit", "on", false),
            ("synchronous_commit", "remote_apply", false),
            ("synchronous_commit", "off", true),
            ("full_page_writes", "off", true),
        ] {
            let setting = Setting { name: name.to_owned(), value: value.to_owned() };
            assert_eq!(!weaknesses(&[setting]).is_empty(), weak, "{name} = {value}");
        }
    }
}
