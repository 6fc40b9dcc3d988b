//! Completing a Checkout Session: the customer, the card, and what the session sells.

use serde_json::{Value, json};

use super::{
    CardInput, DebitInput, Outcome, Refusal,
    challenge::{self, Purpose},
    customer_details, page, pricing,
};
use crate::sandbox::{
    api::blank_customer,
    billing::{
        items::NewItem,
        redeem::Holder,
        subscribe::{FirstPayment, NewSubscription, subscribe},
        tax_ids::{self, NewTaxId},
    },
    cards::{Card, billing_details, blank_address},
    error::ApiError,
    object::{Kind, Object},
    payment::{NewIntent, Presence, Verdict, charge_verdict, delayed, save_verdict},
    store::Tx,
};

/// Seconds of a day of trial.
const DAY: i64 = 86_400;

/// The form as sent: checks it, and completes the session when the card allows.
pub(super) fn submit(
    tx: &mut Tx<'_>,
    mut session: Object,
    input: &CardInput,
    tax_id: Option<&NewTaxId>,
) -> Result<Outcome, ApiError> {
    if let Some(refusal) = unmet(&session, tax_id) {
        return Ok(Outcome::Declined(refusal));
    }
    session.private["tax_id"] = json!(tax_id.map(|new| [&new.kind, &new.value]));
    if session.body["customer"].is_null() && known_email(&session, input).is_none() {
        return Ok(Outcome::Declined(Refusal {
            message: "Your email is incomplete.".to_owned(),
            code: "email_invalid".to_owned(),
            decline_code: None,
            param: Some("email".to_owned()),
        }));
    }
    if input.number.trim().is_empty() && !super::requires_card(&session) {
        session.private["email"] = json!(known_email(&session, input));
        return pay(tx, session, None, Presence::OnSession);
    }
    let card = match Card::parse(input, tx.now()) {
        Ok(card) => card,
        Err(refusal) => return Ok(Outcome::Declined(refusal)),
    };
    let email = known_email(&session, input);
    let details =
        billing_details(Some(input.name.trim()).filter(|name| !name.is_empty()), email.as_deref());
    let method = card.payment_method(tx.now(), details);
    pay(tx, session, Some(method), Presence::OnSession)
}

/// Pays the session from a bank account, of which only the outcome counts.
pub(super) fn submit_debit(
    tx: &mut Tx<'_>,
    session: Object,
    input: &DebitInput,
) -> Result<Outcome, ApiError> {
    let Some(kind) = page::debit(&session) else {
        return Err(ApiError::invalid("This Checkout Session takes no bank accounts."));
    };
    if let Some(refusal) = unmet(&session, None) {
        return Ok(Outcome::Declined(refusal));
    }
    let details = billing_details(Some(&input.name), input.email.as_deref());
    let method = delayed::bank_account(kind, &input.account, tx.now(), details);
    pay(tx, session, Some(method), Presence::OnSession)
}

/// What the session has to know before it can be paid, and does not.
fn unmet(session: &Object, tax_id: Option<&NewTaxId>) -> Option<Refusal> {
    let refusal = |param: &str, message: String, code: &str| Refusal {
        message,
        code: code.to_owned(),
        decline_code: None,
        param: Some(param.to_owned()),
    };
    if session.body["automatic_tax"]["status"] == "requires_location_inputs" {
        let message = "Choose your country above, so that tax can be reckoned.".to_owned();
        return Some(refusal("tax_country", message, "customer_tax_location_invalid"));
    }
    match tax_id {
        None if page::tax_id(session) == Some(super::IsRequired(true)) => {
            Some(refusal("tax_id", "Enter your tax ID.".to_owned(), "tax_id_invalid"))
        }
        None => None,
        Some(new) => {
            let error = tax_ids::check(new, "tax_id").err()?;
            Some(refusal("tax_id", error.message, "tax_id_invalid"))
        }
    }
}

