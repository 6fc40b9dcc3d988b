//! Updating a subscription.

use serde_json::json;

use super::{
    find, no_payment_method,
    params::{
        CancelAt, IGNORED, ItemParam, KEPT, PAYMENT_BEHAVIORS, item_changes, rearrange_only_item,
        take_automatic_tax, take_cancel_at, take_cancellation_details, take_items, take_kept,
        take_trial_end,
    },
    undone,
};
use crate::sandbox::{
    api::{
        Outcome, Request, customers,
        discounts::{self, take_discounts_or_one},
        tax_rates::{self, take_ids},
    },
    billing::{
        cancel,
        change::{self, Change, Proration},
        collect::Collected,
        items, pending_update,
        trial::{self, TrialEnding},
    },
    error::ApiError,
    object::Object,
    params::Metadata,
    payment::Presence,
    store::Tx,
};

pub(in crate::sandbox::api) fn update(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let now = tx.now();
    let before = find(tx, request.id())?;
    let takes_one = request.is_before("2025-03-31");
    let mut params = request.params;
    if let ([only], true) = (items::of(&before), takes_one) {
        rearrange_only_item(&mut params, only["id"].as_str());
    }
    let given = take_items(&mut params)?.unwrap_or_default();
    let proration = params.choice("proration_behavior", Proration::WORDS)?;
    let proration_date = params.integer("proration_date")?;
    let cancel_at_period_end = params.boolean("cancel_at_period_end")?;
    let cancel_at = take_cancel_at(&mut params)?;
    let cancellation_details = params.hash("cancellation_details", take_cancellation_details)?;
    let pause = params.clearable_hash("pause_collection", |pause| {
        let behavior =
            pause.choice("behavior", &["keep_as_draft", "mark_uncollectible", "void"])?;
        let behavior = behavior.ok_or_else(|| ApiError::missing("pause_collection[behavior]"))?;
        Ok(json!({ "behavior": behavior, "resumes_at": pause.integer("resumes_at")? }))
    })?;
    let trial_end = take_trial_end(&mut params, now)?;
    let anchor = params.choice("billing_cycle_anchor", &["now", "unchanged"])?;
    let default_payment_method = params.clearable("default_payment_method")?;
    let collection =
        params.choice("collection_method", &["charge_automatically", "send_invoice"])?;
    let days_until_due = params.integer_from("days_until_due", 0)?;
    let behavior = params.choice("payment_behavior", PAYMENT_BEHAVIORS)?;
    let one_time = params.hashes("add_invoice_items", ItemParam::take)?.unwrap_or_default();
    let metadata = params.metadata()?;
    let automatic_tax = take_automatic_tax(&mut params)?;
    let discounts = take_discounts_or_one(&mut params, takes_one)?;
    let kept: Vec<_> = KEPT
        .iter()
        .map(|name| Ok((*name, take_kept(&mut params, name)?)))
        .collect::<Result<_, ApiError>>()?;
    params.boolean("trial_from_plan")?;
    let default_tax_rates = take_ids(&mut params, "default_tax_rates")?;
    params.ignore(IGNORED)?;
    params.finish()?;

    if matches!(before.text("status"), Some("canceled" | "incomplete_expired")) {
        return Err(ApiError::invalid(
            "A canceled subscription can only update its cancellation_details and metadata.",
        ));
    }
    let mut subscription = before.clone();
    Metadata::apply(metadata, &mut subscription.body);
    for (name, value) in kept {
        if let Some(value) = value {
            subscription.body[name] = value;
        }
    }
    if let Some(rates) = tax_rates::resolve(tx, default_tax_rates)? {
        subscription.body["default_tax_rates"] = json!(rates);
    }
    if let Some(enabled) = automatic_tax {
        subscription.body["automatic_tax"]["enabled"] = json!(enabled);
    }
    if let Some(default) = default_payment_method {
        let customer = subscription.text("customer").unwrap_or_default().to_owned();
        if let Some(id) = &default {
            customers::owned_payment_method(tx, id, &customer, "default_payment_method")?;
        }
        subscription.body["default_payment_method"] = json!(default);
    }
    if let Some(given) = discounts {
        let customer = subscription.text("customer").unwrap_or_default().to_owned();
        let currency = subscription.text("currency").unwrap_or_default().to_owned();
        let order = items::total(tx, items::of(&subscription))?;
        let wanted = discounts::resolve(tx, given, Some(&customer), Some((order, &currency)))?;
        tx.hold_for_subscription(&mut subscription, &wanted)?;
    }
    if let Some(collection) = collection {
        subscription.body["collection_method"] = json!(collection);
        subscription.body["days_until_due"] =
            json!(days_until_due.filter(|_| collection == "send_invoice"));
    }
    if let Some(pause) = pause {
        subscription.body["pause_collection"] = pause.unwrap_or_default();
    }
    let ends_trial_now =
        trial_end.is_some_and(|end| end <= now) && subscription.text("status") == Some("trialing");
    if let Some(end) = trial_end.filter(|end| *end > now) {
        set_trial_end(&mut subscription, end, now);
    } else if ends_trial_now {
        subscription.body["trial_end"] = json!(now);
    }
    let trial_ending =
        if ends_trial_now { trial::ending(tx, &subscription)? } else { TrialEnding::Renews };
    let ends_unpaid = trial_ending != TrialEnding::Renews;
    if ends_unpaid {
        set_period_end(&mut subscription, now);
    } else if ends_trial_now {
        subscription.body["status"] = json!("active");
    }
    schedule_cancellation(&mut subscription, cancel_at_period_end, cancel_at, now)?;
    for (name, value) in cancellation_details.into_iter().flatten() {
        subscription.body["cancellation_details"][name] = value;
    }
    for (index, item) in one_time.into_iter().enumerate() {
        let customer = subscription.text("customer").unwrap_or_default();
        let item = item.new_item(tx, index, false, customer)?;
        tx.add_one_time(&subscription, &item)?;
    }
    let items = item_changes(tx, &before, given)?;
    let restarts_cycle = !ends_unpaid && (ends_trial_now || anchor.as_deref() == Some("now"));
    if items.is_empty() && !restarts_cycle {
        tx.update(&before, &subscription)?;
        trial::end(tx, &mut subscription, trial_ending)?;
        return Ok(subscription.body);
    }
    let change = Change {
        items,
        proration: proration.as_deref().map_or(Proration::Create, Proration::parse),
        at: proration_date.unwrap_or(now),
        restarts_cycle,
    };
    // What is reckoned with is what was, at the new discounts.
    let mut basis = before.clone();
    basis.body["discounts"] = subscription.body["discounts"].clone();
    let planned = change::plan(tx, &basis, &change)?;
    if behavior.as_deref() == Some("pending_if_incomplete")
        && planned.invoices_now
        && pending_update::has_to_wait(tx, &before)?
    {
        return Ok(pending_update::hold(tx, &before, subscription, planned)?.body);
    }
    let (mut changed, collected) =
        change::apply(tx, &before, subscription, planned, Presence::OnSession)?;
    trial::end(tx, &mut changed, trial_ending)?;
    match (collected, behavior.as_deref()) {
        (Some((_, Collected::Declined(decline))), Some("error_if_incomplete")) => {
            Err(undone(decline.error()))
        }
        (Some((_, Collected::NoPaymentMethod)), Some("error_if_incomplete")) => {
            Err(no_payment_method())
        }
        _ => Ok(changed.body),
    }
}

