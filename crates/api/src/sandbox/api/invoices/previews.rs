//! Previews: the invoice that a change, or a new subscription, would make.

use crate::sandbox::{
    api::{
        Outcome, Request, customers,
        discounts::{self, take_discounts},
        subscriptions::{item_changes, new_items, take_items, take_trial_end},
    },
    billing::{
        change::Proration,
        preview::{self, Preview},
        redeem::reductions_of_wanted,
    },
    error::ApiError,
    object::Kind,
    store::Tx,
};

pub(in crate::sandbox::api) fn create_preview(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let now = tx.now();
    let mut params = request.params;
    let customer = params.string("customer")?;
    let subscription = params.string("subscription")?;
    let given = take_discounts(&mut params)?;
    let preview_mode = params.choice("preview_mode", &["next", "recurring"])?;
    let details = params.hash("subscription_details", |details| {
        let items = take_items(details)?.unwrap_or_default();
        let proration = details.choice("proration_behavior", Proration::WORDS)?;
        let proration_date = details.integer("proration_date")?;
        let anchor = details.choice("billing_cycle_anchor", &["now", "unchanged"])?;
        let trial_end = take_trial_end(details, now)?;
        let ends = details.boolean("cancel_at_period_end")?.unwrap_or(false);
        details.ignore(&[
            "cancel_at",
            "cancel_now",
            "default_tax_rates",
            "resume_at",
            "start_date",
            "billing_mode",
        ])?;
        Ok((items, proration, proration_date, anchor, trial_end, ends))
    })?;
    params.ignore(&["automatic_tax", "currency", "customer_details", "invoice_items", "issuer"])?;
    params.finish()?;
    let given = given.map(|given| discounts::resolve(tx, given, customer.as_deref(), None));
    let wanted = given.transpose()?;
    let (items, proration, at, anchor, trial_end, ends) = details.unwrap_or_default();
    let Some(id) = subscription else {
        let customer = customer.ok_or_else(|| ApiError::missing("customer"))?;
        let customer = customers::live(tx, &customer, "customer")?;
        let items = new_items(tx, items, &customer.id)?;
        let currency = items.first().and_then(|item| item.price.text("currency")).unwrap_or("usd");
        let reductions = wanted.map(|wanted| reductions_of_wanted(&wanted, currency));
        return Ok(preview::of_new_items(tx, &customer, &items, trial_end, reductions)?.body);
    };
    let subscription = tx.get(Kind::Subscription, &id, "subscription")?;
    if customer.is_some_and(|customer| subscription.text("customer") != Some(&customer)) {
        return Err(ApiError::invalid_param(
            "subscription",
            format!("The customer has no subscription with ID {id}"),
        ));
    }
    let changes = item_changes(tx, &subscription, items)?;
    let nothing_follows = ends || !subscription.body["cancel_at"].is_null();
    if matches!(subscription.text("status"), Some("canceled" | "incomplete_expired"))
        || (nothing_follows && changes.is_empty())
    {
        return Err(
            ApiError::invalid("No upcoming invoices for customer").code("invoice_upcoming_none")
        );
    }
    let wanted = Preview {
        changes,
        proration: proration.as_deref().map_or(Proration::Create, Proration::parse),
        at: at.unwrap_or(now),
        restarts_cycle: anchor.as_deref() == Some("now") || trial_end.is_some_and(|end| end <= now),
        recurring_only: preview_mode.as_deref() == Some("recurring"),
        reductions: wanted.map(|wanted| {
            reductions_of_wanted(&wanted, subscription.text("currency").unwrap_or_default())
        }),
    };
    Ok(preview::of_change(tx, &subscription, wanted)?.body)
}
