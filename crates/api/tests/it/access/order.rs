//! Any order of any events, with any duplicates, ends in the same state.

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use super::world::{DAY, Listener, World, event, merge, subscription};

/// Every order of `0..n`.
fn orders(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(n - 1);
    let insert = |order: &Vec<usize>, at: usize| [&order[..at], &[n - 1], &order[at..]].concat();
    shorter.iter().flat_map(|order| (0..n).map(move |at| insert(order, at))).collect()
}

/// A life cycle, in the order in which it happened; the last subscription in it is how it stands at Stripe.
pub(super) struct LifeCycle {
    pub(super) events: Vec<Value>,
    pub(super) at_stripe: Value,
}

/// From the first payment to the end, with two events in one second.
pub(super) fn to_the_end(listener: &Listener, sub: &str, start: i64) -> LifeCycle {
    let at = |status: &str, fields| subscription(sub, &listener.customer, "pro", status, fields);
    let ended = at("canceled", json!({ "ended_at": start + 300, "canceled_at": start + 300 }));
    let id = |n: usize| format!("evt_{sub}_{n}");
    let invoice =
        json!({ "id": format!("in_{sub}"), "object": "invoice", "customer": listener.customer });
    let events = vec![
        event(&id(0), "customer.subscription.created", start, &at("incomplete", json!({}))),
        event(&id(1), "customer.subscription.updated", start, &at("active", json!({}))),
        event(&id(2), "invoice.paid", start, &invoice),
        event(&id(3), "customer.subscription.updated", start + 100, &at("past_due", json!({}))),
        event(&id(4), "customer.subscription.updated", start + 200, &at("active", json!({}))),
        event(&id(5), "customer.subscription.deleted", start + 300, &ended),
    ];
    LifeCycle { events, at_stripe: ended }
}

/// One that goes on: upgraded, late with a payment, paid, and to be cancelled later.
pub(super) fn still_alive(listener: &Listener, sub: &str, start: i64, cancel_at: i64) -> LifeCycle {
    let at = |plan: &str, status: &str, fields| {
        subscription(sub, &listener.customer, plan, status, fields)
    };
    let id = |n: usize| format!("evt_{sub}_{n}");
    let leaving = at("pro", "active", json!({ "cancel_at": cancel_at }));
    let events = vec![
        event(
            &id(0),
            "customer.subscription.created",
            start,
            &at("starter", "trialing", json!({})),
        ),
        event(
            &id(1),
            "customer.subscription.updated",
            start + 100,
            &at("pro", "active", json!({})),
        ),
        event(
            &id(2),
            "customer.subscription.updated",
            start + 200,
            &at("pro", "past_due", json!({})),
        ),
        event(
            &id(3),
            "customer.subscription.updated",
            start + 300,
            &at("pro", "active", json!({})),
        ),
        event(&id(4), "customer.subscription.updated", start + 300, &leaving),
    ];
    LifeCycle { events, at_stripe: leaving }
}

async fn live_through(world: &World, cycle: &LifeCycle, order: &[usize], seed: usize) {
    for (step, index) in order.iter().enumerate() {
        world.deliver(&cycle.events[*index]).await.expect(200);
        // Some come twice, at once or much later.
        if (seed + step).is_multiple_of(3) {
            world.deliver(&cycle.events[order[seed % (step + 1)]]).await.expect(200);
        }
        // Sometimes the worker is faster than the next delivery.
        if (seed + step).is_multiple_of(5) {
            world.jobs.run_due().await;
        }
    }
}

/// Lives the life through in every order of its events, each by a listener of its own, until nothing is left to do.
async fn live_in_all_orders(
    world: &World,
    events: usize,
    cycle: impl Fn(&Listener, &str) -> LifeCycle,
) -> Vec<(Vec<usize>, Listener, LifeCycle)> {
    let cycle = &cycle;
    let lives = orders(events).into_iter().enumerate().map(|(n, order)| async move {
        let listener = world.listener(&format!("n{n}")).await;
        let cycle = cycle(&listener, &format!("sub_n{n}"));
        world.stripe.put(&cycle.at_stripe);
        live_through(world, &cycle, &order, n).await;
        (order, listener, cycle)
    });
    let lived = stream::iter(lives).buffer_unordered(32).collect().await;
    world.jobs.run_due().await;
    lived
}

