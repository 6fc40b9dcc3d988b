//! Previews: the invoice that a change, a new subscription or a schedule would make.
//!
//! What a request wants to be otherwise is written, and with everything that follows taken back.

mod asked;

use serde_json::{Value, json};

use self::asked::{Asked, AskedItem, Details, ScheduleDetails};
use super::invoice_reductions;
use crate::sandbox::{
    api::{
        Outcome, Page, Request, customers,
        discounts::{self, GivenDiscounts},
        subscription_schedules::{self, GivenPhase},
        subscriptions::{item_changes, new_items},
        tax_rates,
    },
    billing::{
        cancel,
        change::Proration,
        items, lines,
        offer::Offer,
        preview::{self, Preview},
        schedules,
        subscribe::{FirstPayment, NewSubscription, subscribe},
    },
    error::ApiError,
    object::{Kind, Object},
    params::Params,
    store::{Listing, Tx},
};

pub(in crate::sandbox::api) fn create_preview(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let asked = Asked::take(&mut params, false, tx.now())?;
    params.finish()?;
    tx.tentatively(|tx| find(tx, asked)).map(|invoice| invoice.body)
}

/// `GET /v1/invoices/upcoming`, which versions from basil on lack.
pub(in crate::sandbox::api) fn upcoming(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = only_before_basil(request)?;
    let asked = Asked::take(&mut params, true, tx.now())?;
    params.finish()?;
    let mut invoice = tx.tentatively(|tx| find(tx, asked))?;
    // It has none until it is there.
    invoice.body.as_object_mut().map(|body| body.remove("id"));
    let url = lines_url(&invoice);
    invoice.body["lines"]["url"] = json!(url);
    Ok(invoice.body)
}

/// `GET /v1/invoices/upcoming/lines`
pub(in crate::sandbox::api) fn upcoming_lines(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = only_before_basil(request)?;
    let page = Page::take(&mut params)?;
    let asked = Asked::take(&mut params, true, tx.now())?;
    params.finish()?;
    let invoice = tx.tentatively(|tx| find(tx, asked))?;
    let lines = invoice.body["lines"]["data"].as_array().cloned().unwrap_or_default();
    page.slice(&lines_url(&invoice), &lines)
}

fn only_before_basil(request: Request) -> Result<Params, ApiError> {
    match request.is_before("2025-03-31") {
        true => Ok(request.params),
        false => Err(ApiError::no_such(Kind::Invoice, "upcoming", "invoice").in_path()),
    }
}

fn lines_url(invoice: &Object) -> String {
    let customer = invoice.text("customer").unwrap_or_default();
    format!("/v1/invoices/upcoming/lines?customer={customer}")
}

/// Writes what is asked to be otherwise, and finds the invoice that follows.
fn find(tx: &mut Tx<'_>, mut asked: Asked) -> Result<Object, ApiError> {
    let subscription = match &asked.subscription {
        Some(id) => Some(tx.get(Kind::Subscription, id, "subscription")?),
        None => None,
    };
    let schedule = match &asked.schedule {
        Some(id) => Some(tx.get(Kind::SubscriptionSchedule, id, "schedule")?),
        None => None,
    };
    let customer = customer(tx, &mut asked, subscription.as_ref().or(schedule.as_ref()))?;
    let is_new = asked.phases.is_some() || !asked.details.items.is_empty();
    let subscription = match subscription {
        None if schedule.is_none() && !is_new => next_to_renew(tx, &customer)?,
        named => named,
    };
    write_items(tx, &customer, subscription.as_ref(), asked.items)?;
    if schedule.is_some() || asked.phases.is_some() {
        let has_begun =
            schedule.as_ref().is_some_and(|schedule| schedule.text("subscription").is_some());
        let made = of_schedule(tx, &customer, schedule, asked.phases)?;
        let mut invoice = preview::of_made(tx, &made, asked.recurring_only)?;
        if !has_begun {
            preview::forget_subscription(&mut invoice);
        }
        return Ok(invoice);
    }
    let mut terms = json!({});
    if let Some(rates) = tax_rates::resolve(tx, asked.details.default_tax_rates.take())? {
        terms["default_tax_rates"] = json!(rates);
    }
    if let Some(enabled) = asked.is_taxed_automatically {
        terms["automatic_tax"] =
            json!({ "disabled_reason": null, "enabled": enabled, "liability": null });
    }
    let Some(mut subscription) = subscription else {
        if asked.details.items.is_empty() {
            return of_waiting(tx, &customer, asked.discounts);
        }
        let given = asked.discounts.unwrap_or_default();
        let offers = discounts::offers(discounts::resolve(tx, given, Some(&customer.id), None)?);
        let made = made_by_subscribing(tx, customer, asked.details, offers, terms)?;
        let mut invoice = preview::of_made(tx, &made, asked.recurring_only)?;
        preview::forget_subscription(&mut invoice);
        return Ok(invoice);
    };
    if let Some(given) = asked.discounts {
        let wanted = discounts::resolve(tx, given, Some(&customer.id), None)?;
        tx.hold_for_subscription(&mut subscription, &wanted)?;
    }
    if let (Some(body), Value::Object(terms)) = (subscription.body.as_object_mut(), terms) {
        body.extend(terms);
    }
    of_subscription(tx, &customer, subscription, asked.details, asked.recurring_only)
}

