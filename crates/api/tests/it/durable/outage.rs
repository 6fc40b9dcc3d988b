//! Stripe slow and Stripe dead: refused at once, nothing else touched, and back by itself.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep};

use super::{installation::Installation, process::Server};
use crate::harness::{Answer, Listener, PATIENCE};

async fn open_portal(server: &Server, listener: &Listener) -> Answer {
    server.send(server.post("/api/billing/portal-session", "").bearer_auth(&listener.token)).await
}

/// Asks for the portal until it is answered so.
async fn portal_until(server: &Server, listener: &Listener, status: u16) -> Answer {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = open_portal(server, listener).await;
        if answer.status == status {
            return answer;
        }
        assert!(Instant::now() < deadline, "it stays {} {}", answer.status, answer.text());
        sleep(Duration::from_millis(50)).await;
    }
}

/// What does not need Stripe is answered as ever.
async fn assert_the_rest_works(server: &Server, listener: &Listener) {
    let plans = server.send(server.get("/api/plans")).await.expect(200);
    assert_eq!(plans["plans"][1]["prices"][0]["lookup_key"], "pro", "from the local copy");
    let me = server.send(server.get("/api/me").bearer_auth(&listener.token)).await.expect(200);
    assert_eq!(me["access"]["allowed"], true);
    let feed = server.send(server.get("/api/feed").bearer_auth(&listener.token)).await.expect(200);
    let feed = url::Url::parse(feed["url"].as_str().unwrap()).unwrap();
    server.send(server.get(feed.path())).await.expect_body(200);
    let unsigned = server.send(server.post("/webhooks", "{}")).await;
    unsigned.expect_error(400, "invalid_signature");
}

#[tokio::test]
async fn a_dead_and_a_silent_stripe_are_refused_at_once_until_they_are_back() {
    let mut site = Installation::start(1).await;
    let ada = site.register("ada@example.com").await;
    site.subscribe(&ada, "pro").await;
    let server = &site.servers[0];
    let deadline = Instant::now() + PATIENCE;
    while server.send(server.get("/api/me").bearer_auth(&ada.token)).await.expect(200)["access"]["allowed"]
        == false
    {
        assert!(Instant::now() < deadline, "the plan was never opened");
        sleep(Duration::from_millis(20)).await;
    }
    open_portal(server, &ada).await.expect(200);

    // Dead: refused by the machine, so the first tries fail with 502, and soon none is made.
    site.stripe.kill();
    let refused = portal_until(server, &ada, 503).await;
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    let id = refused.header("x-request-id").to_owned();
    refused.expect_error(503, "stripe_unavailable");
    let log = server.process.output();
    let line = log.lines().find(|line| line.contains(&id)).expect("a line with the id");
    assert!(line.contains("POST") && line.contains("/api/billing/portal-session"), "{line}");
    assert_the_rest_works(server, &ada).await;
    site.stripe.restart();
    portal_until(server, &ada, 200).await;

    // Silent: each call waits out its time, all of them together once, and then nobody does.
    site.stripe.freeze();
    let tries = join_all((0..6).map(|_| open_portal(server, &ada))).await;
    assert!(tries.iter().all(|answer| matches!(answer.status, 502 | 503)));
    open_portal(server, &ada).await.expect_error(503, "stripe_unavailable");
    assert_the_rest_works(server, &ada).await;
    site.stripe.thaw();
    portal_until(server, &ada, 200).await;
    let log = server.process.output();
    assert_eq!(log.matches("Stripe keeps failing").count(), 2, "{log}");
}
