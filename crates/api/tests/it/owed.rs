//! What a listener owes: the open invoice, and whether its payment waits for their bank.

use serde_json::{Value, json};

use crate::{harness::TestApp, life_cycle::use_card};

const DAY: i64 = 86_400;
const PATH: &str = "/api/billing/open-invoice";

#[tokio::test]
async fn the_open_invoice_says_whether_its_payment_waits_for_the_bank() {
    for (card, requires_action) in
        [("pm_card_authenticationRequired", true), ("pm_card_chargeCustomerFail", false)]
    {
        let app = TestApp::start().await;
        let ada = app.subscriber("ada@example.com").await;
        app.get(PATH).await.expect_error(401, "unauthenticated");
        assert_eq!(ada.get(PATH).await.expect(200), json!({ "invoice": null }));
        ada.subscribe("pro").await;
        let account = ada.account_when(|it| it["subscription_status"] == "active").await;
        assert_eq!(ada.get(PATH).await.expect(200), json!({ "invoice": null }));

        let customer = account["stripe_customer_id"].as_str().unwrap();
        let subscription = ada.subscription_id().await;
        use_card(&app, customer, &subscription, card).await;
        app.advance(32 * DAY).await;
        ada.account_when(|it| it["subscription_status"] == "past_due").await;
        let owed = ada.get(PATH).await.expect(200)["invoice"].take();
        assert_eq!(owed["requires_action"], requires_action, "{card}: {owed}");
        assert_eq!((&owed["amount_due"], &owed["currency"]), (&json!(1000), &json!("usd")));
        let page = app.http.get(owed["hosted_invoice_url"].as_str().unwrap());
        assert_eq!(app.send(page).await.status, 200, "{card}");

        use_card(&app, customer, &subscription, "pm_card_visa").await;
        app.tell_stripe(&format!("/v1/invoices/{}/pay", owed["id"].as_str().unwrap()), &[]).await;
        ada.account_when(|it| it["payment_problem"] == Value::Null).await;
        assert_eq!(ada.get(PATH).await.expect(200), json!({ "invoice": null }), "{card}");
    }
}
