//! Charges: money that was taken, and what went back of it. Source: <https://docs.stripe.com/api/charges>.

use serde::Deserialize;

use super::{
    form::Params,
    object::{self, Identified, Object, Reference, null_default},
    request::Request,
};

/// A charge.
#[derive(Clone, Debug, Deserialize)]
pub struct Charge {
    /// `ch_…` or `py_…`.
    pub id: String,
    /// Whether all of it went back by refunds.
    #[serde(default, deserialize_with = "null_default")]
    pub refunded: bool,
    /// Whether it was ever disputed; how that went is the dispute's to say.
    #[serde(default, deserialize_with = "null_default")]
    pub disputed: bool,
    /// The payment it is a try of.
    pub payment_intent: Option<Reference<Identified>>,
    /// Until 2025-03-31; since then the invoice's payments name the intent.
    pub invoice: Option<Reference<Identified>>,
}

impl Object for Charge {
    fn id(&self) -> &str {
        &self.id
    }
}

/// Which charges to list, newest first.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Of this customer only.
    pub customer: Option<String>,
    /// A page's size, 1 to 100; 10 when nothing is said.
    pub limit: Option<u32>,
}

impl List {
    /// The call.
    pub fn request(self) -> Request<object::List<Charge>> {
        Request::get(["charges"]).params(
            Params::new().with_some("customer", self.customer).with_some("limit", self.limit),
        )
    }
}
