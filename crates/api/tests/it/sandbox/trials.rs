//! Trials that are ended at once by those who have no way to pay.

use super::{Sandbox, text};

#[tokio::test]
async fn a_trial_ended_without_a_payment_method_ends_as_its_settings_say() {
    let sandbox = Sandbox::start().await;
    let price = sandbox.price("Starter", "900", "month").await;
    let email = [("email", "ann@example.com")];
    for (behavior, status, event) in [
        ("pause", "paused", "customer.subscription.paused"),
        ("cancel", "canceled", "customer.subscription.deleted"),
    ] {
        let customer = sandbox.post("/v1/customers", &email).await;
        let form = [
            ("customer", text(&customer["id"])),
            ("items[0][price]", price.as_str()),
            ("trial_period_days", "14"),
            ("trial_settings[end_behavior][missing_payment_method]", behavior),
        ];
        let subscription = sandbox.post("/v1/subscriptions", &form).await;
        let id = text(&subscription["id"]);
        let path = format!("/v1/subscriptions/{id}");
        let ended = sandbox.post(&path, &[("trial_end", "now")]).await;
        assert_eq!(ended["status"], status, "{behavior}");
        assert_eq!(ended["latest_invoice"], subscription["latest_invoice"], "nothing is charged");
        let events = sandbox.events_about(id).await;
        assert_eq!(events.last().map(String::as_str), Some(event), "{events:?}");
        sandbox.advance("2months").await;
        assert_eq!(sandbox.get(&path).await["status"], status, "{behavior}");
    }
}