/// Completes the session with a payment method, stored yet or not (none: nothing is due), or says what is in the
/// way.
pub(crate) fn pay(
    tx: &mut Tx<'_>,
    session: Object,
    method: Option<Object>,
    presence: Presence,
) -> Result<Outcome, ApiError> {
    if let Some(offer) = pricing::offer(tx, &session)?
        && let Err(error) = pricing::check(tx, &session, &offer)
    {
        return Ok(Outcome::Declined(Refusal {
            message: error.message,
            code: error.code.unwrap_or_default(),
            decline_code: None,
            param: Some("promotion_code".to_owned()),
        }));
    }
    let due = session.integer("amount_total").unwrap_or(0);
    let verdict = match &method {
        None if due > 0 => return Err(ApiError::missing("payment_method")),
        None => Verdict::Accepted,
        Some(method) if due > 0 => charge_verdict(method, presence),
        Some(method) => save_verdict(method, presence),
    };
    match (verdict, method) {
        (Verdict::Accepted | Verdict::Processing, method) => {
            complete(tx, session, method, presence)
        }
        (Verdict::Declined(decline), Some(method)) => {
            note_declined_payment(tx, session, &method, presence)?;
            Ok(Outcome::Declined(decline.refusal()))
        }
        (Verdict::ActionRequired, Some(method)) => {
            let amount = (due > 0).then_some(due);
            let back = session.text("url").unwrap_or_default().to_owned();
            let purpose = Purpose::Checkout { session: session.id.clone() };
            challenge::start(tx, &method, amount, session.text("currency"), back, &purpose)
        }
        (_, None) => Err(ApiError::missing("payment_method")),
    }
}

/// In payment mode a decline leaves a payment intent with the failed charge.
fn note_declined_payment(
    tx: &mut Tx<'_>,
    mut session: Object,
    method: &Object,
    presence: Presence,
) -> Result<(), ApiError> {
    if session.text("mode") != Some("payment") {
        return Ok(());
    }
    let customer = session.text("customer").map(str::to_owned);
    let mut intent = payment_intent(tx, &session, customer)?;
    tx.confirm_payment_intent(&mut intent, method, presence)?;
    session.private["payment_intent"] = json!(intent.id);
    tx.save(&session)
}

