//! What goes over the websocket, as JSON text.

use serde::Deserialize;
use serde_json::json;

use crate::sandbox::versions::Version;

/// An event for the CLI, once for those who want the account's version and once for `--latest`: it takes one of
/// them.
pub(super) fn webhook_events(
    endpoint: &str,
    delivery: i64,
    payload: &str,
    signature: &str,
) -> [String; 2] {
    [None, Some(Version::NEWEST)].map(|version| {
        json!({
            "type": "webhook_event",
            "endpoint": { "api_version": version },
            "event_payload": payload,
            "http_headers": { "Stripe-Signature": signature },
            "webhook_conversation_id": format!("wc_{delivery}"),
            "webhook_id": endpoint,
        })
        .to_string()
    })
}

/// What the CLI says.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum FromCli {
    /// It has an event.
    EventAck { webhook_conversation_id: String },
    /// It has forwarded one: how that was answered.
    WebhookResponse {
        webhook_conversation_id: String,
        status: i64,
        #[serde(default)]
        body: String,
    },
    #[serde(other)]
    Other,
}

impl FromCli {
    /// None for what is not understood.
    pub(super) fn read(text: &str) -> Option<FromCli> {
        serde_json::from_str(text).ok()
    }
}

/// The delivery that a conversation is about.
pub(super) fn delivery(conversation: &str) -> Option<i64> {
    conversation.strip_prefix("wc_")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_cli_says_is_read() {
        let ack = r#"{"type":"event_ack","event_id":"evt_1","webhook_conversation_id":"wc_7","webhook_id":"we_1"}"#;
        let Some(FromCli::EventAck { webhook_conversation_id }) = FromCli::read(ack) else {
            panic!("not understood");
        };
        assert_eq!(delivery(&webhook_conversation_id), Some(7));
        let unknown = r#"{"type":"something_new","webhook_conversation_id":"wc_7"}"#;
        assert_eq!(FromCli::read(unknown), Some(FromCli::Other));
        assert_eq!(FromCli::read("no JSON"), None);
    }
}
