//! The catalog with everything it takes to compare it with Stripe again and again.

use std::sync::Arc;

use url::Url;

use super::{Applied, ApplyError, Catalog, apply};
use crate::{db::Db, stripe::Client};

/// Sells what the catalog says.
#[derive(Clone)]
pub struct Shop {
    /// What is sold.
    pub catalog: Arc<Catalog>,
    /// Where.
    pub stripe: Client,
    /// Where the prices are kept.
    pub db: Db,
    /// The site that the portal leads back to.
    pub site: Url,
}

impl Shop {
    /// Makes Stripe sell what the catalog says; see [`super::apply()`].
    ///
    /// # Errors
    /// [`ApplyError`].
    pub async fn apply(&self, now: i64) -> Result<Applied, ApplyError> {
        apply::apply(&self.catalog, &self.stripe, &self.db, &self.site, now).await
    }

    /// Reads what Stripe sells; see [`super::refresh()`].
    ///
    /// # Errors
    /// [`ApplyError`].
    pub async fn refresh(&self, now: i64) -> Result<Applied, ApplyError> {
        apply::refresh(&self.catalog, &self.stripe, &self.db, &self.site, now).await
    }
}
