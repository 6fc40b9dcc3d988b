//! A random walk: fifty listeners pay, change, cancel and come back while everything between Stripe and the product
//! goes wrong. At rest each has what Stripe says, and nobody has two of anything.
//!
//! `WALK_SEED` repeats a walk, `WALK_STEPS` makes it longer.

use std::collections::HashMap;

use futures_util::{StreamExt, stream};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};

use crate::harness::{PATIENCE, Subscriber, TestApp, VISA};

const LISTENERS: usize = 50;
/// Listeners that walk at the same time.
const AT_ONCE: usize = 10;
const PLANS: [&str; 3] = ["starter", "pro", "enterprise"];

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

fn faults(seed: u64) -> Value {
    let api = |kind: &str, probability: f64, more: Value| {
        let mut rule = json!({ "on": "api", "kind": kind, "probability": probability });
        super::world::merge(&mut rule, more);
        rule
    };
    let webhook = |kind: &str, probability: f64| json!({ "on": "webhook", "kind": kind, "probability": probability });
    let mut late = webhook("late", 0.15);
    super::world::merge(&mut late, json!({ "seconds": 0.4 }));
    json!({ "seed": seed, "rules": [
        webhook("lose", 0.15),
        webhook("twice", 0.2),
        webhook("reorder", 0.2),
        late,
        api("error", 0.03, json!({ "status": 500 })),
        api("error", 0.03, json!({ "status": 500, "when": "after" })),
        api("error", 0.02, json!({ "status": 409 })),
        api("error", 0.02, json!({ "status": 429 })),
        api("reset", 0.02, json!({ "when": "after" })),
        api("timeout", 0.02, json!({ "seconds": 0.3 })),
    ] })
}

/// Calls the sandbox as whoever runs the podcast; what fails is for another time.
async fn ask(app: &TestApp, path: &str) -> Option<Value> {
    let request = app.http.get(format!("{}{path}", app.sandbox)).bearer_auth("sk_test_operator");
    let answer = request.send().await.ok()?;
    if !answer.status().is_success() {
        return None;
    }
    serde_json::from_str(&answer.text().await.ok()?).ok()
}

/// One thing that somebody does, or tries to do.
async fn step(ada: &Subscriber<'_>, random: &mut StdRng) {
    let plan = *PLANS.choose(random).unwrap();
    let wish: u32 = random.random_range(0..100);
    let answer = ada.post("/api/billing/checkout-session", json!({ "plan": plan })).await;
    match answer.status {
        200 => {
            let page = answer.expect(200)["url"].as_str().unwrap().to_owned();
            match wish {
                0..70 => drop(ada.app.pay_with(&page, VISA).await),
                70..85 => drop(ada.app.pay_with(&page, "4000000000000002").await),
                _ => {}
            }
        }
        // A subscription is there: the portal it is.
        409 => visit_portal(ada, plan, wish).await,
        _ => {}
    }
}

async fn visit_portal(ada: &Subscriber<'_>, plan: &str, wish: u32) {
    let account = ada.account().await;
    let portal = ada.post("/api/billing/portal-session", json!({})).await;
    if portal.status != 200 {
        return;
    }
    let portal = portal.expect(200)["url"].as_str().unwrap().to_owned();
    let customer = account["stripe_customer_id"].as_str().unwrap_or_default();
    let theirs = ask(ada.app, &format!("/v1/subscriptions?customer={customer}")).await;
    let Some(id) = theirs.as_ref().and_then(|list| list["data"][0]["id"].as_str()) else { return };
    let at = |action: &str| format!("{portal}/subscriptions/{id}/{action}");
    match wish {
        0..25 => drop(ada.app.submit(&at("cancel"), &[]).await),
        25..45 => drop(ada.app.submit(&at("resume"), &[]).await),
        45..80 => {
            let price = ask(ada.app, &format!("/v1/prices?lookup_keys[]={plan}")).await;
            if let Some(price) = price.as_ref().and_then(|list| list["data"][0]["id"].as_str()) {
                ada.app.submit(&at("confirm"), &[("price", price)]).await;
            }
        }
        // The operator ends it at once.
        _ => {
            let url = format!("{}/v1/subscriptions/{id}", ada.app.sandbox);
            drop(ada.app.http.delete(url).bearer_auth("sk_test_operator").send().await);
        }
    }
}

