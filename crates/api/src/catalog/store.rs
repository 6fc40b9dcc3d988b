//! Queries on prices and on the portal configuration.

use diesel::prelude::*;
use shared::plans::Interval;

use super::{
    PRODUCT_PREFIX,
    offers::{Offer, Term},
};
use crate::db::{
    Conn, DbError,
    schema::{prices, settings},
};

/// The setting that holds `bpc_…`, the portal configuration made of the catalog; there is none before it was applied.
pub const PORTAL_CONFIGURATION: &str = "portal_configuration";

/// A price as kept: those on offer, and those that old subscribers still pay.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = prices, treat_none_as_null = true)]
pub struct PriceRow {
    /// `price_…`.
    pub id: String,
    /// The product it is for.
    pub product_id: String,
    /// The plan's id.
    pub plan: String,
    /// [`Term::as_str`].
    pub interval: String,
    /// Set while it is on offer.
    pub lookup_key: Option<String>,
    /// Minor units.
    pub amount: i64,
    /// Lower-case ISO 4217 code.
    pub currency: String,
    /// Whether it can be bought.
    pub active: bool,
    /// Unix seconds.
    pub updated_at: i64,
}

/// All prices on offer.
pub fn list_offers(conn: &mut Conn) -> Result<Vec<Offer>, DbError> {
    let rows: Vec<PriceRow> = prices::table
        .filter(prices::active)
        .filter(prices::lookup_key.is_not_null())
        .select(PriceRow::as_select())
        .load(conn)?;
    Ok(rows.into_iter().filter_map(offer).collect())
}

/// The price of a plan for an interval, while it is on offer.
pub fn find_offer(
    conn: &mut Conn,
    plan: &str,
    interval: Interval,
) -> Result<Option<Offer>, DbError> {
    find_term(conn, plan, Term::Every(interval))
}

/// The setup fee of a plan, when it has one.
pub fn find_setup_fee(conn: &mut Conn, plan: &str) -> Result<Option<Offer>, DbError> {
    find_term(conn, plan, Term::Once)
}

fn find_term(conn: &mut Conn, plan: &str, term: Term) -> Result<Option<Offer>, DbError> {
    let row: Option<PriceRow> = prices::table
        .filter(prices::plan.eq(plan))
        .filter(prices::interval.eq(term.as_str()))
        .filter(prices::active)
        .filter(prices::lookup_key.is_not_null())
        .select(PriceRow::as_select())
        .get_result(conn)
        .optional()?;
    Ok(row.and_then(offer))
}

/// Whether a product is one of our plans' or of their setup fees', or was.
pub fn knows_product(conn: &mut Conn, product_id: &str) -> Result<bool, DbError> {
    if product_id.starts_with(PRODUCT_PREFIX) {
        return Ok(true);
    }
    let sold = prices::table.filter(prices::product_id.eq(product_id));
    Ok(diesel::select(diesel::dsl::exists(sold)).get_result(conn)?)
}

/// The value of [`PORTAL_CONFIGURATION`].
pub fn find_portal_configuration(conn: &mut Conn) -> Result<Option<String>, DbError> {
    let value = settings::table.find(PORTAL_CONFIGURATION).select(settings::value);
    Ok(value.get_result(conn).optional()?)
}

/// Keeps what Stripe has now. Prices that are gone stay, off sale: old subscribers still name them.
pub(super) fn update_prices(conn: &mut Conn, rows: &[PriceRow]) -> Result<(), DbError> {
    // Keys are unique and may have moved from any row to any other.
    diesel::update(prices::table)
        .set((prices::lookup_key.eq(None::<String>), prices::active.eq(false)))
        .execute(conn)?;
    for row in rows {
        if diesel::update(prices::table.find(&row.id)).set(row).execute(conn)? == 0 {
            diesel::insert_into(prices::table).values(row).execute(conn)?;
        }
    }
    Ok(())
}

/// Keeps the id of the portal configuration.
pub(super) fn update_portal_configuration(conn: &mut Conn, id: &str) -> Result<(), DbError> {
    let present = settings::table.find(PORTAL_CONFIGURATION);
    if diesel::update(present).set(settings::value.eq(id)).execute(conn)? == 0 {
        diesel::insert_into(settings::table)
            .values((settings::name.eq(PORTAL_CONFIGURATION), settings::value.eq(id)))
            .execute(conn)?;
    }
    Ok(())
}

pub(super) fn offer(row: PriceRow) -> Option<Offer> {
    let term = Term::ALL.into_iter().find(|term| term.as_str() == row.interval)?;
    Some(Offer {
        plan: row.plan,
        term,
        price_id: row.id,
        lookup_key: row.lookup_key?,
        amount: row.amount,
        currency: row.currency,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{DatabaseUrl, Db};

    fn row(id: &str, lookup_key: Option<&str>, amount: i64) -> PriceRow {
        PriceRow {
            id: id.into(),
            product_id: "circle_pro".into(),
            plan: "pro".into(),
            interval: "month".into(),
            lookup_key: lookup_key.map(str::to_owned),
            amount,
            currency: "usd".into(),
            active: lookup_key.is_some(),
            updated_at: 1,
        }
    }

    #[tokio::test]
    async fn a_lookup_key_moves_and_the_old_price_keeps_its_plan() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&DatabaseUrl::Sqlite(folder.path().join("test.db"))).await.unwrap();
        for rows in [
            vec![row("price_1", Some("pro"), 1_000)],
            vec![row("price_1", None, 1_000), row("price_2", Some("pro"), 1_200)],
            // Stripe reports only what it still knows.
            vec![row("price_2", None, 1_200), row("price_3", Some("pro"), 1_000)],
        ] {
            db.write(move |conn| update_prices(conn, &rows)).await.unwrap();
        }
        let (offer, plan_of_old) = db
            .read(|conn| {
                let offer = find_offer(conn, "pro", Interval::Month)?;
                let plan = prices::table.find("price_1").select(prices::plan);
                Ok::<_, DbError>((offer, plan.get_result::<String>(conn)?))
            })
            .await
            .unwrap();
        assert_eq!(offer.unwrap().price_id, "price_3");
        assert_eq!(plan_of_old, "pro");
    }

    #[tokio::test]
    async fn the_portal_configuration_is_remembered_once() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&DatabaseUrl::Sqlite(folder.path().join("test.db"))).await.unwrap();
        assert_eq!(db.read(find_portal_configuration).await.unwrap(), None);
        for id in ["bpc_1", "bpc_2"] {
            db.write(move |conn| update_portal_configuration(conn, id)).await.unwrap();
        }
        assert_eq!(db.read(find_portal_configuration).await.unwrap().as_deref(), Some("bpc_2"));
    }
}
