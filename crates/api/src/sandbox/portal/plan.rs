//! Changing the plan in the portal: what it costs, and doing it.

use serde_json::{Value, json};

use super::{ChangePreview, WantedChange, actions::Visit, view};
use crate::sandbox::{
    billing::{
        change::{self, Change, ItemChange, Proration, SetItem},
        collect::Collected,
        discount::Reduction,
        items,
        offer::Offer,
        preview::{self, Preview},
        redeem::Holder,
        schedules, tax,
    },
    cards::AUTHENTICATION_REQUIRED,
    error::ApiError,
    object::{Kind, Object},
    payment::Presence,
    store::Tx,
};

/// Seconds for which a preview can be agreed to.
const AGREED_WITHIN: i64 = 3_600;

/// A change that has been checked against the configuration.
struct Checked {
    change: Change,
    price: Object,
    quantity: i64,
    offer: Option<Offer>,
    /// Whether it waits for the period's end.
    waits: bool,
}

fn check(
    tx: &mut Tx<'_>,
    visit: &Visit,
    subscription: &Object,
    wanted: &WantedChange,
) -> Result<Checked, ApiError> {
    visit.require("subscription_update")?;
    if !view::is_changeable(subscription) {
        return Err(ApiError::invalid("This subscription cannot be updated here."));
    }
    let item = items::of(subscription)
        .first()
        .ok_or_else(|| ApiError::invalid("This subscription has no items."))?;
    let keeps_price = item["price"]["id"] == wanted.price.as_str();
    let is_offered = view::offered_prices(&visit.configuration).any(|price| price == wanted.price);
    if !(is_offered || keeps_price) {
        return Err(ApiError::no_such(Kind::Price, &wanted.price, "price"));
    }
    let price = tx.get(Kind::Price, &wanted.price, "price")?;
    let old_quantity = item["quantity"].as_i64().unwrap_or(1);
    let quantity = wanted.quantity.unwrap_or(old_quantity);
    if keeps_price && quantity == old_quantity {
        return Err(ApiError::invalid("The subscription is on this plan already."));
    }
    if quantity != old_quantity {
        check_quantity(visit, &price, quantity)?;
    }
    let offer = match wanted.code.as_deref().map(str::trim).filter(|code| !code.is_empty()) {
        Some(code) => Some(offer(tx, visit, &price, quantity, code)?),
        None => None,
    };
    let feature = visit.feature("subscription_update");
    let ends_trial = subscription.text("status") == Some("trialing")
        && feature["trial_update_behavior"] == "end_trial";
    let now = tx.now();
    let is_agreed = |at: &i64| (now - AGREED_WITHIN..=now).contains(at);
    let change = Change {
        items: vec![ItemChange::Set(SetItem {
            id: item["id"].as_str().unwrap_or_default().to_owned(),
            price: Some(price.clone()),
            quantity: Some(quantity),
            ..SetItem::default()
        })],
        proration: Proration::parse(feature["proration_behavior"].as_str().unwrap_or("none")),
        at: wanted.at.filter(is_agreed).unwrap_or(now),
        restarts_cycle: ends_trial || feature["billing_cycle_anchor"] == "now",
    };
    let waits = !ends_trial && waits(tx, feature, item, &price.body, quantity)?;
    Ok(Checked { change, price, quantity, offer, waits })
}

/// The configuration, or the flow that the session was made for, says how many may be had.
fn check_quantity(visit: &Visit, price: &Object, quantity: i64) -> Result<(), ApiError> {
    let asked = &visit.session.body["flow"]["subscription_update_confirm"]["items"][0]["quantity"];
    if asked.as_i64() == Some(quantity) {
        return Ok(());
    }
    let product = price.text("product").unwrap_or_default();
    match view::quantity_bounds(&visit.configuration, product) {
        Some((least, most)) if (least..=most).contains(&quantity) => Ok(()),
        Some((least, most)) => {
            let message = format!("Choose a quantity from {least} to {most}.");
            Err(ApiError::invalid_param("quantity", message))
        }
        None => Err(ApiError::invalid("The quantity cannot be changed here.")),
    }
}

fn offer(
    tx: &mut Tx<'_>,
    visit: &Visit,
    price: &Object,
    quantity: i64,
    code: &str,
) -> Result<Offer, ApiError> {
    let allowed = view::words(&visit.feature("subscription_update")["default_allowed_updates"]);
    if !allowed.iter().any(|word| word == "promotion_code") {
        return Err(ApiError::invalid("Promotion codes are not taken here."));
    }
    let unknown = || ApiError::invalid_param("promotion_code", "This code is invalid.");
    let offer = tx.offer_of_text(code)?.ok_or_else(unknown)?;
    let currency = price.text("currency").unwrap_or_default();
    let amount = Some((tx.cost(&price.body, quantity)?, currency));
    tx.check_offer(&offer, Some(&visit.customer.id), amount, "promotion_code")?;
    Ok(offer)
}

/// Whether the configuration has this change wait for the period's end.
fn waits(
    tx: &mut Tx<'_>,
    feature: &Value,
    item: &Value,
    price: &Value,
    quantity: i64,
) -> Result<bool, ApiError> {
    let conditions = feature["schedule_at_period_end"]["conditions"].as_array();
    let old_amount = tx.item_cost(item)?;
    let new_amount = tx.cost(price, quantity)?;
    Ok(conditions.into_iter().flatten().any(|condition| match condition["type"].as_str() {
        Some("decreasing_item_amount") => new_amount < old_amount,
        Some("shortening_interval") => days(price) < days(&item["price"]),
        _ => false,
    }))
}

