//! What listeners do about money goes through [`Billing`].

use std::{sync::Arc, time::Duration};

use url::Url;

use super::{Rules, refresh::Refresher};
use crate::{
    account::Limits,
    catalog::Catalog,
    clock::Clock,
    db::Db,
    stripe::{Client, Deadline},
};

/// For all of Stripe's calls that one request makes.
const BUDGET: Duration = Duration::from_secs(10);

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

    pub(super) fn clock(&self) -> Clock {
        self.rules.clock.clone()
    }

    /// The address of one of our pages.
    pub(super) fn page(&self, path: &str) -> String {
        format!("{}{path}", self.public_url.as_str().trim_end_matches('/'))
    }
}
