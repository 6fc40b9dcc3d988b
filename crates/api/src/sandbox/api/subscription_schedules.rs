//! Subscription schedules.

use serde_json::{Value, json};

use super::{Outcome, Page, Request, customers};
use crate::sandbox::{
    billing::{
        calendar::Unit,
        schedules::{self, is_live, phase, phase_end, phase_item},
    },
    error::ApiError,
    object::{Kind, Object},
    params::{Metadata, Params},
    store::{Listing, Tx},
};

/// A phase as a request gives it.
struct GivenPhase {
    items: Vec<(String, i64)>,
    start: Option<i64>,
    end: Option<i64>,
    /// The phase lasts this many of these.
    duration: Option<(Unit, i64)>,
    /// The phase lasts this many periods of its first price; older versions say it so.
    iterations: Option<i64>,
    proration: Option<String>,
    anchor: Option<String>,
    trial_end: Option<i64>,
    discounts: Vec<Value>,
    default_payment_method: Option<String>,
    metadata: Value,
}

impl GivenPhase {
    fn take(params: &mut Params) -> Result<GivenPhase, ApiError> {
        let items = params.hashes("items", |item| {
            item.ignore(&["billing_thresholds", "discounts", "metadata", "tax_rates"])?;
            let price = item.string("price")?.or(item.string("plan")?);
            let price = price.ok_or_else(|| ApiError::missing(item.name("price")))?;
            Ok((price, item.integer_from("quantity", 0)?.unwrap_or(1)))
        })?;
        let discounts = params.hashes("discounts", |discount| {
            Ok(json!({
                "coupon": discount.string("coupon")?,
                "discount": discount.string("discount")?,
                "promotion_code": discount.string("promotion_code")?,
            }))
        })?;
        let duration = params.hash("duration", |duration| {
            let unit = match duration.choice("interval", &["day", "month", "week", "year"])? {
                Some(word) => Unit::of_word(&word),
                None => return Err(ApiError::missing(duration.name("interval"))),
            };
            Ok((unit, duration.integer_from("interval_count", 1)?.unwrap_or(1)))
        })?;
        let given = GivenPhase {
            items: items.unwrap_or_default(),
            start: take_date(params, "start_date")?,
            end: take_date(params, "end_date")?,
            duration,
            iterations: params.integer_from("iterations", 1)?,
            proration: params
                .choice("proration_behavior", &["always_invoice", "create_prorations", "none"])?,
            anchor: params.choice("billing_cycle_anchor", &["automatic", "phase_start"])?,
            trial_end: take_date(params, "trial_end")?,
            discounts: discounts.unwrap_or_default(),
            default_payment_method: params.string("default_payment_method")?,
            metadata: Metadata::new_value(params.metadata()?),
        };
        params.ignore(&[
            "add_invoice_items",
            "automatic_tax",
            "billing_thresholds",
            "collection_method",
            "currency",
            "default_tax_rates",
            "description",
            "invoice_settings",
            "on_behalf_of",
            "trial",
        ])?;
        Ok(given)
    }

    /// The phase with its dates, the first of which is where the one before it ended.
    fn resolve(self, tx: &mut Tx<'_>, place: usize, start: i64) -> Result<Value, ApiError> {
        let name = format!("phases[{place}]");
        let Some((first, _)) = self.items.first() else {
            return Err(ApiError::missing(format!("{name}[items]")));
        };
        let first = tx.get(Kind::Price, first, &format!("{name}[items][0][price]"))?;
        let own = Unit::of_word(first.body["recurring"]["interval"].as_str().unwrap_or_default());
        let count = first.body["recurring"]["interval_count"].as_i64().unwrap_or(1);
        let end = match (self.end, self.duration) {
            (Some(end), _) => end,
            (None, Some((unit, count))) => phase_end(start, unit, count),
            (None, None) => phase_end(start, own, count * self.iterations.unwrap_or(1)),
        };
        if end <= start {
            return Err(ApiError::invalid_param(
                format!("{name}[end_date]"),
                "The phase's end date must come after its start date.",
            ));
        }
        let mut items = Vec::new();
        for (item, (price, quantity)) in self.items.iter().enumerate() {
            tx.get(Kind::Price, price, &format!("{name}[items][{item}][price]"))?;
            items.push(phase_item(price, *quantity));
        }
        let mut resolved = phase(start, end, first.text("currency").unwrap_or_default(), items);
        resolved["billing_cycle_anchor"] = json!(self.anchor);
        resolved["default_payment_method"] = json!(self.default_payment_method);
        resolved["discounts"] = Value::Array(self.discounts);
        resolved["metadata"] = self.metadata;
        resolved["trial_end"] = json!(self.trial_end);
        if let Some(proration) = self.proration {
            resolved["proration_behavior"] = json!(proration);
        }
        Ok(resolved)
    }
}

/// Unix seconds, or `now`.
fn take_date(params: &mut Params, name: &str) -> Result<Option<i64>, ApiError> {
    match params.string(name)?.as_deref() {
        None | Some("now") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| {
            ApiError::invalid_param(params.name(name), format!("Invalid timestamp: {text}"))
        }),
    }
}

fn resolve(tx: &mut Tx<'_>, given: Vec<GivenPhase>, start: i64) -> Result<Vec<Value>, ApiError> {
    let mut phases = Vec::new();
    let mut start = start;
    for (place, given) in given.into_iter().enumerate() {
        let from = given.start.unwrap_or(start);
        let resolved = given.resolve(tx, place, from)?;
        start = resolved["end_date"].as_i64().unwrap_or(from);
        phases.push(resolved);
    }
    Ok(phases)
}

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
    params.kept("default_settings")?;
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
    tx.create(&schedule)?;
    if start <= now {
        schedule = schedules::start(tx, schedule)?;
    }
    Ok(schedule.body)
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
    params.kept("default_settings")?;
    params.choice("proration_behavior", &["always_invoice", "create_prorations", "none"])?;
    params.finish()?;
    refuse_over(&before, "update")?;
    let mut schedule = before.clone();
    Metadata::apply(metadata, &mut schedule.body);
    if let Some(end_behavior) = end_behavior {
        schedule.body["end_behavior"] = json!(end_behavior);
    }
    let Some(given) = given else {
        tx.update(&before, &schedule)?;
        return Ok(schedule.body);
    };
    let first = before.body["phases"][0]["start_date"].as_i64().unwrap_or(tx.now());
    let phases = resolve(tx, given, first)?;
    let now = tx.now();
    let is_running = |phase: &Value| {
        phase["start_date"].as_i64() <= Some(now) && phase["end_date"].as_i64() > Some(now)
    };
    let running = phases.iter().position(is_running);
    schedule.body["phases"] = Value::Array(phases);
    match running.filter(|_| before.text("status") == Some("active")) {
        Some(place) => {
            tx.save(&schedule)?;
            let entered = schedules::enter(tx, schedule, place)?;
            tx.emit_change("subscription_schedule.updated", &before, &entered)?;
            Ok(entered.body)
        }
        None if before.text("status") == Some("active") => Err(ApiError::invalid_param(
            "phases",
            "The subscription schedule update is missing the current phase.",
        )),
        None => {
            tx.update(&before, &schedule)?;
            Ok(schedule.body)
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
    params.boolean("invoice_now")?;
    params.boolean("prorate")?;
    params.finish()?;
    refuse_over(&schedule, "cancel")?;
    Ok(schedules::cancel(tx, schedule)?.body)
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
