//! A SQLite database moved to PostgreSQL, interrupted on the way.

use std::process::Command;

use api::db::{DatabaseUrl, Db, DbError};
use diesel::{RunQueryDsl, sql_types::BigInt};
use tempfile::TempDir;
use tokio::time::{Duration, Instant, sleep};

use super::{process::Process, webhooks};
use crate::harness::{Database, PATIENCE};

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

async fn count(db: &Db, what: &'static str) -> Result<i64, DbError> {
    db.scan(move |conn| {
        let counted = diesel::sql_query(format!("SELECT count(*) AS count FROM {what}"));
        Ok(counted.get_result::<Count>(conn)?.count)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_moves_to_postgresql_whole_and_goes_on_after_an_interruption() {
    let database = Database::fresh();
    let Some((_, to)) = database.variables().into_iter().find(|(name, _)| name == "DATABASE_URL")
    else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let from = format!("sqlite://{}", folder.path().join("circle.db").display());
    let source = Db::open(&DatabaseUrl::parse(&from).unwrap()).await.unwrap();
    webhooks::make_listeners(&source, 40_000).await;
    source
        .write(|conn| {
            for statement in [
                "INSERT INTO settings (name, value) VALUES ('quote', 'It''s \"ü\" \\ {1}')",
                "UPDATE users SET email_verified = TRUE, plan = 'pro' WHERE id = 'user_7'",
                "INSERT INTO events (id, kind, livemode, created, received_at, state, payload) \
                 VALUES ('evt_1', 'invoice.paid', TRUE, 1, 4000000000000, 'applied', X'00FF10')",
                "INSERT INTO grants (id, user_id, plan, created_at) VALUES ('g', 'user_7', 'pro', 1)",
            ] {
                diesel::sql_query(statement).execute(conn)?;
            }
            Ok::<_, DbError>(())
        })
        .await
        .unwrap();

    let target = Db::open(&DatabaseUrl::parse(&to).unwrap()).await.unwrap();
    // The target's address may hold a password, and so is no argument.
    let arguments = ["db", "copy", "--from", &from];
    let variables = vec![("DATABASE_URL".to_owned(), to.clone())];
    let mut first = Process::start("copy", folder.path(), &arguments, variables);
    let deadline = Instant::now() + PATIENCE;
    while count(&target, "users").await.unwrap() == 0 {
        assert!(Instant::now() < deadline, "{}", first.output());
        sleep(Duration::from_millis(2)).await;
    }
    first.kill();
    let moved = count(&target, "users").await.unwrap();
    assert!(moved < 40_000, "it was done before it could be interrupted");

    let run = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_circle"));
        let output = command
            .args(arguments)
            .env("DATABASE_URL", &to)
            .current_dir(folder.path())
            .output()
            .unwrap();
        let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.success(), printed)
    };
    let (succeeded, printed) = tokio::task::block_in_place(run);
    assert!(succeeded && printed.contains("40003 rows in"), "{printed}");
    for (what, expected) in [
        ("users", 40_000),
        ("users WHERE email_verified AND plan = 'pro'", 1),
        ("events WHERE livemode AND payload = '\\x00ff10' AND received_at = 4000000000000", 1),
        ("settings WHERE value = 'It''s \"ü\" \\ {1}'", 1),
        ("grants WHERE user_id = 'user_7' AND until IS NULL", 1),
    ] {
        assert_eq!(count(&target, what).await.unwrap(), expected, "{what}");
    }
    assert!(count(&target, "circle_copy").await.is_err(), "nothing of the move is left");
    let (succeeded, printed) = tokio::task::block_in_place(run);
    assert!(!succeeded && printed.contains("holds data of its own"), "{printed}");
}
