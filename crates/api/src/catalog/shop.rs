//! The catalog with everything it takes to compare it with Stripe again and again.

use std::sync::Arc;

use url::Url;

use super::Catalog;
use crate::{db::Db, stripe::Client};

/// Sells what the catalog says: see [`Shop::apply`] and [`Shop::refresh`].
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