/// The customer who is named, or whose `owned` is, as it would be.
fn customer(
    tx: &mut Tx<'_>,
    asked: &mut Asked,
    owned: Option<&Object>,
) -> Result<Object, ApiError> {
    let owner = owned.and_then(|owned| owned.text("customer")).map(str::to_owned);
    if let (Some(customer), Some(owned)) = (&asked.customer, owned)
        && owned.text("customer") != Some(customer)
    {
        let is_schedule = owned.kind == Kind::SubscriptionSchedule;
        let noun = if is_schedule { "schedule" } else { "subscription" };
        let message = format!("The customer has no {noun} with ID {}", owned.id);
        return Err(ApiError::invalid_param(noun, message));
    }
    let mut customer = match asked.customer.take().or(owner) {
        Some(id) => customers::live(tx, &id, "customer")?,
        None if asked.customer_details.is_some() => {
            let somebody = customers::blank(tx.now(), None, None);
            tx.insert(&somebody)?;
            somebody
        }
        None => return Err(ApiError::missing("customer")),
    };
    for (name, value) in asked.customer_details.take().into_iter().flatten() {
        customer.body[name] = value;
    }
    if asked.discounts.is_some() {
        // Those that are given stand in for the customer's, too.
        customer.body["discount"] = Value::Null;
    }
    tx.save(&customer)?;
    Ok(customer)
}

/// Has the invoice items wait, and those that change be changed.
fn write_items(
    tx: &mut Tx<'_>,
    customer: &Object,
    subscription: Option<&Object>,
    items: Vec<AskedItem>,
) -> Result<(), ApiError> {
    for (place, AskedItem { known, currency, fields }) in items.into_iter().enumerate() {
        if let Some(id) = known {
            let param = format!("invoice_items[{place}][invoiceitem]");
            let mut item = tx.get(Kind::InvoiceItem, &id, &param)?;
            fields.change(tx, &mut item)?;
            tx.save(&item)?;
            continue;
        }
        let own = subscription.map(|subscription| subscription.id.clone());
        let item = fields.make(tx, customer, currency, None, own)?;
        tx.insert(&item)?;
    }
    Ok(())
}

/// An invoice of what waits for the customer, who has no subscription.
fn of_waiting(
    tx: &mut Tx<'_>,
    customer: &Object,
    discounts: Option<GivenDiscounts>,
) -> Result<Object, ApiError> {
    let pending = lines::pending(tx, &customer.id, None)?;
    let currency = pending.first().and_then(|item| item.text("currency")).unwrap_or("usd");
    let reductions = invoice_reductions(tx, customer, None, currency, discounts)?;
    preview::of_pending(tx, customer, None, reductions)
}

/// The first invoice of a subscription to these items.
fn made_by_subscribing(
    tx: &mut Tx<'_>,
    customer: Object,
    details: Details,
    offers: Vec<Offer>,
    kept: Value,
) -> Result<Object, ApiError> {
    let items = new_items(tx, details.items, &customer.id)?;
    let new = NewSubscription {
        customer,
        items,
        one_time: Vec::new(),
        trial_end: details.trial_end,
        anchor: details.anchor.and_then(|anchor| anchor.parse().ok()),
        prorates: details.proration.as_deref() != Some("none"),
        default_payment_method: None,
        days_until_due: None,
        first_payment: FirstPayment::ByTheCustomer,
        offers,
        cancel_at_period_end: false,
        cancel_at: None,
        kept,
    };
    Ok(subscribe(tx, new)?.invoice)
}

