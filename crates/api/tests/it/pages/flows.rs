//! Portal sessions that are opened for one task.

use super::{PAYS, Stage, card};

#[tokio::test]
async fn a_cancellation_flow_opens_at_its_page_and_ends_with_its_message() {
    let stage = Stage::start().await;
    let customer = stage.subscriber("pro").await;
    let subscription = stage.subscription(&customer).await["id"].as_str().unwrap().to_owned();
    let flow = [
        ("flow_data[type]", "subscription_cancel"),
        ("flow_data[subscription_cancel][subscription]", subscription.as_str()),
        ("flow_data[after_completion][type]", "hosted_confirmation"),
        ("flow_data[after_completion][hosted_confirmation][custom_message]", "Come back soon."),
    ];
    let portal = stage.portal(&customer, &stage.configuration(&[]).await, &flow).await;
    stage.follow(&portal).await.assert_shows("Cancel your plan");
    let canceled = stage.send(&format!("{portal}/subscriptions/{subscription}/cancel"), &[]).await;
    let end = stage.follow(canceled.location()).await;
    end.assert_shows("Your plan has been canceled.");
    end.assert_shows("Come back soon.");
    end.assert_shows("http://localhost:3000/account");
}

#[tokio::test]
async fn a_confirmation_flow_opens_with_the_price_and_redirects_after() {
    let stage = Stage::start().await;
    let customer = stage.subscriber("starter").await;
    let subscription = stage.subscription(&customer).await;
    let (id, item) = (
        subscription["id"].as_str().unwrap(),
        subscription["items"]["data"][0]["id"].as_str().unwrap(),
    );
    let price = stage.price("pro").await;
    let flow = [
        ("flow_data[type]", "subscription_update_confirm"),
        ("flow_data[subscription_update_confirm][subscription]", id),
        ("flow_data[subscription_update_confirm][items][0][id]", item),
        ("flow_data[subscription_update_confirm][items][0][price]", price.as_str()),
        ("flow_data[after_completion][type]", "redirect"),
        ("flow_data[after_completion][redirect][return_url]", "http://localhost:3000/changed"),
    ];
    let portal = stage.portal(&customer, &stage.configuration(&[]).await, &flow).await;
    let page = stage.follow(&portal).await;
    page.assert_shows("Confirm your update");
    page.assert_shows("$10.00 per month");
    let changed =
        stage.send(&format!("{portal}/subscriptions/{id}/confirm"), &[("price", price)]).await;
    assert_eq!(changed.location(), "http://localhost:3000/changed");
}

#[tokio::test]
async fn the_other_flows_open_at_their_pages() {
    let stage = Stage::start().await;
    let customer = stage.subscriber("starter").await;
    let configuration = stage.configuration(&[]).await;
    let id = stage.subscription(&customer).await["id"].as_str().unwrap().to_owned();
    let card_flow = [
        ("flow_data[type]", "payment_method_update"),
        ("flow_data[after_completion][type]", "redirect"),
        ("flow_data[after_completion][redirect][return_url]", "http://localhost:3000/saved"),
    ];
    let portal = stage.portal(&customer, &configuration, &card_flow).await;
    stage.follow(&portal).await.assert_shows("Add payment method");
    let saved = stage.send(&format!("{portal}/payment-methods/add"), &card(PAYS)).await;
    assert_eq!(saved.location(), "http://localhost:3000/saved");

    let portal =
        stage.portal(&customer, &configuration, &[("flow_data[type]", "customer_update")]).await;
    stage.follow(&portal).await.assert_shows("<h1>Billing information</h1>");

    let update = [
        ("flow_data[type]", "subscription_update"),
        ("flow_data[subscription_update][subscription]", id.as_str()),
    ];
    let portal = stage.portal(&customer, &configuration, &update).await;
    stage.follow(&portal).await.assert_shows("<h1>Update your plan</h1>");
}
