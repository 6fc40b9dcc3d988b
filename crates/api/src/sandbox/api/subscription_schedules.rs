//! Subscription schedules.

mod phases;

use serde_json::{Value, json};

use self::phases::{DefaultSettings, take_date, take_default_settings};
pub(super) use self::phases::{GivenPhase, resolve};
use super::{Outcome, Page, Request, customers};
use crate::sandbox::{
    billing::{
        change::Proration,
        schedules::{self, Cancellation, is_live},
    },
    error::ApiError,
    object::{Kind, Object},
    params::Metadata,
    store::{Listing, Tx},
};

fn find(tx: &mut Tx<'_>, id: &str) -> Result<Object, ApiError> {
    tx.get(Kind::SubscriptionSchedule, id, "schedule").map_err(ApiError::in_path)
}

const END_BEHAVIORS: &[&str] = &["cancel", "none", "release", "renew"];

pub(super) fn create(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let customer = params.string("customer")?;
    let from = params.string("from_subscription")?;
    let end_behavior = params.choice("end_behavior", END_BEHAVIORS)?;
    let end_behavior = end_behavior.unwrap_or_else(|| "release".to_owned());
    let start = take_date(&mut params, "start_date")?;
    let given = params.hashes("phases", GivenPhase::take)?.unwrap_or_default();
    let metadata = params.metadata()?;
    params.kept("billing_mode")?;
    let settings = take_default_settings(&mut params)?;
    params.finish()?;
    if let Some(id) = from {
        if customer.is_some() || !given.is_empty() {
            return Err(ApiError::invalid_param(
                "from_subscription",
                "You cannot set other parameters, such as `customer` and `phases`, with `from_subscription`.",
            ));
        }
        let subscription = tx.get(Kind::Subscription, &id, "from_subscription")?;
        let before = schedules::from_subscription(tx, &subscription, &end_behavior)?;
        let mut schedule = before.clone();
        Metadata::apply(metadata, &mut schedule.body);
        apply_settings(&mut schedule, settings);
        tx.save(&schedule)?;
        return Ok(schedule.body);
    }
    let customer = customer.ok_or_else(|| ApiError::missing("customer"))?;
    let customer = customers::live(tx, &customer, "customer")?;
    if given.is_empty() {
        return Err(ApiError::missing("phases"));
    }
    let now = tx.now();
    let start = start.unwrap_or(now);
    let phases = resolve(tx, given, start)?;
    let mut schedule = schedules::blank(&customer, phases, &end_behavior, now);
    Metadata::apply(metadata, &mut schedule.body);
    apply_settings(&mut schedule, settings);
    tx.create(&schedule)?;
    if start <= now {
        schedule = schedules::start(tx, schedule)?;
    }
    Ok(schedule.body)
}

fn apply_settings(schedule: &mut Object, settings: Option<DefaultSettings>) {
    for (name, value) in settings.into_iter().flatten() {
        schedule.body["default_settings"][name] = value;
    }
}

pub(super) fn retrieve(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let schedule = find(tx, request.id())?;
    request.params.finish()?;
    Ok(schedule.body)
}

pub(super) fn update(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let before = find(tx, request.id())?;
    let mut params = request.params;
    let end_behavior = params.choice("end_behavior", END_BEHAVIORS)?;
    let given = params.hashes("phases", GivenPhase::take)?;
    let metadata = params.metadata()?;
    let settings = take_default_settings(&mut params)?;
    let proration = params.choice("proration_behavior", Proration::WORDS)?;
    params.finish()?;
    refuse_over(&before, "update")?;
    let mut schedule = before.clone();
    Metadata::apply(metadata, &mut schedule.body);
    apply_settings(&mut schedule, settings);
    if let Some(end_behavior) = end_behavior {
        schedule.body["end_behavior"] = json!(end_behavior);
    }
    let Some(given) = given else {
        tx.update(&before, &schedule)?;
        return Ok(schedule.body);
    };
    Ok(set_phases(tx, &before, schedule, given, proration.as_deref())?.body)
}

/// Gives a schedule, whose other changes it carries already, other phases. The one that it is in is entered anew.
pub(super) fn set_phases(
    tx: &mut Tx<'_>,
    before: &Object,
    mut schedule: Object,
    given: Vec<GivenPhase>,
    proration: Option<&str>,
) -> Result<Object, ApiError> {
    let first = before.body["phases"][0]["start_date"].as_i64().unwrap_or(tx.now());
    let mut phases = resolve(tx, given, first)?;
    let now = tx.now();
    let is_running = |phase: &Value| {
        phase["start_date"].as_i64() <= Some(now) && phase["end_date"].as_i64() > Some(now)
    };
    let running = phases.iter().position(is_running);
    let proration_after = running.map(|place| phases[place]["proration_behavior"].clone());
    if let (Some(place), Some(proration)) = (running, proration) {
        phases[place]["proration_behavior"] = json!(proration);
    }
    schedule.body["phases"] = Value::Array(phases);
    match running.filter(|_| before.text("status") == Some("active")) {
        Some(place) => {
            tx.save(&schedule)?;
            let mut entered = schedules::enter(tx, schedule, place)?;
            // How this change is prorated is none of the phase's.
            entered.body["phases"][place]["proration_behavior"] =
                proration_after.unwrap_or_default();
            tx.save(&entered)?;
            tx.emit_change("subscription_schedule.updated", before, &entered)?;
            Ok(entered)
        }
        None if before.text("status") == Some("active") => Err(ApiError::invalid_param(
            "phases",
            "The subscription schedule update is missing the current phase.",
        )),
        None => {
            tx.update(before, &schedule)?;
            Ok(schedule)
        }
    }
}

fn refuse_over(schedule: &Object, verb: &str) -> Result<(), ApiError> {
    if is_live(schedule) {
        return Ok(());
    }
    let status = schedule.text("status").unwrap_or_default();
    Err(ApiError::invalid(format!(
        "You cannot {verb} a subscription schedule that is currently in the `{status}` status. \
         It must be in `not_started` or `active` status."
    )))
}

pub(super) fn release(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let schedule = find(tx, request.id())?;
    let mut params = request.params;
    params.boolean("preserve_cancel_date")?;
    params.finish()?;
    refuse_over(&schedule, "release")?;
    Ok(schedules::release(tx, schedule)?.body)
}

pub(super) fn cancel(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let schedule = find(tx, request.id())?;
    let mut params = request.params;
    let cancellation = Cancellation {
        invoices_now: params.boolean("invoice_now")?.unwrap_or(true),
        prorates: params.boolean("prorate")?.unwrap_or(true),
    };
    params.finish()?;
    refuse_over(&schedule, "cancel")?;
    Ok(schedules::cancel(tx, schedule, cancellation)?.body)
}

pub(super) fn list(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let page = Page::take(&mut params)?;
    let listing = Listing { customer: params.string("customer")?, ..Listing::default() };
    let created = params.time_range("created")?;
    let scheduled = params.boolean("scheduled")?;
    params.ignore(&["canceled_at", "completed_at", "released_at"])?;
    params.finish()?;
    page.answer(tx, "/v1/subscription_schedules", Kind::SubscriptionSchedule, listing, |schedule| {
        created.contains(schedule.integer("created").unwrap_or(0))
            && scheduled
                .is_none_or(|wanted| (schedule.text("status") == Some("not_started")) == wanted)
    })
}
