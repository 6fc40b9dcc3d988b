//! Why something about money could not be done.

use super::refresh::RefreshError;
use crate::{account::LimitError, db::DbError, stripe};

/// Why a listener was not sent to Stripe, or not told what they asked.
#[derive(Debug, thiserror::Error)]
pub enum BillingError {
    /// The catalog has no such plan, or not for this interval.
    #[error("there is no such plan on offer")]
    PlanNotFound,
    /// A flow that needs a plan was asked for without one.
    #[error("the plan to change to is missing")]
    MissingPlan,
    /// There is a live subscription; it is changed in the portal.
    #[error("there is a subscription already")]
    AlreadySubscribed,
    /// The listener has never been to Checkout.
    #[error("there is no customer yet")]
    NoCustomer,
    /// Not one of Stripe's portal flows.
    #[error("there is no such portal flow")]
    UnknownFlow,
    /// The flow does not fit the subscription; the reason is for people.
    #[error("the flow is not available: {0}")]
    FlowNotAvailable(String),
    /// The session is not this listener's, or does not exist.
    #[error("there is no such session")]
    UnknownSession,
    /// The page of invoices is to begin after one that there is not.
    #[error("there is no such invoice")]
    UnknownInvoice,
    /// The account waits to be deleted.
    #[error("the account waits to be deleted")]
    DeletionPending,
    /// Another request about the same listener took all the time there was.
    #[error("another request about this listener is still on its way to Stripe")]
    Busy,
    /// What Stripe answered does not fit what we know.
    #[error("what Stripe answered does not fit what is stored")]
    Conflict,
    /// Too often.
    #[error("too many tries")]
    RateLimited {
        /// Seconds until the next try may come.
        retry_after: u64,
    },
    /// Stripe refused or did not answer.
    #[error(transparent)]
    Stripe(#[from] stripe::Error),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<LimitError> for BillingError {
    fn from(error: LimitError) -> Self {
        match error {
            LimitError::Exceeded { retry_after } => Self::RateLimited { retry_after },
            LimitError::Db(error) => Self::Db(error),
        }
    }
}

impl From<RefreshError> for BillingError {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Stripe(error) => Self::Stripe(error),
            RefreshError::Db(error) => Self::Db(error),
            RefreshError::Overtaken => Self::Busy,
        }
    }
}
