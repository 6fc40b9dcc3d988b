//! A second start on yesterday's data.

use serde_json::json;

use crate::harness::TestApp;

#[tokio::test]
async fn users_subscriptions_and_the_sandbox_outlive_a_restart() {
    let app = TestApp::start().await;
    let ada = app.subscriber("ada@example.com").await;
    ada.subscribe("pro").await;
    let before = ada.account_when(|account| account["subscription_status"] == "active").await;

    let app = app.restart().await;
    let session = app.log_in("ada@example.com").await;
    let after = app.get_as(&session.token, "/api/me").await.expect(200);
    for kept in
        ["id", "stripe_customer_id", "plan", "subscription_status", "access", "current_period_end"]
    {
        assert_eq!(before[kept], after[kept], "{kept}");
    }
    let portal =
        app.post_as(&session.token, "/api/billing/portal-session", json!({})).await.expect(200);
    assert_eq!(app.send(app.http.get(portal["url"].as_str().unwrap())).await.status, 200);
    let invoices = app.get_as(&session.token, "/api/billing/invoices").await.expect(200);
    assert_eq!(invoices["invoices"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_database_does_not_start_with_another_stripe() {
    let app = TestApp::start().await;
    let problem = app
        .fails_to_restart_after(|data| {
            for file in std::fs::read_dir(data).unwrap() {
                let path = file.unwrap().path();
                if path.file_name().unwrap().to_string_lossy().starts_with("sandbox.db") {
                    std::fs::remove_file(path).unwrap();
                }
            }
        })
        .await;
    assert!(problem.contains("the database belongs to acct_"), "{problem}");
}
