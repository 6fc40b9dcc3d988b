//! The portal configuration made of the catalog: its own one, found again by its metadata, never the account's default.

use std::{collections::BTreeMap, fmt};

use serde_json::Value;
use url::Url;

use super::{
    Catalog, Offer, Term,
    setting::{Setting, settings},
};
use crate::stripe::{PortalConfiguration, portal_configurations as stripe};

/// Metadata key that marks a configuration as ours; its value is the site it is for, since several deployments can
/// share one account at Stripe.
const SITE_METADATA: &str = "circle_site";

/// Metadata key of the hash of all that was said when the configuration was last written.
const HASH_METADATA: &str = "circle_hash";

/// What must happen to the portal configuration.
#[derive(Clone, Debug)]
pub enum PortalChange {
    /// It says what it shall.
    Keep {
        /// `bpc_…`.
        id: String,
    },
    /// There is none yet.
    Create(stripe::Details),
    /// It says something else: the catalog has changed since it was written, or somebody has changed it by hand.
    Update {
        /// `bpc_…`.
        id: String,
        /// All that it shall say.
        details: stripe::Details,
        /// The settings that are seen to be otherwise, by name.
        otherwise: Vec<String>,
    },
}

impl PortalChange {
    /// `bpc_…`, when there is one already.
    pub fn present(&self) -> Option<&str> {
        match self {
            Self::Keep { id } | Self::Update { id, .. } => Some(id),
            Self::Create(_) => None,
        }
    }
}

/// A line for the operator.
impl fmt::Display for PortalChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keep { id } => write!(f, "= portal configuration {id}"),
            Self::Create(_) => f.write_str("+ portal configuration"),
            Self::Update { id, otherwise, .. } => {
                write!(f, "~ portal configuration {id}")?;
                match otherwise.is_empty() {
                    true => Ok(()),
                    false => write!(f, ": {}", otherwise.join(", ")),
                }
            }
        }
    }
}

/// Compares the configurations at Stripe with the catalog and the prices on offer.
pub fn portal_change(
    catalog: &Catalog,
    offers: &[Offer],
    site: &Url,
    at_stripe: &[PortalConfiguration],
) -> PortalChange {
    let mut details = details(catalog, offers, site);
    let wanted = details.clone().create();
    let hash = wanted.fingerprint();
    details.metadata = BTreeMap::from([
        (SITE_METADATA.to_owned(), site_name(site)),
        (HASH_METADATA.to_owned(), hash.clone()),
    ]);
    let was_written_so = |configuration: &&PortalConfiguration| {
        configuration.metadata.get(HASH_METADATA) == Some(&hash)
    };
    // Processes that start at once can have made several: the one that was written so is as good as any.
    let ours = || ours(site, at_stripe);
    let Some(present) = ours().find(was_written_so).or_else(|| ours().next()) else {
        return PortalChange::Create(details);
    };
    let id = present.id.clone();
    let has = Value::Object(present.settings.clone());
    let otherwise = settings(&wanted.form(), &has).into_iter().filter(Setting::differs);
    let otherwise: Vec<String> = otherwise.map(|setting| setting.name).collect();
    match was_written_so(&present) && otherwise.is_empty() {
        true => PortalChange::Keep { id },
        false => PortalChange::Update { id, details, otherwise },
    }
}

/// Our configurations for this site, by their metadata: whatever else there is, the account's default first of all, was
/// not made by us and is never written.
fn ours<'a>(
    site: &Url,
    at_stripe: &'a [PortalConfiguration],
) -> impl Iterator<Item = &'a PortalConfiguration> {
    let name = site_name(site);
    at_stripe.iter().filter(move |configuration| {
        configuration.active && configuration.metadata.get(SITE_METADATA) == Some(&name)
    })
}

fn site_name(site: &Url) -> String {
    site.as_str().trim_end_matches('/').to_owned()
}

/// All that the catalog says of the portal.
pub(super) fn details(catalog: &Catalog, offers: &[Offer], site: &Url) -> stripe::Details {
    let portal = &catalog.portal;
    let products = catalog.plans.iter().filter_map(|plan| {
        let prices =
            offers.iter().filter(|offer| offer.plan == plan.id && offer.term != Term::Once);
        let mut prices: Vec<&Offer> = prices.collect();
        prices.sort_by_key(|offer| offer.term.as_str());
        let ids: Vec<String> = prices.into_iter().map(|offer| offer.price_id.clone()).collect();
        (!ids.is_empty()).then(|| (plan.product_id(), ids))
    });
    let products: Vec<_> = products.collect();
    let update = portal.update.as_ref().filter(|_| !products.is_empty()).map(|update| {
        stripe::SubscriptionUpdate {
            allowed_updates: if update.promotion_codes {
                vec!["price".to_owned(), "promotion_code".to_owned()]
            } else {
                vec!["price".to_owned()]
            },
            proration_behavior: update.proration.clone(),
            schedule_at_period_end: update.schedule_at_period_end.clone(),
            products,
        }
    });
    stripe::Details {
        headline: portal.headline.clone(),
        privacy_policy_url: on_site(site, &portal.privacy_url),
        terms_of_service_url: on_site(site, &portal.terms_url),
        default_return_url: on_site(site, shared::paths::PORTAL_RETURN),
        invoice_history: portal.invoice_history,
        payment_method_update: portal.payment_method_update,
        customer_update: portal.customer_update.clone(),
        subscription_cancel: portal.cancel.as_ref().map(|cancel| stripe::SubscriptionCancel {
            mode: cancel.mode.clone(),
            proration_behavior: cancel.proration.clone(),
            reasons: cancel.reasons.clone(),
        }),
        subscription_pause: portal.pause,
        subscription_update: update,
        metadata: BTreeMap::new(),
    }
}

