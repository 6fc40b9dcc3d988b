//! Plans, the older name of recurring prices.

use reqwest::Method;

use super::Sandbox;

#[tokio::test]
async fn a_plan_is_a_price_and_the_other_way_round() {
    let sandbox = Sandbox::start().await;
    let form = [
        ("id", "gold"),
        ("amount", "900"),
        ("currency", "usd"),
        ("interval", "month"),
        ("interval_count", "3"),
        ("trial_period_days", "7"),
        ("product[name]", "Gold"),
    ];
    let plan = sandbox.post("/v1/plans", &form).await;
    assert_eq!((&plan["id"], &plan["object"]), (&"gold".into(), &"plan".into()));
    assert_eq!((&plan["amount"], &plan["interval_count"]), (&900.into(), &3.into()));
    assert_eq!(plan["trial_period_days"], 7);
    let price = sandbox.get("/v1/prices/gold?expand[]=product").await;
    assert_eq!(price["recurring"]["interval"], "month");
    assert_eq!(price["product"]["name"], "Gold");

    let customer = sandbox.customer("pm_card_visa").await;
    let form = [("customer", customer.as_str()), ("items[0][plan]", "gold")];
    let subscription = sandbox.post("/v1/subscriptions", &form).await;
    assert_eq!(subscription["items"]["data"][0]["plan"], plan);

    let changed = sandbox.post("/v1/plans/gold", &[("nickname", "Quarterly")]).await;
    assert_eq!(changed["nickname"], "Quarterly");
    // One-time prices are no plans.
    let once =
        [("product", plan["product"].as_str().unwrap()), ("currency", "usd"), ("unit_amount", "1")];
    let once = sandbox.post("/v1/prices", &once).await;
    assert_eq!(sandbox.get("/v1/plans").await["data"], serde_json::json!([changed]));
    let path = format!("/v1/plans/{}", once["id"].as_str().unwrap());
    let missing = sandbox.send(Method::GET, &path, &[], &[]).await.error(404);
    assert_eq!(missing["param"], "plan");

    assert_eq!(sandbox.delete("/v1/plans/gold").await["deleted"], true);
    sandbox.send(Method::GET, "/v1/plans/gold", &[], &[]).await.error(404);
    let told = sandbox.events_about("gold").await;
    for name in ["created", "updated", "deleted"] {
        let both = [format!("plan.{name}"), format!("price.{name}")];
        assert!(both.iter().all(|event| told.contains(event)), "{told:?}");
    }
    let error =
        sandbox.refused("/v1/plans", &[("currency", "usd"), ("amount", "1")]).await.error(400);
    assert_eq!(error["param"], "interval");
}
