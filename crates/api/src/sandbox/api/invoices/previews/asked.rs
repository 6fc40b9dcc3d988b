//! What a preview is asked for.

use serde_json::{Value, json};

use crate::sandbox::{
    api::{
        customers,
        discounts::{GivenDiscounts, take_discounts_or_one},
        invoice_items,
        subscription_schedules::GivenPhase,
        subscriptions::{ItemParam, take_automatic_tax, take_items, take_trial_end},
        tax_rates::take_ids,
    },
    billing::change::Proration,
    error::ApiError,
    params::Params,
};

/// What versions before basil call the members of `subscription_details`, with this in front.
const OLD_PREFIX: &str = "subscription_";
const OLD_NAMES: &[&str] = &[
    "billing_cycle_anchor",
    "cancel_at",
    "cancel_at_period_end",
    "cancel_now",
    "default_tax_rates",
    "items",
    "proration_behavior",
    "proration_date",
    "resume_at",
    "start_date",
    "trial_end",
];

/// A preview as a request asks for it.
pub(super) struct Asked {
    pub(super) customer: Option<String>,
    /// Members that the customer would have.
    pub(super) customer_details: Option<Vec<(&'static str, Value)>>,
    pub(super) subscription: Option<String>,
    pub(super) details: Details,
    pub(super) schedule: Option<String>,
    pub(super) phases: Option<ScheduleDetails>,
    pub(super) discounts: Option<GivenDiscounts>,
    pub(super) items: Vec<AskedItem>,
    pub(super) is_taxed_automatically: Option<bool>,
    pub(super) recurring_only: bool,
}

/// An element of `invoice_items`.
pub(super) struct AskedItem {
    /// The waiting item that is changed; none for a new one.
    pub(super) known: Option<String>,
    pub(super) currency: Option<String>,
    pub(super) fields: invoice_items::Fields,
}

/// `subscription_details`
#[derive(Default)]
pub(super) struct Details {
    pub(super) items: Vec<ItemParam>,
    pub(super) proration: Option<String>,
    pub(super) proration_date: Option<i64>,
    /// `now`, `unchanged` or Unix seconds.
    pub(super) anchor: Option<String>,
    pub(super) trial_end: Option<i64>,
    pub(super) cancel_at: Option<Option<String>>,
    pub(super) ends_with_period: Option<bool>,
    pub(super) ends_now: bool,
    pub(super) default_tax_rates: Option<(Vec<String>, String)>,
}

/// `schedule_details`
pub(super) struct ScheduleDetails {
    pub(super) phases: Option<Vec<GivenPhase>>,
    pub(super) end_behavior: Option<String>,
    pub(super) proration: Option<String>,
}

impl Asked {
    pub(super) fn take(params: &mut Params, takes_one: bool, now: i64) -> Result<Asked, ApiError> {
        if takes_one {
            for name in OLD_NAMES {
                params.rename(&format!("{OLD_PREFIX}{name}"), name);
                params.put_into("subscription_details", name);
            }
        }
        let asked = Asked {
            customer: params.string("customer")?,
            customer_details: params.hash("customer_details", take_customer)?,
            subscription: params.string("subscription")?,
            details: params
                .hash("subscription_details", |details| Details::take(details, now))?
                .unwrap_or_default(),
            schedule: params.string("schedule")?,
            phases: params.hash("schedule_details", |details| {
                details.kept("billing_mode")?;
                Ok(ScheduleDetails {
                    phases: details.hashes("phases", GivenPhase::take)?,
                    end_behavior: details.choice("end_behavior", &["cancel", "release"])?,
                    proration: details.choice("proration_behavior", Proration::WORDS)?,
                })
            })?,
            discounts: take_discounts_or_one(params, takes_one)?,
            items: params
                .hashes("invoice_items", |item| {
                    Ok(AskedItem {
                        known: item.string("invoiceitem")?,
                        currency: item.currency("currency")?,
                        fields: invoice_items::Fields::take(item)?,
                    })
                })?
                .unwrap_or_default(),
            is_taxed_automatically: take_automatic_tax(params)?,
            recurring_only: params.choice("preview_mode", &["next", "recurring"])?.as_deref()
                == Some("recurring"),
        };
        params.ignore(&["currency", "issuer", "on_behalf_of"])?;
        asked.check()
    }

    fn check(self) -> Result<Asked, ApiError> {
        let has_schedule = self.schedule.is_some() || self.phases.is_some();
        if has_schedule && (self.subscription.is_some() || self.details.is_given()) {
            let message = "You cannot preview a schedule and a subscription at the same time.";
            return Err(ApiError::invalid_param("schedule", message));
        }
        Ok(self)
    }
}

impl Details {
    fn take(params: &mut Params, now: i64) -> Result<Details, ApiError> {
        params.ignore(&[
            "billing_mode",
            "billing_schedules",
            "metadata",
            "resume_at",
            "start_date",
        ])?;
        Ok(Details {
            items: take_items(params)?.unwrap_or_default(),
            proration: params.choice("proration_behavior", Proration::WORDS)?,
            proration_date: params.integer("proration_date")?,
            anchor: params.string("billing_cycle_anchor")?,
            trial_end: take_trial_end(params, now)?,
            cancel_at: params.clearable("cancel_at")?,
            ends_with_period: params.boolean("cancel_at_period_end")?,
            ends_now: params.boolean("cancel_now")?.unwrap_or(false),
            default_tax_rates: take_ids(params, "default_tax_rates")?,
        })
    }

    /// Whether they ask for anything to be otherwise.
    pub(super) fn is_given(&self) -> bool {
        !self.items.is_empty()
            || self.anchor.is_some()
            || self.trial_end.is_some()
            || self.cancel_at.is_some()
            || self.ends_with_period.is_some()
            || self.ends_now
    }
}

fn take_customer(params: &mut Params) -> Result<Vec<(&'static str, Value)>, ApiError> {
    let mut details = Vec::new();
    if let Some(address) = params.clearable_hash("address", customers::take_address)? {
        details.push(("address", json!(address)));
    }
    details.extend(params.kept("shipping")?.map(|shipping| ("shipping", shipping)));
    if let Some(exempt) = params.clearable("tax_exempt")? {
        details.push(("tax_exempt", json!(exempt.unwrap_or_else(|| "none".to_owned()))));
    }
    params.hashes("tax_ids", |id| Ok((id.required("type")?, id.required("value")?)))?;
    params.kept("tax")?;
    Ok(details)
}
