//! Subscriptions.

mod params;
mod update;

use serde_json::json;

use self::params::{
    CancelAt, IGNORED, KEPT, PAYMENT_BEHAVIORS, rearrange_only_item, take_cancel_at,
    take_cancellation_details, take_kept,
};
pub(super) use self::{
    params::{ItemParam, item_changes, new_items, take_automatic_tax, take_items, take_trial_end},
    update::update,
};
use super::{
    Outcome, Page, Request, customers,
    discounts::{self, take_discounts_or_one},
    payment_methods,
    tax_rates::{self, take_ids},
};
use crate::sandbox::{
    billing::{
        cancel::{self, Ending},
        change::{self, Proration},
        collect::Collected,
        items,
        pause::{self, Pause},
        subscribe::{FirstPayment, NewSubscription, Started, subscribe},
    },
    cards::AUTHENTICATION_REQUIRED,
    error::ApiError,
    object::{Kind, Object},
    params::{Metadata, TimeRange},
    payment::Presence,
    store::{Listing, Tx},
};

pub(super) fn create(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let now = tx.now();
    let takes_one = request.is_before("2025-03-31");
    let mut params = request.params;
    let customer = params.required("customer")?;
    if takes_one {
        rearrange_only_item(&mut params, None);
    }
    let items = take_items(&mut params)?.unwrap_or_default();
    let one_time = params.hashes("add_invoice_items", ItemParam::take)?.unwrap_or_default();
    let trial_end = take_trial_end(&mut params, now)?;
    let trial_days = params.integer_from("trial_period_days", 0)?;
    let trial_from_plan = params.boolean("trial_from_plan")?;
    let anchor = params.integer("billing_cycle_anchor")?;
    let proration = params.choice("proration_behavior", Proration::WORDS)?;
    let default_payment_method = params.string("default_payment_method")?;
    let collection =
        params.choice("collection_method", &["charge_automatically", "send_invoice"])?;
    let days_until_due = params.integer_from("days_until_due", 0)?;
    let behavior = params.choice("payment_behavior", PAYMENT_BEHAVIORS)?;
    let cancel_at_period_end = params.boolean("cancel_at_period_end")?.unwrap_or(false);
    let cancel_at = take_cancel_at(&mut params)?;
    let currency = params.currency("currency")?;
    let given_discounts = take_discounts_or_one(&mut params, takes_one)?.unwrap_or_default();
    let mut kept = json!({ "metadata": Metadata::new_value(params.metadata()?) });
    for name in KEPT {
        if let Some(value) = take_kept(&mut params, name)? {
            kept[name] = value;
        }
    }
    if let Some(enabled) = take_automatic_tax(&mut params)? {
        kept["automatic_tax"] =
            json!({ "disabled_reason": null, "enabled": enabled, "liability": null });
    }
    let default_tax_rates = take_ids(&mut params, "default_tax_rates")?;
    params.ignore(IGNORED)?;
    params.finish()?;
    if let Some(rates) = tax_rates::resolve(tx, default_tax_rates)? {
        kept["default_tax_rates"] = json!(rates);
    }

    let customer = customers::live(tx, &customer, "customer")?;
    if items.is_empty() {
        return Err(ApiError::missing("items"));
    }
    if anchor.is_some_and(|anchor| anchor <= now) {
        return Err(ApiError::invalid_param(
            "billing_cycle_anchor",
            "billing_cycle_anchor must be a timestamp in the future.",
        ));
    }
    let sends = collection.as_deref() == Some("send_invoice");
    if sends && days_until_due.is_none() {
        return Err(ApiError::invalid(
            "If you are invoicing a subscription, you must provide `days_until_due`.",
        )
        .param("days_until_due"));
    }
    let recurring = new_items(tx, items, &customer.id)?;
    let mut fees = Vec::new();
    for (index, item) in one_time.into_iter().enumerate() {
        fees.push(item.new_item(tx, index, false, &customer.id)?);
    }
    if let (Some(currency), Some(item)) = (&currency, recurring.first())
        && item.price.text("currency") != Some(currency)
    {
        return Err(ApiError::invalid_param(
            "currency",
            format!("The price specified doesn't support the currency `{currency}`."),
        ));
    }
    let own_currency =
        recurring.first().and_then(|item| item.price.text("currency")).unwrap_or("usd");
    let mut order = 0_i64;
    for item in recurring.iter().chain(&fees) {
        order = order.saturating_add(item.amount(tx)?);
    }
    let amount = Some((order, own_currency));
    let wanted = discounts::resolve(tx, given_discounts, Some(&customer.id), amount)?;
    let default_payment_method = match default_payment_method {
        Some(id) => Some(
            customers::owned_payment_method(tx, &id, &customer.id, "default_payment_method")?.id,
        ),
        None => None,
    };
    let plan_days = recurring
        .iter()
        .filter_map(|item| item.price.body["recurring"]["trial_period_days"].as_i64())
        .max();
    let trial_days =
        trial_days.or(plan_days.filter(|_| trial_from_plan == Some(true))).filter(|days| *days > 0);
    let trial_end = trial_end.or(trial_days.map(|days| now + days * 86_400));
    let waits = behavior.as_deref() == Some("default_incomplete");
    let started = subscribe(
        tx,
        NewSubscription {
            customer,
            items: recurring,
            one_time: fees,
            trial_end,
            anchor,
            prorates: proration.as_deref() != Some("none"),
            default_payment_method,
            days_until_due: days_until_due.filter(|_| sends),
            first_payment: if waits {
                FirstPayment::ByTheCustomer
            } else {
                FirstPayment::Now { payment_method: None, presence: Presence::OnSession }
            },
            offers: discounts::offers(wanted),
            cancel_at_period_end: cancel_at_period_end
                || matches!(cancel_at, Some(CancelAt::PeriodEnd)),
            cancel_at: match cancel_at {
                Some(CancelAt::Time(time)) => Some(time),
                _ => None,
            },
            kept,
        },
    )?;
    first_payment_error(&started, behavior.as_deref()).map_or(Ok(started.subscription.body), Err)
}

