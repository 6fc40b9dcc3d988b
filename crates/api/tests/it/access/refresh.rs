//! What only Stripe can tell is asked for, behind the request, and never overwrites what is newer.

use api::billing::reconcile::reconcile;
use serde_json::{Value, json};

use super::world::{DAY, World, event, merge, subscription};

#[tokio::test]
async fn a_tie_is_settled_by_asking_and_not_within_the_request() {
    let world = World::start().await;
    let ada = world.listener("ada").await;
    let at = |status| subscription("sub_1", &ada.customer, "pro", status, json!({}));
    let now = world.now();
    world.stripe.put(&at("active"));
    world
        .deliver(&event("evt_1", "customer.subscription.created", now, &at("incomplete")))
        .await
        .expect(200);
    world
        .deliver(&event("evt_2", "customer.subscription.updated", now, &at("active")))
        .await
        .expect(200);
    assert_eq!(world.event("evt_2").await.unwrap().0, "received");
    assert_eq!(world.stripe.requests(), Vec::<String>::new());

    world.jobs.run_due().await;
    assert_eq!(world.event("evt_2").await.unwrap().0, "applied");
    assert_eq!(world.access(&ada).await, (true, "active".to_owned()));
    assert!(world.stripe.requests().iter().all(|request| request.starts_with("GET ")));
}

#[tokio::test]
async fn an_answer_does_not_overwrite_what_came_while_it_was_asked_for() {
    let world = World::start().await;
    let ada = world.listener("ada").await;
    let at = |plan, status| subscription("sub_1", &ada.customer, plan, status, json!({}));
    let now = world.now();
    world.stripe.put(&at("starter", "active"));
    world
        .deliver(&event("evt_1", "customer.subscription.created", now, &at("starter", "active")))
        .await
        .expect(200);

    world.stripe.hold();
    let jobs = world.jobs.clone();
    let working = tokio::spawn(async move { jobs.run_due().await });
    world.stripe.arrived().await;
    world.stripe.put(&at("pro", "active"));
    world
        .deliver(&event("evt_2", "customer.subscription.updated", now + 2, &at("pro", "active")))
        .await
        .expect(200);
    world.stripe.release();
    working.await.unwrap();
    assert_eq!(world.standing(&ada).await.access.plan.as_deref(), Some("pro"));
}

#[tokio::test]
async fn events_around_a_refresh_are_placed_by_its_seconds() {
    let world = World::start().await;
    let ada = world.listener("ada").await;
    let at = |plan| subscription("sub_1", &ada.customer, plan, "active", json!({}));
    let deliver = |id: &'static str, created: i64, plan: &'static str| {
        let event = event(id, "customer.subscription.updated", created, &at(plan));
        let world = &world;
        async move { world.deliver(&event).await.expect(200) }
    };
    world.stripe.put(&at("pro"));
    deliver("evt_1", world.now() - 60, "starter").await;
    world.jobs.run_due().await;
    assert_eq!(world.standing(&ada).await.plan.as_deref(), Some("pro"));

    let asked = world.stripe.requests().len();
    let (sent, answered) = world.stamp("sub_1").await;
    deliver("evt_2", sent - 1, "starter").await;
    assert_eq!(world.event("evt_2").await.unwrap().1.as_deref(), Some("older"));
    for (id, created) in [("evt_3", sent), ("evt_4", answered)] {
        deliver(id, created, "starter").await;
        assert_eq!(world.event(id).await.unwrap().0, "received", "it may be in the answer, or not");
    }
    world.jobs.run_due().await;
    assert_eq!(world.standing(&ada).await.plan.as_deref(), Some("pro"));
    assert!(world.stripe.requests().len() > asked);
    deliver("evt_5", world.now() + 30, "enterprise").await;
    let plan = world.standing(&ada).await.plan;
    assert_eq!(plan.as_deref(), Some("enterprise"), "news needs no question");
}

#[tokio::test]
async fn the_grace_does_not_depend_on_when_we_heard() {
    let world = World::start().await;
    let ada = world.listener("ada").await;
    let now = world.now();
    let late = subscription("sub_1", &ada.customer, "pro", "past_due", json!({}));
    world.stripe.put(&late);
    for (id, created, attempted) in
        [("in_1", now - 5 * DAY, true), ("in_2", now - 2 * DAY, true), ("in_0", 0, false)]
    {
        world.stripe.put_invoice(
            json!({ "id": id, "object": "invoice", "status": "open", "subscription": "sub_1",
            "created": created, "attempted": attempted }),
        );
    }
    world.deliver(&event("evt_1", "customer.subscription.updated", now, &late)).await.expect(200);
    assert_eq!(world.access(&ada).await, (true, "grace".to_owned()));
    world.jobs.run_due().await;
    let standing = world.standing(&ada).await;
    let problem = standing.payment_problem.unwrap();
    assert_eq!((problem.kind.as_str(), problem.deadline), ("past_due", Some(now + 2 * DAY)));
    assert_eq!(standing.access.until, Some(now + 2 * DAY));

    world.advance(2 * DAY - 10);
    world.jobs.run_due().await;
    assert_eq!(world.access(&ada).await, (true, "grace".to_owned()));
    world.advance(11);
    assert_eq!(world.access(&ada).await, (false, "past_due".to_owned()), "decided on read");
    world.jobs.run_due().await;
    assert_eq!(world.causes(&ada).await, ["evt_1", "clock"]);
}

