//! What got lost is found again, and what time changes is published.

use api::billing::reconcile::{Report, reconcile};
use serde_json::json;

use super::world::{DAY, Listener, World, event, subscription};
use crate::harness::PATIENCE;

#[tokio::test]
async fn reconciling_repairs_every_difference_and_only_those() {
    let world = World::start().await;
    let now = world.now();
    let mut listeners = Vec::new();
    // More than two pages, many made in the same second.
    for n in 0..230 {
        let listener = world.listener(&format!("n{n}")).await;
        let id = format!("sub_n{n}");
        let fields = json!({ "created": 1_600_000_000 + n / 7 });
        let active = subscription(&id, &listener.customer, "pro", "active", fields.clone());
        world.stripe.put(&active);
        let created =
            event(&format!("evt_n{n}"), "customer.subscription.created", now - 60, &active);
        match n % 10 {
            // Never heard of.
            0 => {}
            // Ended, and the event was lost.
            1 => {
                world.deliver(&created).await.expect(200);
                world.stripe.put(&subscription(&id, &listener.customer, "pro", "canceled", fields));
            }
            // Not known to Stripe any more.
            2 => {
                world.deliver(&created).await.expect(200);
                world.stripe.forget(&id);
            }
            _ => {
                world.deliver(&created).await.expect(200);
            }
        }
        listeners.push(listener);
    }
    world.stripe.put(&subscription("sub_foreign", "cus_foreign", "pro", "active", json!({})));
    world.jobs.run_due().await;
    // The worker's looks at cards have seen the lost ends; what is lost after that is for reconciling.
    for n in (3..230).step_by(10) {
        let listener = &listeners[n];
        let fields = json!({ "created": 1_600_000_000 + n / 7 });
        world.stripe.put(&subscription(
            &format!("sub_n{n}"),
            &listener.customer,
            "starter",
            "active",
            fields,
        ));
    }
    for n in (4..230).step_by(10) {
        world.stripe.forget(&format!("sub_n{n}"));
    }

    let dry = reconcile(&world.refresher, true, |_, _| {}).await.unwrap();
    assert_eq!(dry, Report { seen: 185, ours: 184, drifted: 69, repaired: 0 });
    assert_eq!(
        world.access(&listeners[0]).await,
        (false, "no_subscription".to_owned()),
        "a dry run repairs nothing"
    );

    let mut told = Vec::new();
    let report =
        reconcile(&world.refresher, false, |drift, _| told.extend(drift.map(ToString::to_string)))
            .await;
    assert_eq!(report.unwrap().drifted, 69);
    assert_eq!(told.len(), 69);
    assert!(
        told.iter().any(|line| line
            .starts_with("sub_n4 of cus_n4 (user_n4@example.com): stored active pro; Stripe says nothing; repaired")),
        "{told:#?}"
    );
    for (n, listener) in listeners.iter().enumerate() {
        let (allowed, plan) = match n % 10 {
            1 | 2 | 4 => (false, None),
            3 => (true, Some("starter")),
            _ => (true, Some("pro")),
        };
        let access = world.standing(listener).await.access;
        assert_eq!((access.allowed, access.plan.as_deref()), (allowed, plan), "{n}");
    }
    let again = reconcile(&world.refresher, false, |_, _| {}).await.unwrap();
    assert_eq!(again.drifted, 0);
}

#[tokio::test]
async fn a_subscription_unknown_at_stripe_has_ended() {
    let world = World::start().await;
    let ada = world.listener("ada").await;
    let active = subscription("sub_1", &ada.customer, "pro", "active", json!({}));
    world
        .deliver(&event("evt_1", "customer.subscription.created", world.now(), &active))
        .await
        .expect(200);
    assert_eq!(world.access(&ada).await, (true, "active".to_owned()));
    world.jobs.run_due().await;
    assert_eq!(world.access(&ada).await, (false, "ended".to_owned()));
    let late = event("evt_2", "customer.subscription.updated", world.now() + 60, &active);
    world.deliver(&late).await.expect(200);
    world.jobs.run_due().await;
    assert_eq!(world.event("evt_2").await.unwrap().0, "applied");
    assert_eq!(world.access(&ada).await, (false, "ended".to_owned()));
}

