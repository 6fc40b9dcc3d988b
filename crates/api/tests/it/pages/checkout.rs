//! Checkout and the 3-D Secure challenge.

use reqwest::header;

use super::{ASKS_FOR_3D_SECURE, IS_DECLINED, PAYS, Stage, card};

#[tokio::test]
async fn a_card_that_pays_starts_the_subscription_and_leads_to_the_success_url() {
    let stage = Stage::start().await;
    let customer = stage.customer().await;
    let session = stage.checkout(&customer, "pro", &[]).await;
    let address = session["url"].as_str().unwrap();

    let page = stage.open(address).await;
    assert_eq!(page.status, 200);
    for text in [
        "Subscribe to Pro",
        "$10.00",
        "per month",
        "ada@example.com",
        "This page is not Stripe",
        "readonly",
    ] {
        page.assert_shows(text);
    }

    let paid = stage.send(address, &card(PAYS)).await;
    let expected =
        format!("http://localhost:3000/welcome?session_id={}", session["id"].as_str().unwrap());
    assert_eq!((paid.status, paid.location()), (303, expected.as_str()));
    assert_eq!(stage.subscription(&customer).await["status"], "active");

    let again = stage.send(address, &card(PAYS)).await;
    assert_eq!((again.status, again.location()), (303, expected.as_str()), "a double submit");
    let list = stage.api_get(&format!("subscriptions?customer={customer}")).await;
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    stage.open(address).await.assert_shows("All done here");
}

