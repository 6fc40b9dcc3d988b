//! Plans and prices as the pricing page shows them.

use serde::{Deserialize, Serialize};

/// How often a price is charged.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub enum Interval {
    /// Every month.
    #[default]
    Month,
    /// Every year.
    Year,
}

impl Interval {
    /// Both, in the order they are shown.
    pub const ALL: [Self; 2] = [Self::Month, Self::Year];

    /// Stripe's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// The interval that Stripe's word names; `None` for `day` and `week`, which are not on offer.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|interval| interval.as_str() == word)
    }
}

/// Answer of `GET /api/plans`, in the catalog's order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct Plans {
    /// The plans on offer.
    pub plans: Vec<Plan>,
}

/// One plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct Plan {
    /// `starter`, `pro`, `enterprise`.
    pub id: String,
    /// The product's name.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// What the plan gives, a line each.
    pub features: Vec<String>,
    /// What it costs.
    pub prices: Vec<PlanPrice>,
}

/// What a plan costs per interval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct PlanPrice {
    /// How often it is charged.
    pub interval: Interval,
    /// Stripe's lookup key, by which the price was found.
    pub lookup_key: String,
    /// Minor units per interval.
    pub amount: i64,
    /// Lower-case ISO 4217 code.
    pub currency: String,
    /// Days that are free at the start; 0 for none.
    pub trial_days: u32,
    /// Charged once with the first payment, in minor units; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setup_fee: Option<i64>,
}