#[tokio::test]
async fn what_stripe_shows_again_is_believed_and_what_it_ended_is_left() {
    let world = World::start().await;
    let (ada, bob) = (world.listener("ada").await, world.listener("bob").await);
    let of = |listener: &Listener, status: &str| {
        let id = format!("sub_{}", listener.user);
        subscription(&id, &listener.customer, "pro", status, json!({}))
    };
    for (id, listener, status) in [("evt_1", &ada, "active"), ("evt_2", &bob, "canceled")] {
        let told =
            event(id, "customer.subscription.updated", world.now() - 60, &of(listener, status));
        world.deliver(&told).await.expect(200);
    }
    // Asked with the key to another account, Stripe knows nothing of it.
    world.jobs.run_due().await;
    assert_eq!(world.access(&ada).await, (false, "ended".to_owned()));

    world.stripe.put(&of(&ada, "active"));
    world.stripe.put(&of(&bob, "canceled"));
    world.execute("UPDATE subscriptions SET plan = 'of_old' WHERE status = 'canceled'").await;
    let report = reconcile(&world.refresher, false, |_, _| {}).await.unwrap();
    assert_eq!(report, Report { seen: 2, ours: 2, drifted: 1, repaired: 1 });
    assert_eq!(world.access(&ada).await, (true, "active".to_owned()));

    // Nothing lives again that Stripe itself had ended: that is for a person to look at.
    world.stripe.put(&of(&bob, "active"));
    let report = reconcile(&world.refresher, false, |_, _| {}).await.unwrap();
    assert_eq!(report, Report { seen: 2, ours: 2, drifted: 1, repaired: 0 });
}

#[tokio::test]
async fn one_answer_that_is_long_in_coming_holds_nothing_else_up() {
    let world = World::start().await;
    let listeners = [world.listener("ada").await, world.listener("bob").await];
    for (n, listener) in listeners.iter().enumerate() {
        let id = format!("sub_{n}");
        world.stripe.put(&subscription(&id, &listener.customer, "pro", "active", json!({})));
        let thin = json!({ "id": format!("evt_{n}"), "object": "v2.core.event", "livemode": false,
            "type": "v1.customer.subscription.active", "created": "2026-01-01T00:00:00.000Z",
            "related_object": { "id": id, "type": "subscription" } });
        world.deliver(&thin).await.expect(200);
    }
    world.stripe.hold();
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let working = world.jobs.clone().spawn(stopping);
    world.stripe.arrived().await;
    let one_of_them = async {
        while !(world.access(&listeners[0]).await.0 || world.access(&listeners[1]).await.0) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, one_of_them).await.expect("the other one is read meanwhile");
    world.stripe.release();
    stop.send(true).unwrap();
    working.await.unwrap();
}

#[tokio::test]
async fn a_deleted_customer_is_taken_from_its_listener_once() {
    let world = World::start().await;
    let ada = world.listener("ada").await;
    let at = |status| subscription("sub_1", &ada.customer, "pro", status, json!({}));
    world.stripe.put(&at("active"));
    world
        .deliver(&event("evt_1", "customer.subscription.created", world.now() - 60, &at("active")))
        .await
        .expect(200);
    world.stripe.put(&at("canceled"));
    let customer = json!({ "id": ada.customer, "object": "customer" });
    for id in ["evt_2", "evt_3"] {
        world.deliver(&event(id, "customer.deleted", world.now(), &customer)).await.expect(200);
    }
    assert_eq!(world.event("evt_2").await.unwrap().0, "applied");
    assert_eq!(world.event("evt_3").await.unwrap().1.as_deref(), Some("former_customer"));
    world.jobs.run_due().await;
    assert_eq!(world.access(&ada).await, (false, "ended".to_owned()));
    assert!(world.stripe.requests().iter().all(|request| request.starts_with("GET ")));
}

