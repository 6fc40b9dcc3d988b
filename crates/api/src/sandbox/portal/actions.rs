//! What a customer does in the portal, inside one transaction.

use serde_json::{Value, json};

use super::{BillingInfo, CancelWhen, view};
use crate::sandbox::{
    api::detach_from,
    billing::{
        cancel::{self, Ending},
        change::{self, Proration},
        invoice::DRAFT_TIME,
        pause::{self, Pause},
        redeem::Holder,
    },
    cards::{Card, billing_details},
    checkout::{
        CardInput, Outcome,
        challenge::{self, Purpose},
    },
    clock,
    error::ApiError,
    object::{Kind, Object},
    payment::{Presence, Verdict, save_verdict},
    store::{Listing, Tx},
};

/// A portal session with what it needs: the configuration and the customer.
pub(super) struct Visit {
    pub(super) session: Object,
    pub(super) configuration: Object,
    pub(super) customer: Object,
}

impl Visit {
    pub(super) fn feature(&self, name: &str) -> &Value {
        &self.configuration.body["features"][name]
    }

    /// The address of one of the session's pages.
    fn page(&self, path: &str) -> String {
        format!("{}/{path}", self.session.text("url").unwrap_or_default())
    }

    pub(super) fn require(&self, feature: &str) -> Result<(), ApiError> {
        if self.feature(feature)["enabled"] == true {
            return Ok(());
        }
        Err(ApiError::invalid(format!("The {} feature is turned off.", feature.replace('_', " "))))
    }

    /// A subscription of this customer that has not ended.
    pub(super) fn subscription(&self, tx: &mut Tx<'_>, id: &str) -> Result<Object, ApiError> {
        let subscription =
            tx.get(Kind::Subscription, id, "subscription").map_err(ApiError::in_path)?;
        let is_live =
            !matches!(subscription.text("status"), Some("canceled" | "incomplete_expired"));
        if subscription.text("customer") == Some(&self.customer.id) && is_live {
            return Ok(subscription);
        }
        Err(ApiError::no_such(Kind::Subscription, id, "subscription").in_path())
    }

    fn payment_method(&self, tx: &mut Tx<'_>, id: &str) -> Result<Object, ApiError> {
        let method =
            tx.get(Kind::PaymentMethod, id, "payment_method").map_err(ApiError::in_path)?;
        if method.text("customer") == Some(&self.customer.id) {
            return Ok(method);
        }
        Err(ApiError::no_such(Kind::PaymentMethod, id, "payment_method").in_path())
    }
}

pub(super) fn cancel(
    tx: &mut Tx<'_>,
    visit: &Visit,
    subscription: &str,
    reason: Option<String>,
    comment: Option<String>,
) -> Result<(), ApiError> {
    visit.require("subscription_cancel")?;
    let before = visit.subscription(tx, subscription)?;
    if !before.body["cancel_at"].is_null() {
        return Err(ApiError::invalid("This subscription is already set to be canceled."));
    }
    let mut subscription = before.clone();
    let note = |subscription: &mut Object| {
        let details = &mut subscription.body["cancellation_details"];
        details["feedback"] = json!(reason.filter(|reason| !reason.is_empty()));
        details["comment"] = json!(comment.filter(|comment| !comment.is_empty()));
    };
    let feature = visit.feature("subscription_cancel");
    let is_past_due =
        matches!(before.text("status"), Some("past_due" | "unpaid" | "incomplete" | "paused"));
    if view::cancel_when(feature) == CancelWhen::AtPeriodEnd && !is_past_due {
        cancel::schedule_at_period_end(&mut subscription, tx.now());
        // Under flexible billing the portal sets the time alone.
        subscription.body["cancel_at_period_end"] = json!(false);
        note(&mut subscription);
        return tx.update(&before, &subscription);
    }
    note(&mut subscription);
    match Proration::parse(feature["proration_behavior"].as_str().unwrap_or("none")) {
        Proration::None => {}
        Proration::Create => cancel::credit_unused_time(tx, &subscription)?,
        Proration::AlwaysInvoice => {
            cancel::credit_unused_time(tx, &subscription)?;
            change::invoice_pending(tx, &mut subscription, Presence::OnSession)?;
        }
    }
    cancel::end(tx, &mut subscription, Ending::Requested)
}

