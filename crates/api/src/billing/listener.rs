//! What listeners do about money goes through [`Billing`].

use std::{sync::Arc, time::Duration};

use url::Url;

use super::{BillingError, Rules, refresh::Refresher};
use crate::{
    account::{Limit, Limits},
    catalog::Catalog,
    clock::Clock,
    db::Db,
    stripe::{Client, Deadline},
};

/// For all of Stripe's calls that one request makes.
const BUDGET: Duration = Duration::from_secs(10);

/// Requests of one listener that make calls to Stripe: more than any page makes, and few enough that nobody uses up
/// alone what Stripe allows the account.
const STRIPE: Limit = Limit { name: "stripe", max: 60, window: 60 };

/// Starts Checkouts and takes listeners back from them, opens the portal, tells what was bought.
#[derive(Clone)]
pub struct Billing {
    /// Where it is kept.
    pub db: Db,
    /// Who takes the money.
    pub stripe: Client,
    /// What is sold.
    pub catalog: Arc<Catalog>,
    /// What access goes by.
    pub rules: Rules,
    /// Reads back from Stripe.
    pub refresher: Refresher,
    /// How often one may.
    pub limits: Limits,
    /// Where listeners come back to.
    pub public_url: Url,
}

impl Billing {
    pub(super) fn deadline(&self) -> Deadline {
        Deadline::within(BUDGET)
    }

    /// [`Billing::deadline`] of a request that is not limited otherwise.
    ///
    /// # Errors
    /// [`BillingError::RateLimited`].
    pub(super) fn counted_deadline(&self, user_id: &str) -> Result<Deadline, BillingError> {
        self.limits.hit_in_memory(&STRIPE, user_id)?;
        Ok(self.deadline())
    }

    pub(super) fn clock(&self) -> Clock {
        self.rules.clock.clone()
    }

    /// The address of one of our pages.
    pub(super) fn page(&self, path: &str) -> String {
        format!("{}{path}", self.public_url.as_str().trim_end_matches('/'))
    }
}
