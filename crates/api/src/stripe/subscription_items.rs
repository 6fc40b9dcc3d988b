//! The items of a subscription: what it is for, read from any API version.

use serde::Deserialize;

use super::{
    object::Object,
    prices::{Plan, Price},
};

/// One thing subscribed to. Source: <https://docs.stripe.com/api/subscription_items/object>.
#[derive(Clone, Debug, Deserialize)]
pub struct SubscriptionItem {
    /// `si_…`.
    pub id: String,
    /// What it costs.
    pub price: Option<Price>,
    /// The same, as it was called before prices.
    pub plan: Option<Plan>,
    /// How many; `None` for metered prices.
    pub quantity: Option<i64>,
    /// Since 2025-03-31, Unix seconds.
    pub current_period_start: Option<i64>,
    /// Since 2025-03-31, Unix seconds.
    pub current_period_end: Option<i64>,
}

impl SubscriptionItem {
    /// The product of its price.
    pub fn product_id(&self) -> Option<&str> {
        let of_price = self.price.as_ref().and_then(Price::product_id);
        of_price.or_else(|| self.plan.as_ref().and_then(Plan::product_id))
    }

    /// Its price.
    pub fn price_id(&self) -> Option<&str> {
        let of_price = self.price.as_ref().map(|price| price.id.as_str());
        of_price.or_else(|| self.plan.as_ref().and_then(|plan| plan.id.as_deref()))
    }

    /// `day`, `week`, `month`, `year`.
    pub fn interval(&self) -> Option<&str> {
        let of_price = self.price.as_ref().and_then(Price::interval);
        of_price.or_else(|| self.plan.as_ref().and_then(|plan| plan.interval.as_deref()))
    }

    /// Minor units for one; `None` for prices without a plain amount (tiers).
    pub fn unit_amount(&self) -> Option<i64> {
        match &self.price {
            Some(price) => price.unit_amount,
            None => self.plan.as_ref().and_then(|plan| plan.amount),
        }
    }

    /// Lower-case ISO 4217 code.
    pub fn currency(&self) -> Option<&str> {
        let of_price = self.price.as_ref().and_then(|price| price.currency.as_deref());
        of_price.or_else(|| self.plan.as_ref().and_then(|plan| plan.currency.as_deref()))
    }
}

impl Object for SubscriptionItem {
    fn id(&self) -> &str {
        &self.id
    }
}
