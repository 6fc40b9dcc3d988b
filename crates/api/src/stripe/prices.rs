//! Prices: what a product costs, how often. Source: <https://docs.stripe.com/api/prices>.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    form::Params,
    object::{self, Object, Reference, null_default},
    products::Product,
    request::Request,
};

/// A price. Amount, currency and interval of a price never change.
#[derive(Clone, Debug, Deserialize)]
pub struct Price {
    /// `price_…`.
    pub id: String,
    /// Whether it can be bought.
    #[serde(default, deserialize_with = "null_default")]
    pub active: bool,
    /// Lower-case ISO 4217 code.
    pub currency: Option<String>,
    /// Minor units; `None` for tiers, amounts the customer chooses and fractions of a minor unit.
    pub unit_amount: Option<i64>,
    /// A name that can move to another price.
    pub lookup_key: Option<String>,
    /// What is bought.
    pub product: Option<Reference<Product>>,
    /// How often it is charged; `None` for once.
    pub recurring: Option<Recurring>,
    /// What the maker of it noted.
    #[serde(default, deserialize_with = "null_default")]
    pub metadata: BTreeMap<String, String>,
}

impl Price {
    /// What is bought.
    pub fn product_id(&self) -> Option<&str> {
        self.product.as_ref().map(Reference::id)
    }

    /// `day`, `week`, `month`, `year`; `None` for once.
    pub fn interval(&self) -> Option<&str> {
        self.recurring.as_ref().and_then(|recurring| recurring.interval.as_deref())
    }
}

impl Object for Price {
    fn id(&self) -> &str {
        &self.id
    }
}

/// How often a price is charged.
#[derive(Clone, Debug, Deserialize)]
pub struct Recurring {
    /// `day`, `week`, `month`, `year`.
    pub interval: Option<String>,
    /// Every how many of them.
    pub interval_count: Option<i64>,
}

/// A price as it was called before prices; still sent beside them.
#[derive(Clone, Debug, Deserialize)]
pub struct Plan {
    /// The same as the price's.
    pub id: Option<String>,
    /// Minor units.
    pub amount: Option<i64>,
    /// Lower-case ISO 4217 code.
    pub currency: Option<String>,
    /// `day`, `week`, `month`, `year`.
    pub interval: Option<String>,
    /// What is bought.
    pub product: Option<Reference<Product>>,
}

impl Plan {
    /// What is bought.
    pub fn product_id(&self) -> Option<&str> {
        self.product.as_ref().map(Reference::id)
    }
}

/// Which prices to list, newest first.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// With one of these keys only; at most 10.
    pub lookup_keys: Vec<String>,
    /// Of this product only.
    pub product: Option<String>,
    /// Only those that can, or cannot, be bought.
    pub active: Option<bool>,
    /// A page's size, 1 to 100; 10 when nothing is said.
    pub limit: Option<u32>,
}

impl List {
    /// The call.
    pub fn request(self) -> Request<object::List<Price>> {
        Request::get(["prices"]).params(
            Params::new()
                .with_any("lookup_keys", self.lookup_keys)
                .with_some("product", self.product)
                .with_some("active", self.active)
                .with_some("limit", self.limit),
        )
    }
}

/// A price to make.
#[derive(Clone, Debug)]
pub struct Create {
    /// What is bought.
    pub product: String,
    /// Lower-case ISO 4217 code.
    pub currency: String,
    /// Minor units.
    pub unit_amount: i64,
    /// `day`, `week`, `month`, `year`; `None` for once.
    pub interval: Option<String>,
    /// Its key. It is taken from the price that has it now, in the same instant.
    pub lookup_key: String,
    /// Notes.
    pub metadata: BTreeMap<String, String>,
}

impl Create {
    /// The call.
    pub fn request(self) -> Request<Price> {
        Request::post(["prices"]).params(
            Params::new()
                .with("product", self.product)
                .with("currency", self.currency)
                .with("unit_amount", self.unit_amount)
                .with_some(
                    "recurring",
                    self.interval.map(|interval| Params::new().with("interval", interval)),
                )
                .with("lookup_key", self.lookup_key)
                .with("transfer_lookup_key", true)
                .with("metadata", self.metadata),
        )
    }
}

/// What to change about a price; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct Update {
    /// Whether it can be bought. Those who pay it already go on.
    pub active: Option<bool>,
    /// Its key, taken from the price that has it now.
    pub lookup_key: Option<String>,
}

impl Update {
    /// The call.
    pub fn request(self, id: &str) -> Request<Price> {
        let transfer = self.lookup_key.as_ref().map(|_| true);
        Request::post(["prices".to_owned(), id.to_owned()]).params(
            Params::new()
                .with_some("active", self.active)
                .with_some("lookup_key", self.lookup_key)
                .with_some("transfer_lookup_key", transfer),
        )
    }
}