/// Why a subscription cannot be made because its first payment cannot.
fn first_payment_error(started: &Started, behavior: Option<&str>) -> Option<ApiError> {
    match started.collected {
        Some(Collected::NoPaymentMethod) => Some(no_payment_method()),
        Some(Collected::Declined(decline)) if behavior == Some("error_if_incomplete") => {
            Some(undone(decline.error()))
        }
        Some(Collected::ActionRequired) if behavior == Some("error_if_incomplete") => Some(
            undone(AUTHENTICATION_REQUIRED.error())
                .code("subscription_payment_intent_requires_action"),
        ),
        _ => None,
    }
}

fn no_payment_method() -> ApiError {
    ApiError::invalid(
        "This customer has no attached payment source or default payment method. Please consider adding a default \
         payment method. For more information, visit https://stripe.com/docs/billing/subscriptions/payment-methods-setting.",
    )
    .code("resource_missing")
}

/// A decline that leaves nothing behind.
fn undone(mut error: ApiError) -> ApiError {
    error.keeps_changes = false;
    error
}

/// Cancels at once.
pub(super) fn cancel(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut subscription = find(tx, request.id())?;
    let mut params = request.params;
    let invoice_now = params.boolean("invoice_now")?.unwrap_or(false);
    let prorate = params.boolean("prorate")?.unwrap_or(false);
    let details = params.hash("cancellation_details", take_cancellation_details)?;
    params.finish()?;
    if matches!(subscription.text("status"), Some("canceled" | "incomplete_expired")) {
        return Err(ApiError::no_such(Kind::Subscription, &subscription.id, "id").in_path());
    }
    for (name, value) in details.into_iter().flatten() {
        subscription.body["cancellation_details"][name] = value;
    }
    if prorate {
        cancel::credit_unused_time(tx, &subscription)?;
    }
    if invoice_now {
        change::invoice_pending(tx, &mut subscription, Presence::OffSession)?;
    }
    cancel::end(tx, &mut subscription, Ending::Requested)?;
    Ok(subscription.body)
}

/// Goes on with a paused subscription: a new cycle starts now.
pub(super) fn resume(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let before = find(tx, request.id())?;
    let mut params = request.params;
    params.kept("billing_cycle_anchor")?;
    params.kept("payment_behavior")?;
    params.choice("proration_behavior", Proration::WORDS)?;
    params.integer("proration_date")?;
    params.finish()?;
    Ok(pause::resume(tx, &before)?.body)
}