/// What Stripe says somebody has; panics when it is two of anything.
async fn bought(app: &TestApp, user: &str, customers: &[Value]) -> Option<String> {
    let theirs: Vec<_> =
        customers.iter().filter(|customer| customer["metadata"]["circle_user"] == user).collect();
    assert!(theirs.len() <= 1, "{user} has {} customers", theirs.len());
    let customer = theirs.first()?["id"].as_str()?;
    let all = format!("/v1/subscriptions?customer={customer}&status=all&limit=100");
    let all = ask(app, &all).await.unwrap();
    let is_live = |subscription: &&Value| {
        !matches!(subscription["status"].as_str().unwrap(), "canceled" | "incomplete_expired")
    };
    let live: Vec<_> = all["data"].as_array().unwrap().iter().filter(is_live).collect();
    assert!(live.len() <= 1, "{user} has {} live subscriptions", live.len());
    let live = live.first().filter(|live| live["status"] == "active")?;
    let product = live["items"]["data"][0]["price"]["product"].as_str()?;
    Some(product.strip_prefix("circle_").unwrap().to_owned())
}

#[tokio::test]
async fn a_random_walk_ends_with_what_stripe_says() {
    let seed = setting("WALK_SEED").unwrap_or_else(rand::random);
    let steps = setting("WALK_STEPS").unwrap_or(4);
    println!("WALK_SEED={seed} WALK_STEPS={steps}");
    let app = TestApp::start_with(|settings| {
        settings.rate_limits = Some("off".to_owned());
        settings.reconcile_every = Some("2s".to_owned());
    })
    .await;
    let mut walkers = Vec::new();
    for n in 0..LISTENERS {
        let random = StdRng::seed_from_u64(seed.wrapping_add(n as u64));
        walkers.push((app.subscriber(&format!("walker{n}@example.com")).await, random));
    }
    let switch = app.http.post(format!("{}/_sandbox/faults", app.sandbox));
    app.send(switch.body(faults(seed).to_string())).await.expect(200);
    for half in 0..2 {
        let steps = stream::iter(&mut walkers).map(|(walker, random)| async move {
            for _ in 0..steps.div_ceil(2) {
                step(walker, random).await;
            }
        });
        steps.buffer_unordered(AT_ONCE).collect::<()>().await;
        if half == 0 {
            // Renewals, and ends that were planned.
            app.advance(32 * 86_400).await;
        }
    }
    let calm = app.http.delete(format!("{}/_sandbox/faults", app.sandbox));
    assert!(app.send(calm).await.status < 300);

    let customers = ask(&app, "/v1/customers?limit=100").await.unwrap();
    let customers = customers["data"].as_array().unwrap().clone();
    let mut wanted = HashMap::new();
    for (walker, _) in &walkers {
        wanted.insert(walker.id.clone(), bought(&app, &walker.id, &customers).await);
    }
    let has_paid = wanted.values().filter(|plan| plan.is_some()).count();
    println!(
        "soak: a walk of {LISTENERS} listeners, {steps} steps each, with faults (WALK_SEED={seed}): {has_paid} have a plan in the end"
    );
    let settled = async {
        loop {
            let mut wrong = Vec::new();
            for (walker, _) in &walkers {
                let account = walker.account().await;
                let plan = account["access"]["plan"].as_str().map(str::to_owned);
                if plan != wanted[&walker.id] {
                    wrong.push(format!("{}: {plan:?}, not {:?}", walker.id, wanted[&walker.id]));
                }
            }
            if wrong.is_empty() {
                return;
            }
            println!("still wrong: {wrong:?}");
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        }
    };
    let settled = tokio::time::timeout(PATIENCE * 3, settled).await;
    assert!(
        settled.is_ok(),
        "WALK_SEED={seed}: somebody has what Stripe does not say, or lacks it"
    );
}
