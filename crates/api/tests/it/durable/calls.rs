//! kill -9 around each call to Stripe: before Stripe hears of it, and once Stripe has acted and nothing is kept here.
//! Whatever is done next makes nothing twice.

use api::catalog::BUILT_IN;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::{
    gate::{Call, Gate, Side},
    installation::Installation,
};
use crate::harness::{Listener, PASSWORD, PATIENCE};

/// Does something, kills the server at this call, and starts it again. What the killed one held is free, as it is
/// once its leases are over.
async fn kill_at(
    site: &mut Installation,
    gate: &Gate,
    call: Call,
    side: Side,
    act: impl AsyncFnOnce(&Installation),
) {
    gate.shut(call, side);
    let kill = async {
        gate.stopped().await;
        site.servers[0].process.kill_from_outside();
    };
    tokio::join!(act(site), kill);
    let over = [
        "UPDATE checkout_leases SET leased_until = 0",
        "UPDATE refreshes SET leased_until = 0",
        "UPDATE job_leases SET leased_until = 0",
        "UPDATE users SET customer_email_try_at = 0, deletion_try_at = 0",
    ];
    for statement in over {
        site.execute(statement.to_owned()).await;
    }
    site.servers[0].process.restart();
    site.servers[0].ready().await;
}

/// Asks for a page to pay on; what comes of it does not matter.
async fn try_checkout(site: &Installation, listener: &Listener, plan: &str) {
    drop(site.checkout(listener, plan).send().await);
}

async fn checkout(site: &Installation, listener: &Listener, plan: &str) -> String {
    let answer = site.servers[0].send(site.checkout(listener, plan)).await.expect(200);
    answer["url"].as_str().unwrap().to_owned()
}

/// Waits until the account is as wanted; `None` is one that is gone.
async fn account_when(
    site: &Installation,
    listener: &Listener,
    wanted: impl Fn(Option<&Value>) -> bool,
) -> Option<Value> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let server = &site.servers[0];
        let answer = server.send(server.get("/api/me").bearer_auth(&listener.token)).await;
        let account = (answer.status == 200).then(|| answer.json());
        if wanted(account.as_ref()) {
            return account;
        }
        assert!(Instant::now() < deadline, "{}", answer.text());
        sleep(std::time::Duration::from_millis(20)).await;
    }
}

fn opens(account: Option<&Value>) -> bool {
    account.is_some_and(|account| account["access"]["allowed"] == true)
}

/// The built-in catalog with a trial.
fn with_trial() -> String {
    BUILT_IN.replace("# trial_days", "trial_days")
}

fn of(list: &[Value], key: &str, value: &str) -> Vec<Value> {
    list.iter().filter(|object| object[key] == value).cloned().collect()
}

