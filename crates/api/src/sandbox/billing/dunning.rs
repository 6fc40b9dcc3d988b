//! What paid and unpaid invoices do to subscriptions, and when a failed payment is tried again.

use serde_json::json;

use super::{
    cancel::{self, Ending},
    pending_update,
};
use crate::sandbox::{
    error::ApiError,
    object::{Kind, Object},
    store::{Setting, Tx},
};

/// What becomes of a subscription once its payment is not tried again, as Stripe's dashboard lets one choose.
/// See <https://docs.stripe.com/billing/revenue-recovery/smart-retries>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum GivingUp {
    /// It ends.
    #[default]
    Cancel,
    /// It goes on without access: its invoices stay drafts until somebody pays.
    MarkUnpaid,
    /// It stays past due, and the next invoice is tried again.
    LeavePastDue,
}

impl GivingUp {
    const ALL: [GivingUp; 3] = [GivingUp::Cancel, GivingUp::MarkUnpaid, GivingUp::LeavePastDue];

    pub(crate) fn name(self) -> &'static str {
        match self {
            GivingUp::Cancel => "cancel",
            GivingUp::MarkUnpaid => "unpaid",
            GivingUp::LeavePastDue => "past_due",
        }
    }

    pub(crate) fn named(name: &str) -> Option<GivingUp> {
        GivingUp::ALL.into_iter().find(|choice| choice.name() == name)
    }

    /// What is chosen in this sandbox.
    pub(crate) fn chosen(tx: &mut Tx<'_>) -> Result<GivingUp, ApiError> {
        let name = tx.setting(Setting::AfterLastRetry)?;
        Ok(name.as_deref().and_then(GivingUp::named).unwrap_or_default())
    }
}

/// Seconds after the first, second, … failure at which a payment is tried again; then it is given up.
const RETRIES: &[i64] = &[3 * 86_400, 5 * 86_400, 7 * 86_400];

/// When the payment of an invoice that has failed `attempts` times is tried next.
pub(crate) fn next_attempt(invoice: &Object, attempts: i64, now: i64) -> Option<i64> {
    // The first payment of a subscription is the customer's to repeat.
    let is_retried = invoice.is("auto_advance")
        && !matches!(invoice.text("billing_reason"), Some("subscription_create" | "manual"));
    let wait = usize::try_from(attempts - 1).ok().and_then(|failure| RETRIES.get(failure));
    wait.filter(|_| is_retried).map(|wait| now + wait)
}

/// Follows a payment: the first makes the subscription active, a late one brings it back.
pub(crate) fn invoice_was_paid(tx: &mut Tx<'_>, invoice: &Object) -> Result<(), ApiError> {
    set_delinquent(tx, invoice, false)?;
    let Some(mut subscription) = tx.subscription_of_invoice(invoice)? else { return Ok(()) };
    if pending_update::waits_for(&subscription, invoice) {
        return pending_update::apply(tx, &subscription);
    }
    let is_latest = subscription.text("latest_invoice") == Some(&invoice.id);
    if is_latest
        && matches!(subscription.text("status"), Some("incomplete" | "past_due" | "unpaid"))
    {
        let before = subscription.clone();
        subscription.body["status"] = json!("active");
        tx.update(&before, &subscription)?;
    }
    Ok(())
}

/// A subscription is active while its first payment is on its way.
pub(crate) fn payment_is_on_its_way(tx: &mut Tx<'_>, invoice: &Object) -> Result<(), ApiError> {
    let Some(before) = tx.subscription_of_invoice(invoice)? else { return Ok(()) };
    if before.text("status") != Some("incomplete") {
        return Ok(());
    }
    let mut subscription = before.clone();
    subscription.body["status"] = json!("active");
    tx.update(&before, &subscription)
}

/// Follows a failed payment: past due, and once nothing is tried again what [`GivingUp`] says.
pub(crate) fn invoice_failed(tx: &mut Tx<'_>, invoice: &Object) -> Result<(), ApiError> {
    let Some(mut subscription) = tx.subscription_of_invoice(invoice)? else { return Ok(()) };
    if !matches!(subscription.text("status"), Some("active" | "past_due" | "trialing")) {
        return Ok(());
    }
    // A change that is not paid for leaves the subscription as it was.
    if pending_update::waits_for(&subscription, invoice) {
        return Ok(());
    }
    set_delinquent(tx, invoice, true)?;
    let is_given_up = invoice.body["next_payment_attempt"].is_null()
        && usize::try_from(invoice.integer("attempt_count").unwrap_or(0))
            .is_ok_and(|tried| tried > RETRIES.len());
    let status = match is_given_up.then(|| GivingUp::chosen(tx)).transpose()? {
        Some(GivingUp::Cancel) => {
            return cancel::end(tx, &mut subscription, Ending::PaymentFailed);
        }
        Some(GivingUp::MarkUnpaid) => "unpaid",
        Some(GivingUp::LeavePastDue) | None => "past_due",
    };
    let before = subscription.clone();
    subscription.body["status"] = json!(status);
    tx.update(&before, &subscription)
}

fn set_delinquent(tx: &mut Tx<'_>, invoice: &Object, delinquent: bool) -> Result<(), ApiError> {
    let Some(customer) = invoice.text("customer") else { return Ok(()) };
    let Some(mut customer) = tx.find(Kind::Customer, customer)? else { return Ok(()) };
    if customer.body["deleted"] == true || customer.is("delinquent") == delinquent {
        return Ok(());
    }
    let before = customer.clone();
    customer.body["delinquent"] = json!(delinquent);
    tx.update(&before, &customer)
}
