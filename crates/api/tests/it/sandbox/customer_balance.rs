//! The customer's balance and the transactions that made it.

use serde_json::Value;

use super::{Sandbox, text};

fn kinds(list: &Value) -> Vec<(&str, i64, i64)> {
    let row = |noted: &'_ Value| -> (i64, i64) {
        (noted["amount"].as_i64().unwrap(), noted["ending_balance"].as_i64().unwrap())
    };
    let rows = list["data"].as_array().unwrap().iter();
    rows.map(|noted| (text(&noted["type"]), row(noted).0, row(noted).1)).collect()
}

#[tokio::test]
async fn every_change_of_the_balance_is_written_down() {
    let sandbox = Sandbox::start().await;
    let price = sandbox.price("Starter", "1000", "month").await;
    let form = [
        ("balance", "-300"),
        ("payment_method", "pm_card_visa"),
        ("invoice_settings[default_payment_method]", "pm_card_visa"),
    ];
    let customer = sandbox.post("/v1/customers", &form).await;
    let path = format!("/v1/customers/{}", text(&customer["id"]));
    let transactions = format!("{path}/balance_transactions");
    sandbox.post(&path, &[("balance", "-500")]).await;
    let form = [("amount", "-100"), ("currency", "usd"), ("description", "Sorry")];
    let credit = sandbox.post(&transactions, &form).await;
    assert_eq!(
        (&credit["ending_balance"], &credit["description"]),
        (&(-600).into(), &"Sorry".into())
    );
    let subscription = sandbox.subscribe(text(&customer["id"]), &price).await;

    let list = sandbox.get(&transactions).await;
    let expected = [
        ("applied_to_invoice", 600, 0),
        ("adjustment", -100, -600),
        ("adjustment", -200, -500),
        ("initial", -300, -300),
    ];
    assert_eq!(kinds(&list), expected);
    assert_eq!(list["data"][0]["invoice"], subscription["latest_invoice"]);
    let path = format!("{transactions}/{}", text(&credit["id"]));
    let changed = sandbox.post(&path, &[("metadata[ticket]", "7")]).await;
    assert_eq!(sandbox.get(&path).await, changed);
    assert_eq!(changed["metadata"]["ticket"], "7");
    let error =
        sandbox.refused(&transactions, &[("amount", "1"), ("currency", "eur")]).await.error(400);
    assert_eq!(error["param"], "currency");
}
