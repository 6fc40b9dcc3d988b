//! Webhook payloads: snapshot events, which carry the object, and thin ones, which only name it.

use std::sync::OnceLock;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error},
};
use serde_json::{Value, value::RawValue};

use super::{
    object::{Object, null_default},
    request::Request,
};

/// What a delivery says.
#[derive(Clone, Debug)]
pub enum Notification {
    /// `"object": "event"`.
    Snapshot(Box<Event>),
    /// `"object": "v2.core.event"`.
    Thin(ThinEvent),
}

/// A payload that is no event.
#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    /// Not JSON, or without the fields every event has.
    #[error("the payload does not read as an event")]
    Malformed(#[from] serde_json::Error),
    /// Some other object.
    #[error("the payload is no event but {0:?}")]
    OtherObject(String),
}

impl Notification {
    /// Reads a payload, which must be verified before.
    ///
    /// # Errors
    /// [`ParseError`] when it is no event.
    pub fn parse(payload: &[u8]) -> Result<Self, ParseError> {
        #[derive(Deserialize)]
        struct Kind {
            object: String,
        }
        // Most are snapshots, and reading a payload twice takes as long again.
        if let Ok(event) = serde_json::from_slice::<Event>(payload)
            && event.object == "event"
        {
            return Ok(Self::Snapshot(Box::new(event)));
        }
        let Kind { object } = serde_json::from_slice(payload)?;
        match object.as_str() {
            "event" => Ok(Self::Snapshot(serde_json::from_slice(payload)?)),
            "v2.core.event" => Ok(Self::Thin(serde_json::from_slice(payload)?)),
            _ => Err(ParseError::OtherObject(object)),
        }
    }
}

/// A snapshot event. Source: <https://docs.stripe.com/api/events/object>.
#[derive(Clone, Debug, Deserialize)]
pub struct Event {
    object: String,
    /// `evt_…`; the same for every delivery of it.
    pub id: String,
    /// Such as `customer.subscription.updated`; hundreds exist and more will.
    #[serde(rename = "type")]
    pub kind: String,
    /// When it happened, in whole Unix seconds, so that order within a second is not known.
    pub created: i64,
    /// Whether money is real.
    #[serde(default, deserialize_with = "null_default")]
    pub livemode: bool,
    /// Which version `data` is in: the endpoint's or the account's, not the client's.
    pub api_version: Option<String>,
    /// The connected account it happened on; absent for our own.
    pub account: Option<String>,
    /// What it is about.
    pub data: EventData,
    /// The call that caused it; absent for what Stripe did by itself.
    pub request: Option<EventRequest>,
    #[serde(skip)]
    subject: OnceLock<Subject>,
}

impl Event {
    /// The object it is about, read as `T`.
    ///
    /// # Errors
    /// When it is no `T`.
    pub fn object<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_str(self.data.object.get())
    }

    /// What there is to say about any object an event can be about, whatever it is.
    pub fn subject(&self) -> &Subject {
        self.subject
            .get_or_init(|| serde_json::from_str(self.data.object.get()).unwrap_or_default())
    }

    /// The customer its object belonged to before, when that is among what changed.
    pub fn customer_before(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Before {
            customer: Option<Value>,
        }
        let before = self.data.previous_attributes.as_ref()?;
        let Before { customer } = serde_json::from_str(before.get()).ok()?;
        customer?.as_str().map(str::to_owned)
    }
}

impl Object for Event {
    fn id(&self) -> &str {
        &self.id
    }
}

/// What a snapshot event is about.
#[derive(Clone, Debug, Deserialize)]
pub struct EventData {
    /// The object as it was then, as it came.
    pub object: Box<RawValue>,
    /// What had other values before, for `*.updated`.
    pub previous_attributes: Option<Box<RawValue>>,
}

/// The call that caused an event.
#[derive(Clone, Debug, Deserialize)]
pub struct EventRequest {
    /// `req_…`; absent for the dashboard and the portal.
    pub id: Option<String>,
    /// The key of that call.
    pub idempotency_key: Option<String>,
}

/// The little that is known about an object of any kind.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Subject {
    /// Stripe's name of the kind, such as `invoice`.
    pub object: Option<String>,
    /// Stripe's id.
    pub id: Option<String>,
    customer: Option<Value>,
    charge: Option<Value>,
}

