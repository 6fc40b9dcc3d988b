//! What is taken in, what is refused, and what a failure leaves behind.

use api::stripe::{SigningSecret, signature};
use serde_json::json;

use super::world::{SECRET, World, event, merge, subscription};

#[tokio::test]
async fn unsigned_deliveries_change_nothing() {
    let world = World::start().await;
    let ada = world.listener("ada").await;
    let active = subscription("sub_1", &ada.customer, "pro", "active", json!({}));
    let body = event("evt_1", "customer.subscription.created", world.now(), &active).to_string();
    let now = world.clock.wall();
    let sign = |secret: &str, at| {
        signature::sign(body.as_bytes(), &SigningSecret::parse(secret).unwrap(), at)
    };
    let good = sign(SECRET, now);
    let (_, hex) = good.split_once("v1=").unwrap();
    for header in [
        None,
        Some(String::new()),
        Some("garbage".to_owned()),
        Some(format!("t={now}")),
        Some(format!("t={now},v0={hex}")),
        Some(format!("t={now},v1={}", hex.to_uppercase())),
        Some(sign("whsec_wrong", now)),
        Some(sign(SECRET, now - 301)),
        Some(sign(SECRET, now + 360)),
    ] {
        world.post(&body, header.as_deref()).await.expect_error(400, "invalid_signature");
    }
    world.post(&format!("{body} "), Some(&good)).await.expect_error(400, "invalid_signature");
    assert_eq!(world.count_events().await, 0);
    assert_eq!(world.access(&ada).await, (false, "no_subscription".to_owned()));

    world.post(&body, Some(&good)).await.expect(200);
    assert_eq!(world.access(&ada).await, (true, "active".to_owned()));
}

#[tokio::test]
async fn either_secret_of_a_roll_is_believed() {
    let world = World::start().await;
    let body = event("evt_1", "ping", world.now(), &json!({ "object": "ping" })).to_string();
    let now = world.clock.wall();
    let sign = |secret: &str| {
        signature::sign(body.as_bytes(), &SigningSecret::parse(secret).unwrap(), now)
    };
    let (old, new) = (sign("whsec_before_the_roll"), sign(SECRET));
    let (_, new_hex) = new.split_once(",v1=").unwrap();
    for header in [
        old.clone(),
        new.clone(),
        format!("{old},v1={new_hex}"),
        format!("{},v1={new_hex}", sign("whsec_x")),
    ] {
        let answer = world.post(&body, Some(&header)).await.expect(200);
        assert_eq!(answer, json!({ "received": true }));
    }
    assert_eq!(
        world.event("evt_1").await.unwrap(),
        ("ignored".to_owned(), Some("unhandled_type".to_owned()))
    );
}

#[tokio::test]
async fn what_is_no_event_is_refused() {
    let world = World::start().await;
    for body in [
        "",
        "{}",
        "[]",
        "null",
        "\u{fffd}",
        r#"{"object":"charge"}"#,
        r#"{"object":"event","id":"evt_1"}"#,
    ] {
        let secret = SigningSecret::parse(SECRET).unwrap();
        let header = signature::sign(body.as_bytes(), &secret, world.clock.wall());
        world.post(body, Some(&header)).await.expect_error(400, "invalid_payload");
    }
    world.post(&"x".repeat(1024 * 1024 + 1), None).await.expect_error(413, "payload_too_large");
    world.get_webhooks().await.expect_error(405, "method_not_allowed");
    assert_eq!(world.count_events().await, 0);
}

#[tokio::test]
async fn parallel_deliveries_of_one_event_have_one_effect() {
    let world = World::start().await;
    let ada = world.listener("ada").await;
    let active = subscription("sub_1", &ada.customer, "pro", "active", json!({}));
    let created = event("evt_1", "customer.subscription.created", world.now(), &active);
    let answers = futures_util::future::join_all((0..50).map(|_| world.deliver(&created))).await;
    for answer in answers {
        answer.expect(200);
    }
    assert_eq!(world.count_events().await, 1);
    assert_eq!(world.causes(&ada).await, ["evt_1"]);
}

#[tokio::test]
async fn foreign_customers_and_modes_are_recorded_and_ignored() {
    let world = World::start().await;
    let ada = world.listener("ada").await;
    let foreign = subscription("sub_1", "cus_foreign", "pro", "active", json!({}));
    world
        .deliver(&event("evt_1", "customer.subscription.created", world.now(), &foreign))
        .await
        .expect(200);
    let ours = subscription("sub_2", &ada.customer, "pro", "active", json!({}));
    let mut live = event("evt_2", "customer.subscription.created", world.now(), &ours);
    merge(&mut live, json!({ "livemode": true }));
    world.deliver(&live).await.expect(200);
    let mut connected = event("evt_3", "customer.subscription.created", world.now(), &ours);
    merge(&mut connected, json!({ "account": "acct_other" }));
    world.deliver(&connected).await.expect(200);
    let invoice = json!({ "id": "in_1", "object": "invoice", "customer": "cus_foreign" });
    world.deliver(&event("evt_4", "invoice.paid", world.now(), &invoice)).await.expect(200);

    for (id, reason) in [
        ("evt_1", "foreign_customer"),
        ("evt_2", "livemode"),
        ("evt_3", "connected_account"),
        ("evt_4", "foreign_customer"),
    ] {
        assert_eq!(world.event(id).await.unwrap(), ("ignored".to_owned(), Some(reason.to_owned())));
    }
    assert_eq!(world.alerts().await, ["livemode"]);
    assert_eq!(world.stored("sub_1").await, None);
    assert_eq!(world.access(&ada).await, (false, "no_subscription".to_owned()));
}

