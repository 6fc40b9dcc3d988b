//! The catalog, applied to the sandbox.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use api::{
    catalog::{self, Applied, ApplyError, Catalog, Shop, Term, store},
    db::{DatabaseUrl, Db, DbError},
    sandbox,
    stripe::{
        Client, Config, Deadline, List, Price, Request, SecretKey, Subscription, customers,
        form::Params, portal_configurations, prices, products, subscriptions,
    },
};
use serde::de::DeserializeOwned;
use serde_json::json;
use shared::plans::Interval;
use tempfile::TempDir;
use url::Url;

use crate::harness::TestApp;

const NOW: i64 = 1_700_000_000;

/// A sandbox, and a database that belongs to it.
struct World {
    stripe: Client,
    db: Db,
    site: Url,
    sandbox: sandbox::Running,
    _folder: TempDir,
}

impl World {
    async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let sandbox = sandbox::start(sandbox::Config {
            addr: "127.0.0.1:0".parse().unwrap(),
            business: "Inner Circle".to_owned(),
            public_url: None,
            database: folder.path().join("sandbox.db"),
            webhook: None,
            clock_offset: Arc::default(),
            faults: sandbox::FaultPlan::default(),
            protocol: api::sandbox::ProtocolSettings::default(),
            record: std::env::var_os("SANDBOX_RECORD").map(Into::into),
        })
        .await
        .unwrap();
        let key = SecretKey::parse("sk_test_catalog").unwrap();
        let stripe = Client::new(Config::new(key, sandbox.api_base().parse().unwrap())).unwrap();
        let db = Db::open(&DatabaseUrl::Sqlite(folder.path().join("circle.db"))).await.unwrap();
        let site = "http://localhost:3000".parse().unwrap();
        Self { stripe, db, site, sandbox, _folder: folder }
    }

    async fn apply(&self, catalog: &Catalog) -> Result<Applied, ApplyError> {
        self.shop(catalog).apply(NOW).await
    }

    fn shop(&self, catalog: &Catalog) -> Shop {
        Shop {
            catalog: Arc::new(catalog.clone()),
            stripe: self.stripe.clone(),
            db: self.db.clone(),
            site: self.site.clone(),
        }
    }

    /// Sends one request that must succeed.
    async fn send<T: DeserializeOwned>(&self, request: Request<T>) -> T {
        let deadline = Deadline::within(Duration::from_secs(10));
        self.stripe.send(&request.fresh_idempotency_key(), deadline).await.unwrap().value
    }

    /// The prices of a product, those off sale too.
    async fn prices_of(&self, product: &str) -> Vec<Price> {
        let list = prices::List {
            product: Some(product.to_owned()),
            limit: Some(100),
            ..Default::default()
        };
        self.send::<List<Price>>(list.request()).await.data
    }

    /// The amount at which a plan is offered by the month.
    async fn offered(&self, plan: &'static str) -> Option<i64> {
        let offer =
            self.db.read(move |conn| store::find_offer(conn, plan, Interval::Month)).await.unwrap();
        offer.map(|offer| offer.amount)
    }
}

/// The built-in catalog with another monthly amount for pro.
fn repriced(monthly: i64) -> Catalog {
    let mut catalog = Catalog::built_in();
    catalog.plans[1].monthly = monthly;
    catalog
}

#[tokio::test]
async fn applying_twice_changes_nothing() {
    let world = World::start().await;
    let first = world.apply(&Catalog::built_in()).await.unwrap();
    // Three products, six prices, one portal configuration.
    assert_eq!(first.changes.len(), 10, "{:?}", first.changes);
    assert_eq!(first.offers.len(), 6);
    let second = world.apply(&Catalog::built_in()).await.unwrap();
    assert_eq!(second.changes, Vec::<String>::new());
    assert_eq!(second.portal_configuration, first.portal_configuration);
    assert_eq!(second.offers, first.offers);
}