pub(super) fn undo_cancel(
    tx: &mut Tx<'_>,
    visit: &Visit,
    subscription: &str,
) -> Result<(), ApiError> {
    let before = visit.subscription(tx, subscription)?;
    if before.body["cancel_at"].is_null() {
        return Err(ApiError::invalid("This subscription is not set to be canceled."));
    }
    let mut subscription = before.clone();
    cancel::unschedule(&mut subscription);
    tx.update(&before, &subscription)
}

pub(super) fn pause(
    tx: &mut Tx<'_>,
    visit: &Visit,
    subscription: &str,
    option: usize,
) -> Result<(), ApiError> {
    visit.require("subscription_pause")?;
    let before = visit.subscription(tx, subscription)?;
    let options = view::pause_options(visit.feature("subscription_pause"));
    let resumes_at = match (options.is_empty(), options.get(option)) {
        (true, _) => None,
        (false, Some((count, unit))) => {
            let end = clock::after(tx.now(), &format!("{count}{unit}s"));
            Some(end.map_err(ApiError::invalid)?)
        }
        (false, None) => return Err(ApiError::invalid("Choose how long to pause.")),
    };
    let wanted = Pause { resumes_at, credits_unused_time: true, invoices: false };
    pause::pause(tx, &before, wanted).map(drop)
}

pub(super) fn unpause(tx: &mut Tx<'_>, visit: &Visit, subscription: &str) -> Result<(), ApiError> {
    visit.require("subscription_pause")?;
    let before = visit.subscription(tx, subscription)?;
    pause::resume(tx, &before).map(drop)
}

pub(super) fn accept_retention(tx: &mut Tx<'_>, visit: &Visit) -> Result<(), ApiError> {
    let flow = &visit.session.body["flow"]["subscription_cancel"];
    let coupon = flow["retention"]["coupon_offer"]["coupon"].as_str();
    let coupon = coupon.ok_or_else(|| ApiError::invalid("Nothing is offered here."))?;
    let before = visit.subscription(tx, flow["subscription"].as_str().unwrap_or_default())?;
    let offer = tx.offer_of_coupon(coupon, "coupon")?;
    let is_taken = tx
        .discounts(&before.body["discounts"])?
        .iter()
        .any(|held| held.body["source"]["coupon"] == coupon);
    if is_taken {
        // The second click of a double submit.
        return Ok(());
    }
    tx.check_offer(&offer, Some(&visit.customer.id), None, "coupon")?;
    let holder = Holder::Subscription(&before.id);
    let discount = tx.redeem(&offer, Some(&visit.customer.id), holder)?;
    let mut subscription = before.clone();
    if let Some(held) = subscription.body["discounts"].as_array_mut() {
        held.push(json!(discount.id));
    }
    tx.update(&before, &subscription)
}

pub(super) fn add_payment_method(
    tx: &mut Tx<'_>,
    visit: &Visit,
    input: &CardInput,
) -> Result<Outcome, ApiError> {
    visit.require("payment_method_update")?;
    let card = match Card::parse(input, tx.now()) {
        Ok(card) => card,
        Err(refusal) => return Ok(Outcome::Declined(refusal)),
    };
    let name = Some(input.name.trim()).filter(|name| !name.is_empty());
    let method = card.payment_method(tx.now(), billing_details(name, visit.customer.text("email")));
    match save_verdict(&method, Presence::OnSession) {
        Verdict::ActionRequired => {
            let back = visit.page("payment-methods/add");
            let purpose = Purpose::Portal { session: visit.session.id.clone() };
            challenge::start(tx, &method, None, None, back, &purpose)
        }
        _ => save_card(tx, visit, method, Presence::OnSession),
    }
}

