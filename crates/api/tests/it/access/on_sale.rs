//! Products and prices that change at Stripe: what is on sale follows, behind the request.

use serde_json::json;

use super::world::{World, event, subscription};

#[tokio::test]
async fn a_price_that_moved_is_read_again_and_a_foreign_one_is_ignored() {
    let world = World::start().await;
    world.keep_price("price_old", "circle_pro", "pro").await;
    let product = json!({ "id": "circle_pro", "object": "product", "active": true, "name": "Pro",
        "metadata": {} });
    let price = json!({ "id": "price_new", "object": "price", "active": true, "product": "circle_pro",
        "lookup_key": "pro", "currency": "usd", "unit_amount": 1200, "type": "recurring",
        "recurring": { "interval": "month", "interval_count": 1 }, "metadata": {} });
    world.stripe.put_in("products", product.clone());
    world.stripe.put_in("prices", price.clone());
    let foreign = json!({ "id": "price_mug", "object": "price", "product": "prod_mug" });
    for (id, kind, object) in [
        ("evt_1", "price.created", &price),
        ("evt_2", "price.updated", &price),
        ("evt_3", "product.updated", &product),
        ("evt_4", "price.created", &foreign),
    ] {
        world.deliver(&event(id, kind, world.now(), object)).await.expect(200);
    }
    assert_eq!(world.event("evt_2").await.unwrap().0, "applied");
    assert_eq!(world.event("evt_4").await.unwrap().1.as_deref(), Some("foreign_product"));
    assert_eq!(world.stripe.requests(), Vec::<String>::new(), "not within the request");

    world.execute("UPDATE refreshes SET next_try_at = 0").await;
    world.jobs.run_due().await;
    let offer = world
        .read(|conn| api::catalog::store::find_offer(conn, "pro", Default::default()))
        .await
        .unwrap();
    assert_eq!((offer.price_id.as_str(), offer.amount), ("price_new", 1200));

    let ada = world.listener("ada").await;
    let item = json!({ "id": "si_1", "object": "subscription_item", "quantity": 1,
        "current_period_start": 1_600_000_000, "current_period_end": 4_000_000_000_i64,
        "price": { "id": "price_old", "object": "price", "product": "prod_renamed", "currency": "usd" } });
    let items = json!({ "items": { "data": [item] } });
    let old = subscription("sub_1", &ada.customer, "pro", "active", items);
    let created = event("evt_5", "customer.subscription.created", world.now(), &old);
    world.deliver(&created).await.expect(200);
    let plan = world.stored("sub_1").await.unwrap().1;
    assert_eq!(plan.as_deref(), Some("pro"), "old subscribers keep their plan");
}
