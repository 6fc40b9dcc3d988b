//! Webhook load on a server that has no Stripe to ask: listeners made beforehand, an event of its own for each.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use api::{
    clock::Clock,
    db::{
        DatabaseUrl, Db, DbError,
        schema::{access_changes, events, subscriptions, users},
    },
    stripe::{SigningSecret, signature},
};
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl, sql_types::BigInt};
use serde_json::json;
use tokio::task::JoinSet;

use super::process::{Server, Variables};
use crate::access::world::{event, subscription};
use crate::harness::Database;

const SECRET: &str = "whsec_of_the_load";

/// A Stripe that answers nothing: no request to it can change what the events said.
pub fn variables() -> Variables {
    [
        ("STRIPE_SECRET_KEY", "sk_test_load"),
        ("STRIPE_API_BASE", "http://127.0.0.1:9"),
        ("STRIPE_WEBHOOK_SECRET", SECRET),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// The same, with the database of this run: the one that is given, else a file in `folder`.
pub fn variables_with(database: &Database, folder: &Path) -> Variables {
    let mut all = variables();
    all.extend(database.variables());
    if !all.iter().any(|(name, _)| name == "DATABASE_URL") {
        let file = folder.join("circle.db");
        all.push(("DATABASE_URL".to_owned(), format!("sqlite://{}", file.display())));
    }
    all
}

/// What became of the deliveries.
#[derive(Default)]
pub struct Ledger {
    /// The event of each listener, by the listener's number, once it was answered with 200.
    pub acknowledged: Mutex<BTreeMap<usize, String>>,
    /// Those that were sent and got another answer, or none.
    pub unanswered: Mutex<Vec<usize>>,
    /// Every status that was answered, and how often; 0 is none.
    pub statuses: Mutex<BTreeMap<u16, usize>>,
    next: AtomicUsize,
}

impl Ledger {
    pub fn count(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    fn note(&self, number: usize, status: u16) {
        *self.statuses.lock().unwrap().entry(status).or_default() += 1;
        match status {
            200 => drop(self.acknowledged.lock().unwrap().insert(number, id(number))),
            _ => self.unanswered.lock().unwrap().push(number),
        }
    }
}

fn id(number: usize) -> String {
    format!("evt_{number}")
}

/// The event that gives listener `number` the plan.
fn body(number: usize) -> String {
    let bought = subscription(
        &format!("sub_{number}"),
        &format!("cus_{number}"),
        "pro",
        "active",
        json!({}),
    );
    event(&id(number), "customer.subscription.created", 1_700_000_000, &bought).to_string()
}

/// Delivers event `number`; the status, or 0.
pub async fn deliver(server: &Server, number: usize) -> u16 {
    let body = body(number);
    let secret = SigningSecret::parse(SECRET).unwrap();
    let signed = signature::sign(body.as_bytes(), &secret, Clock::default().wall());
    let sent = server.post("/webhooks", body).header("Stripe-Signature", signed).send().await;
    match sent {
        Ok(answer) => answer.status().as_u16(),
        Err(_) => 0,
    }
}

/// Delivers new events from `senders` at once until all are aborted.
pub fn load(server: &Arc<Server>, ledger: &Arc<Ledger>, senders: usize) -> JoinSet<()> {
    let mut running = JoinSet::new();
    for _ in 0..senders {
        let (server, ledger) = (Arc::clone(server), Arc::clone(ledger));
        running.spawn(async move {
            loop {
                let number = ledger.next.fetch_add(1, Ordering::SeqCst) + 1;
                let status = deliver(&server, number).await;
                ledger.note(number, status);
                if status != 200 {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        });
    }
    running
}

/// Makes listeners 1 to `count`, each with a customer.
pub async fn make_listeners(db: &Db, count: usize) {
    let (now, count) = (Clock::default().wall(), i64::try_from(count).unwrap());
    db.write(move |conn| {
        diesel::sql_query(
            "WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < $1) \
             INSERT INTO users (id, email, password_digest, stripe_customer_id, created_at, updated_at) \
             SELECT 'user_' || i, 'user_' || i || '@example.com', 'none', 'cus_' || i, $2, $2 FROM n",
        )
        .bind::<BigInt, _>(count)
        .bind::<BigInt, _>(now)
        .execute(conn)?;
        Ok::<_, DbError>(())
    })
    .await
    .unwrap();
}

/// What the database holds of one event: its state, how often its effect is in the history, and whether its
/// subscription and the listener's plan are there.
pub type Stored = (String, i64, bool);

/// Everything that is stored, by the listener's number.
pub async fn stored(db: &Db) -> BTreeMap<String, Stored> {
    db.scan(|conn| {
        let states: Vec<(String, String)> =
            events::table.select((events::id, events::state)).load(conn)?;
        let causes: Vec<(String, String)> = access_changes::table
            .select((access_changes::cause, access_changes::user_id))
            .load(conn)?;
        let bought: Vec<String> = subscriptions::table
            .filter(subscriptions::status.eq("active"))
            .select(subscriptions::id)
            .load(conn)?;
        let active: Vec<String> =
            users::table.filter(users::plan.eq("pro")).select(users::id).load(conn)?;
        let mut times = BTreeMap::<String, i64>::new();
        for (cause, _) in causes {
            *times.entry(cause).or_default() += 1;
        }
        let bought: std::collections::BTreeSet<_> = bought.into_iter().collect();
        let active: std::collections::BTreeSet<_> = active.into_iter().collect();
        let row = |(id, state): (String, String)| {
            let number = id.trim_start_matches("evt_").to_owned();
            let there = bought.contains(&format!("sub_{number}"))
                && active.contains(&format!("user_{number}"));
            let count = times.get(&id).copied().unwrap_or_default();
            (id, (state, count, there))
        };
        Ok::<_, DbError>(states.into_iter().map(row).collect())
    })
    .await
    .unwrap()
}

/// Whether anything of what event `number` brings is there.
pub async fn has_effect(db: &Db, number: usize) -> bool {
    db.scan(move |conn| {
        let bought = subscriptions::table.find(format!("sub_{number}")).count();
        let changed = access_changes::table.filter(access_changes::cause.eq(id(number))).count();
        let (bought, changed): (i64, i64) = (bought.get_result(conn)?, changed.get_result(conn)?);
        Ok::<_, DbError>(bought + changed > 0)
    })
    .await
    .unwrap()
}

/// Asserts that everything that was answered with 200 is stored with its effect, and nothing is there twice.
pub async fn assert_nothing_is_lost(db: &Db, ledger: &Ledger) {
    let stored = stored(db).await;
    let acknowledged = ledger.acknowledged.lock().unwrap().clone();
    for id in acknowledged.values() {
        assert_eq!(stored.get(id), Some(&("applied".to_owned(), 1, true)), "{id}");
    }
    let doubled: Vec<_> = stored.iter().filter(|(_, (_, times, _))| *times > 1).collect();
    assert!(doubled.is_empty(), "{doubled:?}");
}

/// Delivers again what was not answered, as Stripe does; all of it is taken.
pub async fn redeliver(server: &Server, ledger: &Ledger) {
    let again: Vec<_> = std::mem::take(&mut *ledger.unanswered.lock().unwrap());
    for number in again {
        assert_eq!(deliver(server, number).await, 200, "event {number} again");
        ledger.acknowledged.lock().unwrap().insert(number, id(number));
    }
}

/// The database that a server is told to use.
pub async fn open(variables: &Variables) -> Db {
    let url = &variables.iter().find(|(name, _)| name == "DATABASE_URL").unwrap().1;
    Db::open(&DatabaseUrl::parse(url).unwrap()).await.unwrap()
}