fn complete(
    tx: &mut Tx<'_>,
    mut session: Object,
    method: Option<Object>,
    presence: Presence,
) -> Result<Outcome, ApiError> {
    let details = match &method {
        Some(method) => method.body["billing_details"].clone(),
        None => json!({ "email": session.private["email"] }),
    };
    let mode = session.text("mode").unwrap_or_default().to_owned();
    let customer = buyer(tx, &session, &details)?;
    if let Some(customer) = &customer {
        take_tax_id(tx, &session, customer)?;
    }
    let is_debit = method.as_ref().is_some_and(delayed::is_debit);
    let mut method = match method {
        None => None,
        Some(mut method) => {
            // Whoever has passed the challenge here has set the card up for later as well.
            method.private["is_set_up"] = json!(presence == Presence::Authenticated);
            // One that was typed in is new, one that an API client confirms with is not.
            match tx.find(Kind::PaymentMethod, &method.id)? {
                Some(_) => tx.save(&method)?,
                None => tx.insert(&method)?,
            }
            Some(method)
        }
    };
    match (mode.as_str(), &customer) {
        ("subscription", Some(customer)) => {
            if let Some(method) = &mut method {
                tx.attach(method, &customer.id)?;
            }
            start_subscription(tx, &mut session, customer, method, presence)?;
        }
        ("setup", _) => {
            let Some(method) = &mut method else { return Err(ApiError::missing("payment_method")) };
            let data = &session.private["setup_intent_data"];
            let (description, metadata) =
                (data["description"].as_str().map(str::to_owned), data["metadata"].clone());
            let id = customer.as_ref().map(|customer| customer.id.as_str());
            let mut intent = tx.create_setup_intent(id, "off_session", description, metadata)?;
            tx.confirm_setup_intent(&mut intent, method, presence)?;
            if let Some(customer) = &customer {
                tx.attach(method, &customer.id)?;
            }
            session.body["setup_intent"] = json!(intent.id);
        }
        _ => {
            let id = customer.as_ref().map(|customer| customer.id.clone());
            if let Some(offer) = pricing::offer(tx, &session)? {
                tx.redeem(&offer, id.as_deref(), Holder::CheckoutSession(&session.id))?;
            }
            if let Some(method) = &mut method {
                let mut intent = payment_intent(tx, &session, id.clone())?;
                intent.body["customer"] = json!(id);
                tx.confirm_payment_intent(&mut intent, method, presence)?;
                if let (Some(customer), false) = (&id, intent.body["setup_future_usage"].is_null())
                {
                    tx.attach(method, customer)?;
                }
                note_session(tx, &mut intent, &session)?;
                session.body["payment_intent"] = json!(intent.id);
            }
        }
    }
    session.body["customer"] = json!(customer.as_ref().map(|customer| &customer.id));
    let mut shown = customer_details(tx, customer.as_ref(), details["email"].as_str())?;
    if shown["name"].is_null() {
        shown["name"] = details["name"].clone();
    }
    session.body["customer_details"] = shown;
    if session.text("payment_status") == Some("unpaid") {
        // A trial is paid for later, a free order never.
        let is_due = session.integer("amount_total").unwrap_or(0) > 0;
        let status = match (is_due, is_debit) {
            (true, true) => "unpaid",
            (true, false) => "paid",
            (false, _) => "no_payment_required",
        };
        session.body["payment_status"] = json!(status);
    }
    session.body["status"] = json!("complete");
    session.body["url"] = Value::Null;
    tx.save(&session)?;
    tx.emit("checkout.session.completed", &session, None)?;
    Ok(Outcome::Completed { redirect_url: super::return_url(&session).unwrap_or_default() })
}

fn known_email(session: &Object, input: &CardInput) -> Option<String> {
    let typed = input.email.as_deref().map(str::trim).filter(|email| email.contains('@'));
    session.text("customer_email").or(typed).map(str::to_owned)
}

/// The customer who pays: the session's own, or a new one where the mode needs one.
fn buyer(tx: &mut Tx<'_>, session: &Object, details: &Value) -> Result<Option<Object>, ApiError> {
    if let Some(id) = session.text("customer") {
        let before = tx.get(Kind::Customer, id, "customer")?;
        let mut customer = before.clone();
        let takes_name =
            session.private["customer_update"]["name"] == "auto" || customer.body["name"].is_null();
        if takes_name && !details["name"].is_null() {
            customer.body["name"] = details["name"].clone();
        }
        if session.private["customer_update"]["address"] == "auto" {
            take_country(session, &mut customer);
        }
        tx.update(&before, &customer)?;
        return Ok(Some(customer));
    }
    if session.text("customer_creation") != Some("always") {
        return Ok(None);
    }
    let email = session.text("customer_email").or(details["email"].as_str());
    let mut customer = blank_customer(tx.now(), email, details["name"].as_str());
    take_country(session, &mut customer);
    tx.create(&customer)?;
    Ok(Some(customer))
}

/// The country that was typed for tax is the customer's, so that later invoices are taxed alike.
fn take_country(session: &Object, customer: &mut Object) {
    let Some(country) = session.private["tax_country"].as_str() else { return };
    if customer.body["address"].is_null() {
        customer.body["address"] = blank_address();
    }
    customer.body["address"]["country"] = json!(country);
}