/// The customer's subscription that renews next.
fn next_to_renew(tx: &mut Tx<'_>, customer: &Object) -> Result<Option<Object>, ApiError> {
    let renews = |subscription: &Object| {
        matches!(subscription.text("status"), Some("active" | "past_due" | "trialing"))
    };
    let (found, _) = tx.list(Kind::Subscription, &Listing::of_customer(&customer.id), renews)?;
    Ok(found.into_iter().min_by_key(items::first_period_end))
}

fn of_subscription(
    tx: &mut Tx<'_>,
    customer: &Object,
    mut subscription: Object,
    details: Details,
    recurring_only: bool,
) -> Result<Object, ApiError> {
    let now = tx.now();
    if matches!(subscription.text("status"), Some("canceled" | "incomplete_expired")) {
        return Err(preview::none_upcoming(&customer.id));
    }
    if details.ends_now {
        if details.proration.as_deref() != Some("none") {
            cancel::credit_unused_time(tx, &subscription)?;
        }
        let currency = subscription.text("currency").unwrap_or_default().to_owned();
        let reductions = tx.reductions_of_all(customer, Some(&subscription), &currency)?;
        return preview::of_pending(tx, customer, Some(&subscription), reductions);
    }
    match (details.ends_with_period, &details.cancel_at) {
        (Some(true), _) => cancel::schedule_at_period_end(&mut subscription, now),
        (_, Some(Some(time))) => subscription.body["cancel_at"] = json!(time.parse::<i64>().ok()),
        (Some(false), _) | (_, Some(None)) => cancel::unschedule(&mut subscription),
        (None, None) => {}
    }
    let is_as_it_is = !details.is_given();
    tx.save(&subscription)?;
    if let Some(schedule) = subscription.text("schedule").filter(|_| is_as_it_is) {
        let schedule = tx.get(Kind::SubscriptionSchedule, schedule, "schedule")?;
        let made = of_running(tx, &schedule, |_| Ok(()))?;
        return preview::of_made(tx, &made, recurring_only);
    }
    let changes = item_changes(tx, &subscription, details.items)?;
    let ends_trial = details.trial_end.is_some_and(|end| end <= now);
    let wanted = Preview {
        changes,
        proration: details.proration.as_deref().map_or(Proration::Create, Proration::parse),
        at: details.proration_date.unwrap_or(now),
        restarts_cycle: details.anchor.as_deref() == Some("now") || ends_trial,
        recurring_only,
        further: Vec::new(),
    };
    preview::of_change(tx, &subscription, wanted)
}

/// The next invoice of a schedule, changed or made as `details` say.
fn of_schedule(
    tx: &mut Tx<'_>,
    customer: &Object,
    schedule: Option<Object>,
    details: Option<ScheduleDetails>,
) -> Result<Object, ApiError> {
    let details =
        details.unwrap_or(ScheduleDetails { phases: None, end_behavior: None, proration: None });
    let Some(before) = schedule else {
        let now = tx.now();
        let phases = details.phases.ok_or_else(|| ApiError::missing("schedule_details[phases]"))?;
        let start = phases.first().and_then(GivenPhase::start).unwrap_or(now);
        let phases = subscription_schedules::resolve(tx, phases, start)?;
        let end_behavior = details.end_behavior.as_deref().unwrap_or("release");
        let schedule = schedules::blank(customer, phases, end_behavior, now);
        tx.insert(&schedule)?;
        return preview::next_of_schedule(tx, &schedule, &[]);
    };
    of_running(tx, &before, |tx| {
        let mut schedule = before.clone();
        if let Some(end_behavior) = details.end_behavior {
            schedule.body["end_behavior"] = json!(end_behavior);
            tx.save(&schedule)?;
        }
        if let Some(phases) = details.phases {
            let proration = details.proration.as_deref();
            subscription_schedules::set_phases(tx, &before, schedule, phases, proration)?;
        }
        Ok(())
    })
}

/// The next invoice of a schedule that is, once it is changed.
fn of_running(
    tx: &mut Tx<'_>,
    schedule: &Object,
    change: impl FnOnce(&mut Tx<'_>) -> Result<(), ApiError>,
) -> Result<Object, ApiError> {
    let known = match schedule.text("subscription") {
        Some(id) => tx.list(Kind::Invoice, &Listing::of_parent(id), |_| true)?.0,
        None => Vec::new(),
    };
    let known: Vec<String> = known.into_iter().map(|invoice| invoice.id).collect();
    change(tx)?;
    preview::next_of_schedule(tx, schedule, &known)
}
