//! Calls about events, which Stripe keeps for 30 days. Source: <https://docs.stripe.com/api/events>.

use super::{event::Event, form::Params, object, request::Request};

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
    pub fn request(self) -> Request<object::List<Event>> {
        Request::get(["events"]).params(
            Params::new()
                .with_any("types", self.types)
                .with_some("created", self.created_from.map(|from| Params::new().with("gte", from)))
                .with_some("delivery_success", self.delivery_success)
                .with_some("limit", self.limit),
        )
    }
}
