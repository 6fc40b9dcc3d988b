//! Ordinary events, which PostgreSQL is given in one statement, among each other and among other writers.

use std::time::Duration;

use api::{
    access::{self, grants},
    db::{Change, schema::users},
};
use diesel::prelude::*;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::world::{Listener, World, event, subscription};

const END: i64 = 4_000_000_000;

/// The `number`th renewal of a subscription.
fn renewal(world: &World, ada: &Listener, number: i64) -> Value {
    let items = json!([{ "id": "si_1", "object": "subscription_item", "quantity": 1,
        "current_period_end": END + number,
        "price": { "id": "price_pro", "object": "price", "product": "circle_pro", "unit_amount": 900,
            "currency": "usd", "recurring": { "interval": "month", "interval_count": 1 } } }]);
    let fields = json!({ "items": { "data": items }, "latest_invoice": format!("in_{number}") });
    let object = subscription("sub_1", &ada.customer, "pro", "active", fields);
    // Later than any answer of Stripe's that a refresh wrote meanwhile.
    let created = world.now() + 100 + number;
    event(&format!("evt_{number}"), "customer.subscription.updated", created, &object)
}

/// A listener who is in, with a subscription that is known.
async fn subscriber(world: &World) -> Listener {
    let ada = world.listener("ada").await;
    let first = renewal(world, &ada, 0);
    world.stripe.put(&first["data"]["object"]);
    world.deliver(&first).await.expect(200);
    ada
}

/// What the listener's row keeps of the decision: the plan, and until when.
async fn kept(world: &World, ada: &Listener) -> (Option<String>, Option<i64>) {
    let user = ada.user.clone();
    let row = users::table.find(user).select((users::plan, users::access_until));
    world.read(move |conn| Ok(row.first(conn)?)).await
}

#[tokio::test]
async fn renewals_that_race_each_other_and_an_operator_end_as_if_in_turn() {
    let world = World::start().await;
    let ada = subscriber(&world).await;
    let renewals: Vec<_> = (1..=30).map(|number| renewal(&world, &ada, number * 7 % 31)).collect();
    let twice: Vec<_> = renewals.iter().chain(renewals.iter().rev()).collect();
    let deliveries = async {
        // No more at once than wait for a connection with patience.
        for some in twice.chunks(12) {
            for answer in join_all(some.iter().map(|event| world.deliver(event))).await {
                answer.expect(200);
            }
        }
    };
    let grants = async {
        for number in 1..=5 {
            let (user, now) = (ada.user.clone(), world.now());
            let policy = world.refresher.rules().policy.clone();
            let give = move |conn: &mut _| {
                access::lock_user(conn, &user)?;
                grants::insert(conn, &user, "pro", Some(END + 1_000 + number), now)?;
                access::derive(conn, &policy, &user, now, "grant")?;
                Ok(())
            };
            world.write(give).await;
        }
    };
    tokio::join!(deliveries, grants);
    assert_eq!(world.count_events().await, 31);
    let (status, .., period_end) = world.stored("sub_1").await.unwrap();
    assert_eq!((status.as_str(), period_end), ("active", Some(END + 30)));
    let decided = world.standing(&ada).await;
    assert_eq!(kept(&world, &ada).await, (decided.plan, decided.access.until));
}

#[tokio::test]
async fn a_renewal_is_told_to_open_pages_and_leaves_no_line_of_history() {
    let world = World::start().await;
    let ada = subscriber(&world).await;
    world.jobs.run_due().await;
    let history = world.causes(&ada).await;
    let mut changes = world.db.changes();
    world.deliver(&renewal(&world, &ada, 1)).await.expect(200);
    let told =
        async { while changes.recv().await.unwrap() != Change::Account(ada.user.clone()) {} };
    tokio::time::timeout(Duration::from_secs(10), told).await.unwrap();
    assert_eq!(world.event("evt_1").await.unwrap(), ("applied".to_owned(), None));
    assert_eq!(world.causes(&ada).await, history);
}

#[tokio::test]
async fn a_renewal_is_written_by_one_statement_on_postgresql() {
    let world = World::start().await;
    if world.db.engine() != "PostgreSQL" {
        return;
    }
    let ada = subscriber(&world).await;
    world.jobs.run_due().await;
    // Whatever else writes a listener's row fails from here on, and so would any other way of writing the renewal.
    world
        .execute(
            "CREATE FUNCTION only_at_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             IF current_query() NOT LIKE 'WITH step%INSERT INTO events%UPDATE subscriptions%' THEN \
             RAISE EXCEPTION 'not at once'; END IF; RETURN NEW; END $$",
        )
        .await;
    world
        .execute(
            "CREATE TRIGGER only_at_once BEFORE UPDATE ON users \
             FOR EACH ROW EXECUTE FUNCTION only_at_once()",
        )
        .await;
    world.deliver(&renewal(&world, &ada, 1)).await.expect(200);
    let (.., period_end) = world.stored("sub_1").await.unwrap();
    assert_eq!(period_end, Some(END + 1));
    let mut cancelled = renewal(&world, &ada, 2);
    cancelled["data"]["object"]["status"] = json!("canceled");
    world.deliver(&cancelled).await.expect_error(500, "internal");
}