impl Subject {
    /// The customer it belongs to, or that it is.
    pub fn customer_id(&self) -> Option<&str> {
        if self.object.as_deref() == Some("customer") {
            return self.id.as_deref();
        }
        id_of(self.customer.as_ref()?)
    }

    /// The charge it is about, for refunds and disputes.
    pub fn charge_id(&self) -> Option<&str> {
        id_of(self.charge.as_ref()?)
    }
}

fn id_of(reference: &Value) -> Option<&str> {
    reference.as_str().or_else(|| reference.get("id")?.as_str())
}

/// One object of a collection such as `charges`, of which only its subject matters.
pub fn retrieve_subject(collection: &'static str, id: &str) -> Request<Subject> {
    Request::get([collection.to_owned(), id.to_owned()])
}

/// A thin event. Source: <https://docs.stripe.com/api/v2/core/events>.
#[derive(Clone, Debug, Deserialize)]
pub struct ThinEvent {
    /// `evt_…`.
    pub id: String,
    /// Such as `v1.customer.subscription.past_due`.
    #[serde(rename = "type")]
    pub kind: String,
    /// When it happened, Unix seconds; RFC 3339 on the wire.
    #[serde(deserialize_with = "rfc3339")]
    pub created: i64,
    /// Whether money is real.
    #[serde(default, deserialize_with = "null_default")]
    pub livemode: bool,
    /// What it is about, to be fetched.
    pub related_object: Option<RelatedObject>,
}

/// The object a thin event is about.
#[derive(Clone, Debug, Deserialize)]
pub struct RelatedObject {
    /// Stripe's id.
    pub id: String,
    /// Such as `subscription`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Path to fetch it from.
    pub url: Option<String>,
}

fn rfc3339<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(jiff::Timestamp::as_second).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stripe::Subscription;

    #[test]
    fn snapshot_events_carry_their_object() {
        let payload = br#"{"id":"evt_1","object":"event","type":"customer.subscription.updated","created":1700000000,
            "livemode":false,"api_version":"2020-08-27","pending_webhooks":1,"request":{"id":null,"idempotency_key":null},
            "data":{"object":{"id":"sub_1","object":"subscription","customer":"cus_1","status":"active"},
            "previous_attributes":{"status":"trialing"}}}"#;
        let Notification::Snapshot(event) = Notification::parse(payload).unwrap() else {
            panic!("is a snapshot")
        };
        assert_eq!(
            (event.kind.as_str(), event.created),
            ("customer.subscription.updated", 1_700_000_000)
        );
        assert_eq!(event.subject().customer_id(), Some("cus_1"));
        assert_eq!(event.object::<Subscription>().unwrap().status.as_str(), "active");
    }

    #[test]
    fn thin_events_name_their_object() {
        let payload = br#"{"id":"evt_2","object":"v2.core.event","type":"v1.customer.subscription.past_due",
            "created":"2023-11-14T22:13:20.000Z","livemode":true,"context":null,"reason":null,
            "related_object":{"id":"sub_1","type":"subscription","url":"/v1/subscriptions/sub_1"}}"#;
        let Notification::Thin(event) = Notification::parse(payload).unwrap() else {
            panic!("is thin")
        };
        assert_eq!(event.created, 1_700_000_000);
        assert_eq!(event.related_object.unwrap().id, "sub_1");
    }

    #[test]
    fn other_payloads_are_refused() {
        for payload in [
            &b""[..],
            b"[]",
            b"{}",
            b"null",
            br#"{"object":"event"}"#,
            br#"{"object":"charge"}"#,
            b"\xff",
        ] {
            assert!(Notification::parse(payload).is_err(), "{payload:?}");
        }
    }

    #[test]
    fn a_customer_is_its_own_subject() {
        for (object, customer) in [
            (r#"{"object":"customer","id":"cus_1"}"#, Some("cus_1")),
            (r#"{"object":"invoice","customer":{"id":"cus_2"}}"#, Some("cus_2")),
            (r#"{"object":"product","id":"prod_1"}"#, None),
        ] {
            let subject: Subject = serde_json::from_str(object).unwrap();
            assert_eq!(subject.customer_id(), customer);
        }
    }
}
