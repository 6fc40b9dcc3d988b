//! The catalog: what is sold, read from one file and brought to Stripe.
//!
//! [`Catalog::parse`] reads the file (pure). [`changes`] compares it with what Stripe has (pure). [`Shop`] makes
//! the changes and keeps the resulting prices in our database, so that no page view asks Stripe.
//!
//! A plan's product has the id `circle_<plan>`, its prices the lookup keys `<plan>` (monthly) and `<plan>_yearly`; a
//! setup fee is the product `circle_<plan>_setup` with the one-time price `<plan>_setup`. A subscription's plan
//! follows from its product, then from its price. Lookup keys only find the prices on offer: they move to a new price
//! when an amount changes, away from the price that old subscribers go on paying.

mod apply;
pub mod changes;
pub mod cli;
mod file;
mod offers;
mod parse;
mod podcast;
pub mod portal;
mod setting;
mod shop;
pub mod store;

use shared::plans::Interval;

pub use apply::{Applied, ApplyError};
pub use offers::{Offer, Term, count_offers, list_plans, portal_configuration};
pub use parse::CatalogError;
pub use podcast::PodcastSettings;
pub use shop::Shop;

/// What the ids of our products begin with; the rest is the plan's id.
pub const PRODUCT_PREFIX: &str = "circle_";

/// The catalog that is used when there is no file: the one in the repository.
pub const BUILT_IN: &str = include_str!("../../../../catalog.toml");

/// Everything the file says, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalog {
    /// In order: each opens what those before it open. Never empty, ids differ.
    pub plans: Vec<Plan>,
    /// The lowest plan that opens an episode which names none; one of `plans`.
    pub default_required_plan: String,
    /// What money that goes back does to access.
    pub suspension: Suspension,
    /// How Checkout behaves.
    pub checkout: CheckoutSettings,
    /// What the portal offers.
    pub portal: PortalSettings,
    /// What the private feeds say of the podcast.
    pub podcast: PodcastSettings,
}

/// One plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Lower-case letters, digits and `_`; names product, lookup keys and `users.plan`.
    pub id: String,
    /// The product's name.
    pub name: String,
    /// One sentence; may be empty.
    pub description: String,
    /// Up to 15 lines.
    pub features: Vec<String>,
    /// Addresses of up to 8 pictures.
    pub images: Vec<String>,
    /// A page about it; may be empty.
    pub url: String,
    /// Lower-case ISO 4217 code.
    pub currency: String,
    /// Minor units a month.
    pub monthly: i64,
    /// Minor units a year; `None` when it cannot be paid by the year.
    pub yearly: Option<i64>,
    /// Charged once with the first payment, minor units.
    pub setup_fee: Option<i64>,
    /// Free days at the start; 0 for none.
    pub trial_days: u32,
    /// Days after a failed payment in which access stays.
    pub grace_days: u32,
    /// Whether it can be bought. One that cannot still opens what it opened for those who have it.
    pub on_sale: bool,
}

impl Plan {
    /// Id of its product at Stripe.
    pub fn product_id(&self) -> String {
        format!("{PRODUCT_PREFIX}{}", self.id)
    }

    /// Id of its setup fee's product at Stripe.
    pub fn setup_product_id(&self) -> String {
        format!("{PRODUCT_PREFIX}{}_setup", self.id)
    }

    /// The lookup key of its price for `term`.
    pub fn lookup_key(&self, term: Term) -> String {
        match term {
            Term::Every(Interval::Month) => self.id.clone(),
            Term::Every(Interval::Year) => format!("{}_yearly", self.id),
            Term::Once => format!("{}_setup", self.id),
        }
    }

    /// What it costs for `term`, in minor units; `None` when that is not on offer.
    pub fn amount(&self, term: Term) -> Option<i64> {
        match term {
            Term::Every(Interval::Month) => Some(self.monthly),
            Term::Every(Interval::Year) => self.yearly,
            Term::Once => self.setup_fee,
        }
    }
}

