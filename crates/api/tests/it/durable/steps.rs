//! A delivery that falls at any step between its verification and its commit: at each table that the commit writes,
//! once with a failure and once with kill -9. Nothing of it stays, and the next delivery has the whole effect.

use std::time::Duration;

use diesel::{
    Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection,
    connection::SimpleConnection,
    sql_types::{BigInt, Text},
};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::{process::Server, process::Variables, webhooks};
use crate::harness::{Database, PATIENCE};

/// What a trap does once a table is written.
#[derive(Clone, Copy, Debug)]
enum Trap {
    /// The statement fails.
    Fail,
    /// The statement does not come to an end.
    Hang,
}

/// The database behind the server's back. `None` for a connection is SQLite.
struct Saboteur {
    url: String,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Whoever is in the trap waits for this lock, which [`Held`] has.
const LOCK: &str = "4711";

enum Held {
    Sqlite,
    Postgres(PgConnection),
}

impl Saboteur {
    fn of(variables: &Variables) -> Self {
        let url = variables.iter().find(|(name, _)| name == "DATABASE_URL").unwrap().1.clone();
        Self { url }
    }

    fn file(&self) -> Option<&str> {
        self.url.strip_prefix("sqlite://")
    }

    fn run(&self, statements: &str) {
        match self.file() {
            Some(file) => {
                let mut conn = SqliteConnection::establish(file).unwrap();
                conn.batch_execute("PRAGMA busy_timeout = 10000").unwrap();
                conn.batch_execute(statements).unwrap();
            }
            None => PgConnection::establish(&self.url).unwrap().batch_execute(statements).unwrap(),
        }
    }

    /// Every table of the product.
    fn tables(&self) -> Vec<String> {
        let names: Vec<Name> = match self.file() {
            Some(file) => diesel::sql_query(
                "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' \
                 AND name NOT LIKE 'sqlite%' ORDER BY name",
            )
            .load(&mut SqliteConnection::establish(file).unwrap())
            .unwrap(),
            None => diesel::sql_query(
                "SELECT CAST(tablename AS text) AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
            )
            .load(&mut PgConnection::establish(&self.url).unwrap())
            .unwrap(),
        };
        let tables = names.into_iter().map(|row| row.name);
        tables.filter(|name| !name.starts_with("__diesel")).collect()
    }

    fn lay(&self, table: &str, trap: Trap) -> Held {
        if self.file().is_some() {
            let what = match trap {
                Trap::Fail => "SELECT RAISE(ABORT, 'a trap')",
                Trap::Hang => "SELECT count(*) FROM forever",
            };
            let triggers: String = ["INSERT", "UPDATE", "DELETE"]
                .map(|act| {
                    format!("CREATE TRIGGER trap_{act} AFTER {act} ON {table} BEGIN {what}; END;")
                })
                .concat();
            self.run(&format!(
                "CREATE VIEW forever AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
                 SELECT i FROM n; {triggers}"
            ));
            return Held::Sqlite;
        }
        let what = match trap {
            Trap::Fail => "RAISE EXCEPTION 'a trap'".to_owned(),
            Trap::Hang => format!("PERFORM pg_advisory_xact_lock({LOCK})"),
        };
        self.run(&format!(
            "CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {what}; RETURN NULL; END $$; \
             CREATE TRIGGER trap AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION trap();"
        ));
        let mut conn = PgConnection::establish(&self.url).unwrap();
        conn.batch_execute(&format!("SELECT pg_advisory_lock({LOCK})")).unwrap();
        Held::Postgres(conn)
    }

    /// Whether somebody is in the trap, and has been for a while.
    fn has_caught(&self) -> bool {
        match self.file() {
            Some(file) => {
                let mut conn = SqliteConnection::establish(file).unwrap();
                conn.batch_execute("PRAGMA busy_timeout = 300").unwrap();
                conn.batch_execute("BEGIN IMMEDIATE; ROLLBACK").is_err()
            }
            None => {
                let waiting = diesel::sql_query(
                    "SELECT count(*) AS count FROM pg_locks WHERE locktype = 'advisory' AND NOT granted",
                );
                let mut conn = PgConnection::establish(&self.url).unwrap();
                waiting.get_result::<Count>(&mut conn).unwrap().count > 0
            }
        }
    }

    /// Takes the trap away, and whoever is still in it although its process is gone.
    fn lift(&self, table: &str, held: Held) {
        match held {
            Held::Sqlite => self.run(
                "DROP TRIGGER trap_INSERT; DROP TRIGGER trap_UPDATE; DROP TRIGGER trap_DELETE; DROP VIEW forever",
            ),
            Held::Postgres(conn) => {
                self.run(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted",
                );
                drop(conn);
                self.run(&format!("DROP TRIGGER trap ON {table}; DROP FUNCTION trap()"));
            }
        }
    }
}

/// Delivers an event into a trap; its status, or `None` when it is caught.
async fn deliver_into_trap(server: &Server, saboteur: &Saboteur, number: usize) -> Option<u16> {
    let caught = async {
        let deadline = Instant::now() + PATIENCE;
        while !saboteur.has_caught() {
            assert!(Instant::now() < deadline, "neither an answer nor caught");
            sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        status = webhooks::deliver(server, number) => Some(status),
        () = caught => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_falls_at_any_step_leaves_nothing_and_comes_again() {
    let (folder, database) = (TempDir::new().unwrap(), Database::fresh());
    let variables = webhooks::variables_with(&database, folder.path());
    let db = webhooks::open(&variables).await;
    let saboteur = Saboteur::of(&variables);
    let tables = saboteur.tables();
    webhooks::make_listeners(&db, 2 * tables.len()).await;
    let mut server = Server::start("server", folder.path(), variables);
    server.ready().await;

    let (mut number, mut written) = (0, Vec::new());
    for table in &tables {
        for trap in [Trap::Fail, Trap::Hang] {
            number += 1;
            let held = saboteur.lay(table, trap);
            let status = deliver_into_trap(&server, &saboteur, number).await;
            println!("{table} {trap:?}: {status:?}");
            match (trap, status) {
                // The commit does not write this table.
                (_, Some(200)) => saboteur.lift(table, held),
                (Trap::Fail, Some(500 | 503)) => {
                    assert!(!webhooks::has_effect(&db, number).await, "{table}");
                    saboteur.lift(table, held);
                    written.push(table.as_str());
                }
                (Trap::Hang, None) => {
                    server.process.kill();
                    saboteur.lift(table, held);
                    assert!(!webhooks::has_effect(&db, number).await, "{table}");
                    assert!(!webhooks::stored(&db).await.contains_key(&format!("evt_{number}")));
                    server.process.restart();
                    server.ready().await;
                    written.push(table.as_str());
                }
                other => panic!("{table}: {other:?}"),
            }
            assert_eq!(webhooks::deliver(&server, number).await, 200, "{table} {trap:?}");
            let stored = webhooks::stored(&db).await;
            let whole = ("applied".to_owned(), 1, true);
            assert_eq!(stored.get(&format!("evt_{number}")), Some(&whole), "{table} {trap:?}");
        }
    }
    for table in ["events", "subscriptions", "users", "access_changes", "refreshes"] {
        let times = written.iter().filter(|written| **written == table).count();
        assert_eq!(times, 2, "{table} is not a step of the commit: {written:?}");
    }
}
