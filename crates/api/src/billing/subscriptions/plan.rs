//! Which plan a subscription is for: by product, then by price id, never by lookup key.
//!
//! A lookup key names the price that is offered today; old subscribers go on paying a price it was taken off.

use std::collections::HashMap;

use crate::{access::Policy, catalog::PRODUCT_PREFIX, stripe::Subscription};

/// Something subscribed to, by its ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer<'a> {
    /// `prod_…`, or an id of ours.
    pub product: Option<&'a str>,
    /// `price_…`.
    pub price: Option<&'a str>,
}

impl<'a> Offer<'a> {
    /// Everything a subscription is for.
    pub fn all(subscription: &'a Subscription) -> Vec<Self> {
        if subscription.items.data.is_empty() {
            return vec![Self {
                product: subscription.product_id(),
                price: subscription.price_id(),
            }];
        }
        let items = subscription.items.data.iter();
        items.map(|item| Self { product: item.product_id(), price: item.price_id() }).collect()
    }
}

impl Offer<'_> {
    /// The plan on sale that the product's id names.
    pub(super) fn plan_by_product(&self, policy: &Policy) -> Option<String> {
        let named = self.product.and_then(|product| product.strip_prefix(PRODUCT_PREFIX))?;
        policy.rank(named).map(|_| named.to_owned())
    }
}

/// The highest plan among `offers`, and the offer that is it; `prices` holds the plans of the price ids we know.
pub fn plan_of<'a>(
    offers: &[Offer<'a>],
    policy: &Policy,
    prices: &HashMap<String, String>,
) -> Option<(String, Offer<'a>)> {
    let of_price = |offer: &Offer<'a>| offer.price.and_then(|price| prices.get(price).cloned());
    let on_sale = |plan: String| Some((policy.rank(&plan)?, plan));
    let plans = offers.iter().filter_map(|offer| {
        let (rank, plan) =
            offer.plan_by_product(policy).or_else(|| of_price(offer)).and_then(on_sale)?;
        Some((rank, plan, offer.clone()))
    });
    plans.max_by_key(|(rank, ..)| *rank).map(|(_, plan, offer)| (plan, offer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_product_names_the_plan_and_then_the_price() {
        let policy = Policy::new([("starter".to_owned(), 7), ("pro".to_owned(), 7)]);
        let prices = HashMap::from([
            ("price_old".to_owned(), "pro".to_owned()),
            ("price_gone".to_owned(), "retired".to_owned()),
        ]);
        let offer = |product, price| Offer { product, price };
        for (offers, plan) in [
            (vec![offer(Some("circle_starter"), Some("price_old"))], Some("starter")),
            (vec![offer(Some("prod_1"), Some("price_old"))], Some("pro")),
            (vec![offer(None, Some("price_old"))], Some("pro")),
            (vec![offer(Some("circle_retired"), None)], None),
            (vec![offer(Some("prod_1"), Some("price_gone"))], None),
            (vec![offer(Some("prod_1"), Some("price_1"))], None),
            (vec![offer(None, None)], None),
            (vec![], None),
            (
                vec![
                    offer(Some("prod_1"), None),
                    offer(Some("circle_pro"), None),
                    offer(Some("circle_starter"), None),
                ],
                Some("pro"),
            ),
        ] {
            assert_eq!(
                plan_of(&offers, &policy, &prices).map(|(plan, _)| plan).as_deref(),
                plan,
                "{offers:?}"
            );
        }
    }
}