fn set_period_end(subscription: &mut Object, end: i64) {
    let mut values = items::of(subscription).to_vec();
    for value in &mut values {
        value["current_period_end"] = json!(end);
    }
    items::set(subscription, values);
}

fn set_trial_end(subscription: &mut Object, end: i64, now: i64) {
    set_period_end(subscription, end);
    let body = &mut subscription.body;
    body["trial_end"] = json!(end);
    if body["trial_start"].is_null() {
        body["trial_start"] = json!(now);
    }
    body["billing_cycle_anchor"] = json!(end);
    body["status"] = json!("trialing");
    subscription.private["trial_will_end_told"] = json!(false);
}

fn schedule_cancellation(
    subscription: &mut Object,
    at_period_end: Option<bool>,
    cancel_at: Option<CancelAt>,
    now: i64,
) -> Result<(), ApiError> {
    if at_period_end == Some(true)
        && matches!(cancel_at, Some(CancelAt::Time(_) | CancelAt::PeriodEnd))
    {
        return Err(ApiError::invalid_param(
            "cancel_at",
            "You may only specify one of these parameters: cancel_at, cancel_at_period_end.",
        ));
    }
    match (at_period_end, cancel_at) {
        (Some(true), _) => cancel::schedule_at_period_end(subscription, now),
        (_, Some(CancelAt::Time(time))) if time <= now => {
            return Err(ApiError::invalid_param(
                "cancel_at",
                "cancel_at must be a timestamp in the future.",
            ));
        }
        (_, Some(CancelAt::Time(time))) => {
            cancel::unschedule(subscription);
            subscription.body["cancel_at"] = json!(time);
            subscription.body["canceled_at"] = json!(now);
            subscription.body["cancellation_details"]["reason"] = json!("cancellation_requested");
        }
        (_, Some(CancelAt::PeriodEnd)) => {
            cancel::schedule_at_period_end(subscription, now);
            subscription.body["cancel_at_period_end"] = json!(false);
        }
        (Some(false), None) if subscription.is("cancel_at_period_end") => {
            cancel::unschedule(subscription)
        }
        (_, Some(CancelAt::Never)) => cancel::unschedule(subscription),
        _ => {}
    }
    Ok(())
}
