//! Customer Portal configurations: what the portal lets customers do.
//! Source: <https://docs.stripe.com/api/customer_portal/configurations>.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    form::Params,
    object::{self, Object, null_default},
    request::Request,
};

/// A portal configuration.
#[derive(Clone, Debug, Deserialize)]
pub struct PortalConfiguration {
    /// `bpc_…`.
    pub id: String,
    /// Whether sessions can be made with it.
    #[serde(default, deserialize_with = "null_default")]
    pub active: bool,
    /// Whether the account uses it when a session names none.
    #[serde(default, deserialize_with = "null_default")]
    pub is_default: bool,
    /// What its maker noted.
    #[serde(default, deserialize_with = "null_default")]
    pub metadata: BTreeMap<String, String>,
    /// Everything else it says, as it came.
    #[serde(flatten)]
    pub settings: serde_json::Map<String, serde_json::Value>,
}

impl Object for PortalConfiguration {
    fn id(&self) -> &str {
        &self.id
    }
}

/// One configuration.
pub fn retrieve(id: &str) -> Request<PortalConfiguration> {
    Request::get(["billing_portal".to_owned(), "configurations".to_owned(), id.to_owned()])
}

/// Which configurations to list, newest first.
#[derive(Clone, Copy, Debug, Default)]
pub struct List {
    /// Only those with which sessions can, or cannot, be made.
    pub active: Option<bool>,
    /// A page's size, 1 to 100; 10 when nothing is said.
    pub limit: Option<u32>,
}

impl List {
    /// The call.
    pub fn request(self) -> Request<object::List<PortalConfiguration>> {
        Request::get(["billing_portal", "configurations"])
            .params(Params::new().with_some("active", self.active).with_some("limit", self.limit))
    }
}

/// All that is said about a configuration, to make it or to overwrite it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// Stands at the top of the portal; empty for none.
    pub headline: String,
    /// Linked from the portal; empty for none.
    pub privacy_policy_url: String,
    /// Linked from the portal; empty for none.
    pub terms_of_service_url: String,
    /// Where "Return to …" leads when a session names nothing else.
    pub default_return_url: String,
    /// Whether invoices can be seen.
    pub invoice_history: bool,
    /// Whether payment methods can be added and chosen; changing plans needs it.
    pub payment_method_update: bool,
    /// What customers can change about themselves: `address`, `email`, `name`, `phone`, `shipping`, `tax_id`.
    pub customer_update: Vec<String>,
    /// Whether and how subscriptions can be canceled.
    pub subscription_cancel: Option<SubscriptionCancel>,
    /// Whether subscriptions can be paused.
    pub subscription_pause: bool,
    /// Whether and how plans can be changed.
    pub subscription_update: Option<SubscriptionUpdate>,
    /// Merged into what is there.
    pub metadata: BTreeMap<String, String>,
}

/// How subscriptions can be canceled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionCancel {
    /// `at_period_end` or `immediately`.
    pub mode: String,
    /// `none`, `create_prorations` or `always_invoice`; only `none` at the period's end.
    pub proration_behavior: String,
    /// The reasons offered, such as `too_expensive`; none asks for none.
    pub reasons: Vec<String>,
}

/// How plans can be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionUpdate {
    /// What can change: `price`, `quantity`, `promotion_code`.
    pub allowed_updates: Vec<String>,
    /// `none`, `create_prorations` or `always_invoice`.
    pub proration_behavior: String,
    /// When a change waits for the period's end: `decreasing_item_amount`, `shortening_interval`.
    pub schedule_at_period_end: Vec<String>,
    /// What can be changed to, at most 10 products: product id and price ids.
    pub products: Vec<(String, Vec<String>)>,
}

impl Details {
    /// Makes a configuration.
    pub fn create(self) -> Request<PortalConfiguration> {
        Request::post(["billing_portal", "configurations"]).params(self.params(false))
    }

    /// Overwrites the configuration with this id.
    pub fn overwrite(self, id: &str) -> Request<PortalConfiguration> {
        Request::post(["billing_portal".to_owned(), "configurations".to_owned(), id.to_owned()])
            .params(self.params(true))
    }

    fn params(self, overwrite: bool) -> Params {
        // What is empty is unset, and may not be sent when there is nothing yet to unset.
        let text = |text: String| Some(text).filter(|text| overwrite || !text.is_empty());
        let profile = Params::new()
            .with_some("headline", text(self.headline))
            .with_some("privacy_policy_url", text(self.privacy_policy_url))
            .with_some("terms_of_service_url", text(self.terms_of_service_url));
        let customer_update = if self.customer_update.is_empty() {
            Params::new().with("enabled", false)
        } else {
            Params::new().with("enabled", true).with("allowed_updates", self.customer_update)
        };
        let features = Params::new()
            .with("customer_update", customer_update)
            .with("invoice_history", Params::new().with("enabled", self.invoice_history))
            .with(
                "payment_method_update",
                Params::new().with("enabled", self.payment_method_update),
            )
            .with("subscription_cancel", cancel_params(self.subscription_cancel))
            .with("subscription_pause", Params::new().with("enabled", self.subscription_pause))
            .with("subscription_update", update_params(self.subscription_update, overwrite));
        Params::new()
            .with_some("active", overwrite.then_some(true))
            .with("business_profile", profile)
            .with_some("default_return_url", text(self.default_return_url))
            .with("features", features)
            .with("metadata", self.metadata)
    }
}

fn cancel_params(cancel: Option<SubscriptionCancel>) -> Params {
    let Some(cancel) = cancel else { return Params::new().with("enabled", false) };
    let reasons = if cancel.reasons.is_empty() {
        Params::new().with("enabled", false)
    } else {
        Params::new().with("enabled", true).with("options", cancel.reasons)
    };
    Params::new()
        .with("enabled", true)
        .with("mode", cancel.mode)
        .with("proration_behavior", cancel.proration_behavior)
        .with("cancellation_reason", reasons)
}

fn update_params(update: Option<SubscriptionUpdate>, overwrite: bool) -> Params {
    let Some(update) = update else { return Params::new().with("enabled", false) };
    let products: Vec<Params> = update
        .products
        .into_iter()
        .map(|(product, prices)| Params::new().with("product", product).with("prices", prices))
        .collect();
    let conditions = update.schedule_at_period_end.into_iter();
    let conditions: Vec<_> = conditions.map(|word| Params::new().with("type", word)).collect();
    let schedule = match conditions.is_empty() {
        true => overwrite.then(|| Params::new().with("conditions", "")),
        false => Some(Params::new().with("conditions", conditions)),
    };
    Params::new()
        .with("enabled", true)
        .with_some("schedule_at_period_end", schedule)
        .with("default_allowed_updates", update.allowed_updates)
        .with("proration_behavior", update.proration_behavior)
        .with("products", products)
}
