//! Webhook deliveries: signed, concurrent, repeated with back-off, and resumed after a restart.
//!
//! The queue is in the store. No order is promised: deliveries run side by side.

mod queue;
mod signature;

use std::{sync::Arc, time::Duration};

use actix_web::web;
use serde_json::json;

use self::queue::{Queue, Turn};
use super::{
    Sandbox,
    clock::wall,
    error::ApiError,
    faults::WebhookFault,
    object::{Kind, Object},
    store::{Attempt, Delivery, DeliveryState, Origin},
};

/// Longest wait for an endpoint's answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The queue is looked at no less often than this: the clock may have moved.
const IDLE: Duration = Duration::from_secs(1);
/// How long a reordered delivery waits for a later one to go first.
const HELD_BACK: Duration = Duration::from_secs(3);
/// Seconds before the second, third, … attempt; the last one repeats.
const BACK_OFF: &[i64] = &[1, 5, 30, 120, 600, 1_800, 3_600, 3 * 3_600, 6 * 3_600];
/// Attempts after which a delivery is given up: three days by the table above. Counted, because the clock may
/// have leapt past three days while a delivery was waiting for its first attempt.
const MAX_ATTEMPTS: i64 = 20;

/// Why the sender cannot work.
#[derive(Debug, thiserror::Error)]
#[error("the webhook sender cannot start: {0}")]
pub struct SenderError(#[from] reqwest::Error);

/// Delivers what is due, for ever.
#[derive(Clone)]
pub(super) struct Sender {
    sandbox: web::Data<Sandbox>,
    client: reqwest::Client,
    queue: Arc<Queue>,
}

impl Sender {
    pub(super) fn new(sandbox: web::Data<Sandbox>) -> Result<Sender, SenderError> {
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent("Stripe/1.0 (+https://stripe.com/docs/webhooks)")
            .no_proxy()
            .build()?;
        Ok(Sender { sandbox, client, queue: Arc::default() })
    }

    pub(super) async fn run(self) {
        loop {
            let begun = self.begin_due();
            if let Err(error) = &begun {
                tracing::warn!(%error, "the webhook queue cannot be read");
            }
            if matches!(begun, Ok(begun) if begun > 0) {
                continue;
            }
            let surroundings = self.sandbox.store.surroundings();
            // Woken or not, the queue is looked at.
            let _ = tokio::time::timeout(IDLE, surroundings.deliveries.notified()).await;
        }
    }

    /// Begins what is due and finds a slot; how many those are.
    fn begin_due(&self) -> Result<usize, ApiError> {
        let (busy, full) = self.queue.taken();
        let room = self.queue.room();
        if room == 0 {
            return Ok(0);
        }
        let due = self.sandbox.store.read(|tx| tx.due_deliveries(&busy, &full, room))?;
        let mut begun = 0;
        for delivery in due {
            if let Some(turn) = self.queue.enter(delivery.id, &delivery.endpoint) {
                begun += 1;
                tokio::spawn(self.clone().carry(delivery, turn));
            }
        }
        Ok(begun)
    }

    /// One delivery from its turn to the record of how it went.
    async fn carry(self, delivery: Delivery, mut turn: Turn) {
        let loaded = self.sandbox.store.read(|tx| tx.get(Kind::Event, &delivery.event, "event"));
        let event = loaded.map_err(|error| error.message);
        let fault = event.as_ref().ok().and_then(|event| {
            self.sandbox.faults.strike_delivery(event.text("type").unwrap_or_default())
        });
        match fault {
            Some(WebhookFault::Lose) => {
                return self.record(&delivery, Attempt::lost()).await;
            }
            Some(WebhookFault::Late(delay)) => {
                turn.give_slot_back();
                tokio::time::sleep(delay).await;
            }
            Some(WebhookFault::Reorder) => turn.let_a_later_one_pass(HELD_BACK).await,
            Some(WebhookFault::Twice) | None => {}
        }
        let mut result = self.attempt(&delivery, &event).await;
        if fault == Some(WebhookFault::Twice) {
            result = self.attempt(&delivery, &event).await;
        }
        let now = self.sandbox.store.surroundings().clock.now();
        self.record(&delivery, next(&delivery, result, now)).await;
    }

    async fn record(&self, delivery: &Delivery, attempt: Attempt) {
        let id = delivery.id;
        let recorded = self
            .sandbox
            .store
            .write(Origin::default(), move |tx| tx.record_attempt(id, &attempt))
            .await;
        if let Err(error) = recorded {
            tracing::warn!(%error, delivery = id, "a webhook attempt cannot be recorded");
        }
        self.sandbox.store.surroundings().deliveries.notify_one();
    }

    /// Sends it once: the HTTP status, or why there was none.
    async fn attempt(
        &self,
        delivery: &Delivery,
        event: &Result<Object, String>,
    ) -> Result<u16, String> {
        let event = event.as_ref().map_err(Clone::clone)?;
        let loaded = self.sandbox.store.read(|tx| {
            Ok((
                tx.count_pending_deliveries(&event.id)?,
                tx.find(Kind::WebhookEndpoint, &delivery.endpoint)?,
            ))
        });
        let (pending, endpoint) = loaded.map_err(|error| error.message)?;
        let endpoint = endpoint.ok_or("the endpoint has been deleted")?;
        let secret = endpoint.private["secret"].as_str().unwrap_or_default();
        let mut payload = event.body.clone();
        payload["pending_webhooks"] = json!(pending);
        let payload = payload.to_string();
        let response = self
            .client
            .post(endpoint.text("url").unwrap_or_default())
            .header("Content-Type", "application/json; charset=utf-8")
            .header("Cache-Control", "no-cache")
            .header("Stripe-Signature", signature::header(secret, wall(), &payload))
            .body(payload)
            .send()
            .await
            .map_err(|error| reason(&error))?;
        Ok(response.status().as_u16())
    }
}

/// The innermost cause says most: "connection refused".
fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    if error.is_timeout() { "timed out".to_owned() } else { cause.to_string() }
}

