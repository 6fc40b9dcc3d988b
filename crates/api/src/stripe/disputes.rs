//! Disputes: charges that a cardholder's bank takes back. Source: <https://docs.stripe.com/api/disputes>.

use serde::Deserialize;

use super::{
    form::Params,
    object::{self, Object, open_enum},
    request::Request,
};

open_enum! {
    /// Where a dispute stands.
    pub enum DisputeStatus {
        /// A question of the bank's, which takes no money back.
        WarningNeedsResponse = "warning_needs_response",
        /// An answered question.
        WarningUnderReview = "warning_under_review",
        /// A question that led to nothing.
        WarningClosed = "warning_closed",
        /// The money is gone for now, and evidence may be given.
        NeedsResponse = "needs_response",
        /// The bank decides.
        UnderReview = "under_review",
        /// The money came back.
        Won = "won",
        /// The money is gone for good.
        Lost = "lost",
        /// Settled before it was one.
        Prevented = "prevented",
    }
}

/// A dispute.
#[derive(Clone, Debug, Deserialize)]
pub struct Dispute {
    /// `du_…` or `dp_…`.
    pub id: String,
    /// Where it stands.
    pub status: DisputeStatus,
}

impl Object for Dispute {
    fn id(&self) -> &str {
        &self.id
    }
}

/// Which disputes to list, newest first.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// About this charge only.
    pub charge: Option<String>,
}

impl List {
    /// The call.
    pub fn request(self) -> Request<object::List<Dispute>> {
        Request::get(["disputes"]).params(Params::new().with_some("charge", self.charge))
    }
}