#[tokio::test]
async fn a_planned_end_takes_effect_without_an_event() {
    let world = World::start().await;
    let ada = world.listener("ada").await;
    let end = world.now() + DAY;
    let leaving =
        subscription("sub_1", &ada.customer, "pro", "active", json!({ "cancel_at": end }));
    world.stripe.put(&leaving);
    world
        .deliver(&event("evt_1", "customer.subscription.created", world.now(), &leaving))
        .await
        .expect(200);
    world.jobs.run_due().await;
    assert_eq!(world.standing(&ada).await.access.until, Some(end));
    world.advance(DAY + 1);
    assert_eq!(world.access(&ada).await, (false, "ended".to_owned()));
    world.jobs.run_due().await;
    world.jobs.run_due().await;
    assert_eq!(world.causes(&ada).await, ["evt_1", "clock"]);
}

#[tokio::test]
async fn a_period_that_is_over_is_asked_about() {
    let world = World::start().await;
    let ada = world.listener("ada").await;
    let period = |end: i64| {
        let item = json!({ "id": "si_1", "current_period_end": end,
            "price": { "id": "price_pro", "product": "circle_pro" } });
        json!({ "items": { "object": "list", "data": [item] } })
    };
    let end = world.now() + DAY;
    let at = |end| subscription("sub_1", &ada.customer, "pro", "active", period(end));
    world.stripe.put(&at(end));
    world
        .deliver(&event("evt_1", "customer.subscription.created", world.now(), &at(end)))
        .await
        .expect(200);
    world.jobs.run_due().await;
    // It was renewed, and nobody told us.
    world.stripe.put(&at(end + 30 * DAY));
    world.advance(DAY + 3_700);
    world.jobs.run_due().await;
    assert_eq!(world.standing(&ada).await.current_period_end, Some(end + 30 * DAY));

    world.stripe.fail_with(Some(500));
    world.advance(32 * DAY);
    world.jobs.run_due().await;
    assert_eq!(
        world.access(&ada).await,
        (true, "active".to_owned()),
        "Stripe is down, and it may have been renewed"
    );
    world.advance(2 * DAY);
    world.jobs.run_due().await;
    assert_eq!(world.access(&ada).await, (false, "stale".to_owned()));
}

#[tokio::test]
async fn work_under_way_at_a_stop_is_free_for_the_next_start() {
    let world = World::start().await;
    let ada = world.listener("ada").await;
    let active = subscription("sub_1", &ada.customer, "pro", "active", json!({}));
    world.stripe.put(&active);
    let thin = json!({ "id": "evt_1", "object": "v2.core.event", "livemode": false,
        "type": "v1.customer.subscription.active", "created": "2026-01-01T00:00:00.000Z",
        "related_object": { "id": "sub_1", "type": "subscription" } });
    world.deliver(&thin).await.expect(200);
    world.stripe.hold();
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let working = world.jobs.clone().spawn(stopping);
    world.stripe.arrived().await;
    stop.send(true).unwrap();
    working.await.unwrap();
    world.stripe.release();
    assert_eq!(world.event("evt_1").await.unwrap().0, "received");

    world.jobs.run_due().await;
    assert_eq!(world.event("evt_1").await.unwrap().0, "applied");
    assert_eq!(world.access(&ada).await, (true, "active".to_owned()));
}

#[tokio::test]
async fn one_difference_that_cannot_be_repaired_now_does_not_keep_the_others() {
    let world = World::start().await;
    let (ada, bob) = (world.listener("ada").await, world.listener("bob").await);
    for listener in [&ada, &bob] {
        let id = format!("sub_{}", listener.user);
        world.stripe.put(&subscription(&id, &listener.customer, "pro", "active", json!({})));
    }
    world.stripe.fail_once("/v1/subscriptions/sub_user_ada", 500);
    let report = reconcile(&world.refresher, false, |_, _| {}).await.unwrap();
    assert_eq!(report, Report { seen: 2, ours: 2, drifted: 2, repaired: 1 });
    assert_eq!(world.access(&bob).await, (true, "active".to_owned()));
    assert_eq!(world.access(&ada).await, (false, "no_subscription".to_owned()));
    world.jobs.run_due().await;
    assert_eq!(world.access(&ada).await, (true, "active".to_owned()));
}
