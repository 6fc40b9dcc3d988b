//! Every request the Stripe client can make, with every parameter it can send, beside `stripe_requests.txt`, which
//! is checked against Stripe's OpenAPI document.

use std::collections::BTreeMap;

use api::stripe::{
    Request, charges, checkout_sessions, customers, disputes, event, events, invoice_payments,
    invoices, payment_methods, portal_configurations,
    portal_sessions::{self, Flow},
    prices, products,
    subscriptions::{self, PlannedEnd},
    webhook_endpoints,
};

fn metadata() -> BTreeMap<String, String> {
    BTreeMap::from([("circle".to_owned(), "1".to_owned())])
}

fn line<T>(request: &Request<T>) -> String {
    request.to_string()
}

fn every_request() -> Vec<String> {
    let some = |text: &str| Some(text.to_owned());
    let mut lines = Vec::new();
    let details = products::Details {
        name: "Pro".into(),
        description: "All of it.".into(),
        images: vec!["https://example.com/pro.png".into()],
        marketing_features: vec!["Everything".into()],
        url: "https://example.com/pro".into(),
        metadata: metadata(),
    };
    lines.push(line(&details.clone().create("circle_pro")));
    lines.push(line(&details.overwrite("circle_pro")));
    lines.push(line(
        &products::Details { name: "Pro".into(), ..Default::default() }.overwrite("circle_pro"),
    ));
    lines.push(line(&products::archive("circle_pro")));
    lines.push(line(&webhook_endpoints::list()));
    lines.push(line(&products::retrieve("circle_pro")));
    let list =
        products::List { ids: vec!["circle_pro".into()], active: Some(true), limit: Some(100) };
    lines.push(line(&list.request()));

    let price = prices::Create {
        product: "circle_pro".into(),
        currency: "usd".into(),
        unit_amount: 1_000,
        interval: some("month"),
        lookup_key: "pro".into(),
        metadata: metadata(),
    };
    lines.push(line(&price.request()));
    let price = prices::Update { active: Some(true), lookup_key: some("pro") };
    lines.push(line(&price.request("price_1")));
    let list = prices::List {
        lookup_keys: vec!["pro".into(), "pro_yearly".into()],
        product: some("circle_pro"),
        active: Some(true),
        limit: Some(100),
    };
    lines.push(line(&list.request()));

    let (email, name) = (some("ada@example.com"), some("Ada"));
    let customer =
        customers::Create { email: email.clone(), name: name.clone(), metadata: metadata() };
    lines.push(line(&customer.request()));
    let customer = customers::Update { email, name, metadata: metadata() };
    lines.push(line(&customer.request("cus_1")));
    lines.push(line(
        &customers::retrieve("cus_1").expand("invoice_settings.default_payment_method"),
    ));

    let checkout = checkout_sessions::Create {
        customer: "cus_1".into(),
        client_reference_id: some("7"),
        line_items: vec![checkout_sessions::LineItem { price: "price_1".into(), quantity: 1 }],
        success_url: "https://example.com/checkout/return?session_id={CHECKOUT_SESSION_ID}".into(),
        cancel_url: "https://example.com/pricing".into(),
        expires_at: Some(1_700_003_600),
        allow_promotion_codes: true,
        automatic_tax: true,
        tax_id_collection: true,
        terms_of_service: true,
        payment_methods: vec!["card".into(), "sepa_debit".into()],
        trial_days: 14,
        metadata: metadata(),
        subscription_metadata: metadata(),
    };
    lines.push(line(&checkout.request()));
    let session = checkout_sessions::retrieve("cs_1");
    lines.push(line(&session.expand("subscription").expand("subscription.default_payment_method")));
    lines.push(line(&checkout_sessions::expire("cs_1")));
    let open = Some(checkout_sessions::CheckoutStatus::Open);
    let list = checkout_sessions::List { customer: some("cus_1"), status: open, limit: Some(100) };
    lines.push(line(&list.request()));

    let subscription = || "sub_1".to_owned();
    for flow in [
        None,
        Some(Flow::CustomerUpdate),
        Some(Flow::PaymentMethodUpdate),
        Some(Flow::SubscriptionCancel {
            subscription: subscription(),
            retention_coupon: Some("stay".into()),
        }),
        Some(Flow::SubscriptionPause { subscription: subscription() }),
        Some(Flow::SubscriptionUpdate { subscription: subscription() }),
        Some(Flow::SubscriptionUpdateConfirm {
            subscription: subscription(),
            item: "si_1".into(),
            price: "price_1".into(),
        }),
    ] {
        let session = portal_sessions::Create {
            customer: "cus_1".into(),
            configuration: some("bpc_1"),
            return_url: "https://example.com/account".into(),
            flow,
        };
        lines.push(line(&session.request()));
    }

    let configuration = portal_configurations::Details {
        headline: "Inner Circle".into(),
        privacy_policy_url: "https://example.com/privacy".into(),
        terms_of_service_url: "https://example.com/terms".into(),
        default_return_url: "https://example.com/account".into(),
        invoice_history: true,
        payment_method_update: true,
        customer_update: vec!["email".into(), "tax_id".into()],
        subscription_cancel: Some(portal_configurations::SubscriptionCancel {
            mode: "at_period_end".into(),
            proration_behavior: "none".into(),
            reasons: vec!["too_expensive".into(), "other".into()],
        }),
        subscription_pause: true,
        subscription_update: Some(portal_configurations::SubscriptionUpdate {
            schedule_at_period_end: vec!["decreasing_item_amount".into()],
            allowed_updates: vec!["price".into(), "promotion_code".into()],
            proration_behavior: "always_invoice".into(),
            products: vec![("circle_pro".into(), vec!["price_1".into(), "price_2".into()])],
        }),
        metadata: metadata(),
    };
    lines.push(line(&configuration.clone().create()));
    lines.push(line(&configuration.overwrite("bpc_1")));
    lines.push(line(&portal_configurations::Details::default().create()));
    lines.push(line(&portal_configurations::Details::default().overwrite("bpc_1")));
    lines.push(line(&portal_configurations::retrieve("bpc_1")));
    let list = portal_configurations::List { active: Some(true), limit: Some(100) };
    lines.push(line(&list.request()));

    let item =
        subscriptions::ItemChange { id: some("si_1"), price: some("price_2"), quantity: Some(1) };
    let update = subscriptions::Update {
        end: Some(PlannedEnd::AtPeriodEnd),
        default_payment_method: some("pm_1"),
        items: vec![item.clone()],
        proration_behavior: some("always_invoice"),
        metadata: metadata(),
    };
    lines.push(line(&update.request("sub_1")));
    for end in [PlannedEnd::NotAtPeriodEnd, PlannedEnd::NotAtSetTime] {
        let update = subscriptions::Update { end: Some(end), ..Default::default() };
        lines.push(line(&update.request("sub_1")));
    }
    lines.push(line(&subscriptions::retrieve("sub_1").expand("latest_invoice")));
    lines.push(line(&subscriptions::resume("sub_1").expand("latest_invoice")));
    let list = subscriptions::List {
        customer: some("cus_1"),
        price: some("price_1"),
        ..subscriptions::List::every_status()
    };
    lines.push(line(&list.request()));
    lines.push(line(&subscriptions::Cancel { invoice_now: true, prorate: true }.request("sub_1")));

    lines.push(line(&invoices::retrieve("in_1")));
    let list = invoices::List {
        customer: some("cus_1"),
        subscription: some("sub_1"),
        status: Some(invoices::InvoiceStatus::Open),
        limit: Some(100),
        starting_after: some("in_1"),
    };
    lines.push(line(&list.request()));
    let preview = invoices::Preview {
        customer: some("cus_1"),
        subscription: some("sub_1"),
        items: vec![item],
        proration_behavior: some("always_invoice"),
        proration_date: Some(1_700_000_000),
    };
    lines.push(line(&preview.request()));

    let list = charges::List { customer: some("cus_1"), limit: Some(100) };
    lines.push(line(&list.request()));
    lines.push(line(&disputes::List { charge: some("ch_1") }.request()));
    lines.push(line(&invoice_payments::of_payment_intent("pi_1")));
    lines.push(line(&invoice_payments::open_of_invoice("in_1")));
    lines.push(line(&event::retrieve_subject("refunds", "re_1")));

    lines.push(line(&events::retrieve("evt_1")));
    let list = events::List {
        types: vec!["customer.subscription.updated".into()],
        created_from: Some(1_700_000_000),
        delivery_success: Some(false),
        limit: Some(100),
    };
    lines.push(line(&list.request()));
    lines.push(line(&payment_methods::retrieve("pm_1")));
    lines
}

#[test]
fn every_request_is_listed() {
    let listed = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/stripe_requests.txt");
    let requests = every_request().join("\n") + "\n";
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(listed, &requests).unwrap();
    }
    assert_eq!(
        requests,
        std::fs::read_to_string(listed).unwrap(),
        "run with UPDATE_SNAPSHOTS=1 and look at the diff"
    );
}