/// What becomes of a delivery after an attempt.
fn next(delivery: &Delivery, result: Result<u16, String>, now: i64) -> Attempt {
    let (status, failure) = match result {
        Ok(status) => (Some(i64::from(status)), None),
        Err(reason) => (None, Some(reason)),
    };
    let is_delivered = status.is_some_and(|status| (200..300).contains(&status));
    let place = usize::try_from(delivery.attempts).unwrap_or(usize::MAX).min(BACK_OFF.len() - 1);
    let due = now + BACK_OFF[place];
    let state = match (is_delivered, delivery.attempts + 1 >= MAX_ATTEMPTS) {
        (true, _) => DeliveryState::Delivered,
        (false, true) => DeliveryState::Failed,
        (false, false) => DeliveryState::Pending,
    };
    Attempt { state, due, status, failure }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(attempts: i64, created: i64) -> Delivery {
        Delivery {
            id: 1,
            event: "evt_1".to_owned(),
            endpoint: "we_1".to_owned(),
            state: "pending".to_owned(),
            attempts,
            due: 0,
            status: None,
            failure: None,
            created,
        }
    }

    #[test]
    fn only_2xx_is_delivered() {
        assert_eq!(next(&delivery(0, 0), Ok(204), 0).state, DeliveryState::Delivered);
        for status in [301, 400, 404, 500] {
            assert_eq!(
                next(&delivery(0, 0), Ok(status), 0).state,
                DeliveryState::Pending,
                "{status}"
            );
        }
    }

    #[test]
    fn attempts_are_spread_over_three_days_and_then_given_up() {
        let mut now = 0;
        for attempts in 0..MAX_ATTEMPTS - 1 {
            let after = next(&delivery(attempts, 0), Err("refused".to_owned()), now);
            assert_eq!(after.state, DeliveryState::Pending, "after {attempts}");
            now = after.due;
        }
        assert!((2 * 86_400..=3 * 86_400).contains(&now), "{now}");
        let last = next(&delivery(MAX_ATTEMPTS - 1, 0), Ok(500), now);
        assert_eq!(last.state, DeliveryState::Failed);
    }
}
