//! What operators see and do: why a listener has access, access without Stripe, an event once more.

use api::billing::{cli, explain::explain};
use serde_json::json;

use super::world::{DAY, Listener, World, event, subscription};

async fn explained(world: &World, who: &str) -> Option<String> {
    let (rules, who) = (world.refresher.rules().clone(), who.to_owned());
    world.read(move |conn| Ok(explain(conn, &rules, &who)?.map(|found| found.to_string()))).await
}

#[tokio::test]
async fn access_is_explained_with_its_history() {
    let world = World::start().await;
    let ada = world.listener("ada").await;
    let at =
        |plan: &str, status: &str| subscription("sub_1", &ada.customer, plan, status, json!({}));
    for (id, seconds, plan, status) in [
        ("evt_1", 0, "starter", "incomplete"),
        ("evt_2", 1, "starter", "active"),
        ("evt_3", 2, "pro", "active"),
        ("evt_4", 3, "pro", "unpaid"),
    ] {
        let event = event(
            id,
            "customer.subscription.updated",
            world.now() - 60 + seconds,
            &at(plan, status),
        );
        world.deliver(&event).await.expect(200);
    }
    for who in ["USER_ada@example.com", "cus_ada"] {
        let text = explained(&world, who).await.unwrap();
        for part in [
            "user_ada@example.com, user user_ada, customer cus_ada",
            "no access, reason unpaid",
            "Stripe gave up on collecting its invoices.",
            "* sub_1 unpaid pro",
            "no access (no_subscription) -> no access (incomplete)  by evt_1",
            "no access (incomplete) -> starter (active)  by evt_2",
            "starter (active) -> pro (active)  by evt_3",
            "pro (active) -> no access (unpaid)  by evt_4",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }
    assert_eq!(explained(&world, "nobody@example.com").await, None);
}

#[tokio::test]
async fn a_grant_opens_without_stripe_until_its_day_is_over() {
    let world = World::start().await;
    let ada = world.listener("ada").await;
    let rules = || world.refresher.rules().clone();
    let email = || format!("{}@example.com", ada.user);
    let day = jiff::Timestamp::from_second(world.now() + 2 * DAY)
        .unwrap()
        .strftime("%Y-%m-%d")
        .to_string();
    for (plan, until) in [("gold", None), ("pro", Some("soon")), ("pro", Some("2020-01-01"))] {
        let refused =
            cli::grant(&world.db, rules(), email(), plan.to_owned(), until.map(str::to_owned))
                .await;
        assert!(refused.is_err(), "{plan} {until:?}");
    }
    assert_eq!(world.access(&ada).await, (false, "no_subscription".to_owned()));

    cli::grant(&world.db, rules(), email(), "pro".to_owned(), Some(day)).await.unwrap();
    assert_eq!(world.access(&ada).await, (true, "granted".to_owned()));
    world.advance(2 * DAY - 1);
    assert_eq!(world.access(&ada).await, (true, "granted".to_owned()), "the whole day");
    world.advance(DAY);
    world.jobs.run_due().await;
    assert_eq!(world.access(&ada).await, (false, "grant_ended".to_owned()));
    assert_eq!(world.causes(&ada).await, ["grant", "clock"]);

    cli::grant(&world.db, rules(), email(), "starter".to_owned(), None).await.unwrap();
    assert_eq!(world.access(&ada).await, (true, "granted".to_owned()));
    cli::revoke(&world.db, rules(), email()).await.unwrap();
    assert_eq!(world.access(&ada).await, (false, "grant_ended".to_owned()));
    let stranger = Listener { user: "user_x".to_owned(), customer: "cus_x".to_owned() };
    assert!(
        cli::revoke(&world.db, rules(), format!("{}@example.com", stranger.user)).await.is_err()
    );
}

#[tokio::test]
async fn an_event_that_was_ignored_can_be_replayed() {
    let world = World::start().await;
    let active = subscription("sub_1", "cus_ada", "pro", "active", json!({}));
    let created = event("evt_1", "customer.subscription.created", world.now(), &active);
    world.deliver(&created).await.expect(200);
    assert_eq!(world.event("evt_1").await.unwrap().1.as_deref(), Some("foreign_customer"));
    let ada = world.listener("ada").await;
    world.deliver(&created).await.expect(200);
    assert_eq!(
        world.access(&ada).await,
        (false, "no_subscription".to_owned()),
        "a duplicate changes nothing"
    );
    assert!(world.inbox.replay("evt_0").await.unwrap().is_none());
    world.inbox.replay("evt_1").await.unwrap().unwrap();
    assert_eq!(world.access(&ada).await, (true, "active".to_owned()));
}
