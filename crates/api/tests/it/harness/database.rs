//! A database of its own for each test: SQLite in the data folder, or one made on the PostgreSQL server that
//! `TEST_DATABASE_URL` names, dropped afterwards.

use diesel::{Connection, PgConnection, RunQueryDsl};

pub struct Database {
    /// The server's address and the database's name; `None` is SQLite.
    postgres: Option<(String, String)>,
}

impl Database {
    pub fn fresh() -> Self {
        let postgres = std::env::var("TEST_DATABASE_URL").ok().map(|server| {
            let name = format!("circle_{}", uuid::Uuid::new_v4().simple());
            execute(&server, &format!("CREATE DATABASE {name}"));
            (server, name)
        });
        Self { postgres }
    }

    /// What the product must be told to use it.
    pub fn variables(&self) -> Vec<(String, String)> {
        let Some((server, name)) = &self.postgres else { return Vec::new() };
        let mut url = url::Url::parse(server).unwrap();
        url.set_path(name);
        vec![
            ("DATABASE_URL".to_owned(), url.to_string()),
            ("SECRET_KEYS".to_owned(), "0123456789abcdef0123456789abcdef".to_owned()),
        ]
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.postgres {
            execute(server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

/// Runs one statement on a server of PostgreSQL's.
pub fn execute(server: &str, statement: &str) {
    let mut conn = PgConnection::establish(server).unwrap();
    diesel::sql_query(statement).execute(&mut conn).unwrap();
}
