//! Prices on offer, as kept in our database, and the pricing page made of them.

use shared::plans::{self, Interval, PlanPrice, Plans};

use super::{Catalog, store};
use crate::db::{Db, DbError};

/// When a price is charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Term {
    /// Again and again.
    Every(Interval),
    /// With the first payment only: a setup fee.
    Once,
}

impl Term {
    /// All, in the order they are shown.
    pub const ALL: [Self; 3] =
        [Self::Every(Interval::Month), Self::Every(Interval::Year), Self::Once];

    /// `month`, `year` or `once`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Every(interval) => interval.as_str(),
            Self::Once => "once",
        }
    }

    /// Stripe's word for how it recurs; `None` for once.
    pub const fn interval(self) -> Option<&'static str> {
        match self {
            Self::Every(interval) => Some(interval.as_str()),
            Self::Once => None,
        }
    }
}

/// A price on offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The plan's id.
    pub plan: String,
    /// When it is charged.
    pub term: Term,
    /// `price_…`.
    pub price_id: String,
    /// Its lookup key.
    pub lookup_key: String,
    /// Minor units.
    pub amount: i64,
    /// Lower-case ISO 4217 code.
    pub currency: String,
}

/// The pricing page, from our database: no call to Stripe.
///
/// # Errors
/// [`DbError`].
pub async fn list_plans(catalog: &Catalog, db: &Db) -> Result<Plans, DbError> {
    let offers = db.read_published(store::list_offers, |_, offers| Ok(offers)).await?;
    Ok(plans_on_offer(catalog, &offers))
}

/// How many prices are on offer.
///
/// # Errors
/// [`DbError`].
pub async fn count_offers(db: &Db) -> Result<usize, DbError> {
    Ok(db.read(store::list_offers).await?.len())
}

/// The portal configuration that sessions are made with; `None` before the catalog was applied.
///
/// # Errors
/// [`DbError`].
pub async fn portal_configuration(db: &Db) -> Result<Option<String>, DbError> {
    db.read(store::find_portal_configuration).await
}

/// The pricing page: the catalog's plans with the prices that are on offer.
///
/// Amounts are the offers' and not the file's: what is charged is what Stripe has.
fn plans_on_offer(catalog: &Catalog, offers: &[Offer]) -> Plans {
    let offer = |plan: &str, term: Term| {
        offers.iter().find(|offer| offer.plan == plan && offer.term == term)
    };
    let plans = catalog.on_sale().map(|plan| {
        let setup_fee = offer(&plan.id, Term::Once).map(|offer| offer.amount);
        let recurring = Interval::ALL.into_iter().filter_map(|interval| {
            let offer = offer(&plan.id, Term::Every(interval))?;
            Some(PlanPrice {
                interval,
                lookup_key: offer.lookup_key.clone(),
                amount: offer.amount,
                currency: offer.currency.clone(),
                trial_days: plan.trial_days,
                setup_fee,
            })
        });
        plans::Plan {
            id: plan.id.clone(),
            name: plan.name.clone(),
            description: plan.description.clone(),
            features: plan.features.clone(),
            prices: recurring.collect(),
        }
    });
    Plans { plans: plans.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_show_what_is_on_offer_in_the_catalogs_order() {
        let offer = |plan: &str, term, amount| Offer {
            plan: plan.into(),
            term,
            price_id: format!("price_{amount}"),
            lookup_key: plan.into(),
            amount,
            currency: "usd".into(),
        };
        let month = Term::Every(Interval::Month);
        let offers = [
            offer("pro", month, 900),
            offer("starter", month, 400),
            offer("pro", Term::Once, 1_500),
        ];
        let Plans { plans } = plans_on_offer(&Catalog::built_in(), &offers);
        let shown: Vec<_> = plans
            .iter()
            .map(|plan| {
                (
                    plan.id.as_str(),
                    plan.prices.iter().map(|price| (price.amount, price.setup_fee)).collect(),
                )
            })
            .collect::<Vec<(&str, Vec<_>)>>();
        assert_eq!(
            shown,
            [
                ("starter", vec![(400, None)]),
                ("pro", vec![(900, Some(1_500))]),
                ("enterprise", vec![])
            ]
        );
    }
}
