//! What is old goes, in small steps; what is not dealt with stays.

use api::{clock::Clock, db::DbError};
use diesel::{RunQueryDsl, sql_types::BigInt};
use tokio::time::{Duration, Instant, sleep};

use crate::harness::{PATIENCE, TestApp};

const DAY: i64 = 86_400;

async fn insert_events(
    app: &TestApp,
    prefix: &'static str,
    state: &'static str,
    days: i64,
    count: i64,
) {
    let received = Clock::default().wall() - days * DAY;
    app.db()
        .await
        .write(move |conn| {
            diesel::sql_query(format!(
                "WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < $1) \
                 INSERT INTO events (id, kind, livemode, created, received_at, state) \
                 SELECT '{prefix}' || i, 'invoice.paid', FALSE, $2, $2, '{state}' FROM n"
            ))
            .bind::<BigInt, _>(count)
            .bind::<BigInt, _>(received)
            .execute(conn)?;
            Ok::<_, DbError>(())
        })
        .await
        .unwrap();
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

async fn count(app: &TestApp, condition: &'static str) -> i64 {
    let db = app.db().await;
    let counted = db.scan(move |conn| {
        let query = format!("SELECT count(*) AS count FROM {condition}");
        Ok::<_, DbError>(diesel::sql_query(query).get_result::<Count>(conn)?.count)
    });
    counted.await.unwrap()
}

#[tokio::test]
async fn events_are_kept_as_long_as_the_operator_says() {
    let app = TestApp::start().await;
    insert_events(&app, "old_", "applied", 31, 1_300).await;
    insert_events(&app, "foreign_", "ignored", 400, 10).await;
    insert_events(&app, "stuck_", "failed", 400, 3).await;
    insert_events(&app, "new_", "applied", 29, 20).await;
    // The next start takes its turn although the first one lately had it.
    app.db()
        .await
        .write(|conn| {
            diesel::sql_query("UPDATE job_leases SET last_run_at = 0, leased_until = 0")
                .execute(conn)?;
            Ok::<_, DbError>(())
        })
        .await
        .unwrap();
    let app = app
        .restart_with(|settings| {
            settings.rate_limits = Some("off".to_owned());
            settings.event_retention = Some("30d".to_owned());
        })
        .await;
    let deadline = Instant::now() + PATIENCE;
    while count(&app, "events WHERE id LIKE 'old%' OR id LIKE 'foreign%'").await > 0 {
        assert!(Instant::now() < deadline, "old events stay");
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(count(&app, "events WHERE id LIKE 'new%'").await, 20);
    assert_eq!(count(&app, "events WHERE id LIKE 'stuck%'").await, 3, "nobody dealt with them");
}
