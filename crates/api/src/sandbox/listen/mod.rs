//! `stripe listen` of the official CLI: a webhook endpoint at the far end of a websocket.
//!
//! `POST /v1/stripecli/sessions` makes an endpoint that the API does not show; its id is the websocket's. Events are
//! queued for it like for any other while it is connected, so that faults, `pending_webhooks` and the record of
//! attempts hold for it too. It is told once of each event: the CLI acknowledges what it gets, forwards it, and
//! reports the answer. With the connection the endpoint goes.

mod frames;
mod socket;

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::sync::{mpsc::UnboundedSender, oneshot};

pub(crate) use self::socket::connect;
use super::{
    error::ApiError,
    object::{Kind, Object},
    store::{Listing, Setting, Tx},
    versions::Version,
};

/// Where the websocket is, among the sandbox's [controls](super::control).
pub(crate) const ENDPOINT: &str = "/listen";
/// Longest wait for the CLI's acknowledgement.
const PATIENCE: Duration = Duration::from_secs(10);

/// The connected listeners.
#[derive(Debug, Default)]
pub(crate) struct Listeners(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Frames on their way, by endpoint.
    connected: HashMap<String, UnboundedSender<String>>,
    /// Who waits for the acknowledgement of a delivery.
    unacknowledged: HashMap<i64, oneshot::Sender<()>>,
}

impl Listeners {
    /// Sends an event to the listener at an endpoint; done when it has been acknowledged.
    pub(crate) async fn deliver(
        &self,
        endpoint: &str,
        delivery: i64,
        payload: &str,
        signature: &str,
    ) -> Result<(), String> {
        let (acknowledge, acknowledged) = oneshot::channel();
        {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let gone = || "stripe listen has gone".to_owned();
            let frames = state.connected.get(endpoint).ok_or_else(gone)?;
            for frame in frames::webhook_events(endpoint, delivery, payload, signature) {
                frames.send(frame).map_err(|_| gone())?;
            }
            state.unacknowledged.insert(delivery, acknowledge);
        }
        let answer = tokio::time::timeout(PATIENCE, acknowledged).await;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).unacknowledged.remove(&delivery);
        match answer {
            Ok(Ok(())) => Ok(()),
            _ => Err("stripe listen did not acknowledge it".to_owned()),
        }
    }

    fn acknowledge(&self, delivery: i64) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waiting) = state.unacknowledged.remove(&delivery) {
            // Who waited may have given up.
            let _ = waiting.send(());
        }
    }

    fn join(&self, endpoint: &str, frames: UnboundedSender<String>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.connected.insert(endpoint.to_owned(), frames);
    }

    fn leave(&self, endpoint: &str) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.connected.remove(endpoint);
    }
}

/// Whether the endpoint is `stripe listen`.
pub(crate) fn is_listener(endpoint: &Object) -> bool {
    endpoint.kind == Kind::WebhookEndpoint && endpoint.private["listener"] == true
}

/// A session of `stripe listen`, whose websocket is still to come.
pub(crate) fn open_session(tx: &mut Tx<'_>, device: Option<&str>) -> Result<Value, ApiError> {
    let secret = tx.setting(Setting::WebhookSecret)?.unwrap_or_default();
    let body = json!({
        "api_version": null,
        "application": null,
        "description": format!("stripe listen on {}", device.unwrap_or("an unnamed device")),
        "enabled_events": ["*"],
        "metadata": {},
        // Enabled while it is connected.
        "status": "disabled",
        "url": null,
    });
    let endpoint = Object::new(Kind::WebhookEndpoint, tx.now(), body)
        .with_private(json!({ "listener": true, "secret": secret }));
    tx.insert(&endpoint)?;
    let socket = tx.page_url(&format!("/_sandbox{ENDPOINT}")).replacen("http", "ws", 1);
    Ok(json!({
        "default_version": Version::NEWEST,
        "device_token": "",
        "display_connect_filter_warning": false,
        "latest_version": Version::NEWEST,
        "object": "stripecli.session",
        "reconnect_delay": 0,
        "secret": secret,
        "websocket_authorized_feature": "webhooks",
        "websocket_id": endpoint.id,
        "websocket_url": socket,
    }))
}

/// Removes the listeners of a sandbox that ended before they left.
pub(crate) fn forget_all(tx: &mut Tx<'_>) -> Result<(), ApiError> {
    let (listeners, _) = tx.list(Kind::WebhookEndpoint, &Listing::default(), is_listener)?;
    listeners.iter().try_for_each(|listener| tx.delete(listener))
}