/// Pauses at once.
pub(super) fn pause(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let before = find(tx, request.id())?;
    let mut params = request.params;
    let unused = params.hash("bill_for", |bill| {
        bill.kept("outstanding_usage_through")?;
        bill.hash("unused_time_from", |from| {
            from.choice("type", &["item_current_period_start", "none", "now"])
        })
    })?;
    let invoicing = params.choice("invoicing_behavior", &["invoice", "pending_invoice_item"])?;
    params.choice("type", &["subscription"])?;
    params.finish()?;
    let wanted = Pause {
        resumes_at: None,
        credits_unused_time: unused.flatten().flatten().as_deref() != Some("none"),
        invoices: invoicing.as_deref() == Some("invoice"),
    };
    Ok(pause::pause(tx, &before, wanted)?.body)
}

pub(super) fn retrieve(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let subscription = find(tx, request.id())?;
    request.params.finish()?;
    Ok(subscription.body)
}

pub(super) fn list(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let page = Page::take(&mut params)?;
    let customer = params.string("customer")?;
    let price = params.string("price")?.or(params.string("plan")?);
    let status = params.choice(
        "status",
        &[
            "active",
            "all",
            "canceled",
            "ended",
            "incomplete",
            "incomplete_expired",
            "past_due",
            "paused",
            "trialing",
            "unpaid",
        ],
    )?;
    let collection =
        params.choice("collection_method", &["charge_automatically", "send_invoice"])?;
    let created = params.time_range("created")?;
    let period_start = params.time_range("current_period_start")?;
    let period_end = params.time_range("current_period_end")?;
    params.kept("automatic_tax")?;
    let test_clock = params.string("test_clock")?;
    params.finish()?;
    let is_asked_for = customer.is_some();
    let column = match status.as_deref() {
        None | Some("all" | "ended") => None,
        other => other.map(str::to_owned),
    };
    let is_ended =
        |object: &Object| matches!(object.text("status"), Some("canceled" | "incomplete_expired"));
    let listing = Listing { customer, status: column, ..Listing::default() };
    page.answer(tx, "/v1/subscriptions", Kind::Subscription, listing, |subscription| {
        let values = items::of(subscription);
        let in_range = |field: &str, range: &TimeRange| {
            values.iter().any(|item| range.contains(item[field].as_i64().unwrap_or(0)))
        };
        let shown = match status.as_deref() {
            None => subscription.text("status") != Some("canceled"),
            Some("ended") => is_ended(subscription),
            Some(_) => true,
        };
        let on_clock = match (&test_clock, subscription.text("test_clock")) {
            (Some(wanted), clock) => clock == Some(wanted),
            (None, clock) => is_asked_for || clock.is_none(),
        };
        shown
            && on_clock
            && price
                .as_deref()
                .is_none_or(|price| values.iter().any(|item| item["price"]["id"] == price))
            && collection
                .as_deref()
                .is_none_or(|wanted| subscription.text("collection_method") == Some(wanted))
            && created.contains(subscription.integer("created").unwrap_or(0))
            && in_range("current_period_start", &period_start)
            && in_range("current_period_end", &period_end)
    })
}

pub(super) fn list_of_customer(tx: &mut Tx<'_>, mut request: Request) -> Outcome {
    let customer = customers::live(tx, request.id(), "customer").map_err(ApiError::in_path)?;
    request.params.set("customer", &customer.id);
    list(tx, request)
}

fn find(tx: &mut Tx<'_>, id: &str) -> Result<Object, ApiError> {
    tx.get(Kind::Subscription, id, "id").map_err(ApiError::in_path)
}

/// The payment method to use for a payment asked for by a parameter; magic ids are attached to the customer.
pub(super) fn usable_payment_method(
    tx: &mut Tx<'_>,
    id: &str,
    customer: &str,
) -> Result<Object, ApiError> {
    let mut method = payment_methods::given(tx, id, "payment_method")?;
    if method.body["customer"].is_null() && !customer.is_empty() {
        tx.attach(&mut method, customer)?;
    }
    Ok(method)
}