async fn customers_of(site: &Installation, listener: &Listener) -> Vec<Value> {
    let customers = site.at_stripe("/v1/customers?limit=100").await;
    customers
        .into_iter()
        .filter(|customer| customer["metadata"]["circle_user"] == listener.id.as_str())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkout_that_is_killed_at_a_call_makes_no_second_customer_session_subscription_or_trial()
 {
    let (mut site, gate) = Installation::start_behind_gate(&with_trial()).await;
    let calls = [
        ("POST", "/v1/customers"),
        ("GET", "/v1/subscriptions"),
        ("GET", "/v1/checkout/sessions"),
        ("POST", "/v1/checkout/sessions"),
    ];
    for (n, call) in calls.into_iter().enumerate() {
        for side in Side::BOTH {
            println!("{call:?} {side:?}");
            let ada = site.register(&format!("ada{n}{side:?}@example.com")).await;
            kill_at(&mut site, &gate, call, side, async |site| {
                try_checkout(site, &ada, "pro").await;
            })
            .await;
            let page = checkout(&site, &ada, "pro").await;
            assert_eq!(checkout(&site, &ada, "pro").await, page, "it is the one open session");

            let customers = customers_of(&site, &ada).await;
            assert_eq!(customers.len(), 1, "{customers:#?}");
            let customer = customers[0]["id"].as_str().unwrap();
            let sessions = format!("/v1/checkout/sessions?customer={customer}&limit=100");
            assert_eq!(site.at_stripe(&sessions).await.len(), 1);

            site.pay(&page).await;
            let account = account_when(&site, &ada, opens).await.unwrap();
            assert_eq!(account["stripe_customer_id"], customer);
            let theirs = format!("/v1/subscriptions?customer={customer}&status=all");
            let bought = site.at_stripe(&theirs).await;
            assert_eq!(bought.len(), 1, "{bought:#?}");
            assert_eq!(bought[0]["status"], "trialing");

            // The trial was theirs, whoever fell meanwhile.
            let ended = format!("/v1/subscriptions/{}", bought[0]["id"].as_str().unwrap());
            site.tell_stripe("DELETE", &ended, "").await;
            account_when(&site, &ada, |account| !opens(account)).await;
            site.subscribe(&ada, "pro").await;
            account_when(&site, &ada, opens).await;
            let again = site.at_stripe(&theirs).await;
            assert_eq!((again.len(), of(&again, "status", "active").len()), (2, 1), "{again:#?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_being_ended_when_its_server_was_killed_is_ended() {
    let (mut site, gate) = Installation::start_behind_gate(BUILT_IN).await;
    for side in Side::BOTH {
        let ada = site.register(&format!("ada{side:?}@example.com")).await;
        let first = checkout(&site, &ada, "starter").await;
        let call = ("POST", "/v1/checkout/sessions/*/expire");
        kill_at(&mut site, &gate, call, side, async |site| try_checkout(site, &ada, "pro").await)
            .await;
        let page = checkout(&site, &ada, "pro").await;
        assert_ne!(page, first);
        let customer = customers_of(&site, &ada).await[0]["id"].as_str().unwrap().to_owned();
        let all = format!("/v1/checkout/sessions?customer={customer}&limit=100");
        let all = site.at_stripe(&all).await;
        let open = of(&all, "status", "open");
        assert_eq!((all.len(), open.len()), (2, 1), "{all:#?}");
        assert_eq!(open[0]["url"], page.as_str());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_whose_server_is_killed_at_a_call_of_its_deletion_is_deleted() {
    let (mut site, gate) = Installation::start_behind_gate(BUILT_IN).await;
    let calls = [
        ("GET", "/v1/checkout/sessions"),
        ("POST", "/v1/checkout/sessions/*/expire"),
        ("DELETE", "/v1/subscriptions/*"),
    ];
    for (n, call) in calls.into_iter().enumerate() {
        for side in Side::BOTH {
            println!("{call:?} {side:?}");
            let ada = site.register(&format!("ada{n}{side:?}@example.com")).await;
            match call.0 {
                // Open, and to be ended with the account.
                "POST" => drop(checkout(&site, &ada, "pro").await),
                _ => {
                    site.subscribe(&ada, "pro").await;
                    account_when(&site, &ada, opens).await;
                }
            }
            let customer = customers_of(&site, &ada).await[0]["id"].as_str().unwrap().to_owned();
            kill_at(&mut site, &gate, call, side, async |site| {
                let server = &site.servers[0];
                let request = reqwest::Client::new()
                    .delete(format!("{}/api/me", server.base))
                    .bearer_auth(&ada.token);
                let password = json!({ "current_password": PASSWORD }).to_string();
                drop(request.body(password).send().await);
            })
            .await;
            account_when(&site, &ada, |account| account.is_none()).await;
            let live = format!("/v1/subscriptions?customer={customer}");
            assert_eq!(site.at_stripe(&live).await, Vec::<Value>::new());
            let open = format!("/v1/checkout/sessions?customer={customer}&status=open");
            assert_eq!(site.at_stripe(&open).await, Vec::<Value>::new());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_worker_was_killed_at_it_does_after_the_next_start() {
    let (mut site, gate) = Installation::start_behind_gate(BUILT_IN).await;
    // What is bought is told by the session's event alone, so that it must be read.
    let lost = json!({ "seed": 1, "rules": [
        { "on": "webhook", "event": "customer.*", "kind": "lose" },
        { "on": "webhook", "event": "invoice*", "kind": "lose" },
        { "on": "webhook", "event": "charge*", "kind": "lose" },
        { "on": "webhook", "event": "payment*", "kind": "lose" },
    ] });
    let lose = format!("{}/_sandbox/faults", site.stripe_base);
    let set = reqwest::Client::new().post(lose).body(lost.to_string()).send().await.unwrap();
    assert!(set.status().is_success());
    let calls =
        [("GET", "/v1/subscriptions/**"), ("GET", "/v1/customers/*"), ("GET", "/v1/charges")];
    for (n, call) in calls.into_iter().enumerate() {
        for side in Side::BOTH {
            println!("{call:?} {side:?}");
            let ada = site.register(&format!("ada{n}{side:?}@example.com")).await;
            let page = checkout(&site, &ada, "pro").await;
            kill_at(&mut site, &gate, call, side, async |site| site.pay(&page).await).await;
            account_when(&site, &ada, opens).await;
        }
    }

    // An address that Stripe is told.
    let ada = site.register("ada@example.com").await;
    site.subscribe(&ada, "pro").await;
    account_when(&site, &ada, opens).await;
    for side in Side::BOTH {
        let address = format!("{}@example.com", format!("{side:?}").to_lowercase());
        let rename = format!(
            "UPDATE users SET email = '{address}', email_verified = TRUE WHERE id = '{}'",
            ada.id
        );
        kill_at(&mut site, &gate, ("POST", "/v1/customers/*"), side, async |site| {
            site.execute(rename).await;
        })
        .await;
        let told = async {
            while customers_of(&site, &ada).await[0]["email"] != address.as_str() {
                sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, told).await.expect("Stripe is told the address");
        let account = account_when(&site, &ada, |account| account.is_some()).await.unwrap();
        assert_eq!(account["email"], address.as_str());
    }
}

/// Kills `circle catalog apply` at each of the calls that write, one after the other, until one run comes to its end.
async fn apply_with_kills(site: &Installation, gate: &Gate, side: Side) -> usize {
    let changes = site.circle(&["catalog", "plan"]).lines().count();
    for run in 0..changes {
        println!("{side:?} change {run}");
        gate.shut(("POST", "/v1/**"), side);
        let mut applying = site.start_circle("apply", &["catalog", "apply"]);
        gate.stopped().await;
        applying.kill();
        if side == Side::Before {
            // None gets any further by being killed so.
            break;
        }
    }
    changes
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catalog_whose_application_is_killed_at_each_call_is_finished_by_the_next_run() {
    let mut gate = None;
    let reach = |stripe: &str| gate.insert(Gate::start(stripe)).base.clone();
    let site = Installation::prepare(&[], reach, BUILT_IN).await;
    let gate = gate.unwrap();
    let nothing = "Stripe has what the catalog says: nothing to change.\n";
    let amounts = async |product: &str| {
        let prices = format!("/v1/prices?product={product}&active=true&limit=100");
        let prices = site.at_stripe(&prices).await;
        let mut amounts: Vec<_> =
            prices.iter().map(|price| price["unit_amount"].as_i64().unwrap()).collect();
        amounts.sort_unstable();
        amounts
    };
    // Another amount, a fee, another name and another portal.
    let changed = BUILT_IN
        .replace("monthly = \"10.00\"", "monthly = \"12.00\"")
        .replace("# setup_fee", "setup_fee")
        .replace("name = \"Starter\"", "name = \"Beginner\"")
        .replace("pause = false", "pause = true");
    for (catalog, changes, pro) in
        [(BUILT_IN.to_owned(), 10, [1_000, 10_000]), (changed, 6, [1_200, 10_000])]
    {
        site.write_catalog(&catalog);
        apply_with_kills(&site, &gate, Side::Before).await;
        assert_eq!(apply_with_kills(&site, &gate, Side::Behind).await, changes);
        assert_eq!(site.circle(&["catalog", "plan"]), nothing);
        assert_eq!(site.circle(&["catalog", "apply"]), nothing);
        assert_eq!(amounts("circle_pro").await, pro);
        assert_eq!(amounts("circle_starter").await, [500, 5_000]);
        let configurations = site.at_stripe("/v1/billing_portal/configurations?limit=100").await;
        let ours = configurations.iter().filter(|one| one["metadata"]["circle_site"].is_string());
        assert_eq!(ours.count(), 1, "{configurations:#?}");
    }
    assert_eq!(amounts("circle_pro_setup").await, [1_500]);
}
