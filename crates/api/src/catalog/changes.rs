//! What must change at Stripe so that it sells what the catalog says: a pure function and its printable result.

use std::{collections::BTreeMap, fmt};

use shared::money::Money;

use super::{Catalog, Plan, offers::Term};
use crate::stripe::{Price, Product, prices, products};

/// Metadata key that marks a product as made from a catalog; its value is the plan's id.
pub const PLAN_METADATA: &str = "circle_plan";

/// What Stripe has.
#[derive(Clone, Debug, Default)]
pub struct AtStripe {
    /// The products whose ids are ours, and all others that carry [`PLAN_METADATA`].
    pub products: Vec<Product>,
    /// All prices of these products, and whatever else holds one of our lookup keys.
    pub prices: Vec<Price>,
}

/// One change at Stripe.
#[derive(Clone, Debug)]
pub enum Change {
    /// Make a product.
    CreateProduct {
        /// Its id.
        id: String,
        /// All about it.
        details: products::Details,
    },
    /// Say something else about a product, or sell it again.
    UpdateProduct {
        /// Its id.
        id: String,
        /// All about it.
        details: products::Details,
    },
    /// Make a price, which takes its lookup key from the price that had it.
    CreatePrice(prices::Create),
    /// Sell a price again that fits, and give it the key.
    OfferPrice {
        /// `price_…`.
        id: String,
        /// The key.
        lookup_key: String,
    },
    /// Take a price off sale; its subscribers keep it.
    ArchivePrice {
        /// `price_…`.
        id: String,
        /// What it was, for people.
        was: String,
    },
    /// Take a product off sale; its subscribers keep it.
    ArchiveProduct {
        /// Its id.
        id: String,
    },
}

/// A lookup key of ours that a price of another product has: taking it would break whatever sells that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the lookup key {lookup_key} belongs to {price} of product {product}, which this catalog did not make"
)]
pub struct KeyTaken {
    /// The key.
    pub lookup_key: String,
    /// `price_…`.
    pub price: String,
    /// The product.
    pub product: String,
}

/// The changes, in the order they can be made.
///
/// # Errors
/// [`KeyTaken`] when something else at Stripe uses one of our keys.
pub fn changes(catalog: &Catalog, at_stripe: &AtStripe) -> Result<Vec<Change>, KeyTaken> {
    let wanted: Vec<WantedProduct> = catalog.on_sale().flat_map(wanted_products).collect();
    let mut changes = Vec::new();
    for product in &wanted {
        changes.extend(product_change(product, at_stripe));
    }
    for product in &wanted {
        changes.extend(price_changes(product, at_stripe)?);
    }
    for product in at_stripe.products.iter().filter(|product| product.active && !product.deleted) {
        let is_ours = product.metadata.contains_key(PLAN_METADATA);
        if is_ours && !wanted.iter().any(|wanted| wanted.id == product.id) {
            let prices =
                at_stripe.prices.iter().filter(|price| price.product_id() == Some(&product.id));
            changes.extend(prices.filter(|price| price.active).map(archive));
            changes.push(Change::ArchiveProduct { id: product.id.clone() });
        }
    }
    Ok(changes)
}

struct WantedProduct {
    id: String,
    details: products::Details,
    prices: Vec<WantedPrice>,
}

struct WantedPrice {
    lookup_key: String,
    amount: i64,
    currency: String,
    term: Term,
}

fn wanted_products(plan: &Plan) -> Vec<WantedProduct> {
    let metadata = BTreeMap::from([(PLAN_METADATA.to_owned(), plan.id.clone())]);
    let price = |term: Term| {
        Some(WantedPrice {
            lookup_key: plan.lookup_key(term),
            amount: plan.amount(term)?,
            currency: plan.currency.clone(),
            term,
        })
    };
    let recurring = Term::ALL.into_iter().filter(|term| *term != Term::Once);
    let mut products = vec![WantedProduct {
        id: plan.product_id(),
        details: products::Details {
            name: plan.name.clone(),
            description: plan.description.clone(),
            images: plan.images.clone(),
            marketing_features: plan.features.clone(),
            url: plan.url.clone(),
            metadata: metadata.clone(),
        },
        prices: recurring.filter_map(price).collect(),
    }];
    if let Some(fee) = price(Term::Once) {
        products.push(WantedProduct {
            id: plan.setup_product_id(),
            details: products::Details {
                name: format!("{} setup", plan.name),
                metadata,
                ..Default::default()
            },
            prices: vec![fee],
        });
    }
    products
}

