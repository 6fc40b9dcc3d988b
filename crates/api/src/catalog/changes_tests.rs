//! The changes for catalogs and accounts of every kind.

use serde_json::{Value, json};

use super::*;

/// The built-in catalog with the starter plan alone, changed a little.
fn starter(change: impl FnOnce(&mut Plan)) -> Catalog {
    let mut catalog = Catalog::built_in();
    catalog.plans.truncate(1);
    change(&mut catalog.plans[0]);
    catalog
}

fn product(id: &str, name: &str, fields: Value) -> Product {
    let mut object =
        json!({ "id": id, "active": true, "name": name, "metadata": { PLAN_METADATA: "starter" } });
    object.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    serde_json::from_value(object).unwrap()
}

fn price(id: &str, product: &str, key: Option<&str>, amount: i64, interval: Option<&str>) -> Price {
    let recurring = interval.map(|interval| json!({ "interval": interval, "interval_count": 1 }));
    serde_json::from_value(json!({ "id": id, "product": product, "active": true, "lookup_key": key,
        "unit_amount": amount, "currency": "usd", "recurring": recurring }))
    .unwrap()
}

/// Stripe after the built-in starter plan was applied.
fn applied() -> AtStripe {
    let features =
        json!([{ "name": "New episode every week" }, { "name": "Private feed for your app" }]);
    let fields = json!({ "description": "The latest ten episodes.", "marketing_features": features, "url": null });
    AtStripe {
        products: vec![product("circle_starter", "Starter", fields)],
        prices: vec![
            price("price_m", "circle_starter", Some("starter"), 500, Some("month")),
            price("price_y", "circle_starter", Some("starter_yearly"), 5_000, Some("year")),
        ],
    }
}

fn lines(catalog: &Catalog, at_stripe: &AtStripe) -> Vec<String> {
    changes(catalog, at_stripe).unwrap().iter().map(ToString::to_string).collect()
}

#[test]
fn an_empty_account_gets_products_and_then_prices() {
    assert_eq!(
        lines(&starter(|plan| plan.setup_fee = Some(1_500)), &AtStripe::default()),
        [
            "+ product circle_starter \"Starter\"",
            "+ product circle_starter_setup \"Starter setup\"",
            "+ price starter for circle_starter: 5.00 USD a month",
            "+ price starter_yearly for circle_starter: 50.00 USD a year",
            "+ price starter_setup for circle_starter_setup: 15.00 USD once",
        ]
    );
}

#[test]
fn what_was_applied_needs_no_change() {
    assert_eq!(lines(&starter(|_| {}), &applied()), Vec::<String>::new());
}

#[test]
fn a_changed_amount_is_a_new_price_and_archives_the_old_one() {
    assert_eq!(
        lines(&starter(|plan| plan.monthly = 700), &applied()),
        [
            "+ price starter for circle_starter: 7.00 USD a month",
            "- price price_m (5.00 USD a month for circle_starter) is archived",
        ]
    );
}

#[test]
fn an_amount_that_was_before_takes_its_old_price_again() {
    let mut at_stripe = applied();
    let mut old = price("price_old", "circle_starter", None, 700, Some("month"));
    old.active = false;
    at_stripe.prices.push(old);
    assert_eq!(
        lines(&starter(|plan| plan.monthly = 700), &at_stripe),
        [
            "~ price starter: price_old is offered",
            "- price price_m (5.00 USD a month for circle_starter) is archived",
        ]
    );
}

#[test]
fn other_words_update_the_product() {
    for change in [
        |plan: &mut Plan| plan.description = String::new(),
        |plan: &mut Plan| plan.features.truncate(1),
        |plan: &mut Plan| plan.images = vec!["https://example.com/a.png".into()],
        |plan: &mut Plan| plan.url = "https://example.com".into(),
    ] {
        assert_eq!(lines(&starter(change), &applied()), ["~ product circle_starter \"Starter\""]);
    }
    let mut archived = applied();
    archived.products[0].active = false;
    assert_eq!(lines(&starter(|_| {}), &archived), ["~ product circle_starter \"Starter\""]);
}

#[test]
fn what_is_no_longer_sold_is_archived() {
    let mut at_stripe = applied();
    at_stripe.products.push(product(
        "circle_gold",
        "Gold",
        json!({ "metadata": { PLAN_METADATA: "gold" } }),
    ));
    at_stripe.prices.push(price("price_g", "circle_gold", Some("gold"), 900, Some("month")));
    assert_eq!(
        lines(&starter(|plan| plan.yearly = None), &at_stripe),
        [
            "- price price_y (50.00 USD a year for circle_starter) is archived",
            "- price price_g (9.00 USD a month for circle_gold) is archived",
            "- product circle_gold is archived",
        ]
    );
}

#[test]
fn a_plan_off_sale_is_archived_like_one_that_is_gone() {
    assert_eq!(
        lines(&starter(|plan| plan.on_sale = false), &applied()),
        [
            "- price price_m (5.00 USD a month for circle_starter) is archived",
            "- price price_y (50.00 USD a year for circle_starter) is archived",
            "- product circle_starter is archived",
        ]
    );
}

#[test]
fn a_strangers_lookup_key_is_not_taken() {
    let at_stripe = AtStripe {
        products: Vec::new(),
        prices: vec![price("price_x", "prod_x", Some("starter"), 500, Some("month"))],
    };
    let error = changes(&starter(|_| {}), &at_stripe).unwrap_err();
    assert_eq!((error.price.as_str(), error.product.as_str()), ("price_x", "prod_x"));
}
