//! The parts of the product that webhooks reach, with a Stripe that a test decides and work that runs when told.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use actix_web::web;
use api::{
    access::{self, Policy, Standing},
    app,
    billing::{Rules, refresh::Refresher},
    catalog::{Catalog, Shop},
    clock::Clock,
    config::{Config, SecretSource, Settings},
    db::{
        Conn, Db, DbError,
        schema::{alerts, events, prices, subscriptions, users},
    },
    http,
    inbox::Inbox,
    jobs::{Jobs, Schedule},
    stripe::{self, SecretKey, SigningSecret, signature},
};
use diesel::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Notify;

use super::stand_in::StandIn;
use crate::harness::{Answer, Database, serve};

pub const SECRET: &str = "whsec_of_the_tests";
pub const DAY: i64 = 86_400;

pub struct World {
    pub db: Db,
    pub stripe: StandIn,
    pub inbox: Inbox,
    pub jobs: Jobs,
    pub refresher: Refresher,
    pub clock: Clock,
    offset: Arc<AtomicI64>,
    http: reqwest::Client,
    base: String,
    _data: TempDir,
    _database: Database,
}

impl World {
    pub async fn start() -> Self {
        let (data, database) = (TempDir::new().unwrap(), Database::fresh());
        let settings =
            Settings { data_dir: Some(data.path().display().to_string()), ..Settings::default() };
        let config =
            Config::new(&settings, &SecretSource::from_variables(database.variables())).unwrap();
        let db = app::open_database(&config).await.unwrap();

        let offset = Arc::new(AtomicI64::new(0));
        let stripe = StandIn::start(Arc::clone(&offset));
        let mut client = stripe::Config::new(
            SecretKey::parse("sk_test_1").unwrap(),
            stripe.base.parse().unwrap(),
        );
        client.max_network_retries = 0;
        let client = stripe::Client::new(client).unwrap();
        let clock = Clock::with_offset(Arc::clone(&offset));
        let plans = ["starter", "pro", "enterprise"].map(|plan| (plan.to_owned(), 7));
        let rules =
            Rules { policy: Arc::new(Policy::new(plans)), livemode: false, clock: clock.clone() };
        let wake = Arc::new(Notify::new());
        let secrets =
            ["whsec_before_the_roll", SECRET].map(|secret| SigningSecret::parse(secret).unwrap());
        let inbox = Inbox::new(db.clone(), rules.clone(), secrets.to_vec(), Arc::clone(&wake));
        let refresher = Refresher::new(db.clone(), client.clone(), rules);
        let shop = Shop {
            catalog: Arc::new(Catalog::built_in()),
            stripe: client,
            db: db.clone(),
            site: "http://localhost:3000".parse().unwrap(),
        };
        let schedule = Schedule {
            reconcile_every: Duration::from_secs(3600),
            event_retention: Duration::from_secs(90 * 86_400),
        };
        let jobs = Jobs::new(db.clone(), inbox.clone(), refresher.clone(), shop, wake, schedule);

        let taken = web::Data::new(inbox.clone());
        let base = serve(move |config| {
            config.app_data(taken.clone()).configure(http::routes);
        });
        let http = reqwest::Client::new();
        Self {
            db,
            stripe,
            inbox,
            jobs,
            refresher,
            clock,
            offset,
            http,
            base,
            _data: data,
            _database: database,
        }
    }

    /// Now, on Stripe's clock and on ours.
    pub fn now(&self) -> i64 {
        self.clock.billing()
    }

    pub fn advance(&self, seconds: i64) {
        self.offset.fetch_add(seconds, Ordering::SeqCst);
    }

    /// A listener with a customer of the same name.
    pub async fn listener(&self, name: &str) -> Listener {
        let listener = Listener { user: format!("user_{name}"), customer: format!("cus_{name}") };
        let (row, now) = (listener.clone(), self.clock.wall());
        self.write(move |conn| {
            diesel::insert_into(users::table)
                .values((
                    users::id.eq(&row.user),
                    users::email.eq(format!("{}@example.com", row.user)),
                    users::email_verified.eq(true),
                    users::password_digest.eq("none"),
                    users::stripe_customer_id.eq(&row.customer),
                    users::customer_email.eq(format!("{}@example.com", row.user)),
                    users::created_at.eq(now),
                    users::updated_at.eq(now),
                ))
                .execute(conn)?;
            Ok(())
        })
        .await;
        listener
    }

    /// Sends an event as Stripe does, signed now.
    pub async fn deliver(&self, event: &Value) -> Answer {
        let body = event.to_string();
        let secret = SigningSecret::parse(SECRET).unwrap();
        self.post(&body, Some(&signature::sign(body.as_bytes(), &secret, self.clock.wall()))).await
    }

    pub async fn post(&self, body: &str, signature: Option<&str>) -> Answer {
        let mut request = self.http.post(format!("{}/webhooks", self.base)).body(body.to_owned());
        if let Some(signature) = signature {
            request = request.header("Stripe-Signature", signature);
        }
        Answer::read(request.send().await.unwrap()).await
    }

    pub async fn get_webhooks(&self) -> Answer {
        Answer::read(self.http.get(format!("{}/webhooks", self.base)).send().await.unwrap()).await
    }

    pub async fn standing(&self, listener: &Listener) -> Standing {
        let (policy, user, now) =
            (self.refresher.rules().policy.clone(), listener.user.clone(), self.now());
        self.read(move |conn| access::standing(conn, &policy, &user, now)).await
    }