/// What money that goes back does to access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suspension {
    /// Whether a full refund of the latest invoice suspends it.
    pub on_refund: bool,
    /// Whether a dispute does.
    pub on_dispute: bool,
}

/// How Checkout behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckoutSettings {
    /// A field for a promotion code.
    pub promotion_codes: bool,
    /// Tax reckoned by Stripe.
    pub automatic_tax: bool,
    /// A field for a tax id.
    pub tax_ids: bool,
    /// A box to tick for the terms of service.
    pub terms_of_service: bool,
    /// The ways to pay, in Stripe's words; none leaves them to the dashboard.
    pub payment_methods: Vec<String>,
}

/// What the portal offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalSettings {
    /// Stands at its top; may be empty.
    pub headline: String,
    /// Absolute, or a path on our site; may be empty.
    pub privacy_url: String,
    /// Absolute, or a path on our site; may be empty.
    pub terms_url: String,
    /// Whether invoices can be seen.
    pub invoice_history: bool,
    /// Whether payment methods can be changed.
    pub payment_method_update: bool,
    /// What listeners may change about themselves, in Stripe's words.
    pub customer_update: Vec<String>,
    /// How to cancel; `None` when one cannot.
    pub cancel: Option<CancelSettings>,
    /// Whether one can pause.
    pub pause: bool,
    /// How to change the plan; `None` when one cannot.
    pub update: Option<UpdateSettings>,
}

/// How to cancel in the portal, in Stripe's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelSettings {
    /// `at_period_end` or `immediately`.
    pub mode: String,
    /// `none`, `create_prorations` or `always_invoice`.
    pub proration: String,
    /// Reasons to choose from; empty asks for none.
    pub reasons: Vec<String>,
    /// A coupon at Stripe, offered to those who are about to cancel.
    pub retention_coupon: Option<String>,
}

/// How to change the plan in the portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateSettings {
    /// Stripe's word: `none`, `create_prorations` or `always_invoice`.
    pub proration: String,
    /// A field for a promotion code.
    pub promotion_codes: bool,
    /// Stripe's conditions under which a change waits for the period's end: `decreasing_item_amount`,
    /// `shortening_interval`.
    pub schedule_at_period_end: Vec<String>,
}

impl Catalog {
    /// Reads the file's text.
    ///
    /// # Errors
    /// [`CatalogError`], which names the key at fault.
    pub fn parse(text: &str) -> Result<Self, CatalogError> {
        parse::parse(text)
    }

    /// The catalog in the repository, as it was when this was built.
    pub fn built_in() -> Self {
        Self::parse(BUILT_IN).expect("a test reads the built-in catalog")
    }

    /// The plan with this id.
    pub fn plan(&self, id: &str) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.id == id)
    }

    /// The plans that can be bought, in order.
    pub fn on_sale(&self) -> impl Iterator<Item = &Plan> {
        self.plans.iter().filter(|plan| plan.on_sale)
    }

    /// Where a plan stands in the order; a higher rank opens what a lower one opens.
    pub fn rank(&self, id: &str) -> Option<usize> {
        self.plans.iter().position(|plan| plan.id == id)
    }

    /// The plan that is sold as this product.
    pub fn plan_of_product(&self, product_id: &str) -> Option<&Plan> {
        let id = product_id.strip_prefix(PRODUCT_PREFIX)?;
        self.plan(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_catalog_reads() {
        let catalog = Catalog::built_in();
        let plans: Vec<_> = catalog
            .plans
            .iter()
            .map(|plan| (plan.id.as_str(), plan.monthly, plan.yearly))
            .collect();
        assert_eq!(
            plans,
            [
                ("starter", 500, Some(5_000)),
                ("pro", 1_000, Some(10_000)),
                ("enterprise", 5_000, Some(50_000))
            ]
        );
        assert_eq!(catalog.rank("pro"), Some(1));
        assert_eq!(catalog.plan_of_product("circle_pro").map(|plan| plan.id.as_str()), Some("pro"));
        assert_eq!(catalog.plan_of_product("circle_pro_setup"), None);
    }
}
