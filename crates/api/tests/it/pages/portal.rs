//! The Customer Portal from its home.

use serde_json::Value;

use super::{ASKS_FOR_3D_SECURE, FAILS_LATER, IS_DECLINED, PAYS, Stage, card};

/// `/portal/{secret}/subscriptions/{id}/{action}`
fn of(portal: &str, subscription: &Value, action: &str) -> String {
    format!("{portal}/subscriptions/{}/{action}", subscription["id"].as_str().unwrap())
}

#[tokio::test]
async fn an_upgrade_charges_the_difference_at_once_and_its_receipt_stands_in_the_history() {
    let stage = Stage::start().await;
    let customer = stage.subscriber("starter").await;
    let portal = stage.portal(&customer, &stage.configuration(&[]).await, &[]).await;
    let home = stage.follow(&portal).await;
    for text in [
        "Your membership",
        "Starter",
        "$5.00 per month",
        "Active",
        "Your plan renews on",
        "Visa •••• 4242",
        "Return to ",
        "http://localhost:3000/terms",
        "http://localhost:3000/privacy",
        "Update plan",
        "Cancel plan",
    ] {
        home.assert_shows(text);
    }
    assert_eq!(home.body.matches(r#"data-testid="invoice""#).count(), 1);

    let subscription = stage.subscription(&customer).await;
    stage.open(&of(&portal, &subscription, "update")).await.assert_shows("Current plan");
    let price = stage.price("pro").await;
    let confirm = stage.open(&of(&portal, &subscription, &format!("confirm?price={price}"))).await;
    confirm.assert_shows(r#"data-testid="due-today">$5.00"#);
    confirm.assert_shows("$10.00 per month");

    let changed =
        stage.send(&of(&portal, &subscription, "confirm"), &[("price", price.clone())]).await;
    let home = stage.follow(changed.location()).await;
    home.assert_shows("Your plan has been updated.");
    home.assert_shows("$10.00 per month");
    assert_eq!(home.body.matches(r#"data-testid="invoice""#).count(), 2);
    let subscription = stage.subscription(&customer).await;
    assert_eq!(subscription["items"]["data"][0]["price"]["id"], price.as_str());
}

#[tokio::test]
async fn a_price_that_is_not_on_offer_is_refused() {
    let stage = Stage::start().await;
    let customer = stage.subscriber("starter").await;
    let portal = stage.portal(&customer, &stage.configuration(&[]).await, &[]).await;
    let subscription = stage.subscription(&customer).await;
    let cheap = [
        ("product", "circle_pro"),
        ("currency", "usd"),
        ("unit_amount", "1"),
        ("recurring[interval]", "month"),
    ];
    let cheap = stage.api("prices", &cheap).await["id"].as_str().unwrap().to_owned();
    let refused = stage.send(&of(&portal, &subscription, "confirm"), &[("price", cheap)]).await;
    assert_eq!(refused.status, 403);
    assert_eq!(stage.subscription(&customer).await["items"], subscription["items"]);
}

#[tokio::test]
async fn a_cancellation_at_the_periods_end_can_be_taken_back() {
    let stage = Stage::start().await;
    let customer = stage.subscriber("pro").await;
    let reasons = [
        ("features[subscription_cancel][cancellation_reason][enabled]", "true"),
        ("features[subscription_cancel][cancellation_reason][options][0]", "too_expensive"),
        ("features[subscription_cancel][cancellation_reason][options][1]", "other"),
    ];
    let portal = stage.portal(&customer, &stage.configuration(&reasons).await, &[]).await;
    let subscription = stage.subscription(&customer).await;

    let page = stage.open(&of(&portal, &subscription, "cancel")).await;
    for text in ["Cancel your plan", "It is too expensive", "stays yours until"] {
        page.assert_shows(text);
    }
    let answers = [("reason", "too_expensive".to_owned()), ("comment", "Maybe later".to_owned())];
    let canceled = stage.send(&of(&portal, &subscription, "cancel"), &answers).await;
    let home = stage.follow(canceled.location()).await;
    for text in [
        "Your plan has been canceled.",
        "Your plan will be canceled on",
        "Ends soon",
        "Don't cancel plan",
    ] {
        home.assert_shows(text);
    }
    let ending = stage.subscription(&customer).await;
    assert_eq!(ending["status"], "active");
    assert!(ending["cancel_at"].is_i64(), "{ending}");
    assert_eq!(ending["cancellation_details"]["feedback"], "too_expensive");
    assert_eq!(ending["cancellation_details"]["comment"], "Maybe later");

    let resumed = stage.send(&of(&portal, &subscription, "resume"), &[]).await;
    stage.follow(resumed.location()).await.assert_shows("Your plan renews on");
    assert!(stage.subscription(&customer).await["cancel_at"].is_null());
}

#[tokio::test]
async fn a_cancellation_at_once_ends_the_plan() {
    let stage = Stage::start().await;
    let customer = stage.subscriber("pro").await;
    let at_once = [("features[subscription_cancel][mode]", "immediately")];
    let portal = stage.portal(&customer, &stage.configuration(&at_once).await, &[]).await;
    let subscription = stage.subscription(&customer).await;
    stage.open(&of(&portal, &subscription, "cancel")).await.assert_shows("ends at once");
    let canceled = stage.send(&of(&portal, &subscription, "cancel"), &[]).await;
    stage.follow(canceled.location()).await.assert_shows("You have no plan at the moment.");
    assert_eq!(stage.subscription(&customer).await["status"], "canceled");
}

#[tokio::test]
async fn cards_are_added_made_default_and_removed() {
    let stage = Stage::start().await;
    let customer = stage.subscriber("pro").await;
    let portal = stage.portal(&customer, &stage.configuration(&[]).await, &[]).await;
    let add = format!("{portal}/payment-methods/add");

    let refused = stage.send(&add, &card(IS_DECLINED)).await;
    assert_eq!(refused.status, 422);
    refused.assert_shows("Your card was declined.");
    let added = stage.send(&add, &card("5555 5555 5555 4444")).await;
    stage.follow(added.location()).await.assert_shows("Your card has been saved.");

    let cards = stage.api_get(&format!("payment_methods?customer={customer}&type=card")).await;
    let id_of = |last4: &str| {
        let found =
            cards["data"].as_array().unwrap().iter().find(|card| card["card"]["last4"] == last4);
        found.unwrap()["id"].as_str().unwrap().to_owned()
    };
    let (visa, mastercard) = (id_of("4242"), id_of("4444"));
    let remove_visa = format!("{portal}/payment-methods/{visa}/remove");
    assert_eq!(stage.send(&remove_visa, &[]).await.status, 409, "it pays for the plan");

    let default = stage.send(&format!("{portal}/payment-methods/{mastercard}/default"), &[]).await;
    stage
        .follow(default.location())
        .await
        .assert_shows("Your default payment method has been changed.");
    stage.open(&remove_visa).await.assert_shows("Remove this card?");
    let removed = stage.send(&remove_visa, &[]).await;
    let home = stage.follow(removed.location()).await;
    home.assert_shows("The card has been removed.");
    home.assert_lacks("•••• 4242");
}

#[tokio::test]
async fn a_card_with_3d_secure_is_saved_only_when_the_challenge_is_passed() {
    let stage = Stage::start().await;
    let customer = stage.subscriber("pro").await;
    let portal = stage.portal(&customer, &stage.configuration(&[]).await, &[]).await;
    let add = format!("{portal}/payment-methods/add");

    let challenge = stage.send(&add, &card(ASKS_FOR_3D_SECURE)).await.location().to_owned();
    let failed = stage.send(&challenge, &[("result", "fail".to_owned())]).await;
    let back = stage.follow(failed.location()).await;
    back.assert_shows("We are unable to authenticate your payment method.");
    back.assert_shows("card-number");

    let challenge = stage.send(&add, &card(ASKS_FOR_3D_SECURE)).await.location().to_owned();
    let passed = stage.send(&challenge, &[("result", "complete".to_owned())]).await;
    let home = stage.follow(passed.location()).await;
    home.assert_shows("Your card has been saved.");
    home.assert_shows("•••• 3155");
    assert_eq!(home.body.matches(r#"data-testid="payment-method""#).count(), 2);
}

#[tokio::test]
async fn billing_information_is_changed_as_far_as_it_is_allowed() {
    let stage = Stage::start().await;
    let customer = stage.subscriber("pro").await;
    let portal = stage.portal(&customer, &stage.configuration(&[]).await, &[]).await;
    let address = format!("{portal}/billing-information");
    let page = stage.open(&address).await;
    page.assert_shows("ada@example.com");
    page.assert_lacks(r#"id="phone""#);

    let fields = |email: &str| {
        [
            ("email", email),
            ("name", "Ada L."),
            ("phone", "123"),
            ("city", "London"),
            ("country", "gb"),
        ]
        .map(|(name, value)| (name, value.to_owned()))
    };
    let refused = stage.send(&address, &fields("ada@")).await;
    assert_eq!(refused.status, 422);
    refused.assert_shows(r#"id="email-error""#);
    let saved = stage.send(&address, &fields("ada@example.org")).await;
    stage.follow(saved.location()).await.assert_shows("Your billing information has been saved.");
    let customer = stage.api_get(&format!("customers/{customer}")).await;
    assert_eq!(customer["email"], "ada@example.org");
    assert_eq!(customer["name"], "Ada L.");
    assert_eq!(customer["address"]["country"], "GB");
    assert!(customer["phone"].is_null(), "the configuration does not offer it");
}

#[tokio::test]
async fn what_the_configuration_turns_off_is_neither_shown_nor_done() {
    let stage = Stage::start().await;
    let customer = stage.subscriber("starter").await;
    let off = [
        ("features[customer_update][enabled]", "false"),
        ("features[invoice_history][enabled]", "false"),
        ("features[payment_method_update][enabled]", "false"),
        ("features[subscription_cancel][enabled]", "false"),
        ("features[subscription_update][enabled]", "false"),
    ];
    let portal = stage.portal(&customer, &stage.configuration(&off).await, &[]).await;
    let home = stage.follow(&portal).await;
    for text in [
        "Update plan",
        "Cancel plan",
        "Add payment method",
        "Update information",
        "Billing history",
    ] {
        home.assert_lacks(text);
    }
    let subscription = stage.subscription(&customer).await;
    let price = stage.price("pro").await;
    for address in [
        of(&portal, &subscription, "cancel"),
        of(&portal, &subscription, "confirm"),
        of(&portal, &subscription, "resume"),
        format!("{portal}/payment-methods/add"),
        format!("{portal}/billing-information"),
    ] {
        let refused = stage.send(&address, &[("price", price.clone())]).await;
        assert_eq!(refused.status, 403, "{address}");
    }
    assert_eq!(stage.subscription(&customer).await["items"], subscription["items"]);
}

#[tokio::test]
async fn a_portal_session_runs_out() {
    let stage = Stage::start().await;
    let customer = stage.subscriber("pro").await;
    let portal = stage.portal(&customer, &stage.configuration(&[]).await, &[]).await;
    stage.advance("2days").await;
    let page = stage.open(&portal).await;
    assert_eq!(page.status, 403);
    page.assert_shows("This link no longer works");
    page.assert_shows("expired");
}

#[tokio::test]
async fn a_failed_renewal_is_told_and_its_invoice_can_be_paid() {
    let stage = Stage::start().await;
    let customer = stage.subscriber("pro").await;
    let configuration = stage.configuration(&[]).await;
    let portal = stage.portal(&customer, &configuration, &[]).await;
    let added = stage.send(&format!("{portal}/payment-methods/add"), &card(FAILS_LATER)).await;
    assert_eq!(added.status, 303);
    let cards = stage.api_get(&format!("payment_methods?customer={customer}&type=card")).await;
    let bad = cards["data"].as_array().unwrap().iter().find(|card| card["card"]["last4"] == "0341");
    let bad = bad.unwrap()["id"].as_str().unwrap();
    stage.send(&format!("{portal}/payment-methods/{bad}/default"), &[]).await;
    stage.advance("33days").await;
    assert_eq!(stage.subscription(&customer).await["status"], "past_due");

    let portal = stage.portal(&customer, &configuration, &[]).await;
    let home = stage.follow(&portal).await;
    for text in ["did not go through", "Pay invoice", "Payment failed"] {
        home.assert_shows(text);
    }
    let open = stage.api_get(&format!("invoices?customer={customer}&status=open")).await;
    let invoice = open["data"][0]["hosted_invoice_url"].as_str().unwrap();
    home.assert_shows(invoice);
    let paid = stage.send(invoice, &card(PAYS)).await;
    stage.follow(paid.location()).await.assert_shows("Receipt");
    assert_eq!(stage.subscription(&customer).await["status"], "active");
}