#[tokio::test]
async fn every_mistake_stands_beside_its_field_and_the_name_is_kept() {
    let stage = Stage::start().await;
    let customer = stage.customer().await;
    let session = stage.checkout(&customer, "pro", &[]).await;
    let mut form = card("4242 4242");
    form[1].1 = "01/20".to_owned();

    let page = stage.send(session["url"].as_str().unwrap(), &form).await;
    assert_eq!(page.status, 422);
    page.assert_shows(r#"aria-describedby="card-number-error" autofocus"#);
    page.assert_shows(r#"id="card-number-error">Your card number is incomplete."#);
    page.assert_shows(r#"id="card-expiry-error">Your card's expiration year is in the past."#);
    page.assert_shows(r#"value="Ada Listener""#);
    page.assert_lacks("4242 4242\"");
    assert!(stage.subscription(&customer).await.is_null());
}

#[tokio::test]
async fn a_declined_card_is_told_in_stripes_words_and_another_one_pays() {
    let stage = Stage::start().await;
    let customer = stage.customer().await;
    let session = stage.checkout(&customer, "pro", &[]).await;
    let address = session["url"].as_str().unwrap();

    let refused = stage.send(address, &card(IS_DECLINED)).await;
    assert_eq!(refused.status, 422);
    refused.assert_shows(r#"id="card-number-error">Your card was declined."#);
    let refused = stage.send(address, &card("4000 0000 0000 9995")).await;
    refused.assert_shows("Your card has insufficient funds.");
    assert_eq!(stage.send(address, &card(PAYS)).await.status, 303);
}

#[tokio::test]
async fn a_failed_challenge_can_be_tried_again_and_a_completed_one_pays() {
    let stage = Stage::start().await;
    let customer = stage.customer().await;
    let session = stage.checkout(&customer, "pro", &[]).await;
    let address = session["url"].as_str().unwrap();

    let asked = stage.send(address, &card(ASKS_FOR_3D_SECURE)).await;
    assert_eq!(asked.status, 303);
    let challenge = asked.location().to_owned();
    let page = stage.open(&challenge).await;
    for text in ["Complete authentication", "Fail authentication", "•••• 3155", "$10.00"] {
        page.assert_shows(text);
    }
    let failed = stage.send(&challenge, &[("result", "fail".to_owned())]).await;
    let back = stage.open(failed.location()).await;
    back.assert_shows("We are unable to authenticate your payment method.");
    assert!(stage.subscription(&customer).await.is_null());

    let challenge = stage.send(address, &card(ASKS_FOR_3D_SECURE)).await.location().to_owned();
    let passed = stage.send(&challenge, &[("result", "complete".to_owned())]).await;
    assert!(passed.location().starts_with("http://localhost:3000/welcome?session_id=cs_test_"));
    assert_eq!(stage.subscription(&customer).await["status"], "active");
}

#[tokio::test]
async fn a_trial_says_what_is_free_and_what_comes_after() {
    let stage = Stage::start().await;
    let customer = stage.customer().await;
    let session =
        stage.checkout(&customer, "pro", &[("subscription_data[trial_period_days]", "14")]).await;
    let address = session["url"].as_str().unwrap();
    let page = stage.open(address).await;
    for text in
        ["Try Pro", "14 days free", "Then $10.00 per month", "Start trial", r#""total-due">$0.00"#]
    {
        page.assert_shows(text);
    }
    assert_eq!(stage.send(address, &card(PAYS)).await.status, 303);
    assert_eq!(stage.subscription(&customer).await["status"], "trialing");
}

#[tokio::test]
async fn a_trial_that_asks_for_no_card_needs_the_email_alone() {
    let stage = Stage::start().await;
    let price = stage.price("pro").await;
    let fields = [
        ("mode", "subscription"),
        ("payment_method_collection", "if_required"),
        ("subscription_data[trial_period_days]", "7"),
        ("line_items[0][price]", price.as_str()),
        ("line_items[0][quantity]", "1"),
        ("success_url", "http://localhost:3000/ok"),
    ];
    let session = stage.api("checkout/sessions", &fields).await;
    let address = session["url"].as_str().unwrap();
    stage.open(address).await.assert_lacks("card-number");
    let done = stage.send(address, &[("email", "ada@example.com".to_owned())]).await;
    assert_eq!(done.location(), "http://localhost:3000/ok");
    let customers = stage.api_get("customers?email=ada@example.com").await;
    let customer = customers["data"][0]["id"].as_str().unwrap();
    assert_eq!(stage.subscription(customer).await["status"], "trialing");
}

#[tokio::test]
async fn the_other_modes_pay_once_or_save_a_card() {
    let stage = Stage::start().await;
    let once = [
        ("mode", "payment"),
        ("line_items[0][price_data][currency]", "jpy"),
        ("line_items[0][price_data][unit_amount]", "900"),
        ("line_items[0][price_data][product_data][name]", "A <mug> & more"),
        ("line_items[0][quantity]", "2"),
        ("success_url", "http://localhost:3000/ok"),
    ];
    let session = stage.api("checkout/sessions", &once).await;
    let address = session["url"].as_str().unwrap();
    let page = stage.open(address).await;
    for text in ["Pay ¥1,800", "A &lt;mug&gt; &amp; more", "2 × ¥900"] {
        page.assert_shows(text);
    }
    let mut form = card(PAYS);
    let refused = stage.send(address, &form).await;
    refused.assert_shows("Enter your e-mail address.");
    form.push(("email", "no address".to_owned()));
    stage.send(address, &form).await.assert_shows("it needs an @ and a domain");
    form.last_mut().unwrap().1 = "ada@example.com".to_owned();
    assert_eq!(stage.send(address, &form).await.location(), "http://localhost:3000/ok");

    let customer = stage.customer().await;
    let setup = [
        ("mode", "setup"),
        ("currency", "usd"),
        ("customer", customer.as_str()),
        ("success_url", "http://localhost:3000/ok"),
    ];
    let session = stage.api("checkout/sessions", &setup).await;
    let address = session["url"].as_str().unwrap();
    stage.open(address).await.assert_shows("Save card");
    assert_eq!(stage.send(address, &card(PAYS)).await.location(), "http://localhost:3000/ok");
    let cards = stage.api_get(&format!("customers/{customer}/payment_methods")).await;
    assert_eq!(cards["data"][0]["card"]["last4"], "4242");
}

#[tokio::test]
async fn an_expired_session_says_so_and_takes_no_card() {
    let stage = Stage::start().await;
    let customer = stage.customer().await;
    let session = stage.checkout(&customer, "pro", &[]).await;
    let address = session["url"].as_str().unwrap();
    stage.api(&format!("checkout/sessions/{}/expire", session["id"].as_str().unwrap()), &[]).await;

    stage.send(address, &card(PAYS)).await;
    let page = stage.open(address).await;
    page.assert_shows("This checkout has expired");
    page.assert_shows("http://localhost:3000/pricing");
    assert!(stage.subscription(&customer).await.is_null());
}

#[tokio::test]
async fn forms_from_other_sites_are_refused() {
    let stage = Stage::start().await;
    let customer = stage.customer().await;
    let session = stage.checkout(&customer, "pro", &[]).await;
    let address = session["url"].as_str().unwrap();
    for (name, value) in
        [("origin", "http://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")]
    {
        let request =
            stage.http.post(address).header(name, value).body("card-number=4242424242424242");
        let answer = request
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 403, "{name}: {value}");
    }
    assert!(stage.subscription(&customer).await.is_null());
}

#[tokio::test]
async fn pages_load_nothing_from_elsewhere_and_are_not_kept() {
    let stage = Stage::start().await;
    for address in [
        "/pay/nothing",
        "/portal/nothing",
        "/portal/nothing/home",
        "/invoice/nothing",
        "/challenge/nothing",
    ] {
        let page = stage.open(address).await;
        assert_eq!(page.status, 404, "{address}");
        page.assert_shows("This page is not Stripe");
        let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(page.headers[header::REFERRER_POLICY], "same-origin");
        page.assert_lacks("http://");
        page.assert_lacks("https://");
    }
    let page = stage.open("/pay/nothing").await.body;
    let style = page.split("rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let style = stage.open(style).await;
    assert_eq!(style.status, 200);
    assert_eq!(style.headers[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
}
