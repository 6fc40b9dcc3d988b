//! Payment methods.

use serde_json::{Value, json};

use super::{Outcome, Page, Request, customers, sources, tokens};
use crate::sandbox::{
    cards::{Card, billing_details, payment_method},
    checkout::CardInput,
    error::ApiError,
    object::{Kind, Object},
    params::{Metadata, Params},
    payment::{
        self,
        delayed::{DEBITS, bank_account},
    },
    store::{Listing, Tx},
};

pub(super) fn create(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let now = tx.now();
    let mut params = request.params;
    let kind = params.string("type")?;
    let details = params.hash("billing_details", take_billing_details)?;
    let card = params.hash("card", |card| take_card(card, now))?;
    let metadata = params.metadata()?;
    let allow_redisplay =
        params.choice("allow_redisplay", &["always", "limited", "unspecified"])?;
    let account = match kind.as_deref().filter(|kind| DEBITS.contains(kind)) {
        Some(kind) => params.hash(kind, take_account)?,
        None => None,
    };
    // What other types need (a bank, a tax id) decides nothing here.
    if let Some(kind) = kind.as_deref().filter(|kind| *kind != "card") {
        params.kept(kind)?;
    }
    params.finish()?;
    let details = details.unwrap_or_else(|| billing_details(None, None));
    let mut method = match (kind.as_deref(), card) {
        (Some("card") | None, Some(card)) => card.resolve(tx)?.payment_method(now, details),
        (Some("card"), None) => return Err(ApiError::missing("card")),
        (None, None) => return Err(ApiError::missing("type")),
        (Some(debit), _) if DEBITS.contains(&debit) => {
            let account = account.ok_or_else(|| ApiError::missing(debit))?;
            bank_account(debit, &account, now, details)
        }
        (Some(other), _) => payment_method(other, json!({}), now, details),
    };
    Metadata::apply(metadata, &mut method.body);
    if let Some(allow_redisplay) = allow_redisplay {
        method.body["allow_redisplay"] = json!(allow_redisplay);
    }
    tx.insert(&method)?;
    Ok(method.body)
}

/// The number of a bank account, or its IBAN.
fn take_account(params: &mut Params) -> Result<String, ApiError> {
    for ignored in
        ["account_holder_type", "account_type", "routing_number", "financial_connections_account"]
    {
        params.kept(ignored)?;
    }
    let number = params.string("iban")?.or(params.string("account_number")?);
    let number = number.ok_or_else(|| ApiError::missing(params.name("account_number")))?;
    Ok(number.chars().filter(char::is_ascii_alphanumeric).collect())
}

/// `card` of a request: the card itself, or a token that stands for it.
enum GivenCard {
    Card(Card),
    Token { id: String, param: String },
}

impl GivenCard {
    fn resolve(self, tx: &mut Tx<'_>) -> Result<Card, ApiError> {
        match self {
            GivenCard::Card(card) => Ok(card),
            GivenCard::Token { id, param } => Ok(tokens::redeem(tx, &id, &param)?.0),
        }
    }
}

fn take_card(params: &mut Params, now: i64) -> Result<GivenCard, ApiError> {
    if let Some(id) = params.string("token")? {
        return Ok(GivenCard::Token { id, param: params.name("token") });
    }
    take_number(params, now).map(GivenCard::Card)
}

/// A card by its number, checked in form.
pub(super) fn take_number(params: &mut Params, now: i64) -> Result<Card, ApiError> {
    let input = CardInput {
        number: params.required("number")?,
        exp_month: params
            .integer("exp_month")?
            .ok_or_else(|| ApiError::missing(params.name("exp_month")))?,
        exp_year: params
            .integer("exp_year")?
            .ok_or_else(|| ApiError::missing(params.name("exp_year")))?,
        cvc: params.string("cvc")?.unwrap_or_else(|| "123".to_owned()),
        ..CardInput::default()
    };
    params.kept("networks")?;
    Card::parse(&input, now).map_err(|refusal| {
        let param = refusal.param.as_deref().map(|param| params.name(param));
        let mut error = refusal.error();
        error.param = param;
        error
    })
}

fn take_billing_details(params: &mut Params) -> Result<Value, ApiError> {
    let mut details = billing_details(None, None);
    if let Some(address) = params.clearable_hash("address", customers::take_address)?.flatten() {
        details["address"] = address;
    }
    for name in ["email", "name", "phone", "tax_id"] {
        if let Some(value) = params.clearable(name)? {
            details[name] = json!(value);
        }
    }
    Ok(details)
}

/// The payment method a parameter names: one that exists, or a magic id such as `pm_card_visa`, which makes a new
/// one each time.
pub(super) fn given(tx: &mut Tx<'_>, id: &str, param: &str) -> Result<Object, ApiError> {
    if let Some(card) = id.strip_prefix("pm_card_").and_then(|word| Card::of_word(word, tx.now())) {
        let method = card.payment_method(tx.now(), billing_details(None, None));
        tx.insert(&method)?;
        return Ok(method);
    }
    let account = match id {
        "pm_usBankAccount_success" => Some("000123456789"),
        "pm_usBankAccount_accountClosed" => Some("000111111113"),
        "pm_usBankAccount_insufficientFunds" => Some("000222222227"),
        _ => None,
    };
    if let Some(account) = account {
        let method = bank_account("us_bank_account", account, tx.now(), Value::Null);
        tx.insert(&method)?;
        return Ok(method);
    }
    tx.get(Kind::PaymentMethod, id, param)
}

