//! What programs that copy a whole account read: every collection, the empty ones too, and the balance.

use reqwest::Method;

use super::{Sandbox, text};

#[tokio::test]
async fn collections_without_anything_are_empty_and_know_their_filters() {
    let sandbox = Sandbox::start().await;
    for path in ["accounts", "payouts", "transfers", "radar/early_fraud_warnings", "files"] {
        let list = sandbox.get(&format!("/v1/{path}?limit=100&created[gte]=1")).await;
        assert_eq!(list["object"], "list", "{path}");
        assert_eq!(list["data"], serde_json::json!([]), "{path}");
        assert_eq!(list["url"], format!("/v1/{path}"));
    }
    let unknown = sandbox.send(Method::GET, "/v1/payouts?colour=red", &[], &[]).await.error(400);
    assert_eq!(unknown["code"], "parameter_unknown");
    let missing = sandbox.send(Method::GET, "/v1/payouts/po_1", &[], &[]).await.error(404);
    assert_eq!(missing["code"], "resource_missing");
    assert_eq!(missing["message"], "No such payout: 'po_1'");
    sandbox.send(Method::POST, "/v1/payouts", &[], &[]).await.error(404);
}

#[tokio::test]
async fn what_stripe_knows_of_countries_and_taxes_is_listed() {
    let sandbox = Sandbox::start().await;
    for (path, id, name, expected) in [
        ("country_specs", "DE", "default_currency", "eur"),
        ("tax_codes", "txcd_99999999", "name", "General - Tangible Goods"),
    ] {
        let first = sandbox.get(&format!("/v1/{path}?limit=1")).await;
        assert_eq!(
            (&first["has_more"], first["url"].as_str()),
            (&true.into(), Some(&*format!("/v1/{path}")))
        );
        let after =
            format!("/v1/{path}?limit=100&starting_after={}", text(&first["data"][0]["id"]));
        let rest = sandbox.get(&after).await;
        assert_eq!(rest["has_more"], false);
        let found = sandbox.get(&format!("/v1/{path}/{id}")).await;
        assert_eq!(found[name], expected);
        let all = [&first, &rest].map(|page| page["data"].as_array().unwrap().clone()).concat();
        assert!(all.contains(&found), "{path}");
        let unknown = format!("/v1/{path}/nowhere");
        sandbox.send(Method::GET, &unknown, &[], &[]).await.error(404);
    }
}

#[tokio::test]
async fn the_account_is_found_by_its_id_and_no_other_is() {
    let sandbox = Sandbox::start().await;
    let account = sandbox.get("/v1/account").await;
    let path = format!("/v1/accounts/{}", text(&account["id"]));
    assert_eq!(sandbox.get(&path).await, account);
    let other = sandbox.send(Method::GET, "/v1/accounts/acct_1", &[], &[]).await.error(403);
    assert_eq!(other["code"], "account_invalid");
}

#[tokio::test]
async fn money_is_pending_and_then_available() {
    let sandbox = Sandbox::start().await;
    assert_eq!(sandbox.get("/v1/balance").await["available"][0]["amount"], 0);
    let price = sandbox.price("Starter", "1000", "month").await;
    let customer = sandbox.customer("pm_card_visa").await;
    sandbox.subscribe(&customer, &price).await;

    let transactions = sandbox.get("/v1/balance_transactions?type=charge&currency=usd").await;
    let transaction = &transactions["data"][0];
    assert_eq!((&transaction["amount"], &transaction["status"]), (&1000.into(), &"pending".into()));
    let charge =
        sandbox.get("/v1/charges?expand[]=data.balance_transaction").await["data"][0].take();
    assert_eq!(charge["balance_transaction"], *transaction);
    let balance = sandbox.get("/v1/balance").await;
    assert_eq!(balance["pending"][0]["amount"], transaction["net"]);
    assert_eq!(balance["available"][0]["amount"], 0);

    sandbox.advance("3days").await;
    let balance = sandbox.get("/v1/balance").await;
    assert_eq!(balance["available"][0]["amount"], transaction["net"]);
    let path = format!("/v1/balance_transactions/{}", text(&transaction["id"]));
    assert_eq!(sandbox.get(&path).await["status"], "available");
}

#[tokio::test]
async fn what_belongs_to_a_charge_or_a_customer_is_found_below_it() {
    let sandbox = Sandbox::start().await;
    let price = sandbox.price("Starter", "1000", "month").await;
    let customer = sandbox.customer("pm_card_visa").await;
    let subscription = sandbox.subscribe(&customer, &price).await;
    sandbox.subscribe(&sandbox.customer("pm_card_visa").await, &price).await;
    let found = sandbox.get(&format!("/v1/customers/{customer}/subscriptions")).await;
    assert_eq!(found["data"].as_array().unwrap().len(), 1);
    assert_eq!(found["data"][0]["id"], subscription["id"]);

    let charge = sandbox.get(&format!("/v1/charges?customer={customer}")).await["data"][0].take();
    let path = format!("/v1/charges/{}/refunds", text(&charge["id"]));
    let refund = sandbox.post(&path, &[("amount", "300")]).await;
    assert_eq!(sandbox.get(&path).await["data"], serde_json::json!([refund]));
    assert_eq!(sandbox.get(&format!("{path}/{}", text(&refund["id"]))).await, refund);
    sandbox.send(Method::GET, "/v1/charges/ch_1/refunds", &[], &[]).await.error(404);

    let query = format!("query=customer:'{customer}'");
    for kind in ["charges", "invoices", "payment_intents"] {
        let found = sandbox.get(&format!("/v1/{kind}/search?{query}")).await;
        assert_eq!(found["object"], "search_result");
        assert_eq!(found["data"].as_array().unwrap().len(), 1, "{kind}");
        assert_eq!(found["data"][0]["customer"], customer);
    }
}

#[tokio::test]
async fn members_that_may_be_missing_can_be_asked_for() {
    let sandbox = Sandbox::start().await;
    let price = sandbox.price("Starter", "1000", "month").await;
    let customer = sandbox.customer("pm_card_visa").await;
    sandbox.subscribe(&customer, &price).await;
    let coupon = [("percent_off", "10"), ("duration", "once")];
    sandbox.post("/v1/coupons", &coupon).await;
    for path in [
        "coupons?expand[]=data.applies_to",
        "customers?expand[]=data.cash_balance&expand[]=data.tax",
        "charges?expand[]=data.transfer",
        "invoices?expand[]=data.threshold_reason",
    ] {
        let found = sandbox.get(&format!("/v1/{path}")).await;
        assert_eq!(found["data"].as_array().unwrap().len(), 1, "{path}");
    }
    let found = sandbox.get("/v1/balance_transactions?expand[]=data.source").await;
    assert_eq!(found["data"][0]["source"]["object"], "charge");
    let path = "/v1/customers?expand[]=data.colour";
    let error = sandbox.send(Method::GET, path, &[], &[]).await.error(400);
    assert_eq!(error["param"], "expand");
}
