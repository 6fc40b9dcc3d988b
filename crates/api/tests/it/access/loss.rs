//! What never came is found again: by Stripe's list of events, and by comparing everything.

use api::{billing::reconcile::reconcile, inbox::catch_up::CaughtUp};
use futures_util::{StreamExt, stream};
use serde_json::json;

use super::{
    order::{still_alive, to_the_end},
    world::{DAY, World, event, subscription},
};

#[tokio::test]
async fn any_loss_and_a_reconciliation_end_as_if_nothing_was_lost() {
    let world = World::start().await;
    let (start, cancel_at) = (world.now() - 1_000, world.now() + 9 * DAY);
    // Every choice of lost events, of a life that ended and of one that goes on.
    let choices = (0..64_u32).map(|kept| (kept, true)).chain((0..32).map(|kept| (kept, false)));
    let world = &world;
    let lives = choices.map(|(kept, ends)| async move {
        let name = format!("n{kept}{ends}");
        let listener = world.listener(&name).await;
        let sub = format!("sub_{name}");
        let cycle = match ends {
            true => to_the_end(&listener, &sub, start),
            false => still_alive(&listener, &sub, start, cancel_at),
        };
        world.stripe.put(&cycle.at_stripe);
        for (n, event) in cycle.events.iter().enumerate() {
            if kept & (1 << n) != 0 {
                world.deliver(event).await.expect(200);
            }
        }
        (kept, ends, listener)
    });
    let lived: Vec<_> = stream::iter(lives).buffer_unordered(16).collect().await;
    assert_eq!(lived.len(), 96);
    let report = reconcile(&world.refresher, false, |_, _| {}).await.unwrap();
    assert!(report.drifted > 0);
    for (kept, ends, listener) in &lived {
        let standing = world.standing(listener).await;
        let told = (standing.access.allowed, standing.access.plan.as_deref(), standing.ends_at);
        let expected = match ends {
            true => (false, None, Some(start + 300)),
            false => (true, Some("pro"), Some(cancel_at)),
        };
        assert_eq!(told, expected, "kept {kept:b}, ends {ends}");
    }
    world.jobs.run_due().await;
    assert_eq!(reconcile(&world.refresher, true, |_, _| {}).await.unwrap().drifted, 0);
    assert!(world.stripe.requests().iter().all(|request| request.starts_with("GET ")));
}

#[tokio::test]
async fn events_that_never_came_are_taken_from_stripes_list_once() {
    let world = World::start().await;
    let ada = world.listener("ada").await;
    let at = |status: &str| subscription("sub_1", &ada.customer, "pro", status, json!({}));
    let now = world.now();
    let came = event("evt_1", "customer.subscription.created", now - 1_000, &at("active"));
    world.deliver(&came).await.expect(200);
    let ended = event("evt_3", "customer.subscription.deleted", now - 10, &at("canceled"));
    for listed in [
        event("evt_0", "customer.subscription.created", now - 9_000, &at("incomplete")),
        came,
        event("evt_2", "balance.available", now - 500, &json!({ "object": "balance" })),
        ended,
    ] {
        world.stripe.put_in("events", listed);
    }
    let client = api::stripe::Client::new(api::stripe::Config::new(
        api::stripe::SecretKey::parse("sk_test_1").unwrap(),
        world.stripe.base.parse().unwrap(),
    ))
    .unwrap();
    let caught_up = world.inbox.catch_up(&client).await.unwrap();
    assert_eq!(caught_up, CaughtUp { listed: 3, missed: 1 }, "since the last that came");
    assert_eq!(world.event("evt_3").await.unwrap().0, "applied");
    assert_eq!(world.event("evt_2").await, None, "nobody asked for it");
    assert_eq!(world.access(&ada).await, (false, "ended".to_owned()));
    assert_eq!(world.causes(&ada).await, ["evt_1", "evt_3"], "with its own history");

    let again = world.inbox.catch_up(&client).await.unwrap();
    assert_eq!(again.missed, 0);
    world.stripe.fail_with(Some(500));
    assert!(world.inbox.catch_up(&client).await.is_err());
}
