//! Money that goes back: refunds and disputes suspend access, and a dispute that is won gives it back.

use api::billing::explain::explain;
use serde_json::{Value, json};

use super::world::{Listener, World, event, subscription};

/// A listener who has paid an invoice, with the charge that paid it.
async fn paid(world: &World) -> Listener {
    let ada = world.listener("ada").await;
    let active = with_invoice(&ada, "in_1");
    world.stripe.put(&active);
    world.stripe.put_invoice(json!({ "id": "in_1", "object": "invoice", "customer": ada.customer,
        "parent": { "subscription_details": { "subscription": "sub_1" } } }));
    world.stripe.put_in(
        "invoice_payments",
        json!({ "id": "inpay_1", "object": "invoice_payment", "invoice": "in_1",
            "payment": { "type": "payment_intent", "payment_intent": "pi_1" } }),
    );
    world.stripe.put_in("charges", charge(&ada, json!({})));
    let created = event("evt_1", "customer.subscription.created", world.now() - 60, &active);
    world.deliver(&created).await.expect(200);
    world.jobs.run_due().await;
    assert_eq!(world.access(&ada).await, (true, "active".to_owned()));
    ada
}

fn with_invoice(ada: &Listener, invoice: &str) -> Value {
    let fields = json!({ "latest_invoice": invoice });
    subscription("sub_1", &ada.customer, "pro", "active", fields)
}

fn charge(ada: &Listener, fields: Value) -> Value {
    let mut charge = json!({ "id": "ch_1", "object": "charge", "customer": ada.customer,
        "payment_intent": "pi_1", "refunded": false, "disputed": false });
    super::world::merge(&mut charge, fields);
    charge
}

async fn settle(world: &World, id: &str, kind: &str, object: &Value) {
    world.deliver(&event(id, kind, world.now(), object)).await.expect(200);
    world.jobs.run_due().await;
    assert_eq!(world.event(id).await.unwrap().0, "applied", "{kind}");
}

#[tokio::test]
async fn a_full_refund_of_the_latest_invoice_suspends_until_the_next_one() {
    let world = World::start().await;
    let ada = paid(&world).await;
    let partly = charge(&ada, json!({ "amount_refunded": 1 }));
    world.stripe.put_in("charges", partly.clone());
    settle(&world, "evt_2", "charge.refunded", &partly).await;
    assert_eq!(world.access(&ada).await, (true, "active".to_owned()), "a part of it");

    let refunded = charge(&ada, json!({ "refunded": true }));
    world.stripe.put_in("charges", refunded.clone());
    settle(&world, "evt_3", "charge.refunded", &refunded).await;
    assert_eq!(world.access(&ada).await, (false, "refunded".to_owned()));
    let rules = world.refresher.rules().clone();
    let told = world.read(move |conn| Ok(explain(conn, &rules, "cus_ada")?.unwrap().to_string()));
    let told = told.await;
    for part in [
        "no access, reason refunded",
        "Its latest invoice was refunded in full.",
        "in_1 refunded in full",
        "pro (active) -> no access (refunded)  by evt_3",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }

    let renewed = with_invoice(&ada, "in_2");
    world.stripe.put(&renewed);
    let updated = event("evt_4", "customer.subscription.updated", world.now() + 60, &renewed);
    world.deliver(&updated).await.expect(200);
    assert_eq!(world.access(&ada).await, (true, "active".to_owned()));
}

#[tokio::test]
async fn a_dispute_suspends_while_it_is_open_and_winning_it_gives_access_back() {
    let world = World::start().await;
    let ada = paid(&world).await;
    let dispute = |status: &str| {
        json!({ "id": "dp_1", "object": "dispute", "charge": "ch_1", "payment_intent": "pi_1",
            "status": status })
    };
    world.stripe.put_in("charges", charge(&ada, json!({ "disputed": true })));
    for (n, (kind, status, expected)) in [
        ("charge.dispute.created", "warning_needs_response", (true, "active")),
        ("charge.dispute.updated", "needs_response", (false, "disputed")),
        ("charge.dispute.updated", "under_review", (false, "disputed")),
        ("charge.dispute.closed", "won", (true, "active")),
        ("charge.dispute.closed", "lost", (false, "disputed")),
        ("charge.dispute.funds_reinstated", "won", (true, "active")),
    ]
    .into_iter()
    .enumerate()
    {
        world.stripe.put_in("disputes", dispute(status));
        settle(&world, &format!("evt_d{n}"), kind, &dispute(status)).await;
        let (allowed, reason) = expected;
        assert_eq!(world.access(&ada).await, (allowed, reason.to_owned()), "{kind} {status}");
    }
    assert!(world.stripe.requests().iter().all(|request| request.starts_with("GET ")));
}

