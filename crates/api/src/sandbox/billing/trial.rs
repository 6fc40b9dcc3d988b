//! How trials end: in a paid period, or, where nothing can be charged, as `trial_settings` says.

use serde_json::json;

use super::{
    cancel::{self, Ending},
    pause,
};
use crate::sandbox::{error::ApiError, object::Object, store::Tx};

/// What a trial ends in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TrialEnding {
    /// The first paid period.
    Renews,
    Pauses,
    Cancels,
}

/// What the subscription's trial would end in now.
pub(crate) fn ending(tx: &mut Tx<'_>, subscription: &Object) -> Result<TrialEnding, ApiError> {
    let customer = subscription.text("customer").unwrap_or_default();
    if tx.payment_method_for(customer, Some(subscription))?.is_some() {
        return Ok(TrialEnding::Renews);
    }
    let behavior = &subscription.body["trial_settings"]["end_behavior"]["missing_payment_method"];
    Ok(match behavior.as_str() {
        Some("cancel") => TrialEnding::Cancels,
        Some("pause") => TrialEnding::Pauses,
        _ => TrialEnding::Renews,
    })
}

/// Pauses or cancels the subscription; one that renews is left to whoever starts its period.
pub(crate) fn end(
    tx: &mut Tx<'_>,
    subscription: &mut Object,
    ending: TrialEnding,
) -> Result<(), ApiError> {
    match ending {
        TrialEnding::Renews => Ok(()),
        TrialEnding::Cancels => cancel::end(tx, subscription, Ending::Requested),
        TrialEnding::Pauses => {
            let before = subscription.clone();
            subscription.body["status"] = json!("paused");
            subscription.body["status_details"] =
                pause::details("trial_end_without_payment_method", tx.now());
            tx.save(subscription)?;
            tx.emit_change("customer.subscription.paused", &before, subscription)
        }
    }
}
