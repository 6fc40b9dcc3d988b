//! Products: what is sold. Source: <https://docs.stripe.com/api/products>.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    form::Params,
    object::{self, Object, null_default},
    request::Request,
};

/// A product.
#[derive(Clone, Debug, Deserialize)]
pub struct Product {
    /// `prod_…`, or the id it was made with.
    pub id: String,
    /// Whether it is gone; nothing else is known of it then.
    #[serde(default, deserialize_with = "null_default")]
    pub deleted: bool,
    /// Whether it can be bought.
    #[serde(default, deserialize_with = "null_default")]
    pub active: bool,
    /// Shown on Checkout, invoices and in the portal.
    #[serde(default, deserialize_with = "null_default")]
    pub name: String,
    /// Shown on Checkout.
    pub description: Option<String>,
    /// Addresses of pictures, at most 8.
    #[serde(default, deserialize_with = "null_default")]
    pub images: Vec<String>,
    /// Shown in pricing tables.
    #[serde(default, deserialize_with = "null_default")]
    pub marketing_features: Vec<MarketingFeature>,
    /// A page about it.
    pub url: Option<String>,
    /// What the maker of it noted.
    #[serde(default, deserialize_with = "null_default")]
    pub metadata: BTreeMap<String, String>,
}

impl Object for Product {
    fn id(&self) -> &str {
        &self.id
    }
}

/// One line of what a product gives.
#[derive(Clone, Debug, Deserialize)]
pub struct MarketingFeature {
    /// The line, up to 80 characters.
    pub name: Option<String>,
}

/// One product; a deleted one is answered with [`Product::deleted`].
pub fn retrieve(id: &str) -> Request<Product> {
    Request::get(["products".to_owned(), id.to_owned()])
}

/// Which products to list, newest first.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// These only.
    pub ids: Vec<String>,
    /// Only those that can, or cannot, be bought.
    pub active: Option<bool>,
    /// A page's size, 1 to 100; 10 when nothing is said.
    pub limit: Option<u32>,
}

impl List {
    /// The call.
    pub fn request(self) -> Request<object::List<Product>> {
        Request::get(["products"]).params(
            Params::new()
                .with_any("ids", self.ids)
                .with_some("active", self.active)
                .with_some("limit", self.limit),
        )
    }
}

/// All that is said about a product, to make it or to overwrite it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// Shown on Checkout, invoices and in the portal.
    pub name: String,
    /// Shown on Checkout; empty for none.
    pub description: String,
    /// Addresses of pictures, at most 8.
    pub images: Vec<String>,
    /// A line each, up to 15 of up to 80 characters.
    pub marketing_features: Vec<String>,
    /// A page about it; empty for none.
    pub url: String,
    /// Merged into what is there.
    pub metadata: BTreeMap<String, String>,
}

impl Details {
    /// Makes a product with this id.
    pub fn create(self, id: &str) -> Request<Product> {
        let mut params = Params::new().with("id", id).with("name", self.name);
        // What is empty may not be sent when there is nothing yet to unset.
        for (key, text) in [("description", self.description), ("url", self.url)] {
            params = params.with_some(key, Some(text).filter(|text| !text.is_empty()));
        }
        let params = params
            .with_any("images", self.images)
            .with_any("marketing_features", features(self.marketing_features))
            .with("metadata", self.metadata);
        Request::post(["products"]).params(params)
    }

    /// Overwrites the product with this id and offers it again if it was archived.
    pub fn overwrite(self, id: &str) -> Request<Product> {
        let params = Params::new()
            .with("active", true)
            .with("name", self.name)
            .with("description", self.description)
            .with("images", self.images)
            .with("marketing_features", features(self.marketing_features))
            .with("url", self.url)
            .with("metadata", self.metadata);
        Request::post(["products".to_owned(), id.to_owned()]).params(params)
    }
}

/// Takes a product off sale. Those who subscribe to it go on.
pub fn archive(id: &str) -> Request<Product> {
    Request::post(["products".to_owned(), id.to_owned()])
        .params(Params::new().with("active", false))
}

fn features(names: Vec<String>) -> Vec<Params> {
    names.into_iter().map(|name| Params::new().with("name", name)).collect()
}