#[tokio::test]
async fn a_changed_amount_is_a_new_price_and_old_subscribers_keep_theirs() {
    let world = World::start().await;
    world.apply(&Catalog::built_in()).await.unwrap();
    let old = world
        .db
        .read(|conn| store::find_offer(conn, "pro", Interval::Month))
        .await
        .unwrap()
        .unwrap()
        .price_id;
    let subscription = subscribe(&world, &old).await;

    let applied = world.apply(&repriced(1_200)).await.unwrap();
    // The new price, the old one archived, the portal.
    assert_eq!(applied.changes.len(), 3, "{:?}", applied.changes);
    assert_eq!(world.offered("pro").await, Some(1_200));
    for price in world.prices_of("circle_pro").await {
        match price.unit_amount {
            Some(1_000) => assert_eq!((price.active, price.lookup_key), (false, None)),
            Some(1_200) => {
                assert_eq!((price.active, price.lookup_key.as_deref()), (true, Some("pro")))
            }
            other => assert_eq!((other, price.active), (Some(10_000), true)),
        }
    }
    let subscription: Subscription = world.send(subscriptions::retrieve(&subscription)).await;
    assert_eq!(subscription.price_id(), Some(old.as_str()));
    assert_eq!(subscription.product_id(), Some("circle_pro"));

    // Back to the old amount: the old price is offered again and no third one is made.
    world.apply(&Catalog::built_in()).await.unwrap();
    assert_eq!(world.offered("pro").await, Some(1_000));
    assert_eq!(world.prices_of("circle_pro").await.len(), 3);
}

/// A new customer with a working card, subscribed to `price`.
async fn subscribe(world: &World, price: &str) -> String {
    let customer = world.send(customers::Create::default().request()).await.id;
    let with_card = Params::new().with("customer", &customer);
    let attach = Request::<serde_json::Value>::post(["payment_methods", "pm_card_visa", "attach"])
        .params(with_card);
    let card = world.send(attach).await["id"].as_str().unwrap().to_owned();
    let params = Params::new()
        .with("customer", customer)
        .with("default_payment_method", card)
        .with("items", [Params::new().with("price", price)]);
    world.send(Request::<Subscription>::post(["subscriptions"]).params(params)).await.id
}

#[tokio::test]
async fn a_setup_fee_is_a_product_of_its_own() {
    let world = World::start().await;
    let mut catalog = Catalog::built_in();
    catalog.plans[1].setup_fee = Some(1_500);
    world.apply(&catalog).await.unwrap();
    let fee = world.db.read(|conn| store::find_setup_fee(conn, "pro")).await.unwrap().unwrap();
    assert_eq!((fee.amount, fee.term, fee.lookup_key.as_str()), (1_500, Term::Once, "pro_setup"));
    let price = &world.prices_of("circle_pro_setup").await[0];
    assert_eq!((price.id.as_str(), price.interval()), (fee.price_id.as_str(), None));

    world.apply(&Catalog::built_in()).await.unwrap();
    assert_eq!(world.db.read(|conn| store::find_setup_fee(conn, "pro")).await.unwrap(), None);
}

#[tokio::test]
async fn processes_that_apply_at_once_agree() {
    let world = World::start().await;
    let catalog = Catalog::built_in();
    let outcomes = futures_util::future::join_all((0..4).map(|_| world.apply(&catalog))).await;
    assert!(outcomes.iter().any(Result::is_ok), "{outcomes:?}");
    world.apply(&catalog).await.unwrap();
    for (product, amounts) in [
        ("circle_starter", [500, 5_000]),
        ("circle_pro", [1_000, 10_000]),
        ("circle_enterprise", [5_000, 50_000]),
    ] {
        let prices = world.prices_of(product).await;
        let mut active: Vec<i64> = prices
            .iter()
            .filter(|price| price.active)
            .filter_map(|price| price.unit_amount)
            .collect();
        active.sort_unstable();
        assert_eq!(active, amounts, "{product}");
    }
}

#[tokio::test]
async fn another_products_lookup_key_is_not_taken() {
    let world = World::start().await;
    let theirs =
        products::Details { name: "Theirs".into(), ..Default::default() }.create("prod_theirs");
    world.send(theirs).await;
    let price = prices::Create {
        product: "prod_theirs".into(),
        currency: "usd".into(),
        unit_amount: 100,
        interval: Some("month".into()),
        lookup_key: "pro".into(),
        metadata: BTreeMap::new(),
    };
    let price = world.send(price.request()).await.id;
    let error = world.apply(&Catalog::built_in()).await.unwrap_err();
    assert!(matches!(&error, ApplyError::KeyTaken(taken) if taken.price == price), "{error}");
    assert_eq!(world.prices_of("circle_pro").await.len(), 0);
}

