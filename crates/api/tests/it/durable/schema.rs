//! The schema against the program: behind it nothing is ready, ahead of it nothing starts, and who only looks leaves it
//! alone.

use std::process::Command;

use api::db::{Db, DbError};
use diesel::RunQueryDsl;

use super::webhooks;
use crate::harness::{Database, TestApp};

const TAKE_BACK: &str = "DELETE FROM __diesel_schema_migrations \
     WHERE version = (SELECT MAX(version) FROM __diesel_schema_migrations)";

const COME_AHEAD: &str =
    "INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')";

async fn execute(db: &Db, statement: &'static str) {
    let run = move |conn: &mut _| Ok::<_, DbError>(diesel::sql_query(statement).execute(conn)?);
    db.write(run).await.unwrap();
}

#[tokio::test]
async fn a_database_without_the_newest_migration_is_not_ready_and_a_newer_one_does_not_start() {
    let app = TestApp::start().await;
    let db = app.db().await;
    app.get("/readyz").await.expect(200);
    execute(&db, TAKE_BACK).await;
    app.get("/readyz").await.expect_error(503, "overloaded");
    // A newer program runs beside it: this one goes on.
    execute(&db, COME_AHEAD).await;
    app.get("/readyz").await.expect(200);
    let problem = app.fails_to_restart_after(|_| {}).await;
    assert!(problem.contains("by a newer version of this program"), "{problem}");
    assert!(problem.contains("99990101000000"), "{problem}");
}

#[tokio::test]
async fn who_only_looks_at_a_database_leaves_it_as_it_is() {
    let (folder, database) = (tempfile::TempDir::new().unwrap(), Database::fresh());
    let looks = [
        &["status"][..],
        &["doctor"],
        &["explain", "ada@example.com"],
        &["events", "list"],
        &["events", "show", "evt_1"],
    ];
    let refused = |why: &str| {
        for arguments in looks {
            let output = Command::new(env!("CARGO_BIN_EXE_circle"))
                .args(arguments)
                .envs(database.variables())
                .current_dir(folder.path())
                .output()
                .unwrap();
            let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            assert!(!output.status.success() && printed.contains(why), "{arguments:?}: {printed}");
        }
    };
    let postgres = database.variables().into_iter().any(|(name, _)| name == "DATABASE_URL");
    refused(if postgres {
        "`circle migrate` brings it up to date"
    } else {
        "there is no such file"
    });
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");

    let mut variables = database.variables();
    let file = folder.path().join("data/circle.db");
    std::fs::create_dir(folder.path().join("data")).unwrap();
    variables.push(("DATABASE_URL".to_owned(), format!("sqlite://{}", file.display())));
    let db = webhooks::open(&variables).await;
    execute(&db, TAKE_BACK).await;
    refused("`circle migrate` brings it up to date");
    execute(&db, COME_AHEAD).await;
    refused("by a newer version of this program");
}
