//! Webhook deliveries: signed, concurrent, repeated with back-off, and resumed after a restart.
//!
//! The queue is in the store. No order is promised: deliveries run side by side.

mod queue;
mod retries;
mod secrets;
mod signature;

use std::{sync::Arc, time::Duration};

use actix_web::web;
use serde_json::json;

use self::queue::{Queue, Turn};
pub(crate) use self::{retries::Retries, secrets::roll as roll_secret};
use super::{
    Sandbox,
    clock::wall,
    error::ApiError,
    events,
    faults::WebhookFault,
    listen,
    object::{Kind, Object},
    store::{Attempt, Delivery, DeliveryState, Origin, Setting},
    versions::Version,
};

/// Longest wait for an endpoint's answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The queue is looked at no less often than this: the clock may have moved.
const IDLE: Duration = Duration::from_secs(1);
/// How long a reordered delivery waits for a later one to go first.
const HELD_BACK: Duration = Duration::from_secs(10);
/// What is kept of an endpoint's answer, in bytes.
const ANSWER_KEPT: usize = 4_096;

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
                let lost = Err("lost by a fault".to_owned());
                return self.record(&delivery, lost, false).await;
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
        self.record(&delivery, result, true).await;
    }

    /// Notes how an attempt went, and when the next one is.
    async fn record(&self, delivery: &Delivery, result: Result<Made, String>, may_repeat: bool) {
        let (id, attempts) = (delivery.id, delivery.attempts + 1);
        let recorded = self.sandbox.store.write(Origin::default(), move |tx| {
            let (attempt, may_repeat) = match result {
                Ok(made) => (made.attempt, may_repeat && made.may_repeat),
                Err(failure) => {
                    (Attempt { failure: Some(failure), ..Attempt::default() }, may_repeat)
                }
            };
            let retries = tx.setting(Setting::WebhookRetries)?;
            let retries = retries.and_then(|name| Retries::named(&name)).unwrap_or_default();
            let pause = retries.pause(attempts).filter(|_| may_repeat);
            let (state, pause) = next(&attempt, pause);
            let due = tx.now() + pause;
            tx.record_attempt(id, &attempt, state, due)
        });
        if let Err(error) = recorded.await {
            tracing::warn!(%error, delivery = id, "a webhook attempt cannot be recorded");
        }
        self.sandbox.store.surroundings().deliveries.notify_one();
    }

    /// Sends it once: how that went, or why it could not be sent.
    async fn attempt(
        &self,
        delivery: &Delivery,
        event: &Result<Object, String>,
    ) -> Result<Made, String> {
        let event = event.as_ref().map_err(Clone::clone)?;
        let loaded = self.sandbox.store.read(|tx| {
            let endpoint = tx.find(Kind::WebhookEndpoint, &delivery.endpoint)?;
            let named = endpoint.as_ref().and_then(|endpoint| endpoint.text("api_version"));
            let version = named.map(Version::parse).transpose()?;
            let mut payload = event.body.clone();
            payload["pending_webhooks"] = json!(tx.count_pending_deliveries(&event.id)?);
            events::at_version(
                tx,
                version.unwrap_or_else(|| self.sandbox.protocol.version()),
                &mut payload,
            )?;
            Ok((tx.now(), payload.to_string(), endpoint))
        });
        let (now, payload, endpoint) = loaded.map_err(|error| error.message)?;
        // Gone for good: nobody is left to repeat it for.
        let Some(endpoint) = endpoint else {
            return Ok(Made::once(Attempt {
                failure: Some("the endpoint has been deleted".to_owned()),
                ..Attempt::default()
            }));
        };
        let signature = signature::header(&secrets::valid(&endpoint, now), wall(), &payload);
        if listen::is_listener(&endpoint) {
            let listeners = &self.sandbox.listeners;
            let told = listeners.deliver(&endpoint.id, delivery.id, &payload, &signature).await;
            let answer = told.is_ok().then(|| "acknowledged by stripe listen".to_owned());
            return Ok(Made::once(Attempt { status: None, failure: told.err(), answer }));
        }
        let url = endpoint.text("url").unwrap_or_default();
        let attempt = self.post(url, signature, payload).await;
        Ok(Made { attempt, may_repeat: true })
    }

    async fn post(&self, url: &str, signature: String, payload: String) -> Attempt {
        let request = self
            .client
            .post(url)
            .header("Content-Type", "application/json; charset=utf-8")
            .header("Cache-Control", "no-cache")
            .header("Stripe-Signature", signature)
            .body(payload);
        match request.send().await {
            Ok(response) => Attempt {
                status: Some(response.status().as_u16().into()),
                failure: None,
                answer: Some(beginning(response).await),
            },
            Err(error) => Attempt { failure: Some(reason(&error)), ..Attempt::default() },
        }
    }
}

/// An attempt that was made.
struct Made {
    attempt: Attempt,
    /// Whether it is made again when it failed.
    may_repeat: bool,
}

impl Made {
    fn once(attempt: Attempt) -> Made {
        Made { attempt, may_repeat: false }
    }
}

/// The beginning of what the endpoint answered. Only the status counts, so an answer that breaks off is none.
async fn beginning(mut response: reqwest::Response) -> String {
    let mut answer = Vec::new();
    while answer.len() < ANSWER_KEPT
        && let Ok(Some(chunk)) = response.chunk().await
    {
        answer.extend_from_slice(&chunk);
    }
    answer.truncate(ANSWER_KEPT);
    String::from_utf8_lossy(&answer).into_owned()
}

/// The innermost cause says most: "connection refused".
fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    if error.is_timeout() { "timed out".to_owned() } else { cause.to_string() }
}

/// Where a delivery stands after an attempt, and how many seconds later it is made again.
fn next(attempt: &Attempt, pause: Option<i64>) -> (DeliveryState, i64) {
    let is_delivered = match attempt.status {
        Some(status) => (200..300).contains(&status),
        None => attempt.failure.is_none(),
    };
    match (is_delivered, pause) {
        (true, _) => (DeliveryState::Delivered, 0),
        (false, Some(pause)) => (DeliveryState::Pending, pause),
        (false, None) => (DeliveryState::Failed, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_2xx_is_delivered() {
        let answered = |status| Attempt { status: Some(status), ..Attempt::default() };
        assert_eq!(next(&answered(204), Some(5)), (DeliveryState::Delivered, 0));
        for status in [301, 400, 404, 500] {
            assert_eq!(next(&answered(status), Some(5)), (DeliveryState::Pending, 5), "{status}");
        }
        let refused = Attempt { failure: Some("refused".to_owned()), ..Attempt::default() };
        assert_eq!(next(&refused, None), (DeliveryState::Failed, 0));
    }
}