pub(super) fn retrieve(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let method =
        tx.get(Kind::PaymentMethod, request.id(), "payment_method").map_err(ApiError::in_path)?;
    request.params.finish()?;
    Ok(method.body)
}

pub(super) fn retrieve_of_customer(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let id = request.ids.get(1).cloned().unwrap_or_default();
    let method = tx.get(Kind::PaymentMethod, &id, "payment_method").map_err(ApiError::in_path)?;
    if method.text("customer") != Some(request.id()) {
        return Err(ApiError::no_such(Kind::PaymentMethod, &id, "payment_method").in_path());
    }
    request.params.finish()?;
    Ok(method.body)
}

pub(super) fn update(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let before =
        tx.get(Kind::PaymentMethod, request.id(), "payment_method").map_err(ApiError::in_path)?;
    let mut params = request.params;
    let details = params.hash("billing_details", |given| {
        let mut changes = Vec::new();
        for name in ["email", "name", "phone", "tax_id"] {
            changes.push((name, given.clearable(name)?.map(|value| json!(value))));
        }
        changes.push((
            "address",
            given.clearable_hash("address", customers::take_address)?.map(Value::from),
        ));
        Ok(changes)
    })?;
    let card = params.hash("card", |card| {
        Ok([("exp_month", card.integer("exp_month")?), ("exp_year", card.integer("exp_year")?)])
    })?;
    let metadata = params.metadata()?;
    params.finish()?;
    let mut method = before.clone();
    for (name, value) in details.into_iter().flatten() {
        if let Some(value) = value {
            method.body["billing_details"][name] = value;
        }
    }
    for (name, value) in card.into_iter().flatten() {
        if let Some(value) = value {
            method.body["card"][name] = json!(value);
        }
    }
    Metadata::apply(metadata, &mut method.body);
    tx.update(&before, &method)?;
    Ok(method.body)
}

pub(super) fn attach(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut method = given(tx, request.id(), "payment_method").map_err(ApiError::in_path)?;
    let mut params = request.params;
    let customer = params.required("customer")?;
    params.finish()?;
    let customer = customers::live(tx, &customer, "customer")?;
    if method.text("customer").is_some_and(|owner| owner != customer.id) {
        return Err(ApiError::invalid(
            "The payment method you provided has already been attached to a customer.",
        ));
    }
    if let Some(decline) = payment::attach_decline(&method) {
        return Err(decline.error());
    }
    tx.attach(&mut method, &customer.id)?;
    Ok(method.body)
}

pub(super) fn detach(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let method =
        tx.get(Kind::PaymentMethod, request.id(), "payment_method").map_err(ApiError::in_path)?;
    request.params.finish()?;
    if method.body["customer"].is_null() {
        return Err(ApiError::invalid(
            "The payment method you provided is not attached to a customer so detachment is impossible.",
        ));
    }
    Ok(detach_from(tx, method)?.body)
}

/// Takes a payment method from its customer, and from whatever it is the default of.
pub(crate) fn detach_from(tx: &mut Tx<'_>, mut method: Object) -> Result<Object, ApiError> {
    let before = method.clone();
    let owner = method.text("customer").unwrap_or_default().to_owned();
    method.body["customer"] = Value::Null;
    tx.save(&method)?;
    tx.emit_change("payment_method.detached", &before, &method)?;
    if sources::is_source(&method) {
        sources::forget(tx, &owner, &before)?;
    }
    if let Some(customer) = tx.find(Kind::Customer, &owner)?
        && customer.body["invoice_settings"]["default_payment_method"] == method.id
    {
        let mut changed = customer.clone();
        changed.body["invoice_settings"]["default_payment_method"] = Value::Null;
        tx.update(&customer, &changed)?;
    }
    let uses =
        |subscription: &Object| subscription.text("default_payment_method") == Some(&method.id);
    let (subscriptions, _) = tx.list(Kind::Subscription, &Listing::of_customer(&owner), uses)?;
    for subscription in subscriptions {
        let mut changed = subscription.clone();
        changed.body["default_payment_method"] = Value::Null;
        tx.update(&subscription, &changed)?;
    }
    Ok(method)
}

pub(super) fn list(tx: &mut Tx<'_>, mut request: Request) -> Outcome {
    let Some(customer) = request.params.string("customer")? else {
        let mut params = request.params;
        let page = Page::take(&mut params)?;
        let kind = params.string("type")?;
        params.finish()?;
        let is_kind =
            |method: &Object| kind.as_deref().is_none_or(|kind| method.text("type") == Some(kind));
        return page.answer(
            tx,
            "/v1/payment_methods",
            Kind::PaymentMethod,
            Listing::default(),
            is_kind,
        );
    };
    customers::live(tx, &customer, "customer")?;
    list_for(tx, request.params, &customer, "/v1/payment_methods")
}

pub(super) fn list_of_customer(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let customer = customers::live(tx, request.id(), "id").map_err(ApiError::in_path)?;
    let url = format!("/v1/customers/{}/payment_methods", customer.id);
    list_for(tx, request.params, &customer.id, &url)
}

fn list_for(tx: &mut Tx<'_>, mut params: Params, customer: &str, url: &str) -> Outcome {
    let page = Page::take(&mut params)?;
    let kind = params.string("type")?;
    params.choice("allow_redisplay", &["always", "limited", "unspecified"])?;
    params.finish()?;
    page.answer(tx, url, Kind::PaymentMethod, Listing::of_customer(customer), |method| {
        kind.as_deref().is_none_or(|kind| method.text("type") == Some(kind))
    })
}