#[tokio::test]
async fn voided_invoices_are_not_mistaken_for_paid_periods() {
    let world = World::start().await;
    let ada = world.listener("ada").await;
    let now = world.now();
    let pause = json!({ "pause_collection": { "behavior": "void", "resumes_at": null } });
    let paused = subscription("sub_1", &ada.customer, "pro", "active", pause);
    world.stripe.put(&paused);
    world.stripe.put_invoice(json!({ "id": "in_1", "status": "paid", "subscription": "sub_1", "created": now,
        "lines": { "data": [{ "id": "il_1", "period": { "start": now - DAY, "end": now + DAY } }] } }));
    world.deliver(&event("evt_1", "customer.subscription.updated", now, &paused)).await.expect(200);
    world.jobs.run_due().await;
    assert_eq!(world.standing(&ada).await.access.until, Some(now + DAY));
    world.advance(DAY);
    assert_eq!(world.access(&ada).await, (false, "paused".to_owned()));
}

#[tokio::test]
async fn the_end_of_a_pause_is_told_by_its_event_alone() {
    let world = World::start().await;
    let ada = world.listener("ada").await;
    let now = world.now();
    let with = |pause: Value| {
        let fields = json!({ "pause_collection": pause, "latest_invoice": "in_1" });
        subscription("sub_1", &ada.customer, "pro", "active", fields)
    };
    let paused = with(json!({ "behavior": "void", "resumes_at": null }));
    world.stripe.put(&paused);
    world.stripe.put_invoice(json!({ "id": "in_1", "status": "paid", "subscription": "sub_1", "created": now,
        "lines": { "data": [{ "id": "il_1", "period": { "start": now - DAY, "end": now + DAY } }] } }));
    world.deliver(&event("evt_1", "customer.subscription.updated", now, &paused)).await.expect(200);
    world.jobs.run_due().await;

    world.stripe.fail_with(Some(500));
    let resumed = event("evt_2", "customer.subscription.updated", now + 60, &with(Value::Null));
    world.deliver(&resumed).await.expect(200);
    assert_eq!(world.access(&ada).await, (true, "active".to_owned()));
}

#[tokio::test]
async fn the_card_is_known_after_a_look_and_follows_the_customer() {
    let world = World::start().await;
    let ada = world.listener("ada").await;
    let active = subscription("sub_1", &ada.customer, "pro", "active", json!({}));
    world.stripe.put(&active);
    let customer = |last4: &str, email: &str| {
        json!({ "id": ada.customer, "object": "customer", "email": email, "invoice_settings": {
            "default_payment_method": { "id": "pm_1", "object": "payment_method", "type": "card", "card": {
                "brand": "visa", "last4": last4, "exp_month": 4, "exp_year": 2042 } } } })
    };
    world.stripe.put_customer(&customer("4242", "ada@example.com"));
    world
        .deliver(&event("evt_1", "customer.subscription.created", world.now(), &active))
        .await
        .expect(200);
    world.jobs.run_due().await;
    assert_eq!(card_and_email(&world).await.0.as_deref(), Some("4242"));

    world.stripe.put_customer(&customer("4444", "bills@example.com"));
    let detached = json!({ "id": "pm_0", "object": "payment_method", "customer": null });
    let mut detached = event("evt_2", "payment_method.detached", world.now(), &detached);
    merge(
        &mut detached,
        json!({ "data": { "previous_attributes": { "customer": ada.customer } } }),
    );
    world.deliver(&detached).await.expect(200);
    world.jobs.run_due().await;
    let (card, billing_email, email) = card_and_email(&world).await;
    assert_eq!(
        (card.as_deref(), billing_email.as_deref()),
        (Some("4444"), Some("bills@example.com"))
    );
    assert_eq!(email, "user_ada@example.com", "the portal's address never becomes the login");
}

async fn card_and_email(world: &World) -> (Option<String>, Option<String>, String) {
    world
        .read(|conn| {
            use api::db::schema::{subscriptions, users};
            use diesel::prelude::*;
            let card = subscriptions::table.select(subscriptions::card_last4).first(conn)?;
            let (billing_email, email) =
                users::table.select((users::billing_email, users::email)).first(conn)?;
            Ok((card, billing_email, email))
        })
        .await
}

