//! What Stripe is told of a listener, what it tells of them, and customers that are gone there.

use serde_json::json;

use super::world::{World, event, subscription};

#[tokio::test]
async fn a_new_login_is_told_once_it_is_verified_and_until_stripe_has_taken_it() {
    let world = World::start().await;
    let ada = world.listener("ada").await;
    world.execute("UPDATE users SET email = 'new@example.com', email_verified = FALSE").await;
    world.jobs.run_due().await;
    assert_eq!(world.stripe.requests(), Vec::<String>::new(), "anybody can claim an address");

    world.execute("UPDATE users SET email_verified = TRUE").await;
    world.stripe.fail_with(Some(500));
    world.jobs.run_due().await;
    world.jobs.run_due().await;
    assert_eq!(
        world.stripe.requests(),
        ["POST /v1/customers/cus_ada"],
        "it waits before it tries again"
    );

    world.stripe.fail_with(None);
    world.execute("UPDATE users SET customer_email_try_at = 0").await;
    world.jobs.run_due().await;
    world.jobs.run_due().await;
    assert_eq!(world.stripe.bodies(), ["email=new%40example.com", "email=new%40example.com"]);
    let (_, login, billing) = world.addresses(&ada).await;
    assert_eq!((login.as_str(), billing.as_deref()), ("new@example.com", Some("new@example.com")));
}

#[tokio::test]
async fn an_address_changed_in_the_portal_is_for_receipts_alone() {
    let world = World::start().await;
    let ada = world.listener("ada").await;
    let customer =
        json!({ "id": ada.customer, "object": "customer", "email": "bills@example.com" });
    world.stripe.put_customer(&customer);
    world.deliver(&event("evt_1", "customer.updated", world.now(), &customer)).await.expect(200);
    world.jobs.run_due().await;
    assert_eq!(
        world.addresses(&ada).await,
        (
            Some(ada.customer),
            "user_ada@example.com".to_owned(),
            Some("bills@example.com".to_owned())
        )
    );
    assert!(world.stripe.requests().iter().all(|request| request.starts_with("GET ")));
}

#[tokio::test]
async fn a_customer_whose_maker_fell_is_bound_by_the_event_of_its_making() {
    let world = World::start().await;
    let ada = world.listener("ada").await;
    world.execute("UPDATE users SET stripe_customer_id = NULL, customer_email = NULL").await;
    let made = |id: &str, metadata: serde_json::Value| json!({ "id": id, "object": "customer", "email": "old@example.com", "metadata": metadata });
    let ours = json!({ "circle_user": ada.user });
    for (n, customer) in [
        made("cus_foreign", json!({})),
        made("cus_made", ours.clone()),
        made("cus_made_again", ours.clone()),
    ]
    .into_iter()
    .enumerate()
    {
        world.stripe.put_customer(&customer);
        let event = event(&format!("evt_{n}"), "customer.created", world.now(), &customer);
        world.deliver(&event).await.expect(200);
    }
    let ignored = |reason: &str| Some(("ignored".to_owned(), Some(reason.to_owned())));
    assert_eq!(world.event("evt_0").await, ignored("foreign_customer"));
    assert_eq!(world.event("evt_1").await, Some(("applied".to_owned(), None)));
    assert_eq!(world.event("evt_2").await, ignored("unused_customer"));
    assert_eq!(world.addresses(&ada).await.0.as_deref(), Some("cus_made"));

    // It was made for an address that the listener has left since.
    world.jobs.run_due().await;
    assert_eq!(world.stripe.bodies(), ["email=user_ada%40example.com"]);

    // What the event says of the address is old news for who is bound.
    let again = event("evt_3", "customer.created", world.now(), &made("cus_made", ours));
    world.deliver(&again).await.expect(200);
    world.jobs.run_due().await;
    assert_eq!(world.stripe.bodies().len(), 1);
}

#[tokio::test]
async fn customers_that_are_gone_are_taken_from_their_listener_in_either_form() {
    let world = World::start().await;
    let (ada, bob, eve) =
        (world.listener("ada").await, world.listener("bob").await, world.listener("eve").await);
    world.stripe.put_customer(&json!({ "id": "cus_ada", "object": "customer", "deleted": true }));
    world.stripe.forget_customer("cus_bob");
    // Told of no event: the next look at them finds out.
    for (n, customer) in ["cus_ada", "cus_bob"].into_iter().enumerate() {
        let invoice = json!({ "id": "in_1", "object": "invoice", "customer": customer });
        let event = event(&format!("evt_{n}"), "invoice.paid", world.now(), &invoice);
        world.deliver(&event).await.expect(200);
    }
    world.jobs.run_due().await;
    assert_eq!(world.addresses(&ada).await.0, None);
    assert_eq!(world.addresses(&bob).await.0, None);

    // Gone when it is told an address.
    world.stripe.forget_customer("cus_eve");
    world.execute("UPDATE users SET email = 'new@example.com' WHERE id = 'user_eve'").await;
    world.jobs.run_due().await;
    assert_eq!(world.addresses(&eve).await.0, None);

    // What still comes for the old one is the listener's, and a live subscription of it is reported.
    let active = subscription("sub_1", "cus_ada", "pro", "active", json!({}));
    world.stripe.put(&active);
    let created = event("evt_9", "customer.subscription.created", world.now(), &active);
    world.deliver(&created).await.expect(200);
    assert_eq!(world.access(&ada).await, (true, "active".to_owned()));
    assert_eq!(world.alerts().await, ["tombstone"]);
}

#[tokio::test]
async fn a_failure_to_ask_is_not_a_customer_that_is_gone() {
    let world = World::start().await;
    let ada = world.listener("ada").await;
    let invoice = json!({ "id": "in_1", "object": "invoice", "customer": ada.customer });
    world.deliver(&event("evt_1", "invoice.paid", world.now(), &invoice)).await.expect(200);
    for status in [500, 503, 429, 409, 401] {
        world.stripe.fail_with(Some(status));
        world.execute("UPDATE refreshes SET next_try_at = 0").await;
        world.jobs.run_due().await;
        assert_eq!(world.addresses(&ada).await.0, Some(ada.customer.clone()), "{status}");
    }
    assert_eq!(world.event("evt_1").await.unwrap().0, "received");
    assert_eq!(world.alerts().await, ["failed_job"]);
    world.stripe.fail_with(None);
    world.execute("UPDATE refreshes SET next_try_at = 0").await;
    world.jobs.run_due().await;
    assert_eq!(world.event("evt_1").await.unwrap().0, "applied");
    assert!(world.alerts().await.is_empty());
}
