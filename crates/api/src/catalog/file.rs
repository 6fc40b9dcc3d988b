//! The catalog's file as it is laid out: keys and their types, nothing checked yet.

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) currency: String,
    pub(super) episodes: Episodes,
    pub(super) plans: Vec<PlanEntry>,
    #[serde(default)]
    pub(super) access: Access,
    #[serde(default)]
    pub(super) checkout: Checkout,
    pub(super) portal: Portal,
    #[serde(default)]
    pub(super) podcast: Podcast,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Podcast {
    pub(super) title: String,
    pub(super) description: String,
    pub(super) author: String,
    pub(super) email: Option<String>,
    pub(super) language: String,
    pub(super) category: String,
    pub(super) explicit: bool,
    pub(super) cover: Option<String>,
}

impl Default for Podcast {
    fn default() -> Self {
        Self {
            title: "Inner Circle".to_owned(),
            description: "A private podcast. This feed is yours alone.".to_owned(),
            author: String::new(),
            email: None,
            language: "en".to_owned(),
            category: "Technology".to_owned(),
            explicit: false,
            cover: None,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Episodes {
    pub(super) required_plan: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanEntry {
    pub(super) id: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) features: Vec<String>,
    #[serde(default)]
    pub(super) images: Vec<String>,
    #[serde(default)]
    pub(super) url: String,
    pub(super) currency: Option<String>,
    pub(super) monthly: String,
    pub(super) yearly: Option<String>,
    pub(super) setup_fee: Option<String>,
    #[serde(default)]
    pub(super) trial_days: u32,
    #[serde(default)]
    pub(super) grace_days: u32,
    #[serde(default = "yes")]
    pub(super) on_sale: bool,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Access {
    pub(super) suspend_on_refund: bool,
    pub(super) suspend_on_dispute: bool,
}

impl Default for Access {
    fn default() -> Self {
        Self { suspend_on_refund: true, suspend_on_dispute: true }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Checkout {
    pub(super) promotion_codes: bool,
    pub(super) automatic_tax: bool,
    pub(super) tax_ids: bool,
    pub(super) terms_of_service: bool,
    pub(super) payment_methods: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Portal {
    #[serde(default)]
    pub(super) headline: String,
    #[serde(default)]
    pub(super) privacy_url: String,
    #[serde(default)]
    pub(super) terms_url: String,
    pub(super) invoice_history: bool,
    pub(super) payment_method_update: bool,
    #[serde(default)]
    pub(super) customer_update: Vec<String>,
    pub(super) cancel: Option<Cancel>,
    #[serde(default)]
    pub(super) pause: bool,
    pub(super) update: Option<Update>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cancel {
    pub(super) mode: String,
    pub(super) proration: String,
    #[serde(default)]
    pub(super) reasons: Vec<String>,
    pub(super) retention_coupon: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Update {
    pub(super) proration: String,
    #[serde(default)]
    pub(super) promotion_codes: bool,
    #[serde(default)]
    pub(super) schedule_at_period_end: Vec<String>,
}