#[tokio::test]
async fn thin_events_are_fetched_by_the_worker() {
    let world = World::start().await;
    let ada = world.listener("ada").await;
    world.stripe.put(&subscription("sub_1", &ada.customer, "pro", "active", json!({})));
    world.stripe.put(&subscription("sub_2", "cus_foreign", "pro", "active", json!({})));
    let thin = |id: &str, related: Value| {
        json!({ "id": id, "object": "v2.core.event", "type": "v1.customer.subscription.active", "livemode": false,
            "created": "2026-01-01T00:00:00.000Z", "related_object": related })
    };
    let related = |id: &str| json!({ "id": id, "type": "subscription", "url": format!("/v1/subscriptions/{id}") });
    for (id, related) in [
        ("evt_1", related("sub_1")),
        ("evt_2", related("sub_2")),
        ("evt_3", related("sub_3")),
        ("evt_4", Value::Null),
    ] {
        world.deliver(&thin(id, related)).await.expect(200);
    }
    assert_eq!(world.event("evt_1").await.unwrap().0, "received");
    assert!(world.stripe.requests().is_empty());
    world.jobs.run_due().await;
    for (id, state, reason) in [
        ("evt_1", "applied", None),
        ("evt_2", "ignored", Some("foreign_customer")),
        ("evt_3", "ignored", Some("foreign_customer")),
        ("evt_4", "ignored", Some("unhandled_type")),
    ] {
        assert_eq!(
            world.event(id).await.unwrap(),
            (state.to_owned(), reason.map(str::to_owned)),
            "{id}"
        );
    }
    assert_eq!(world.access(&ada).await, (true, "active".to_owned()));
}

#[tokio::test]
async fn work_waits_while_stripe_is_down() {
    let world = World::start().await;
    let ada = world.listener("ada").await;
    let active = subscription("sub_1", &ada.customer, "pro", "active", json!({}));
    world.stripe.put(&active);
    world.stripe.fail_with(Some(503));
    let invoice = json!({ "id": "in_1", "object": "invoice", "customer": ada.customer });
    world.deliver(&event("evt_1", "invoice.paid", world.now(), &invoice)).await.expect(200);
    world.jobs.run_due().await;
    assert_eq!(world.event("evt_1").await.unwrap().0, "received");
    world.jobs.run_due().await;
    assert_eq!(world.stripe.requests().len(), 1, "it keeps its distance");

    world.stripe.fail_with(None);
    world.execute("UPDATE refreshes SET next_try_at = 0").await;
    world.jobs.run_due().await;
    assert_eq!(world.event("evt_1").await.unwrap().0, "applied");
    assert_eq!(world.access(&ada).await, (true, "active".to_owned()));
}

#[tokio::test]
async fn a_first_payment_on_its_way_opens_nothing_until_it_has_come() {
    let world = World::start().await;
    for (name, first, later, opens) in [
        ("ada", "active", "active", (true, "active")),
        ("bob", "incomplete", "active", (true, "active")),
        ("eve", "active", "past_due", (false, "incomplete")),
        ("mel", "incomplete", "incomplete_expired", (false, "incomplete_expired")),
    ] {
        let listener = world.listener(name).await;
        let (id, invoice) = (format!("sub_{name}"), format!("in_{name}"));
        let bought = |status: &str| subscription(&id, &listener.customer, "pro", status, json!({}));
        let as_read = |status: &str, paid: &str| {
            let mut read = bought(status);
            read["latest_invoice"] = json!({ "id": invoice, "object": "invoice", "status": paid,
                "billing_reason": "subscription_create" });
            world.stripe.put(&read);
        };
        let tell = async |event_id: &str, status: &str| {
            let mut told = bought(status);
            told["latest_invoice"] = json!(invoice);
            let id = format!("evt_{event_id}_{name}");
            let kind = "customer.subscription.updated";
            world.deliver(&event(&id, kind, world.now() - 60, &told)).await.expect(200);
            world.jobs.run_due().await;
        };
        as_read(first, "open");
        tell("began", first).await;
        assert_eq!(world.access(&listener).await, (false, "incomplete".to_owned()), "{name}");

        // The event of the payment alone: nothing else tells that it has come, or will not come.
        as_read(later, if opens.0 { "paid" } else { "open" });
        let object = json!({ "id": invoice, "object": "invoice", "customer": listener.customer });
        let kind = if opens.0 { "invoice.paid" } else { "invoice.payment_failed" };
        let told = event(&format!("evt_ended_{name}"), kind, world.now(), &object);
        world.deliver(&told).await.expect(200);
        world.jobs.run_due().await;
        assert_eq!(world.access(&listener).await, (opens.0, opens.1.to_owned()), "{name}");
    }
}

#[tokio::test]
async fn a_first_payment_whose_events_were_lost_is_found_by_reconciling() {
    let world = World::start().await;
    let ada = world.listener("ada").await;
    let read = |paid: &str| {
        let invoice = json!({ "id": "in_1", "object": "invoice", "status": paid,
            "billing_reason": "subscription_create" });
        let fields = json!({ "latest_invoice": invoice });
        world.stripe.put(&subscription("sub_1", &ada.customer, "pro", "active", fields));
    };
    read("open");
    assert_eq!(reconcile(&world.refresher, false, |_, _| {}).await.unwrap().drifted, 1);
    assert_eq!(world.access(&ada).await, (false, "incomplete".to_owned()));
    assert_eq!(reconcile(&world.refresher, false, |_, _| {}).await.unwrap().drifted, 0);
    read("paid");
    assert_eq!(reconcile(&world.refresher, false, |_, _| {}).await.unwrap().drifted, 1);
    assert_eq!(world.access(&ada).await, (true, "active".to_owned()));
}