/// An address, absolute when it is a path on our site.
fn on_site(site: &Url, address: &str) -> String {
    if address.starts_with('/') {
        format!("{}{address}", site_name(site))
    } else {
        address.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use shared::plans::Interval;

    use super::*;

    fn offers(month: &str) -> Vec<Offer> {
        let offer = |plan: &str, term, price_id: &str| Offer {
            plan: plan.into(),
            term,
            price_id: price_id.into(),
            lookup_key: plan.into(),
            amount: 1,
            currency: "usd".into(),
        };
        vec![
            offer("pro", Term::Every(Interval::Year), "price_y"),
            offer("pro", Term::Once, "price_fee"),
            offer("pro", Term::Every(Interval::Month), month),
        ]
    }

    fn site() -> Url {
        "https://podcast.example".parse().unwrap()
    }

    fn at_stripe(id: &str, change: &PortalChange) -> PortalConfiguration {
        let PortalChange::Create(details) = change else { panic!("is made: {change}") };
        let metadata = details.metadata.clone();
        let settings = serde_json::Map::new();
        PortalConfiguration { id: id.into(), active: true, is_default: false, metadata, settings }
    }

    #[test]
    fn it_is_made_once_and_follows_the_prices() {
        let catalog = Catalog::built_in();
        let made = portal_change(&catalog, &offers("price_m"), &site(), &[]);
        let present = [at_stripe("bpc_1", &made)];
        let again = portal_change(&catalog, &offers("price_m"), &site(), &present);
        assert_eq!(again.to_string(), "= portal configuration bpc_1");
        let repriced = portal_change(&catalog, &offers("price_m2"), &site(), &present);
        assert_eq!(repriced.to_string(), "~ portal configuration bpc_1");
    }

    #[test]
    fn what_was_changed_by_hand_is_to_be_written_again() {
        let catalog = Catalog::built_in();
        let made = portal_change(&catalog, &offers("price_m"), &site(), &[]);
        let mut present = at_stripe("bpc_1", &made);
        for (headline, change) in [
            (catalog.portal.headline.as_str(), "= portal configuration bpc_1"),
            ("By hand", "~ portal configuration bpc_1: business_profile.headline"),
        ] {
            let profile = serde_json::json!({ "headline": headline });
            present.settings.insert("business_profile".to_owned(), profile);
            let present = std::slice::from_ref(&present);
            let told = portal_change(&catalog, &offers("price_m"), &site(), present);
            assert_eq!(told.to_string(), change);
        }
    }

    #[test]
    fn of_several_the_one_that_fits_is_kept() {
        let catalog = Catalog::built_in();
        let made = |month| portal_change(&catalog, &offers(month), &site(), &[]);
        let present = [at_stripe("bpc_1", &made("price_m")), at_stripe("bpc_2", &made("price_m2"))];
        let kept = portal_change(&catalog, &offers("price_m2"), &site(), &present);
        assert_eq!(kept.to_string(), "= portal configuration bpc_2");
    }

    #[test]
    fn the_default_and_other_sites_configurations_are_left_alone() {
        let catalog = Catalog::built_in();
        let made = portal_change(&catalog, &offers("price_m"), &site(), &[]);
        let default = PortalConfiguration {
            is_default: true,
            metadata: BTreeMap::new(),
            ..at_stripe("bpc_1", &made)
        };
        let change = portal_change(&catalog, &offers("price_m"), &site(), &[default]);
        assert!(matches!(change, PortalChange::Create(_)), "{change}");
        let other_site = "https://staging.example".parse().unwrap();
        let change =
            portal_change(&catalog, &offers("price_m"), &other_site, &[at_stripe("bpc_1", &made)]);
        assert!(matches!(change, PortalChange::Create(_)), "{change}");
    }

    #[test]
    fn it_offers_the_plans_in_order_and_links_to_the_site() {
        let PortalChange::Create(details) =
            portal_change(&Catalog::built_in(), &offers("price_m"), &site(), &[])
        else {
            panic!("is made")
        };
        assert_eq!(details.privacy_policy_url, "https://podcast.example/privacy");
        let update = details.subscription_update.unwrap();
        assert_eq!(
            update.products,
            [("circle_pro".to_owned(), vec!["price_m".to_owned(), "price_y".to_owned()])]
        );
        assert_eq!(update.proration_behavior, "always_invoice");
    }
}