#[tokio::test]
async fn a_failed_effect_is_undone_and_comes_by_the_next_delivery() {
    let world = World::start().await;
    let ada = world.listener("ada").await;
    let active = subscription("sub_1", &ada.customer, "pro", "active", json!({}));
    let created = event("evt_1", "customer.subscription.created", world.now(), &active);
    // The last write of the effect fails, so that everything before it has to be undone.
    for (hide, show) in [
        (
            "ALTER TABLE access_changes RENAME TO hidden",
            "ALTER TABLE hidden RENAME TO access_changes",
        ),
        ("ALTER TABLE refreshes RENAME TO hidden", "ALTER TABLE hidden RENAME TO refreshes"),
        ("ALTER TABLE alerts RENAME TO hidden", "ALTER TABLE hidden RENAME TO alerts"),
        ("ALTER TABLE grants RENAME TO hidden", "ALTER TABLE hidden RENAME TO grants"),
    ] {
        world.execute(hide).await;
        world.deliver(&created).await.expect_error(500, "internal");
        world.execute(show).await;
        assert_eq!(world.event("evt_1").await.unwrap().0, "failed");
        assert_eq!(world.stored("sub_1").await, None);
        assert_eq!(world.access(&ada).await, (false, "no_subscription".to_owned()));
    }
    world.deliver(&created).await.expect(200);
    assert_eq!(world.event("evt_1").await.unwrap().0, "applied");
    assert_eq!(world.access(&ada).await, (true, "active".to_owned()));

    world.execute("ALTER TABLE events RENAME TO hidden").await;
    let updated = event("evt_2", "customer.subscription.updated", world.now() + 5, &active);
    assert_eq!(world.deliver(&updated).await.status, 500, "not even the event can be kept");
    world.execute("ALTER TABLE hidden RENAME TO events").await;
    world.deliver(&updated).await.expect(200);
}

#[tokio::test]
async fn the_worker_applies_what_failed_when_nobody_delivers_again() {
    let world = World::start().await;
    let ada = world.listener("ada").await;
    let active = subscription("sub_1", &ada.customer, "pro", "active", json!({}));
    world.stripe.put(&active);
    world.execute("ALTER TABLE access_changes RENAME TO hidden").await;
    let created = event("evt_1", "customer.subscription.created", world.now(), &active);
    world.deliver(&created).await.expect_error(500, "internal");
    world.execute("ALTER TABLE hidden RENAME TO access_changes").await;
    world.jobs.run_due().await;
    assert_eq!(world.event("evt_1").await.unwrap().0, "failed", "it is not due yet");
    world.execute("UPDATE events SET next_try_at = 0").await;
    world.jobs.run_due().await;
    assert_eq!(world.event("evt_1").await.unwrap().0, "applied");
    assert_eq!(world.access(&ada).await, (true, "active".to_owned()));
}

#[tokio::test]
async fn checkout_binds_only_the_listener_whose_session_it_is() {
    let world = World::start().await;
    let (ada, bob) = (world.listener("ada").await, world.listener("bob").await);
    world.execute("UPDATE users SET stripe_customer_id = NULL WHERE id = 'user_ada'").await;
    world
        .execute(
            "INSERT INTO checkout_sessions (id, user_id, plan, interval, price_id, status, expires_at, created_at) \
             VALUES ('cs_ada', 'user_ada', 'pro', 'month', 'price_pro', 'open', 0, 0), \
             ('cs_bob', 'user_bob', 'pro', 'month', 'price_pro', 'open', 0, 0)",
        )
        .await;
    let completed = |id: &str, session: &str, customer: &str, reference: Option<&str>| {
        let object = json!({ "id": session, "object": "checkout.session", "status": "complete",
            "payment_status": "paid", "customer": customer, "client_reference_id": reference,
            "subscription": "sub_1", "metadata": {} });
        event(id, "checkout.session.completed", world.now(), &object)
    };
    let bound = || async {
        let rows: Vec<Option<String>> = world
            .read(|conn| {
                use api::db::schema::users;
                use diesel::prelude::*;
                Ok(users::table.order(users::id).select(users::stripe_customer_id).load(conn)?)
            })
            .await;
        rows
    };
    let before = vec![None, Some(bob.customer.clone())];
    for (id, session, customer, reference, reason) in [
        // A payment link with somebody's id on it.
        ("evt_1", "cs_link", "cus_new", Some("user_ada"), "foreign_session"),
        ("evt_2", "cs_ada", "cus_new", Some("user_bob"), "foreign_session"),
        ("evt_3", "cs_ada", "cus_new", None, "foreign_session"),
        // Somebody else's customer, and another one for a listener who has one.
        ("evt_4", "cs_ada", "cus_bob", Some("user_ada"), "customer_mismatch"),
        ("evt_5", "cs_bob", "cus_new", Some("user_bob"), "customer_mismatch"),
    ] {
        world.deliver(&completed(id, session, customer, reference)).await.expect(200);
        assert_eq!(world.event(id).await.unwrap().1.as_deref(), Some(reason), "{id}");
        assert_eq!(bound().await, before, "{id}");
    }
    world.stripe.put(&subscription("sub_1", "cus_new", "pro", "active", json!({})));
    world.deliver(&completed("evt_6", "cs_ada", "cus_new", Some("user_ada"))).await.expect(200);
    assert_eq!(bound().await, [Some("cus_new".to_owned()), Some(bob.customer)]);
    assert_eq!(
        world.access(&ada).await,
        (false, "no_subscription".to_owned()),
        "completed is not paid"
    );
    world.jobs.run_due().await;
    assert_eq!(
        world.access(&ada).await,
        (true, "active".to_owned()),
        "its subscriptions are read once it is bound"
    );
}
