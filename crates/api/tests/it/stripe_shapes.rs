//! Stripe's objects in the shapes of different API versions, and damaged in every place: they still read.

use api::stripe::{
    CheckoutSession, Customer, Event, Invoice, List, PaymentMethod, PortalConfiguration,
    PortalSession, Price, Product, Subscription,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn read<T: DeserializeOwned>(object: &Value) -> T {
    serde_json::from_str(&object.to_string()).unwrap_or_else(|error| panic!("{error}: {object}"))
}

fn price() -> Value {
    json!({ "id": "price_1", "object": "price", "active": true, "billing_scheme": "per_unit", "created": 1_690_000_000,
        "currency": "usd", "livemode": false, "lookup_key": "pro", "metadata": { "circle_plan": "pro" },
        "nickname": null, "product": "circle_pro", "tiers_mode": null, "transform_quantity": null, "type": "recurring",
        "recurring": { "interval": "month", "interval_count": 1, "trial_period_days": null, "usage_type": "licensed" },
        "unit_amount": 1_000, "unit_amount_decimal": "1000" })
}

fn plan() -> Value {
    json!({ "id": "price_1", "object": "plan", "active": true, "amount": 1_000, "amount_decimal": "1000",
        "currency": "usd", "interval": "month", "interval_count": 1, "product": "circle_pro" })
}

/// What a subscription has in every version.
fn subscription(version: &str) -> Value {
    let mut item = json!({ "id": "si_1", "object": "subscription_item", "created": 1_700_000_000, "metadata": {},
        "plan": plan(), "price": price(), "quantity": 1, "subscription": "sub_1", "tax_rates": [] });
    let mut subscription = json!({ "id": "sub_1", "object": "subscription", "application": null,
        "automatic_tax": { "enabled": false }, "billing_cycle_anchor": 1_700_000_000, "cancel_at": 1_702_592_000,
        "cancel_at_period_end": true, "canceled_at": 1_700_000_500,
        "cancellation_details": { "comment": null, "feedback": "too_expensive", "reason": "cancellation_requested" },
        "collection_method": "charge_automatically", "created": 1_700_000_000, "currency": "usd", "customer": "cus_1",
        "default_payment_method": "pm_1", "ended_at": null, "latest_invoice": "in_1", "livemode": false,
        "metadata": { "user_id": "7" }, "pause_collection": { "behavior": "void", "resumes_at": 1_701_000_000 },
        "pending_update": null, "plan": plan(), "quantity": 1, "schedule": "sub_sched_1",
        "start_date": 1_700_000_000, "status": "active", "test_clock": "clock_1", "trial_end": 1_700_000_100,
        "trial_start": 1_700_000_000 });
    let period =
        json!({ "current_period_start": 1_700_000_000, "current_period_end": 1_702_592_000 });
    let has_period = if version < "2025-03-31" { &mut subscription } else { &mut item };
    has_period.as_object_mut().unwrap().extend(period.as_object().unwrap().clone());
    subscription["items"] = json!({ "object": "list", "data": [item], "has_more": false, "total_count": 1, "url": "/v1/subscription_items" });
    match version {
        "2020-08-27" | "2023-10-16" => {
            subscription["discount"] = json!({ "id": "di_1", "coupon": { "id": "half" } })
        }
        "2025-03-31.basil" => subscription["discounts"] = json!(["di_1"]),
        _ => {
            subscription["billing_mode"] =
                json!({ "type": "flexible", "flexible": {}, "updated_at": 1_700_000_000 });
            subscription["discounts"] = json!([{ "id": "di_1", "object": "discount", "source": { "type": "coupon", "coupon": "half" } }]);
        }
    }
    subscription
}

fn invoice(version: &str) -> Value {
    let mut line = json!({ "id": "il_1", "object": "line_item", "amount": 1_000, "currency": "usd",
        "description": "1 × Pro", "period": { "start": 1_700_000_000, "end": 1_702_592_000 }, "quantity": 1 });
    let mut invoice = json!({ "id": "in_1", "object": "invoice", "amount_due": 1_000, "amount_paid": 0, "attempted": true,
        "attempt_count": 2, "billing_reason": "subscription_cycle", "created": 1_700_000_000, "currency": "usd",
        "customer": "cus_1", "hosted_invoice_url": "https://invoice.stripe.com/i/1", "invoice_pdf": "https://…/pdf",
        "livemode": false, "next_payment_attempt": 1_700_300_000, "number": "A-1", "status": "open", "total": 1_000 });
    if version < "2025-03-31" {
        line["proration"] = json!(true);
        line["price"] = price();
        invoice["subscription"] = json!("sub_1");
        invoice["payment_intent"] = json!("pi_1");
        invoice["paid"] = json!(false);
    } else {
        line["parent"] = json!({ "type": "subscription_item_details", "subscription_item_details": { "proration": true } });
        line["pricing"] =
            json!({ "price_details": { "price": "price_1", "product": "circle_pro" } });
        invoice["parent"] = json!({ "type": "subscription_details", "quote_details": null,
            "subscription_details": { "subscription": "sub_1", "metadata": {} } });
        invoice["total_taxes"] = json!([]);
    }
    invoice["lines"] = json!({ "object": "list", "data": [line], "has_more": false });
    invoice
}

const VERSIONS: [&str; 6] = [
    "2020-08-27",
    "2023-10-16",
    "2025-03-31.basil",
    "2025-09-30.clover",
    "2026-03-25.dahlia",
    "2026-10-28.endive",
];

#[test]
fn every_version_of_a_subscription_says_the_same() {
    for version in VERSIONS {
        let subscription: Subscription = read(&subscription(version));
        assert_eq!(subscription.period_start(), Some(1_700_000_000), "{version}");
        assert_eq!(subscription.period_end(), Some(1_702_592_000), "{version}");
        assert_eq!(subscription.scheduled_end(), Some(1_702_592_000), "{version}");
        assert_eq!(subscription.product_id(), Some("circle_pro"), "{version}");
        assert_eq!(subscription.price_id(), Some("price_1"), "{version}");
        assert_eq!(
            (subscription.amount(), subscription.interval()),
            (Some(1_000), Some("month")),
            "{version}"
        );
        assert_eq!(subscription.latest_invoice_id(), Some("in_1"), "{version}");
        assert_eq!(
            subscription.discounts.len() + usize::from(subscription.discount.is_some()),
            1,
            "{version}"
        );
    }
}

#[test]
fn every_version_of_an_invoice_says_the_same() {
    for version in VERSIONS {
        let invoice: Invoice = read(&invoice(version));
        assert_eq!(invoice.subscription_id(), Some("sub_1"), "{version}");
        assert!(invoice.is_in_collection(), "{version}");
        assert!(invoice.lines.data[0].is_proration(), "{version}");
    }
}

/// The ways an answer of tomorrow can differ in one place.
fn damages(object: &Value) -> Vec<(String, Value)> {
    let mut damaged = Vec::new();
    for path in paths(object, String::new()) {
        let (parent, key) = path.rsplit_once('/').unwrap();
        let mut without = object.clone();
        if let Some(map) = without.pointer_mut(parent).and_then(Value::as_object_mut) {
            map.remove(key);
            map.insert("invented_tomorrow".to_owned(), json!({ "deeply": ["nested", 1, null] }));
        }
        damaged.push((format!("without {path}"), without));
        let mut null = object.clone();
        *null.pointer_mut(&path).unwrap() = Value::Null;
        damaged.push((format!("null {path}"), null));
        if object.pointer(&path).is_some_and(Value::is_string) {
            let mut other = object.clone();
            *other.pointer_mut(&path).unwrap() = json!("invented_tomorrow");
            damaged.push((format!("another word at {path}"), other));
        }
    }
    damaged
}

fn paths(value: &Value, at: String) -> Vec<String> {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(values) => {
            values.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    let mut all = Vec::new();
    for (key, child) in children {
        let path = format!("{at}/{key}");
        // What is in there is ours: text, whatever Stripe invents.
        if key != "metadata" {
            all.extend(paths(child, path.clone()));
        }
        // Elements of lists do not go missing; their fields do.
        if value.is_object() {
            all.push(path);
        }
    }
    all
}

/// Reads `object` with every damage, but for the fields named `needed`, without which it would be nothing.
fn survives<T: DeserializeOwned>(object: &Value, needed: &[&str]) {
    read::<T>(object);
    for (damage, damaged) in damages(object) {
        let field = damage.rsplit_once('/').unwrap().1;
        let wanted = needed.contains(&field) && !damage.starts_with("another");
        let outcome = serde_json::from_str::<T>(&damaged.to_string());
        assert!(wanted || outcome.is_ok(), "{damage}: {}", outcome.err().unwrap());
    }
}

#[test]
fn one_field_that_is_gone_null_or_new_fails_no_object() {
    for version in VERSIONS {
        survives::<Subscription>(&subscription(version), &["id", "status"]);
        survives::<Invoice>(&invoice(version), &["id"]);
    }
    survives::<Price>(&price(), &["id"]);
    survives::<Product>(
        &json!({ "id": "circle_pro", "object": "product", "active": true, "name": "Pro", "description": "All.",
            "images": ["https://example.com/a.png"], "marketing_features": [{ "name": "Everything" }],
            "metadata": {}, "url": null, "default_price": "price_1" }),
        &["id"],
    );
    survives::<Customer>(
        &json!({ "id": "cus_1", "object": "customer", "email": "ada@example.com", "name": "Ada", "livemode": false,
            "invoice_settings": { "default_payment_method": { "id": "pm_1", "type": "card" } }, "metadata": {},
            "test_clock": null }),
        &["id"],
    );
    survives::<PaymentMethod>(
        &json!({ "id": "pm_1", "object": "payment_method", "type": "card",
            "card": { "brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2030 } }),
        &["id"],
    );
    survives::<CheckoutSession>(
        &json!({ "id": "cs_1", "object": "checkout.session", "status": "complete", "payment_status": "paid",
            "mode": "subscription", "customer": "cus_1", "client_reference_id": "7", "invoice": "in_1",
            "subscription": subscription(VERSIONS[5]), "url": null, "expires_at": 1_700_086_400,
            "created": 1_700_000_000, "livemode": false, "metadata": {} }),
        &["id", "status"],
    );
    survives::<PortalConfiguration>(
        &json!({ "id": "bpc_1", "object": "billing_portal.configuration", "active": true, "is_default": false,
            "metadata": {}, "features": {} }),
        &["id"],
    );
    survives::<PortalSession>(
        &json!({ "id": "bps_1", "object": "billing_portal.session", "url": "https://billing.stripe.com/p/1",
            "customer": "cus_1", "created": 1_700_000_000 }),
        &["id", "url"],
    );
    survives::<Event>(
        &json!({ "id": "evt_1", "object": "event", "type": "customer.subscription.updated", "created": 1_700_000_000,
            "livemode": false, "api_version": "2020-08-27", "account": null, "pending_webhooks": 1,
            "request": { "id": "req_1", "idempotency_key": "key" },
            "data": { "object": subscription(VERSIONS[0]), "previous_attributes": { "status": "trialing" } } }),
        &["id", "type", "created", "data", "object"],
    );
    survives::<List<Price>>(
        &json!({ "object": "list", "data": [price()], "has_more": true, "url": "/v1/prices" }),
        &["id"],
    );
}