/// The tax id that was typed is the customer's, unless they have it.
fn take_tax_id(tx: &mut Tx<'_>, session: &Object, customer: &Object) -> Result<(), ApiError> {
    let typed = &session.private["tax_id"];
    let (Some(kind), Some(value)) = (typed[0].as_str(), typed[1].as_str()) else { return Ok(()) };
    let held = tx.shown_tax_ids(&customer.id)?;
    if held.iter().any(|tax_id| tax_id["type"] == kind && tax_id["value"] == value) {
        return Ok(());
    }
    let new = NewTaxId { kind: kind.to_owned(), value: value.to_owned() };
    tx.add_tax_id(Some(customer), &new).map(drop)
}

fn start_subscription(
    tx: &mut Tx<'_>,
    session: &mut Object,
    customer: &Object,
    method: Option<Object>,
    presence: Presence,
) -> Result<(), ApiError> {
    let data = session.private["subscription_data"].clone();
    let (mut items, mut one_time) = (Vec::new(), Vec::new());
    for line in session.private["line_items"].as_array().into_iter().flatten() {
        let price = line["price"]["id"].as_str().unwrap_or_default();
        let price = tx.get(Kind::Price, price, "line_items[0][price]")?;
        let is_recurring = !price.body["recurring"].is_null();
        let quantity = line["quantity"].as_i64().unwrap_or(1);
        let mut item = NewItem::of(price, quantity, Value::Null);
        let id = line["id"].as_str().unwrap_or_default();
        let rates = session.private["tax_rates"][id].as_array();
        item.tax_rates = rates.cloned().unwrap_or_default();
        if is_recurring { items.push(item) } else { one_time.push(item) }
    }
    let trial_end = data["trial_end"]
        .as_i64()
        .or(data["trial_days"].as_i64().map(|days| tx.now() + days * DAY));
    let mut kept = data["kept"].clone();
    if session.body["automatic_tax"]["enabled"] == true {
        kept["automatic_tax"] = json!({
            "disabled_reason": null, "enabled": true, "liability": { "type": "self" },
        });
    }
    let offers = pricing::offer(tx, session)?.into_iter().collect();
    let started = subscribe(
        tx,
        NewSubscription {
            customer: customer.clone(),
            items,
            one_time,
            trial_end,
            anchor: None,
            prorates: true,
            default_payment_method: method.as_ref().map(|method| method.id.clone()),
            days_until_due: None,
            first_payment: FirstPayment::Now { payment_method: method, presence },
            offers,
            cancel_at_period_end: false,
            cancel_at: None,
            kept,
        },
    )?;
    session.body["subscription"] = json!(started.subscription.id);
    session.body["invoice"] = json!(started.invoice.id);
    if let Some(id) = started.invoice.private["payment_intent"].as_str() {
        let mut intent = tx.get(Kind::PaymentIntent, id, "payment_intent")?;
        note_session(tx, &mut intent, session)?;
    }
    Ok(())
}

/// A payment that is on its way has its session told how it ends.
fn note_session(tx: &mut Tx<'_>, intent: &mut Object, session: &Object) -> Result<(), ApiError> {
    if intent.text("status") != Some("processing") {
        return Ok(());
    }
    intent.private["checkout_session"] = json!(session.id);
    tx.save(intent)
}

/// The session's payment intent, made at its first attempt.
fn payment_intent(
    tx: &mut Tx<'_>,
    session: &Object,
    customer: Option<String>,
) -> Result<Object, ApiError> {
    if let Some(id) = session.private["payment_intent"].as_str() {
        return tx.get(Kind::PaymentIntent, id, "payment_intent");
    }
    let data = &session.private["payment_intent_data"];
    let text = |name: &str| data[name].as_str().map(str::to_owned);
    tx.create_payment_intent(NewIntent {
        amount: session.integer("amount_total").unwrap_or(0),
        currency: session.text("currency").unwrap_or("usd").to_owned(),
        customer,
        description: text("description"),
        metadata: data["metadata"].clone(),
        setup_future_usage: text("setup_future_usage"),
        shipping: data["shipping"].clone(),
        is_captured_by_hand: data["capture_method"] == "manual",
    })
}