/// Saves a card that is not stored yet.
pub(super) fn save_card(
    tx: &mut Tx<'_>,
    visit: &Visit,
    mut method: Object,
    presence: Presence,
) -> Result<Outcome, ApiError> {
    method.private["is_set_up"] = json!(presence == Presence::Authenticated);
    let mut intent =
        tx.create_setup_intent(Some(&visit.customer.id), "off_session", None, Value::Null)?;
    if let Verdict::Declined(decline) = tx.confirm_setup_intent(&mut intent, &method, presence)? {
        return Ok(Outcome::Declined(decline.refusal()));
    }
    tx.insert(&method)?;
    tx.attach(&mut method, &visit.customer.id)?;
    let has_default = !visit.customer.body["invoice_settings"]["default_payment_method"].is_null();
    let is_for_this = visit.session.body["flow"]["type"] == "payment_method_update";
    let subscription = live_subscription(tx, visit)?;
    let pays_something =
        tx.payment_method_for(&visit.customer.id, subscription.as_ref())?.is_some();
    if is_for_this || !(has_default || pays_something) {
        make_default(tx, visit, &method)?;
    }
    Ok(Outcome::Completed { redirect_url: visit.page("payment-methods/added") })
}

fn live_subscription(tx: &mut Tx<'_>, visit: &Visit) -> Result<Option<Object>, ApiError> {
    Ok(view::live_subscriptions(tx, &visit.customer.id)?.into_iter().next())
}

pub(super) fn set_default_payment_method(
    tx: &mut Tx<'_>,
    visit: &Visit,
    method: &str,
) -> Result<(), ApiError> {
    visit.require("payment_method_update")?;
    let method = visit.payment_method(tx, method)?;
    make_default(tx, visit, &method)
}

/// Makes it the customer's default, and that of the subscriptions, and tries what is past due with it.
fn make_default(tx: &mut Tx<'_>, visit: &Visit, method: &Object) -> Result<(), ApiError> {
    let mut customer = visit.customer.clone();
    customer.body["invoice_settings"]["default_payment_method"] = json!(method.id);
    tx.update(&visit.customer, &customer)?;
    for before in view::live_subscriptions(tx, &visit.customer.id)? {
        let mut subscription = before.clone();
        subscription.body["default_payment_method"] = json!(method.id);
        tx.update(&before, &subscription)?;
        if before.text("status") == Some("past_due") {
            try_soon(tx, &subscription)?;
        }
    }
    Ok(())
}

/// Has the clock try the unpaid invoices of a subscription again right away.
fn try_soon(tx: &mut Tx<'_>, subscription: &Object) -> Result<(), ApiError> {
    let is_open = |invoice: &Object| invoice.text("status") == Some("open");
    let (invoices, _) = tx.list(Kind::Invoice, &Listing::of_parent(&subscription.id), is_open)?;
    for mut invoice in invoices {
        if invoice.integer("next_payment_attempt").is_some_and(|next| next > tx.now() + DRAFT_TIME)
        {
            invoice.body["next_payment_attempt"] = json!(tx.now());
            tx.save(&invoice)?;
        }
    }
    Ok(())
}

pub(super) fn remove_payment_method(
    tx: &mut Tx<'_>,
    visit: &Visit,
    method: &str,
) -> Result<(), ApiError> {
    visit.require("payment_method_update")?;
    let method = visit.payment_method(tx, method)?;
    if !view::is_removable(tx, &visit.customer, &method.id)? {
        return Err(ApiError::invalid(
            "This payment method pays for a subscription. Make another one the default first.",
        ));
    }
    detach_from(tx, method).map(drop)
}

pub(super) fn update_billing_info(
    tx: &mut Tx<'_>,
    visit: &Visit,
    info: BillingInfo,
) -> Result<(), ApiError> {
    visit.require("customer_update")?;
    let allowed = view::words(&visit.feature("customer_update")["allowed_updates"]);
    let may = |name: &str| allowed.iter().any(|allowed| allowed == name);
    let mut customer = visit.customer.clone();
    let texts = [("email", info.email), ("name", info.name), ("phone", info.phone)];
    for (name, value) in texts {
        let Some(value) = value.filter(|_| may(name)) else { continue };
        let value = value.trim().to_owned();
        if name == "email" && !value.contains('@') {
            return Err(ApiError::invalid_param(
                "email",
                format!("Invalid email address: {value}"),
            )
            .code("email_invalid"));
        }
        customer.body[name] = json!(Some(value).filter(|value| !value.is_empty()));
    }
    if let Some(address) = info.address.filter(|_| may("address")) {
        customer.body["address"] = view::address_value(&address);
    }
    tx.update(&visit.customer, &customer)
}