    /// Whether and why, in two words.
    pub async fn access(&self, listener: &Listener) -> (bool, String) {
        let access = self.standing(listener).await.access;
        (access.allowed, access.reason)
    }

    /// The causes of a listener's changes of access, oldest first.
    pub async fn causes(&self, listener: &Listener) -> Vec<String> {
        let user = listener.user.clone();
        let changes = self.read(move |conn| access::list_changes(conn, &user)).await;
        changes.into_iter().map(|change| change.cause).collect()
    }

    /// State and reason of an event; `None` when it is not kept.
    pub async fn event(&self, id: &str) -> Option<(String, Option<String>)> {
        let id = id.to_owned();
        self.read(move |conn| {
            let row = events::table.find(id).select((events::state, events::reason));
            Ok(row.first(conn).optional()?)
        })
        .await
    }

    pub async fn count_events(&self) -> i64 {
        self.read(|conn| Ok(events::table.count().get_result(conn)?)).await
    }

    /// Kinds of the alerts that are open.
    pub async fn alerts(&self) -> Vec<String> {
        self.read(|conn| {
            let open = alerts::table.filter(alerts::resolved_at.is_null()).order(alerts::kind);
            Ok(open.select(alerts::kind).load(conn)?)
        })
        .await
    }

    /// What a subscription's row says: status, plan, planned end, end of the period.
    pub async fn stored(&self, id: &str) -> Option<Stored> {
        let id = id.to_owned();
        self.read(move |conn| {
            let row = subscriptions::table.find(id).select((
                subscriptions::status,
                subscriptions::plan,
                subscriptions::cancel_at,
                subscriptions::current_period_end,
            ));
            Ok(row.first(conn).optional()?)
        })
        .await
    }

    /// The second a subscription's last refresh was sent in, and the one it was answered in.
    pub async fn stamp(&self, id: &str) -> (i64, i64) {
        let id = id.to_owned();
        self.read(move |conn| {
            let row = subscriptions::table.find(id);
            Ok(row.select((subscriptions::settled_before, subscriptions::version)).first(conn)?)
        })
        .await
    }

    /// A listener's customer, login and billing address.
    pub async fn addresses(&self, listener: &Listener) -> (Option<String>, String, Option<String>) {
        let user = listener.user.clone();
        self.read(move |conn| {
            let row = users::table.find(user);
            Ok(row
                .select((users::stripe_customer_id, users::email, users::billing_email))
                .first(conn)?)
        })
        .await
    }

    /// A price that was on offer once.
    pub async fn keep_price(&self, id: &str, product: &str, plan: &str) {
        let (id, product, plan) = (id.to_owned(), product.to_owned(), plan.to_owned());
        self.write(move |conn| {
            diesel::insert_into(prices::table)
                .values((
                    prices::id.eq(id),
                    prices::product_id.eq(product),
                    prices::plan.eq(plan),
                    prices::interval.eq("month"),
                    prices::amount.eq(900),
                    prices::currency.eq("usd"),
                    prices::active.eq(false),
                    prices::updated_at.eq(0),
                ))
                .execute(conn)?;
            Ok(())
        })
        .await;
    }

    pub async fn execute(&self, statement: &'static str) {
        self.write(move |conn| {
            diesel::sql_query(statement).execute(conn)?;
            Ok(())
        })
        .await;
    }

    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T, DbError> + Send + 'static,
    ) -> T {
        self.db.read(work).await.unwrap()
    }

    pub async fn write(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<(), DbError> + Send + 'static,
    ) {
        self.db.write(work).await.unwrap();
    }
}

pub type Stored = (String, Option<String>, Option<i64>, Option<i64>);

#[derive(Clone, Debug)]
pub struct Listener {
    pub user: String,
    pub customer: String,
}

/// A subscription to a plan, as Stripe sends it today; `fields` replace what is there.
pub fn subscription(id: &str, customer: &str, plan: &str, status: &str, fields: Value) -> Value {
    let mut object = json!({
        "id": id, "object": "subscription", "customer": customer, "status": status, "livemode": false,
        "created": 1_600_000_000, "currency": "usd", "cancel_at": null, "cancel_at_period_end": false,
        "canceled_at": null, "ended_at": null, "pause_collection": null, "trial_end": null, "test_clock": null,
        "default_payment_method": null, "metadata": {},
        "items": { "object": "list", "has_more": false, "data": [{
            "id": format!("si_{id}"), "object": "subscription_item", "quantity": 1,
            "current_period_start": 1_600_000_000, "current_period_end": 4_000_000_000_i64,
            "price": { "id": format!("price_{plan}"), "object": "price", "product": format!("circle_{plan}"),
                "unit_amount": 900, "currency": "usd", "recurring": { "interval": "month", "interval_count": 1 } },
        }] },
    });
    merge(&mut object, fields);
    object
}

/// A snapshot event about `object`.
pub fn event(id: &str, kind: &str, created: i64, object: &Value) -> Value {
    json!({ "id": id, "object": "event", "type": kind, "created": created, "livemode": false,
        "api_version": "2026-10-28.endive", "pending_webhooks": 1, "request": null, "data": { "object": object } })
}

pub fn merge(into: &mut Value, fields: Value) {
    match (into, fields) {
        (Value::Object(into), Value::Object(fields)) => {
            for (key, value) in fields {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, value) => *into = value,
    }
}