#[tokio::test]
async fn all_orders_of_a_life_end_in_its_end() {
    let world = World::start().await;
    let start = world.now() - 1_000;
    let lives =
        live_in_all_orders(&world, 6, |listener, sub| to_the_end(listener, sub, start)).await;
    assert_eq!(lives.len(), 720);
    for (order, listener, cycle) in lives {
        let standing = world.standing(&listener).await;
        let access = standing.access;
        assert_eq!((access.allowed, access.reason.as_str()), (false, "ended"), "{order:?}");
        assert_eq!(standing.subscription_status, "canceled", "{order:?}");
        assert_eq!(standing.ends_at, Some(start + 300), "{order:?}");
        for event in &cycle.events {
            let (state, _) = world.event(event["id"].as_str().unwrap()).await.unwrap();
            assert!(matches!(state.as_str(), "applied" | "ignored"), "{order:?}: {state}");
        }
    }
    assert!(world.stripe.requests().iter().all(|request| request.starts_with("GET ")));
}

#[tokio::test]
async fn all_orders_of_a_life_that_goes_on_agree() {
    let world = World::start().await;
    let (start, cancel_at) = (world.now() - 1_000, world.now() + 9 * DAY);
    let cycle = |listener: &Listener, sub: &str| still_alive(listener, sub, start, cancel_at);
    for (order, listener, _) in live_in_all_orders(&world, 5, cycle).await {
        let standing = world.standing(&listener).await;
        let access = standing.access;
        assert_eq!((access.allowed, access.plan.as_deref()), (true, Some("pro")), "{order:?}");
        assert_eq!(access.until, Some(cancel_at), "{order:?}");
        assert_eq!(standing.ends_at, Some(cancel_at), "{order:?}");
    }
}

#[tokio::test]
async fn old_events_change_nothing_and_ask_nothing() {
    let world = World::start().await;
    let ada = world.listener("ada").await;
    let now = world.now();
    let at = |status| subscription("sub_1", &ada.customer, "pro", status, json!({}));
    world.stripe.put(&at("active"));
    world
        .deliver(&event("evt_2", "customer.subscription.updated", now, &at("active")))
        .await
        .expect(200);
    world.jobs.run_due().await;
    let asked = world.stripe.requests().len();
    world
        .deliver(&event("evt_1", "customer.subscription.created", now - 60, &at("incomplete")))
        .await
        .expect(200);
    world.jobs.run_due().await;
    assert_eq!(
        world.event("evt_1").await.unwrap(),
        ("ignored".to_owned(), Some("older".to_owned()))
    );
    assert_eq!(world.access(&ada).await, (true, "active".to_owned()));
    assert_eq!(world.stripe.requests().len(), asked);
}

#[tokio::test]
async fn payloads_of_all_versions_say_the_same() {
    let world = World::start().await;
    let end = world.now() + 20 * DAY;
    let plan = json!({ "id": "price_pro", "object": "plan", "product": "circle_pro", "amount": 900,
        "currency": "usd", "interval": "month" });
    let item = |fields: Value| json!({ "object": "list", "data": [fields], "has_more": false });
    let price = json!({ "id": "price_pro", "object": "price", "product": "circle_pro", "unit_amount": 900,
        "currency": "usd", "recurring": { "interval": "month" } });
    let on_top = |price: &Value| {
        json!({ "current_period_end": end, "plan": plan,
        "items": item(json!({ "id": "si_1", "price": price, "plan": plan, "quantity": 1 })) })
    };
    let on_items = json!({ "items": item(json!({ "id": "si_1", "price": price, "quantity": 1,
        "current_period_end": end })) });
    let mut with_both = on_top(&price);
    merge(&mut with_both, json!({ "items": on_items["items"] }));
    for (version, fields) in [
        ("2020-08-27", on_top(&price)),
        ("2023-10-16", on_top(&price)),
        ("2025-03-31.basil", on_items.clone()),
        ("2025-10-29.clover", with_both),
        ("2026-03-25.dahlia", on_items.clone()),
        ("2026-10-28.endive", on_items),
    ] {
        let name = version.replace(['-', '.'], "_");
        let listener = world.listener(&name).await;
        let mut object = json!({ "id": format!("sub_{name}"), "object": "subscription", "status": "active",
            "customer": listener.customer, "created": 1_600_000_000, "from_the_future": { "x": [1] } });
        merge(&mut object, fields);
        let mut created =
            event(&format!("evt_{name}"), "customer.subscription.created", world.now(), &object);
        merge(&mut created, json!({ "api_version": version }));
        world.deliver(&created).await.expect(200);
        let standing = world.standing(&listener).await;
        assert_eq!(standing.plan.as_deref(), Some("pro"), "{version}");
        assert_eq!(standing.current_period_end, Some(end), "{version}");
        assert!(standing.access.allowed, "{version}");
    }
}

