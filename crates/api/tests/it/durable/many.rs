//! Three servers on one PostgreSQL, under a Stripe that fails, one of them killed and started again at random.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use api::db::DbError;
use diesel::{
    RunQueryDsl,
    sql_types::{BigInt, Text},
};
use serde_json::{Value, json};
use tokio::{
    task::JoinSet,
    time::{Duration, Instant, sleep, timeout},
};

use super::{
    installation::{Installation, KEY},
    process::Server,
    webhooks,
};
use crate::harness::Listener;

/// How long everything may take to agree, once nothing fails any more.
const REST: Duration = Duration::from_secs(60);

/// How long things go wrong; `scripts/soak` asks for more.
fn span() -> Duration {
    let seconds = std::env::var("SOAK_SECONDS").map_or(20, |seconds| seconds.parse().unwrap());
    Duration::from_secs(seconds)
}

/// A listener, and what their open page shows.
struct Page {
    listener: Listener,
    customer: String,
    shown: Arc<Mutex<Value>>,
}

/// Follows an account through whatever server answers, as a page does: a stream that ends is opened again.
fn follow(bases: Vec<String>, token: String, shown: Arc<Mutex<Value>>, streams: &mut JoinSet<()>) {
    streams.spawn(async move {
        let http = reqwest::Client::new();
        for base in bases.iter().cycle() {
            let opened = http.get(format!("{base}/api/events")).bearer_auth(&token).send().await;
            if let Ok(mut stream) = opened {
                let mut text = String::new();
                // Without a ping for so long a page takes the connection for dead.
                while let Ok(Ok(Some(chunk))) =
                    timeout(Duration::from_secs(25), stream.chunk()).await
                {
                    text.push_str(&String::from_utf8_lossy(&chunk));
                    while let Some((message, rest)) = text.split_once("\n\n") {
                        let data = message.lines().find_map(|line| line.strip_prefix("data:"));
                        if let Some(data) = data {
                            *shown.lock().unwrap() = serde_json::from_str(data).unwrap();
                        }
                        text = rest.to_owned();
                    }
                }
            }
            sleep(Duration::from_millis(100)).await;
        }
    });
}

/// A request to the sandbox's API, repeated until it is answered: it fails like all the others.
async fn stripe(site: &Installation, method: &str, path: &str, form: &str) -> Value {
    let http = reqwest::Client::new();
    loop {
        let url = format!("{}{path}", site.stripe_base);
        let request = match method {
            "GET" => http.get(url),
            "DELETE" => http.delete(url),
            _ => http
                .post(url)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .body(form.to_owned()),
        };
        let answered = request.bearer_auth(KEY).timeout(Duration::from_secs(5)).send().await;
        if let Ok(answer) = answered {
            let status = answer.status().as_u16();
            if let (Ok(text), true) = (answer.text().await, status < 500 && status != 429) {
                return serde_json::from_str(&text).unwrap();
            }
        }
        sleep(Duration::from_millis(20)).await;
    }
}

async fn set_faults(site: &Installation, plan: &Value) {
    let http = reqwest::Client::new();
    let url = format!("{}/_sandbox/faults", site.stripe_base);
    let set = http.post(url).body(plan.to_string()).send().await.unwrap();
    assert!(set.status().is_success(), "{}", set.text().await.unwrap());
}

/// The plan that Stripe's subscriptions of a customer open; `None` when none is live.
async fn truth(site: &Installation, customer: &str) -> Option<String> {
    let path = format!("/v1/subscriptions?customer={customer}&status=all&limit=100");
    let listed = stripe(site, "GET", &path, "").await;
    let live = listed["data"].as_array().unwrap().iter().find(|subscription| {
        ["active", "trialing"].contains(&subscription["status"].as_str().unwrap())
    })?;
    let product = live["items"]["data"][0]["price"]["product"].as_str().unwrap();
    Some(product.trim_start_matches("circle_").to_owned())
}

/// Changes somebody's subscription at Stripe, behind the product's back.
async fn change(site: &Installation, customer: &str, prices: &[String]) {
    let path = format!("/v1/subscriptions?customer={customer}&limit=1");
    let listed = stripe(site, "GET", &path, "").await;
    let Some(subscription) = listed["data"].get(0) else { return };
    let path = format!("/v1/subscriptions/{}", subscription["id"].as_str().unwrap());
    let item = subscription["items"]["data"][0]["id"].as_str().unwrap();
    match rand::random_range(0..20) {
        0 => drop(stripe(site, "DELETE", &path, "").await),
        1..5 => drop(stripe(site, "POST", &path, "cancel_at_period_end=true").await),
        5..9 => drop(stripe(site, "POST", &path, "cancel_at_period_end=false").await),
        _ => {
            let price = &prices[rand::random_range(0..prices.len())];
            let form =
                format!("items[0][id]={item}&items[0][price]={price}&proration_behavior=none");
            drop(stripe(site, "POST", &path, &form).await);
        }
    }
}

