//! The websocket of one `stripe listen`.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, rt, web};
use actix_ws::{Message, MessageStream, Session};
use serde_json::json;
use tokio::sync::mpsc::{self, UnboundedReceiver};

use super::frames::{self, FromCli};
use crate::sandbox::{
    Sandbox,
    error::ApiError,
    object::Kind,
    store::{Attempt, Origin, Tx},
};

const PROTOCOL: &str = "stripecli-devproxy-v1";
/// A connection that says nothing, not even a ping, for this long has gone.
const SILENCE: Duration = Duration::from_secs(30);
/// Frames larger than this many bytes end the connection: answers of forwarded events come whole.
const MAX_FRAME: usize = 4 << 20;

/// Connects the listener that the header `Websocket-Id` names.
pub(crate) async fn connect(
    request: HttpRequest,
    body: web::Payload,
    sandbox: web::Data<Sandbox>,
) -> Result<HttpResponse, actix_web::Error> {
    let id = request.headers().get("Websocket-Id").and_then(|id| id.to_str().ok());
    let enabled = match id {
        Some(id) => enable(&sandbox, id, true).await,
        None => Err(ApiError::invalid("No Websocket-Id.")),
    };
    let (Some(id), Ok(true)) = (id, enabled) else {
        let error = json!({ "error": { "message": "Unknown WebSocket ID." } });
        return Ok(HttpResponse::BadRequest().json(error));
    };
    let (response, session, messages) =
        actix_ws::handle_with_protocols(&request, body, &[PROTOCOL])?;
    let (sender, frames) = mpsc::unbounded_channel();
    sandbox.listeners.join(id, sender);
    let id = id.to_owned();
    rt::spawn(async move {
        serve(&sandbox, session, messages.max_frame_size(MAX_FRAME), frames).await;
        sandbox.listeners.leave(&id);
        if let Err(error) = enable(&sandbox, &id, false).await {
            tracing::warn!(%error, "a listener that left cannot be removed");
        }
    });
    Ok(response)
}

/// Lets the endpoint have events from now on, or removes it; whether it is there.
async fn enable(sandbox: &Sandbox, id: &str, connected: bool) -> Result<bool, ApiError> {
    let id = id.to_owned();
    let work = move |tx: &mut Tx<'_>| {
        let found = tx.find(Kind::WebhookEndpoint, &id)?.filter(super::is_listener);
        let Some(mut endpoint) = found else { return Ok(false) };
        endpoint.body["status"] = json!("enabled");
        if connected {
            tx.save(&endpoint)?
        } else {
            tx.delete(&endpoint)?
        };
        Ok(true)
    };
    sandbox.store.write(Origin::default(), work).await
}

async fn serve(
    sandbox: &Sandbox,
    mut session: Session,
    mut messages: MessageStream,
    mut frames: UnboundedReceiver<String>,
) {
    loop {
        let open = tokio::select! {
            Some(frame) = frames.recv() => session.text(frame).await.is_ok(),
            message = tokio::time::timeout(SILENCE, messages.recv()) => match message {
                Ok(Some(Ok(Message::Text(text)))) => {
                    hear(sandbox, &text).await;
                    true
                }
                Ok(Some(Ok(Message::Ping(bytes)))) => session.pong(&bytes).await.is_ok(),
                Ok(Some(Ok(Message::Close(_)) | Err(_)) | None) | Err(_) => false,
                Ok(Some(Ok(_))) => true,
            },
        };
        if !open {
            break;
        }
    }
    // It may have been closed from the other side.
    let _ = session.close(None).await;
}

async fn hear(sandbox: &Sandbox, text: &str) {
    match FromCli::read(text) {
        Some(FromCli::EventAck { webhook_conversation_id }) => {
            if let Some(delivery) = frames::delivery(&webhook_conversation_id) {
                sandbox.listeners.acknowledge(delivery);
            }
        }
        Some(FromCli::WebhookResponse { webhook_conversation_id, status, body }) => {
            let Some(delivery) = frames::delivery(&webhook_conversation_id) else { return };
            let answer = Attempt { status: Some(status), failure: None, answer: Some(body) };
            let work = move |tx: &mut Tx<'_>| tx.record_answer(delivery, &answer);
            if let Err(error) = sandbox.store.write(Origin::default(), work).await {
                tracing::warn!(%error, delivery, "the answer to a forwarded event cannot be kept");
            }
        }
        Some(FromCli::Other) | None => {}
    }
}
