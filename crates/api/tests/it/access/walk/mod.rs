//! A random walk: fifty listeners try, pay, fail to pay, change, pause, cancel, dispute, leave and come back while
//! everything between Stripe and the product goes wrong. At rest each has what Stripe's objects say, nobody has two of
//! anything, and nothing that an event brings about is done at Stripe.
//!
//! `WALK_SEED` repeats a walk, `WALK_STEPS` makes it longer.

mod listener;
mod record;
mod truth;

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};

use self::{listener::Walker, record::Record};
use crate::harness::{PATIENCE, TestApp};

const LISTENERS: usize = 50;
/// Listeners that walk at the same time.
const AT_ONCE: usize = 10;
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// What is let pass after each round: within the hour in which a renewal's invoice is a draft, between two tries of a
/// failed payment, to the end of a trial, and over a whole period.
const PAUSES: [i64; 4] = [2 * HOUR, 4 * DAY, 15 * DAY, 32 * DAY];
/// What becomes, from one round to the next, of subscriptions whose payment is tried no more.
const GIVING_UP: [&str; 3] = ["cancel", "unpaid", "past_due"];

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

fn faults() -> Value {
    let api = |kind: &str, probability: f64, more: Value| {
        let mut rule = json!({ "on": "api", "kind": kind, "probability": probability });
        super::world::merge(&mut rule, more);
        rule
    };
    let webhook = |kind: &str, probability: f64| json!({ "on": "webhook", "kind": kind, "probability": probability });
    let mut late = webhook("late", 0.15);
    super::world::merge(&mut late, json!({ "seconds": 0.4 }));
    json!([
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
    ])
}

/// The built-in catalog with a trial, pauses, and changes that wait for the end of the period.
fn catalog() -> String {
    let catalog = api::catalog::BUILT_IN
        .replace("# trial_days", "trial_days")
        .replace("pause = false", "pause = true")
        .replace("# schedule_at_period_end", "schedule_at_period_end");
    for setting in ["\ntrial_days", "\npause = true", "\nschedule_at_period_end"] {
        assert!(catalog.contains(setting), "{setting}");
    }
    catalog
}

#[tokio::test]
async fn a_random_walk_ends_with_what_stripe_says() {
    let seed = setting("WALK_SEED").unwrap_or_else(rand::random);
    let steps = setting("WALK_STEPS").unwrap_or(8);
    println!("WALK_SEED={seed} WALK_STEPS={steps}");
    let folder = tempfile::TempDir::new().unwrap();
    let (plans, requests) = (folder.path().join("plans.toml"), folder.path().join("requests"));
    std::fs::write(&plans, catalog()).unwrap();
    let app = TestApp::start_with(|settings| {
        settings.rate_limits = Some("off".to_owned());
        settings.reconcile_every = Some("2s".to_owned());
        settings.catalog = Some(plans.display().to_string());
        settings.sandbox_record = Some(requests.display().to_string());
    })
    .await;
    let mut walkers = Vec::new();
    for n in 0..LISTENERS {
        let random = StdRng::seed_from_u64(seed.wrapping_add(n as u64));
        walkers.push(Walker::register(&app, format!("walker{n}@example.com"), random).await);
    }
    let mut record = Record::of(&requests);
    record.read();

    app.faults(seed, faults()).await;
    let mut clock = StdRng::seed_from_u64(seed);
    for _ in 0..steps.div_ceil(2) {
        let given_up = GIVING_UP[clock.random_range(0..GIVING_UP.len())];
        app.control("billing", json!({ "after_last_retry": given_up })).await;
        let walking = stream::iter(&mut walkers).map(async |walker: &mut Walker<'_>| {
            for _ in 0..2 {
                walker.step().await;
            }
        });
        walking.buffer_unordered(AT_ONCE).collect::<()>().await;
        app.advance(PAUSES[clock.random_range(0..PAUSES.len())]).await;
    }
    app.faults(seed, json!([])).await;

    at_rest(&app, &walkers, seed).await;
    let mut done = BTreeMap::<_, usize>::new();
    for what in walkers.iter().flat_map(|walker| &walker.done) {
        *done.entry(*what).or_default() += 1;
    }
    let done: Vec<_> = done.iter().map(|(what, times)| format!("{times} {what}")).collect();
    println!(
        "soak: a walk of {LISTENERS} listeners, {steps} steps each, with faults (WALK_SEED={seed}): {}",
        done.join(", ")
    );
    let leavers = walkers.iter().filter(|walker| walker.has_left).map(|walker| &*walker.email);
    record.read();
    record.assert_listeners_alone_made(&app, &leavers.collect()).await;

    // All events once more, with nobody there to ask for anything.
    let replayed = replay(&app).await;
    record.read();
    record.assert_only_read(&format!("WALK_SEED={seed}: replaying {replayed} events"));
    at_rest(&app, &walkers, seed).await;
}

/// Waits until every listener has what Stripe says.
async fn at_rest(app: &TestApp, walkers: &[Walker<'_>], seed: u64) {
    let deadline = Instant::now() + PATIENCE * 3;
    let mut waiting: Vec<_> = walkers.iter().collect();
    loop {
        let mut wrong = Vec::new();
        let mut still = Vec::new();
        for walker in waiting {
            let due = truth::of(app, &walker.email).await;
            let shown = walker.shown().await;
            if shown != due {
                wrong.push(format!("{}: {shown:?}, not {due:?}", walker.email));
                still.push(walker);
            }
        }
        if wrong.is_empty() {
            return;
        }
        assert!(
            Instant::now() < deadline,
            "WALK_SEED={seed}: somebody has what Stripe does not say, or lacks it: {wrong:#?}"
        );
        waiting = still;
        sleep(Duration::from_millis(300)).await;
    }
}

/// Has Stripe deliver every event again to a product that knows none of them; how many those are.
async fn replay(app: &TestApp) -> usize {
    app.execute("DELETE FROM events".to_owned()).await;
    let mut ids: Vec<String> = Vec::new();
    loop {
        let after = ids.last().map(|id| format!("&starting_after={id}")).unwrap_or_default();
        let page = app.stripe(&format!("/v1/events?limit=100{after}")).await;
        ids.extend(
            page["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|event| event["id"].as_str().unwrap().to_owned()),
        );
        if page["has_more"] == false {
            break;
        }
    }
    for id in &ids {
        app.tell_stripe(&format!("/v1/events/{id}/retry"), &[]).await;
    }
    let db = app.db().await;
    let deadline = Instant::now() + PATIENCE * 3;
    loop {
        let (came, waiting) = truth::count_events(&db).await;
        if came >= ids.len() && waiting == 0 {
            return ids.len();
        }
        assert!(Instant::now() < deadline, "{came} of {} came, {waiting} of them wait", ids.len());
        sleep(Duration::from_millis(100)).await;
    }
}
