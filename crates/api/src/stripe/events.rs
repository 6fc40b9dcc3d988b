//! Calls about events, which Stripe keeps for 30 days. Source: <https://docs.stripe.com/api/events>.

use serde::{Deserialize, Deserializer, de::Error};
use serde_json::value::RawValue;

use super::{
    event::Event,
    form::Params,
    object::{self, Object},
    request::Request,
};

/// An event as it came, of which only the head is read.
#[derive(Clone, Debug)]
pub struct RawEvent {
    /// `evt_…`.
    pub id: String,
    /// Such as `customer.subscription.updated`.
    pub kind: String,
    /// All of it, as a webhook endpoint would have got it.
    pub body: String,
}

impl Object for RawEvent {
    fn id(&self) -> &str {
        &self.id
    }
}

impl<'de> Deserialize<'de> for RawEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Head {
            id: String,
            #[serde(rename = "type")]
            kind: String,
        }
        let body = Box::<RawValue>::deserialize(deserializer)?;
        let Head { id, kind } = serde_json::from_str(body.get()).map_err(D::Error::custom)?;
        Ok(Self { id, kind, body: Box::<str>::from(body).into_string() })
    }
}

/// One event, in the shape it was made in.
pub fn retrieve(id: &str) -> Request<Event> {
    Request::get(["events".to_owned(), id.to_owned()])
}

/// Which events to list, newest first.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Of these types only, at most 20.
    pub types: Vec<String>,
    /// Made at or after this second, Unix.
    pub created_from: Option<i64>,
    /// `true`: all deliveries succeeded; `false`: some did not.
    pub delivery_success: Option<bool>,
    /// A page's size, 1 to 100; 10 when nothing is said.
    pub limit: Option<u32>,
}

impl List {
    /// The call.
    pub fn request(self) -> Request<object::List<RawEvent>> {
        Request::get(["events"]).params(
            Params::new()
                .with_any("types", self.types)
                .with_some("created", self.created_from.map(|from| Params::new().with("gte", from)))
                .with_some("delivery_success", self.delivery_success)
                .with_some("limit", self.limit),
        )
    }
}