/// About how long a price's period is.
fn days(price: &Value) -> i64 {
    let recurring = &price["recurring"];
    let unit = match recurring["interval"].as_str() {
        Some("day") => 1,
        Some("week") => 7,
        Some("month") => 30,
        _ => 365,
    };
    unit * recurring["interval_count"].as_i64().unwrap_or(1)
}

pub(super) fn preview(
    tx: &mut Tx<'_>,
    visit: &Visit,
    subscription: &str,
    wanted: &WantedChange,
) -> Result<ChangePreview, ApiError> {
    let subscription = visit.subscription(tx, subscription)?;
    let checked = check(tx, visit, &subscription, wanted)?;
    let currency = checked.price.text("currency").unwrap_or_default().to_owned();
    let mut shown = ChangePreview {
        at: checked.change.at,
        waits: checked.waits,
        quantity: checked.quantity,
        currency: currency.clone(),
        due_now: 0,
        credit: 0,
        recurring_total: tx.cost(&checked.price.body, checked.quantity)?,
        adds_tax: false,
        renews_at: items::last_period_end(&subscription).unwrap_or(0),
        lines: Vec::new(),
    };
    if checked.waits {
        return Ok(shown);
    }
    let planned = change::plan(tx, &subscription, &checked.change)?;
    shown.renews_at = planned.items.first().map_or(0, |item| items::period(item).end);
    if !planned.invoices_now {
        for proration in &planned.prorations {
            shown.lines.push((proration.description.clone().unwrap_or_default(), proration.amount));
        }
        let total: i64 = shown.lines.iter().map(|(_, amount)| amount).sum();
        shown.credit = (-total).max(0);
        return Ok(shown);
    }
    let offer = checked.offer.as_ref();
    let further =
        offer.and_then(|offer| Reduction::of_coupon("", &offer.coupon.body, &currency)).into_iter();
    let Change { items, proration, at, restarts_cycle } = checked.change;
    let asked = Preview {
        changes: items,
        proration,
        at,
        restarts_cycle,
        recurring_only: false,
        further: further.collect(),
    };
    let invoice = preview::of_change(tx, &subscription, asked)?;
    for line in invoice.body["lines"]["data"].as_array().into_iter().flatten() {
        let text = line["description"].as_str().unwrap_or_default().to_owned();
        shown.lines.push((text, line["amount"].as_i64().unwrap_or(0)));
    }
    let total = invoice.integer("total").unwrap_or(0);
    let off = invoice.body["total_discount_amounts"].as_array().into_iter().flatten();
    let off: i64 = off.filter_map(|taken| taken["amount"].as_i64()).sum();
    if off != 0 {
        shown.lines.push(("Discount".to_owned(), -off));
    }
    shown.lines.extend(tax::shown(tx, &invoice.body["total_taxes"])?);
    shown.adds_tax = tax::sum(&invoice.body["total_taxes"], "exclusive") != 0;
    shown.due_now = invoice.integer("amount_due").unwrap_or(0);
    shown.credit = (-total).max(0);
    Ok(shown)
}

pub(super) fn change(
    tx: &mut Tx<'_>,
    visit: &Visit,
    subscription: &str,
    wanted: &WantedChange,
) -> Result<(), ApiError> {
    let before = visit.subscription(tx, subscription)?;
    let checked = check(tx, visit, &before, wanted)?;
    if checked.waits {
        return schedule(tx, &before, &checked);
    }
    let planned = change::plan(tx, &before, &checked.change)?;
    let mut changed = before.clone();
    if let Some(offer) = &checked.offer {
        let holder = Holder::Subscription(&before.id);
        let discount = tx.redeem(offer, Some(&visit.customer.id), holder)?;
        if let Some(held) = changed.body["discounts"].as_array_mut() {
            held.push(json!(discount.id));
        }
    }
    if before.text("status") == Some("trialing") && planned.anchor.is_some() {
        changed.body["trial_end"] = json!(tx.now());
        changed.body["status"] = json!("active");
    }
    let (_, collected) = change::apply(tx, &before, changed, planned, Presence::OnSession)?;
    // The plan changes only when it is paid for: an error undoes what was written.
    let mut error = match collected {
        None | Some((_, Collected::Paid | Collected::Processing)) => return Ok(()),
        Some((_, Collected::Declined(decline))) => decline.error(),
        Some((_, Collected::ActionRequired)) => AUTHENTICATION_REQUIRED.error(),
        Some((_, Collected::NoPaymentMethod)) => {
            ApiError::invalid("Add a payment method before you change to this plan.")
                .code("resource_missing")
        }
    };
    error.keeps_changes = false;
    Err(error)
}

/// Has the change come with the period's end: a schedule of what is, and then what is wanted.
fn schedule(tx: &mut Tx<'_>, before: &Object, checked: &Checked) -> Result<(), ApiError> {
    let old = schedules::from_subscription(tx, before, "release")?;
    let mut schedule = old.clone();
    let start = schedule.body["phases"][0]["end_date"].as_i64().unwrap_or(tx.now());
    let end = schedules::period_end(&checked.price, start);
    // What the subscription has besides goes on.
    let mut next = schedule.body["phases"][0].clone();
    next["start_date"] = json!(start);
    next["end_date"] = json!(end);
    next["items"][0]["price"] = json!(checked.price.id);
    next["items"][0]["quantity"] = json!(checked.quantity);
    if let (Some(offer), Some(discounts)) = (&checked.offer, next["discounts"].as_array_mut()) {
        let coupon = &offer.coupon.id;
        discounts.push(json!({ "coupon": coupon, "discount": null, "promotion_code": null }));
    }
    if let Some(phases) = schedule.body["phases"].as_array_mut() {
        phases.push(next);
    }
    tx.update(&old, &schedule)
}