#[tokio::test]
async fn another_subscription_of_the_listener_is_left_alone() {
    let world = World::start().await;
    let ada = world.listener("ada").await;
    let now = world.now();
    world.keep_price("price_old", "prod_of_old_times", "enterprise").await;
    let at = |id: &str, plan: &str, status: &str| {
        subscription(id, &ada.customer, plan, status, json!({}))
    };
    let mut grown = at("sub_old", "x", "active");
    grown["items"]["data"][0]["price"] =
        json!({ "id": "price_old", "product": "prod_of_old_times" });
    let deliver = |id: &'static str, kind: &'static str, object: Value| {
        let event = event(id, &format!("customer.subscription.{kind}"), now, &object);
        let world = &world;
        async move { world.deliver(&event).await.expect(200) }
    };
    deliver("evt_1", "created", at("sub_pro", "pro", "active")).await;
    deliver("evt_2", "created", at("sub_failed", "pro", "incomplete_expired")).await;
    assert_eq!(world.standing(&ada).await.access.plan.as_deref(), Some("pro"));
    deliver("evt_3", "created", at("sub_mug", "mug", "active")).await;
    assert_eq!(world.standing(&ada).await.subscription_id.as_deref(), Some("sub_pro"));
    assert_eq!(world.alerts().await, ["unknown_product"]);
    deliver("evt_4", "deleted", at("sub_mug", "mug", "canceled")).await;
    assert_eq!(world.standing(&ada).await.access.plan.as_deref(), Some("pro"));
    assert!(world.alerts().await.is_empty());
    // The price lost its lookup key long ago, and still names its plan.
    deliver("evt_5", "created", grown).await;
    assert_eq!(world.standing(&ada).await.access.plan.as_deref(), Some("enterprise"));
    assert_eq!(world.alerts().await, ["second_subscription"]);
}

/// The same event as an account of another version sends it.
fn in_version(mut event: Value, version: &str) -> Value {
    event["api_version"] = json!(version);
    let object = &mut event["data"]["object"];
    if object["object"] != "subscription" || version >= "2025-03-31" {
        return event;
    }
    let item = &mut object["items"]["data"][0];
    let price = item["price"].clone();
    item["plan"] = json!({ "id": price["id"], "object": "plan", "product": price["product"],
        "amount": price["unit_amount"], "currency": price["currency"], "interval": "month" });
    let plan = item["plan"].clone();
    let mut on_top = json!({ "plan": plan, "quantity": 1, "discount": null });
    for name in ["current_period_start", "current_period_end"] {
        on_top[name] = item.as_object_mut().unwrap().remove(name).unwrap();
    }
    merge(object, on_top);
    event
}

#[tokio::test]
async fn lives_told_in_any_version_end_alike() {
    let world = World::start().await;
    let (start, cancel_at) = (world.now() - 1_000, world.now() + 9 * DAY);
    let versions = [
        "2020-08-27",
        "2023-10-16",
        "2025-03-31.basil",
        "2025-10-29.clover",
        "2026-03-25.dahlia",
        "2026-10-28.endive",
    ];
    let mut told = Vec::new();
    for version in versions {
        let name = version.replace(['-', '.'], "_");
        let (ada, bob) =
            (world.listener(&format!("a{name}")).await, world.listener(&format!("b{name}")).await);
        let ended = to_the_end(&ada, &format!("sub_a{name}"), start);
        let alive = still_alive(&bob, &format!("sub_b{name}"), start, cancel_at);
        for cycle in [&ended, &alive] {
            world.stripe.put(&cycle.at_stripe);
            for event in &cycle.events {
                world.deliver(&in_version(event.clone(), version)).await.expect(200);
            }
        }
        world.jobs.run_due().await;
        let summary = async |listener: &Listener| {
            let standing = world.standing(listener).await;
            (standing.access, standing.current_period_end, standing.ends_at, standing.plan)
        };
        told.push((summary(&ada).await, summary(&bob).await));
    }
    assert!(told.iter().all(|one| *one == told[0]), "{told:#?}");
    assert_eq!(told[0].0.0.reason, "ended");
    assert_eq!(told[0].1.2, Some(cancel_at));
}