async fn me(server: &Server, token: &str) -> Option<Value> {
    let answer = server.get("/api/me").bearer_auth(token).send().await.ok()?;
    let text = answer.text().await.ok()?;
    serde_json::from_str(&text).ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn three_servers_agree_with_a_stripe_that_failed_while_one_after_another_was_killed() {
    if std::env::var("TEST_DATABASE_URL").is_err() {
        return;
    }
    let mut site = Installation::start(3).await;
    let bases: Vec<_> = site.servers.iter().map(|server| server.base.clone()).collect();
    let mut streams = JoinSet::new();
    let mut pages = Vec::new();
    for (number, plan) in
        ["starter", "pro", "enterprise", "starter", "pro", "pro"].iter().enumerate()
    {
        let listener = site.register(&format!("listener{number}@example.com")).await;
        site.subscribe(&listener, plan).await;
        let deadline = Instant::now() + REST;
        let customer = loop {
            let account = me(&site.servers[0], &listener.token).await.unwrap();
            if account["access"]["plan"] == *plan {
                break account["stripe_customer_id"].as_str().unwrap().to_owned();
            }
            assert!(Instant::now() < deadline, "{account}");
            sleep(Duration::from_millis(20)).await;
        };
        let shown = Arc::<Mutex<Value>>::default();
        let mut order = bases.clone();
        order.rotate_left(number % 3);
        follow(order, listener.token.clone(), Arc::clone(&shown), &mut streams);
        pages.push(Page { listener, customer, shown });
    }
    let mut prices = Vec::new();
    for key in ["starter", "pro", "enterprise"] {
        let listed = stripe(&site, "GET", &format!("/v1/prices?lookup_keys[0]={key}"), "").await;
        prices.push(listed["data"][0]["id"].as_str().unwrap().to_owned());
    }

    set_faults(
        &site,
        &json!({ "seed": rand::random::<u32>(), "rules": [
            { "on": "api", "kind": "error", "status": 500, "probability": 0.1 },
            { "on": "api", "kind": "reset", "probability": 0.05 },
            { "on": "api", "method": "POST", "kind": "reset", "when": "after", "probability": 0.05 },
            { "on": "webhook", "kind": "lose", "probability": 0.1 },
            { "on": "webhook", "kind": "twice", "probability": 0.2 },
            { "on": "webhook", "kind": "reorder", "probability": 0.2 },
            { "on": "webhook", "kind": "late", "seconds": 1, "probability": 0.2 },
        ] }),
    )
    .await;
    let (end, mut kills, mut changes) = (Instant::now() + span(), 0, 0);
    while Instant::now() < end {
        for _ in 0..6 {
            let page = &pages[rand::random_range(0..pages.len())];
            change(&site, &page.customer, &prices).await;
            changes += 1;
        }
        let victim = rand::random_range(0..site.servers.len());
        site.servers[victim].process.kill();
        site.servers[victim].process.restart();
        kills += 1;
    }

    set_faults(&site, &json!({ "rules": [] })).await;
    for server in &site.servers {
        server.ready().await;
    }
    let mut expected = BTreeMap::new();
    for page in &pages {
        expected.insert(page.customer.clone(), truth(&site, &page.customer).await);
    }
    // Every server and every open page come to say what Stripe says.
    let deadline = Instant::now() + REST;
    loop {
        let mut wrong = Vec::new();
        for page in &pages {
            let plan = expected[&page.customer].as_deref();
            let is_right = |account: &Value| {
                account["access"]["allowed"] == plan.is_some()
                    && (plan.is_none() || account["access"]["plan"].as_str() == plan)
            };
            for server in &site.servers {
                let account = me(server, &page.listener.token).await.unwrap_or_default();
                if !is_right(&account) {
                    wrong.push(format!(
                        "{} shows {} and not {plan:?}",
                        server.base, account["access"]
                    ));
                }
            }
            let shown = page.shown.lock().unwrap().clone();
            if !is_right(&shown) {
                wrong.push(format!("an open page shows {} and not {plan:?}", shown["access"]));
            }
        }
        if wrong.is_empty() {
            break;
        }
        assert!(Instant::now() < deadline, "{wrong:#?}");
        sleep(Duration::from_millis(200)).await;
    }
    streams.shutdown().await;
    assert_nothing_is_done_twice(&site).await;
    println!("soak: {changes} changes at a failing Stripe, {kills} kills of 3 servers: all agree");
}

#[derive(diesel::QueryableByName)]
struct Doubled {
    #[diesel(sql_type = Text)]
    what: String,
    #[diesel(sql_type = BigInt)]
    times: i64,
}

async fn assert_nothing_is_done_twice(site: &Installation) {
    let db = webhooks::open(&site.database.variables()).await;
    let doubled: Vec<String> = db
        .scan(|conn| {
            let found: Vec<Doubled> = diesel::sql_query(
                "SELECT cause || ' for ' || user_id AS what, count(*) AS times FROM access_changes \
                 WHERE cause LIKE 'evt!_%' ESCAPE '!' GROUP BY cause, user_id, before, after HAVING count(*) > 1 \
                 UNION ALL SELECT 'live subscriptions of ' || user_id, count(*) FROM subscriptions \
                 WHERE status IN ('active', 'trialing') GROUP BY user_id HAVING count(*) > 1",
            )
            .load(conn)?;
            let shown = found.into_iter().map(|row| format!("{}: {}", row.what, row.times));
            Ok::<_, DbError>(shown.collect())
        })
        .await
        .unwrap();
    assert!(doubled.is_empty(), "{doubled:#?}");
}
