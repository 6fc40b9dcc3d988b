//! The database layer alone: panics, exhaustion, statements that take too long, and a replica that goes away.

use std::time::Duration;

use api::db::{Conn, DatabaseUrl, Db, DbError, PostgresSettings};
use diesel::{RunQueryDsl, sql_types::Bool};
use futures_util::future::join_all;
use tempfile::TempDir;

use super::cluster::Cluster;
use crate::harness::Database;

async fn open(database: &Database, folder: &TempDir, settings: &PostgresSettings) -> Db {
    let variables = database.variables();
    let url = variables.iter().find(|(name, _)| name == "DATABASE_URL").map_or_else(
        || format!("sqlite://{}", folder.path().join("circle.db").display()),
        |(_, url)| url.clone(),
    );
    Db::open_with(&DatabaseUrl::parse(&url).unwrap(), settings).await.unwrap()
}

fn keep(conn: &mut Conn, name: &str) -> Result<(), DbError> {
    let insert = format!("INSERT INTO settings (name, value) VALUES ('{name}', 'kept')");
    diesel::sql_query(insert).execute(conn)?;
    Ok(())
}

#[tokio::test]
async fn a_panic_in_a_write_fails_and_the_next_write_is_kept() {
    let (database, folder) = (Database::fresh(), TempDir::new().unwrap());
    let db = open(&database, &folder, &PostgresSettings::default()).await;
    for _ in 0..3 {
        let panicked = db.write(|conn| -> Result<(), DbError> {
            keep(conn, "lost")?;
            panic!("on purpose");
        });
        assert!(matches!(panicked.await, Err(DbError::Thread)));
    }
    db.write(|conn| keep(conn, "after")).await.unwrap();
    let lost = db.read(|conn| {
        let found = diesel::sql_query("SELECT name FROM settings WHERE name = 'lost'");
        Ok::<_, DbError>(found.execute(conn)?)
    });
    assert_eq!(lost.await.unwrap(), 0);
}

#[tokio::test]
async fn what_finds_no_connection_and_what_takes_too_long_is_told_to_come_back() {
    if std::env::var("TEST_DATABASE_URL").is_err() {
        return;
    }
    let (database, folder) = (Database::fresh(), TempDir::new().unwrap());
    let settings =
        PostgresSettings { statement_timeout: Duration::from_secs(3), ..Default::default() };
    let db = open(&database, &folder, &settings).await;
    let sleep = async || {
        let slept = db.read(|conn| {
            diesel::sql_query("SELECT pg_sleep(60)").execute(conn)?;
            Ok::<_, DbError>(())
        });
        slept.await
    };
    // More than there are connections, whatever the machine: some wait in vain, the others are cut off.
    let outcomes = join_all((0..40).map(|_| sleep())).await;
    let is_outage =
        |outcome: &Result<(), DbError>| matches!(outcome, Err(error) if error.is_outage());
    assert!(outcomes.iter().all(is_outage), "{outcomes:?}");
    let refused = |outcome: &&Result<(), DbError>| matches!(outcome, Err(DbError::Overloaded));
    assert!(outcomes.iter().any(|outcome| refused(&outcome)), "{outcomes:?}");
    assert!(!outcomes.iter().all(|outcome| refused(&outcome)), "{outcomes:?}");
    assert_eq!(db.load().refused, outcomes.iter().filter(refused).count() as u64);
    db.ready().await.unwrap();
}

#[derive(diesel::QueryableByName)]
struct Copied {
    #[diesel(sql_type = Bool)]
    copied: bool,
}

fn is_replica(conn: &mut Conn) -> Result<bool, DbError> {
    let asked = diesel::sql_query("SELECT pg_is_in_recovery() AS copied");
    Ok(asked.get_result::<Copied>(conn)?.copied)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_comes_from_the_replica_and_from_the_primary_when_that_is_away() {
    let Some(cluster) = Cluster::start() else { return };
    let settings = PostgresSettings { read_url: Some(cluster.replica_url()), ..Default::default() };
    let url = DatabaseUrl::parse(&cluster.url()).unwrap();
    let db = Db::open_with(&url, &settings).await.unwrap();
    let both = async || {
        let read = db.read_published(is_replica, |conn, published| {
            Ok::<_, DbError>((published, is_replica(conn)?))
        });
        read.await.unwrap()
    };
    assert_eq!(both().await, (true, false), "what must be as it is now is read from the primary");
    tokio::task::block_in_place(|| cluster.stop_replica());
    assert_eq!(both().await, (false, false));
}
