//! Phases of a schedule as a request gives them.

use serde_json::{Value, json};

use crate::sandbox::{
    api::{
        discounts::{GivenDiscount, GivenDiscounts, take_discounts},
        prices::GivenPrice,
        subscriptions::take_automatic_tax,
        tax_rates::{self, take_ids},
    },
    billing::{
        calendar::Unit,
        change::Proration,
        schedules::{phase, phase_end, phase_item},
    },
    error::ApiError,
    params::{Metadata, Params},
    store::Tx,
};

/// `default_settings`: members that are given, as the schedule shows them.
pub(super) type DefaultSettings = Vec<(&'static str, Value)>;

/// An item of a phase, or one of its `add_invoice_items`.
struct GivenItem {
    price: GivenPrice,
    quantity: i64,
    metadata: Value,
    tax_rates: Option<(Vec<String>, String)>,
    discounts: GivenDiscounts,
}

impl GivenItem {
    fn take(params: &mut Params) -> Result<GivenItem, ApiError> {
        // The older name.
        params.rename("plan", "price");
        params.ignore(&["billing_thresholds", "discountable", "period", "trial"])?;
        Ok(GivenItem {
            price: GivenPrice::take(params)?,
            quantity: params.integer_from("quantity", 0)?.unwrap_or(1),
            metadata: Metadata::new_value(params.metadata()?),
            tax_rates: take_ids(params, "tax_rates")?,
            discounts: take_discounts(params)?.unwrap_or_default(),
        })
    }

    /// The item as its phase shows it, and its price.
    fn resolve(self, tx: &mut Tx<'_>) -> Result<(Value, Value), ApiError> {
        let price = self.price.resolve(tx)?;
        let mut item = phase_item(&price.id, self.quantity);
        item["discounts"] = shown(self.discounts);
        item["metadata"] = self.metadata;
        item["tax_rates"] = json!(tax_rates::resolve(tx, self.tax_rates)?.unwrap_or_default());
        Ok((item, price.body))
    }
}

/// Discounts as phases show them.
fn shown(given: GivenDiscounts) -> Value {
    let one = |(given, _)| {
        let mut shown = json!({ "coupon": null, "discount": null, "promotion_code": null });
        match given {
            GivenDiscount::Coupon(id) => shown["coupon"] = json!(id),
            GivenDiscount::Held(id) => shown["discount"] = json!(id),
            GivenDiscount::PromotionCode(id) => shown["promotion_code"] = json!(id),
        }
        shown
    };
    given.into_iter().map(one).collect()
}

/// A phase as a request gives it.
pub(in crate::sandbox::api) struct GivenPhase {
    items: Vec<GivenItem>,
    one_time: Vec<GivenItem>,
    start: Option<i64>,
    end: Option<i64>,
    /// The phase lasts this many of these.
    duration: Option<(Unit, i64)>,
    /// The phase lasts this many periods of its first price; older versions say it so.
    iterations: Option<i64>,
    is_trial: bool,
    trial_end: Option<i64>,
    discounts: GivenDiscounts,
    default_tax_rates: Option<(Vec<String>, String)>,
    /// Members that are kept as they came.
    kept: Vec<(&'static str, Value)>,
}

impl GivenPhase {
    pub(in crate::sandbox::api) fn take(params: &mut Params) -> Result<GivenPhase, ApiError> {
        let duration = params.hash("duration", |duration| {
            let unit = match duration.choice("interval", &["day", "month", "week", "year"])? {
                Some(word) => Unit::of_word(&word),
                None => return Err(ApiError::missing(duration.name("interval"))),
            };
            Ok((unit, duration.integer_from("interval_count", 1)?.unwrap_or(1)))
        })?;
        let given = GivenPhase {
            items: params.hashes("items", GivenItem::take)?.unwrap_or_default(),
            one_time: params.hashes("add_invoice_items", GivenItem::take)?.unwrap_or_default(),
            start: take_date(params, "start_date")?,
            end: take_date(params, "end_date")?,
            duration,
            iterations: params.integer_from("iterations", 1)?,
            is_trial: params.boolean("trial")?.unwrap_or(false),
            trial_end: take_date(params, "trial_end")?,
            discounts: take_discounts(params)?.unwrap_or_default(),
            default_tax_rates: take_ids(params, "default_tax_rates")?,
            kept: take_kept(params)?,
        };
        params.ignore(&["billing_thresholds", "currency", "on_behalf_of"])?;
        Ok(given)
    }

    /// Unix seconds at which it is to start, when it says so.
    pub(in crate::sandbox::api) fn start(&self) -> Option<i64> {
        self.start
    }

    /// The phase with its dates, the first of which is where the one before it ended.
    fn resolve(self, tx: &mut Tx<'_>, place: usize, start: i64) -> Result<Value, ApiError> {
        let name = format!("phases[{place}]");
        let (mut items, mut first) = (Vec::new(), None);
        for item in self.items {
            let (item, price) = item.resolve(tx)?;
            first.get_or_insert(price);
            items.push(item);
        }
        let first = first.ok_or_else(|| ApiError::missing(format!("{name}[items]")))?;
        let own = Unit::of_word(first["recurring"]["interval"].as_str().unwrap_or_default());
        let count = first["recurring"]["interval_count"].as_i64().unwrap_or(1);
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
        let currency = first["currency"].as_str().unwrap_or_default();
        let mut resolved = phase(start, end, currency, items);
        for one_time in self.one_time {
            let (mut item, _) = one_time.resolve(tx)?;
            item.as_object_mut().map(|item| item.remove("billing_thresholds"));
            item["discountable"] = Value::Null;
            item["period"] = json!({
                "end": { "type": "min_item_period_end" }, "start": { "type": "max_item_period_start" },
            });
            if let Some(items) = resolved["add_invoice_items"].as_array_mut() {
                items.push(item);
            }
        }
        resolved["discounts"] = shown(self.discounts);
        let rates = tax_rates::resolve(tx, self.default_tax_rates)?.unwrap_or_default();
        resolved["default_tax_rates"] = json!(rates);
        resolved["trial_end"] = json!(self.trial_end.or(self.is_trial.then_some(end)));
        for (name, value) in self.kept {
            resolved[name] = value;
        }
        Ok(resolved)
    }
}

/// Members of a phase that say how its subscription is run.
fn take_kept(params: &mut Params) -> Result<Vec<(&'static str, Value)>, ApiError> {
    let mut kept = vec![("metadata", Metadata::new_value(params.metadata()?))];
    let words: [(&'static str, &[&str]); 3] = [
        ("billing_cycle_anchor", &["automatic", "phase_start"]),
        ("collection_method", &["charge_automatically", "send_invoice"]),
        ("proration_behavior", Proration::WORDS),
    ];
    for (name, choices) in words {
        kept.extend(params.choice(name, choices)?.map(|word| (name, json!(word))));
    }
    kept.extend(take_terms(params)?);
    Ok(kept)
}

/// Members that phases and the settings by default share.
fn take_terms(params: &mut Params) -> Result<Vec<(&'static str, Value)>, ApiError> {
    let mut terms = Vec::new();
    if let Some(enabled) = take_automatic_tax(params)? {
        let liability = enabled.then(|| json!({ "type": "self" }));
        let tax = json!({ "disabled_reason": null, "enabled": enabled, "liability": liability });
        terms.push(("automatic_tax", tax));
    }
    for name in ["default_payment_method", "description"] {
        terms.extend(params.clearable(name)?.map(|text| (name, json!(text))));
    }
    let settings = params.hash("invoice_settings", |settings| {
        settings.ignore(&["account_tax_ids", "issuer"])?;
        Ok(json!({
            "account_tax_ids": null,
            "days_until_due": settings.integer_from("days_until_due", 0)?,
            "issuer": { "type": "self" },
        }))
    })?;
    terms.extend(settings.map(|settings| ("invoice_settings", settings)));
    params.ignore(&["application_fee_percent", "transfer_data"])?;
    Ok(terms)
}

/// `default_settings`.
pub(super) fn take_default_settings(
    params: &mut Params,
) -> Result<Option<DefaultSettings>, ApiError> {
    params.hash("default_settings", |settings| {
        let mut given = Vec::new();
        for (name, choices) in [
            ("billing_cycle_anchor", &["automatic", "phase_start"]),
            ("collection_method", &["charge_automatically", "send_invoice"]),
        ] {
            given.extend(settings.choice(name, choices)?.map(|word| (name, json!(word))));
        }
        given.extend(take_terms(settings)?);
        settings.ignore(&["billing_thresholds", "on_behalf_of"])?;
        Ok(given)
    })
}

/// Unix seconds, or `now`.
pub(in crate::sandbox::api) fn take_date(
    params: &mut Params,
    name: &str,
) -> Result<Option<i64>, ApiError> {
    match params.string(name)?.as_deref() {
        None | Some("now") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| {
            ApiError::invalid_param(params.name(name), format!("Invalid timestamp: {text}"))
        }),
    }
}

/// Phases that follow each other from `start` on.
pub(in crate::sandbox::api) fn resolve(
    tx: &mut Tx<'_>,
    given: Vec<GivenPhase>,
    start: i64,
) -> Result<Vec<Value>, ApiError> {
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
