//! Events about products and prices: what is on sale is read again, by the worker, for all changes that come together.

use serde::Deserialize;

use super::Outcome;
use crate::{
    billing::{Rules, refresh},
    catalog,
    db::{Conn, DbError},
    stripe::{Event, Identified, Reference},
};

/// Seconds to wait for what comes with a change, since one change of a catalog is many events.
const TOGETHER: i64 = 5;

/// A product, or a price with its product.
#[derive(Deserialize)]
struct Sold {
    id: String,
    product: Option<Reference<Identified>>,
}

pub(super) fn apply(conn: &mut Conn, rules: &Rules, event: &Event) -> Result<Outcome, DbError> {
    let Ok(sold) = event.object::<Sold>() else { return Ok(Outcome::Ignored("unreadable")) };
    let product = sold.product.as_ref().map_or(sold.id.as_str(), Reference::id);
    if !catalog::store::knows_product(conn, product)? {
        return Ok(Outcome::Ignored("foreign_product"));
    }
    refresh::mark(conn, refresh::CATALOG, &event.id, rules.clock.wall() + TOGETHER)?;
    Ok(Outcome::Marked)
}
