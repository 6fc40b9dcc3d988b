//! What the portal lets customers do when its configuration says so: pause, stay for a coupon, change the number,
//! use a code, and change with the period's end.

use serde_json::{Value, json};

use super::{subscriber::Subscriber, text};

/// A subscriber to a $10.00 plan with a configuration that offers a $30.00 one.
struct Visit {
    subscriber: Subscriber,
    configuration: String,
    pro: String,
}

impl Visit {
    async fn new(features: &[(&str, &str)]) -> Visit {
        let subscriber = Subscriber::new().price("1000", "month").start().await;
        let sandbox = &subscriber.sandbox;
        let pro = sandbox.price("Pro", "3000", "month").await;
        let (starter, better) = (
            sandbox.get(&format!("/v1/prices/{}", subscriber.price)).await,
            sandbox.get(&format!("/v1/prices/{pro}")).await,
        );
        let updates = "features[subscription_update]";
        let names: Vec<String> = ["enabled", "default_allowed_updates[0]", "proration_behavior"]
            .iter()
            .map(|name| match name.split_once('[') {
                Some((name, rest)) => format!("{updates}[{name}][{rest}"),
                None => format!("{updates}[{name}]"),
            })
            .collect();
        let products: Vec<String> = [0, 1]
            .iter()
            .flat_map(|place| {
                ["product]", "prices][0]", "adjustable_quantity][enabled]"]
                    .map(|field| format!("{updates}[products][{place}][{field}"))
            })
            .collect();
        let mut form = vec![
            ("features[payment_method_update][enabled]", "true"),
            ("features[subscription_cancel][enabled]", "true"),
            (names[0].as_str(), "true"),
            (names[1].as_str(), "price"),
            (names[2].as_str(), "always_invoice"),
            (products[0].as_str(), text(&starter["product"])),
            (products[1].as_str(), subscriber.price.as_str()),
            (products[2].as_str(), "true"),
            (products[3].as_str(), text(&better["product"])),
            (products[4].as_str(), pro.as_str()),
            (products[5].as_str(), "true"),
        ];
        form.extend(features);
        let configuration = sandbox.post("/v1/billing_portal/configurations", &form).await;
        assert_eq!(configuration["is_default"], false, "those of the API never are");
        let configuration = text(&configuration["id"]).to_owned();
        Visit { subscriber, configuration, pro }
    }

    /// The address of a new portal session's pages.
    async fn open(&self, flow: &[(&str, &str)]) -> String {
        let mut form = vec![
            ("customer", self.subscriber.customer.as_str()),
            ("configuration", self.configuration.as_str()),
        ];
        form.extend(flow);
        let session = self.subscriber.sandbox.post("/v1/billing_portal/sessions", &form).await;
        text(&session["url"]).to_owned()
    }

    /// A page of the portal.
    async fn read(&self, url: &str) -> String {
        let base = url.find("/portal/").unwrap();
        let answer =
            self.subscriber.sandbox.send(reqwest::Method::GET, &url[base..], &[], &[]).await;
        assert!(matches!(answer.status, 200 | 422), "{url}: {} {}", answer.status, answer.text);
        answer.text
    }

    fn about(&self, portal: &str, action: &str) -> String {
        format!("{portal}/subscriptions/{}/{action}", self.subscriber.id())
    }
}

#[tokio::test]
async fn a_pause_stops_billing_until_its_time_is_over() {
    let visit = Visit::new(&[
        ("features[subscription_pause][enabled]", "true"),
        ("features[subscription_pause][duration][type]", "interval_options"),
        ("features[subscription_pause][duration][interval_options][0][interval]", "month"),
        ("features[subscription_pause][duration][interval_options][0][interval_count]", "2"),
    ])
    .await;
    let id = visit.subscriber.id();
    let portal = visit
        .open(&[
            ("flow_data[type]", "subscription_pause"),
            ("flow_data[subscription_pause][subscription]", id),
            ("flow_data[after_completion][type]", "redirect"),
            ("flow_data[after_completion][redirect][return_url]", "https://example.com/back"),
        ])
        .await;
    assert!(visit.read(&visit.about(&portal, "pause")).await.contains("2 months"));
    let sandbox = &visit.subscriber.sandbox;
    let (status, back, _) =
        sandbox.submit(&visit.about(&portal, "pause"), &[("option", "0")]).await;
    assert_eq!((status, back.as_str()), (303, "https://example.com/back"));
    let paused = visit.subscriber.now().await;
    assert_eq!(paused["status"], "paused");
    assert_eq!(paused["status_details"]["paused"]["subscription"]["type"], "pause_requested");
    sandbox.advance("40days").await;
    assert_eq!(visit.subscriber.totals().await, [1000], "nothing is charged in a pause");
    sandbox.advance("30days").await;
    let resumed = visit.subscriber.now().await;
    assert_eq!((text(&resumed["status"]), resumed.get("status_details")), ("active", None));
    let totals = visit.subscriber.totals().await;
    assert!(totals[1] < 100, "the unused month is credited to the new one: {totals:?}");
    let events = sandbox.events_about(id).await;
    for word in ["paused", "resumed"] {
        assert!(events.contains(&format!("customer.subscription.{word}")), "{events:?}");
    }
}

#[tokio::test]
async fn the_api_pauses_and_resumes_as_the_portal_does() {
    let visit = Visit::new(&[]).await;
    let path = format!("/v1/subscriptions/{}", visit.subscriber.id());
    let sandbox = &visit.subscriber.sandbox;
    let form = [("bill_for[unused_time_from][type]", "none")];
    assert_eq!(sandbox.post(&format!("{path}/pause"), &form).await["status"], "paused");
    sandbox.refused(&format!("{path}/pause"), &[]).await.error(400);
    assert_eq!(sandbox.post(&format!("{path}/resume"), &[]).await["status"], "active");
    assert_eq!(visit.subscriber.totals().await, [1000, 1000]);
}