#[tokio::test]
async fn disputes_about_other_things_and_of_strangers_suspend_nobody() {
    let world = World::start().await;
    let ada = paid(&world).await;
    // A mug that the same customer bought, and a dispute of somebody else's.
    world
        .stripe
        .put_invoice(json!({ "id": "in_mug", "object": "invoice", "customer": ada.customer }));
    let mug = json!({ "id": "ch_mug", "customer": ada.customer, "payment_intent": "pi_mug", "disputed": true });
    world.stripe.put_in("charges", charge(&ada, mug));
    world.stripe.put_in(
        "invoice_payments",
        json!({ "id": "inpay_2", "invoice": "in_mug", "payment": { "payment_intent": "pi_mug" } }),
    );
    let stranger =
        json!({ "id": "ch_x", "customer": "cus_x", "payment_intent": "pi_x", "disputed": true });
    world.stripe.put_in("charges", charge(&ada, stranger));
    for (id, charge) in [("dp_mug", "ch_mug"), ("dp_x", "ch_x")] {
        let dispute =
            json!({ "id": id, "object": "dispute", "charge": charge, "status": "needs_response" });
        world.stripe.put_in("disputes", dispute.clone());
        let created = event(&format!("evt_{id}"), "charge.dispute.created", world.now(), &dispute);
        world.deliver(&created).await.expect(200);
    }
    world.jobs.run_due().await;
    assert_eq!(world.access(&ada).await, (true, "active".to_owned()));
    assert_eq!(world.event("evt_dp_mug").await.unwrap().0, "applied");
    assert_eq!(
        world.event("evt_dp_x").await.unwrap(),
        ("ignored".to_owned(), Some("foreign_customer".to_owned()))
    );
}

/// What the sandbox itself says of refunds and disputes, from the first payment on.
mod at_the_sandbox {
    use super::json;
    use crate::harness::{Subscriber, TestApp};

    async fn newest(ada: &Subscriber<'_>, list: &str) -> String {
        let list = ada.app.stripe(&format!("/v1/{list}")).await;
        list["data"][0]["id"].as_str().unwrap().to_owned()
    }

    #[tokio::test]
    async fn a_refund_of_everything_suspends() {
        let app = TestApp::start().await;
        let ada = app.subscriber("ada@example.com").await;
        ada.subscribe("pro").await;
        ada.account_when(|account| account["access"]["allowed"] == true).await;
        let charge = newest(&ada, "charges").await;
        app.tell_stripe("/v1/refunds", &[("charge", &charge), ("amount", "100")]).await;
        app.tell_stripe("/v1/refunds", &[("charge", &charge)]).await;
        let out = ada.account_when(|account| account["access"]["reason"] == "refunded").await;
        assert_eq!(out["access"]["allowed"], false);
        assert_eq!(out["subscription_status"], "active");
    }

    #[tokio::test]
    async fn a_disputed_payment_suspends_until_the_dispute_is_won() {
        let app = TestApp::start().await;
        let ada = app.subscriber("ada@example.com").await;
        let page = ada.checkout("pro").await;
        assert_eq!(app.pay_with(&page, "4000000000000259").await.status(), 303);
        ada.account_when(|account| account["access"]["reason"] == "disputed").await;
        let dispute = newest(&ada, "disputes").await;
        let evidence = [("evidence[uncategorized_text]", "winning_evidence")];
        app.tell_stripe(&format!("/v1/disputes/{dispute}"), &evidence).await;
        let back = ada.account_when(|account| account["access"]["reason"] == "active").await;
        assert_eq!((&back["plan"], &back["access"]["allowed"]), (&json!("pro"), &json!(true)));
    }
}
