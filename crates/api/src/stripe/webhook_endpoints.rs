//! Where Stripe sends events. Source: <https://docs.stripe.com/api/webhook_endpoints>.

use serde::Deserialize;

use super::{
    form::Params,
    object::{self, Object, null_default},
    request::Request,
};

/// An endpoint that events are sent to.
#[derive(Clone, Debug, Deserialize)]
pub struct WebhookEndpoint {
    /// `we_…`.
    pub id: String,
    /// The address.
    #[serde(default, deserialize_with = "null_default")]
    pub url: String,
    /// `enabled` or `disabled`.
    #[serde(default, deserialize_with = "null_default")]
    pub status: String,
    /// The types of event it gets; `*` is all.
    #[serde(default, deserialize_with = "null_default")]
    pub enabled_events: Vec<String>,
}

impl Object for WebhookEndpoint {
    fn id(&self) -> &str {
        &self.id
    }
}

/// All endpoints, newest first.
pub fn list() -> Request<object::List<WebhookEndpoint>> {
    Request::get(["webhook_endpoints"]).params(Params::new().with("limit", 100_u32))
}