#[tokio::test]
async fn whoever_stays_gets_the_coupon_that_is_offered() {
    let visit = Visit::new(&[]).await;
    let sandbox = &visit.subscriber.sandbox;
    let form = [("percent_off", "50"), ("duration", "repeating"), ("duration_in_months", "3")];
    let coupon = sandbox.post("/v1/coupons", &form).await;
    let portal = visit
        .open(&[
            ("flow_data[type]", "subscription_cancel"),
            ("flow_data[subscription_cancel][subscription]", visit.subscriber.id()),
            ("flow_data[subscription_cancel][retention][type]", "coupon_offer"),
            (
                "flow_data[subscription_cancel][retention][coupon_offer][coupon]",
                text(&coupon["id"]),
            ),
            ("flow_data[after_completion][type]", "hosted_confirmation"),
        ])
        .await;
    let page = visit.read(&visit.about(&portal, "cancel")).await;
    assert!(page.contains("50% off for 3 months"), "{page}");
    let (status, done, _) = sandbox.submit(&visit.about(&portal, "retain"), &[]).await;
    assert_eq!((status, done.ends_with("/done?done=retained")), (303, true), "{done}");
    sandbox.submit(&visit.about(&portal, "retain"), &[]).await;
    let now = visit.subscriber.now().await;
    assert_eq!(now["discounts"].as_array().unwrap().len(), 1, "a second click gives no second one");
    assert_eq!(now["cancel_at"], Value::Null);
    sandbox.advance("1month").await;
    assert_eq!(visit.subscriber.totals().await, [1000, 500]);
}

#[tokio::test]
async fn a_change_costs_what_its_preview_said_with_number_and_code() {
    let visit = Visit::new(&[
        ("features[subscription_update][default_allowed_updates][1]", "quantity"),
        ("features[subscription_update][default_allowed_updates][2]", "promotion_code"),
        ("features[subscription_update][billing_cycle_anchor]", "now"),
    ])
    .await;
    let sandbox = &visit.subscriber.sandbox;
    let coupon =
        sandbox.post("/v1/coupons", &[("percent_off", "10"), ("duration", "forever")]).await;
    let form = [
        ("promotion[type]", "coupon"),
        ("promotion[coupon]", text(&coupon["id"])),
        ("code", "MORE"),
    ];
    sandbox.post("/v1/promotion_codes", &form).await;
    let portal = visit.open(&[]).await;
    let query = format!("confirm?price={}&quantity=2&code=", visit.pro);
    let unknown = visit.read(&visit.about(&portal, &format!("{query}LESS"))).await;
    assert!(unknown.contains("This code is invalid."), "{unknown}");
    let page = visit.read(&visit.about(&portal, &format!("{query}more"))).await;
    let at = page.split("name=\"at\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    // Two at $30.00 less a tenth, less the unused $10.00.
    assert!(page.contains("$44.00"), "{page}");
    sandbox.advance("10min").await;
    let form = [("price", visit.pro.as_str()), ("quantity", "2"), ("code", "more"), ("at", at)];
    let (status, ..) = sandbox.submit(&visit.about(&portal, "confirm"), &form).await;
    assert_eq!(status, 303);
    let changed = visit.subscriber.now().await;
    assert_eq!(changed["items"]["data"][0]["quantity"], 2);
    assert_eq!(changed["latest_invoice"]["total"], 4400, "ten minutes later it costs the same");
}

#[tokio::test]
async fn a_downgrade_waits_for_the_periods_end_as_a_schedule() {
    let condition = "features[subscription_update][schedule_at_period_end][conditions][0][type]";
    let visit = Visit::new(&[(condition, "decreasing_item_amount")]).await;
    let sandbox = &visit.subscriber.sandbox;
    let portal = visit.open(&[]).await;
    let confirm = visit.about(&portal, "confirm");
    let (status, ..) = sandbox.submit(&confirm, &[("price", visit.pro.as_str())]).await;
    assert_eq!(status, 303);
    assert_eq!(visit.subscriber.now().await["schedule"], Value::Null, "an upgrade comes at once");
    let price = visit.subscriber.price.as_str();
    let (status, ..) = sandbox.submit(&confirm, &[("price", price)]).await;
    assert_eq!(status, 303);
    let waiting = visit.subscriber.now().await;
    assert_eq!(waiting["items"]["data"][0]["price"]["id"], visit.pro.as_str());
    let path = format!("/v1/subscription_schedules/{}", text(&waiting["schedule"]));
    let schedule = sandbox.get(&path).await;
    assert_eq!(schedule["phases"][1]["items"][0]["price"], price);
    assert_eq!(schedule["phases"][1]["start_date"], json!(visit.subscriber.first_end()));
    sandbox.advance("1month").await;
    let totals = visit.subscriber.totals().await;
    assert_eq!(totals.last(), Some(&1000), "{totals:?}");
}

#[tokio::test]
async fn without_a_configuration_the_portal_has_the_dashboards() {
    let subscriber = Subscriber::new().start().await;
    let form = [("customer", subscriber.customer.as_str())];
    let session = subscriber.sandbox.post("/v1/billing_portal/sessions", &form).await;
    let path = format!("/v1/billing_portal/configurations/{}", text(&session["configuration"]));
    let configuration = subscriber.sandbox.get(&path).await;
    assert_eq!(configuration["is_default"], true);
    assert_eq!(configuration["features"]["subscription_cancel"]["enabled"], true);
}