fn product_change(wanted: &WantedProduct, at_stripe: &AtStripe) -> Option<Change> {
    let (id, details) = (wanted.id.clone(), wanted.details.clone());
    let Some(present) =
        at_stripe.products.iter().find(|product| product.id == id && !product.deleted)
    else {
        return Some(Change::CreateProduct { id, details });
    };
    let features = present.marketing_features.iter().filter_map(|feature| feature.name.clone());
    let same = present.active
        && present.name == details.name
        && present.description.as_deref().unwrap_or_default() == details.description
        && present.images == details.images
        && features.collect::<Vec<_>>() == details.marketing_features
        && present.url.as_deref().unwrap_or_default() == details.url
        && present.metadata.get(PLAN_METADATA) == details.metadata.get(PLAN_METADATA);
    (!same).then_some(Change::UpdateProduct { id, details })
}

fn price_changes(product: &WantedProduct, at_stripe: &AtStripe) -> Result<Vec<Change>, KeyTaken> {
    let present =
        || at_stripe.prices.iter().filter(|price| price.product_id() == Some(&product.id));
    let (mut changes, mut archived, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    for wanted in &product.prices {
        let has_key = |price: &&Price| price.lookup_key.as_deref() == Some(&wanted.lookup_key);
        let holder = at_stripe.prices.iter().find(has_key);
        if let Some(stranger) = holder.filter(|price| price.product_id() != Some(&product.id)) {
            return Err(KeyTaken {
                lookup_key: wanted.lookup_key.clone(),
                price: stranger.id.clone(),
                product: stranger.product_id().unwrap_or("?").to_owned(),
            });
        }
        // The price with the key first: two that fit must not take it from each other again and again.
        let fitting = holder.into_iter().chain(present()).find(|price| fits(price, wanted));
        match fitting {
            Some(price) => {
                kept.push(&price.id);
                if !price.active || !has_key(&price) {
                    let (id, lookup_key) = (price.id.clone(), wanted.lookup_key.clone());
                    changes.push(Change::OfferPrice { id, lookup_key });
                }
            }
            None => changes.push(Change::CreatePrice(prices::Create {
                product: product.id.clone(),
                currency: wanted.currency.clone(),
                unit_amount: wanted.amount,
                interval: wanted.term.interval().map(str::to_owned),
                lookup_key: wanted.lookup_key.clone(),
                metadata: product.details.metadata.clone(),
            })),
        }
    }
    archived
        .extend(present().filter(|price| price.active && !kept.contains(&&price.id)).map(archive));
    changes.extend(archived);
    Ok(changes)
}

fn fits(price: &Price, wanted: &WantedPrice) -> bool {
    let every =
        price.recurring.as_ref().map_or(1, |recurring| recurring.interval_count.unwrap_or(1));
    price.unit_amount == Some(wanted.amount)
        && price.currency.as_deref() == Some(&wanted.currency)
        && price.interval() == wanted.term.interval()
        && every == 1
}

fn archive(price: &Price) -> Change {
    let term =
        price.interval().map_or_else(|| "once".to_owned(), |interval| format!("a {interval}"));
    let amount = price.unit_amount.zip(price.currency.as_deref());
    let amount = amount.map(|(amount, currency)| Money::new(amount, currency).to_string());
    let was = format!(
        "{} {term} for {}",
        amount.unwrap_or_default(),
        price.product_id().unwrap_or_default()
    );
    Change::ArchivePrice { id: price.id.clone(), was: was.trim().to_owned() }
}

/// A line for the operator.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateProduct { id, details } => write!(f, "+ product {id} {:?}", details.name),
            Self::UpdateProduct { id, details } => write!(f, "~ product {id} {:?}", details.name),
            Self::CreatePrice(price) => {
                let amount = Money::new(price.unit_amount, &price.currency);
                write!(f, "+ price {} for {}: {amount} ", price.lookup_key, price.product)?;
                match &price.interval {
                    Some(interval) => write!(f, "a {interval}"),
                    None => f.write_str("once"),
                }
            }
            Self::OfferPrice { id, lookup_key } => {
                write!(f, "~ price {lookup_key}: {id} is offered")
            }
            Self::ArchivePrice { id, was } => write!(f, "- price {id} ({was}) is archived"),
            Self::ArchiveProduct { id } => write!(f, "- product {id} is archived"),
        }
    }
}

#[cfg(test)]
#[path = "changes_tests.rs"]
mod tests;