#[tokio::test]
async fn another_process_reads_what_was_applied() {
    let world = World::start().await;
    let applied = world.apply(&Catalog::built_in()).await.unwrap();
    let folder = TempDir::new().unwrap();
    let elsewhere = Db::open(&DatabaseUrl::Sqlite(folder.path().join("circle.db"))).await.unwrap();
    let other = Shop { db: elsewhere.clone(), ..world.shop(&Catalog::built_in()) };
    let read = other.refresh(NOW).await.unwrap();
    assert_eq!((read.offers.len(), &read.portal_configuration), (6, &applied.portal_configuration));
    let plans = catalog::list_plans(&Catalog::built_in(), &elsewhere).await.unwrap().plans;
    let amounts: Vec<Vec<i64>> =
        plans.iter().map(|plan| plan.prices.iter().map(|price| price.amount).collect()).collect();
    assert_eq!(amounts, [[500, 5_000], [1_000, 10_000], [5_000, 50_000]]);
}

#[tokio::test]
async fn each_site_has_a_portal_configuration_of_its_own_and_no_other_is_written() {
    let world = World::start().await;
    let theirs =
        portal_configurations::Details { invoice_history: true, ..Default::default() }.create();
    let theirs = world.send(theirs).await.id;
    let here = world.apply(&Catalog::built_in()).await.unwrap().portal_configuration;
    let staging = "https://staging.example".parse().unwrap();
    let elsewhere = Shop { site: staging, ..world.shop(&Catalog::built_in()) };
    let there = elsewhere.apply(NOW).await.unwrap();
    assert_ne!(here, there.portal_configuration);
    let kept: Result<_, DbError> = world.db.read(store::find_portal_configuration).await;
    assert_eq!(kept.unwrap(), there.portal_configuration);

    let all = portal_configurations::List { limit: Some(100), ..Default::default() };
    let all = world.send(all.request()).await.data;
    assert_eq!(all.len(), 3);
    let untouched = all.iter().find(|configuration| configuration.id == theirs).unwrap();
    assert!(untouched.metadata.is_empty(), "{untouched:?}");
    world.sandbox.stop().await;
}

#[tokio::test]
async fn what_was_changed_by_hand_in_the_portal_is_written_again() {
    let world = World::start().await;
    let id = world.apply(&Catalog::built_in()).await.unwrap().portal_configuration.unwrap();
    let cancel = Params::new().with("enabled", false);
    let by_hand = Params::new()
        .with("business_profile", Params::new().with("headline", "By hand"))
        .with("features", Params::new().with("subscription_cancel", cancel));
    let path = ["billing_portal".to_owned(), "configurations".to_owned(), id.clone()];
    world.send(Request::<serde_json::Value>::post(path).params(by_hand)).await;

    let applied = world.apply(&Catalog::built_in()).await.unwrap();
    assert_eq!(
        applied.changes,
        [format!(
            "~ portal configuration {id}: business_profile.headline, subscription_cancel.enabled"
        )]
    );
    assert_eq!(applied.portal_configuration.as_ref(), Some(&id));
    assert_eq!(world.apply(&Catalog::built_in()).await.unwrap().changes, Vec::<String>::new());
}

#[tokio::test]
async fn a_new_installation_sells_the_catalogs_plans() {
    let app = TestApp::start().await;
    // The product serves at once and brings the catalog to Stripe meanwhile; then all of it is there.
    let plans = app.get("/api/plans").await.expect(200)["plans"].clone();
    let ids: Vec<&str> =
        plans.as_array().unwrap().iter().map(|plan| plan["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["starter", "pro", "enterprise"]);
    assert_eq!(
        plans[1]["prices"][1],
        json!({ "interval": "year", "lookup_key": "pro_yearly", "amount": 10_000, "currency": "usd", "trial_days": 0 })
    );
}
