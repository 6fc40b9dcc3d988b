//! The hosted Checkout page's side of a Checkout Session: show it, pay it, answer its challenge.
//!
//! The page lives at `/pay/{secret}`; `secret` is the unguessable word in the session's `url`.

pub(crate) mod challenge;
pub(crate) mod complete;
mod page;
pub(crate) mod pricing;

use serde_json::{Value, json};

use super::{
    Sandbox,
    billing::tax_ids::NewTaxId,
    error::ApiError,
    object::{Kind, Object},
    store::{Origin, Tx},
};

/// What the Checkout page shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CheckoutPage {
    /// `cs_test_…`
    pub(crate) id: String,
    pub(crate) mode: Mode,
    pub(crate) status: SessionStatus,
    /// The merchant's name.
    pub(crate) merchant: String,
    /// The customer's e-mail, when known.
    pub(crate) email: Option<String>,
    /// Whether the e-mail belongs to a customer and cannot be edited.
    pub(crate) email_is_fixed: bool,
    pub(crate) lines: Vec<CheckoutLine>,
    /// ISO code, lower case. Empty in setup mode without a currency.
    pub(crate) currency: String,
    /// Minor units to pay now: one-time lines, and the first period unless there is a trial.
    pub(crate) due_now: i64,
    /// What a subscription charges each period, once its trial is over.
    pub(crate) recurring_total: Option<i64>,
    /// Days of free trial.
    pub(crate) trial_days: Option<i64>,
    /// Unix seconds at which the trial would end.
    pub(crate) trial_end: Option<i64>,
    /// Whether a card must be given: false only for `payment_method_collection=if_required` with nothing due.
    pub(crate) card_required: bool,
    /// Whether the customer must agree to the terms of service.
    pub(crate) consent_to_terms: bool,
    pub(crate) allow_promotion_codes: bool,
    pub(crate) discount: Option<CheckoutDiscount>,
    /// Taxes in words, with what each comes to of what is due now. Those that are included say so.
    pub(crate) taxes: Vec<(String, i64)>,
    /// The country that tax is reckoned for; `Some(None)` while it has to be asked for.
    pub(crate) tax_country: Option<Option<String>>,
    /// Whether a tax id is asked for, and has to be given.
    pub(crate) tax_id: Option<IsRequired>,
    /// The kind of bank account that can pay, too: `us_bank_account` or `sepa_debit`.
    pub(crate) debit: Option<&'static str>,
    /// `custom_text.submit.message`.
    pub(crate) submit_message: Option<String>,
    /// Where "back" leads; none without a `cancel_url`.
    pub(crate) cancel_url: Option<String>,
    /// Where a completed session sends the customer, the session id filled in.
    pub(crate) success_url: Option<String>,
    /// Unix seconds.
    pub(crate) expires_at: i64,
}

/// Whether a field has to be filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IsRequired(pub(crate) bool);

/// A Checkout Session's mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Payment,
    Setup,
    Subscription,
}

/// A Checkout Session's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionStatus {
    Open,
    Complete,
    Expired,
}

/// A line item.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CheckoutLine {
    /// `li_…`
    pub(crate) id: String,
    /// The least and the most the customer may choose; none when the quantity is fixed.
    pub(crate) adjustable: Option<(i64, i64)>,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) image: Option<String>,
    pub(crate) quantity: i64,
    /// Minor units for one as a decimal; none where one more does not cost the same.
    pub(crate) unit_amount: Option<String>,
    /// Minor units for all.
    pub(crate) amount: i64,
    /// For a recurring price, how often.
    pub(crate) recurring: Option<Cadence>,
}

/// What is taken off a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CheckoutDiscount {
    /// The code that the customer typed; none for a discount the session came with.
    pub(crate) code: Option<String>,
    /// The coupon in words: `50% off for 3 months`.
    pub(crate) text: String,
    /// Minor units off what is due now.
    pub(crate) amount: i64,
}

/// "Every 3 months".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cadence {
    /// `day`, `week`, `month` or `year`.
    pub(crate) interval: String,
    pub(crate) count: i64,
}

/// A card as typed into a page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct CardInput {
    /// Digits, with or without spaces.
    pub(crate) number: String,
    /// 1 to 12.
    pub(crate) exp_month: i64,
    /// Four digits, or two.
    pub(crate) exp_year: i64,
    pub(crate) cvc: String,
    /// The cardholder.
    pub(crate) name: String,
    /// Only Checkout asks for it.
    pub(crate) email: Option<String>,
}

/// A bank account as typed into a page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct DebitInput {
    /// Its number or IBAN.
    pub(crate) account: String,
    /// The account holder.
    pub(crate) name: String,
    pub(crate) email: Option<String>,
}

/// How giving a card ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    /// Done: send the browser here.
    Completed { redirect_url: String },
    /// 3-D Secure: show the challenge `/challenge/{challenge}`, whose answer goes to [`finish_challenge`].
    ActionRequired { challenge: String },
    /// Refused; the form can be sent again.
    Declined(Refusal),
}

/// Why a card was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// For the customer.
    pub(crate) message: String,
    pub(crate) code: String,
    pub(crate) decline_code: Option<String>,
    /// The field at fault: `number`, `exp_month`, `exp_year`, `cvc`, `email`, `name`.
    pub(crate) param: Option<String>,
}

/// What a challenge page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChallengePage {
    pub(crate) merchant: String,
    /// Minor units; none when a card is only set up.
    pub(crate) amount: Option<i64>,
    pub(crate) currency: Option<String>,
    pub(crate) last4: String,
    /// Where a failed or abandoned challenge leads back to.
    pub(crate) back_url: String,
}

/// Loads the session whose page this is. An unknown secret is a 404 error.
pub(crate) async fn load(sandbox: &Sandbox, secret: &str) -> Result<CheckoutPage, ApiError> {
    sandbox.store.read(|tx| {
        let session = session_of_secret(tx, secret)?;
        page::page(tx, &session)
    })
}

/// Pays (or sets up) the session with a card; where none is required its number may be empty. A session that is
/// complete or expired is an error.
pub(crate) async fn submit(
    sandbox: &Sandbox,
    secret: &str,
    card: CardInput,
    tax_id: Option<NewTaxId>,
) -> Result<Outcome, ApiError> {
    let secret = secret.to_owned();
    let work = move |tx: &mut Tx<'_>| {
        let session = session_of_secret(tx, &secret)?;
        let session = open_session(tx, Kind::CheckoutSession, &session.id)?;
        complete::submit(tx, session, &card, tax_id.as_ref())
    };
    sandbox.store.write(Origin::default(), work).await
}

/// Pays the session from a bank account: it is complete, and paid once the clock has moved on.
pub(crate) async fn submit_debit(
    sandbox: &Sandbox,
    secret: &str,
    input: DebitInput,
) -> Result<Outcome, ApiError> {
    let secret = secret.to_owned();
    let work = move |tx: &mut Tx<'_>| {
        let session = session_of_secret(tx, &secret)?;
        let session = open_session(tx, Kind::CheckoutSession, &session.id)?;
        complete::submit_debit(tx, session, &input)
    };
    sandbox.store.write(Origin::default(), work).await
}

/// Puts the discount behind a code on an open session; an empty code takes it off again.
pub(crate) async fn apply_code(
    sandbox: &Sandbox,
    secret: &str,
    code: String,
) -> Result<(), ApiError> {
    change(sandbox, secret, move |tx, session| pricing::apply_code(tx, session, &code)).await
}

/// Changes how many of a line are ordered.
pub(crate) async fn set_quantity(
    sandbox: &Sandbox,
    secret: &str,
    line: String,
    quantity: i64,
) -> Result<(), ApiError> {
    change(sandbox, secret, move |tx, session| pricing::set_quantity(tx, session, &line, quantity))
        .await
}

/// Says in which country the customer pays tax.
pub(crate) async fn set_country(
    sandbox: &Sandbox,
    secret: &str,
    country: String,
) -> Result<(), ApiError> {
    change(sandbox, secret, move |tx, session| pricing::set_country(tx, session, &country)).await
}

async fn change(
    sandbox: &Sandbox,
    secret: &str,
    work: impl FnOnce(&mut Tx<'_>, Object) -> Result<(), ApiError> + Send + 'static,
) -> Result<(), ApiError> {
    let secret = secret.to_owned();
    let work = move |tx: &mut Tx<'_>| {
        let session = session_of_secret(tx, &secret)?;
        let session = open_session(tx, Kind::CheckoutSession, &session.id)?;
        work(tx, session)
    };
    sandbox.store.write(Origin::default(), work).await
}

/// Loads a challenge, of Checkout or of the portal.
pub(crate) async fn load_challenge(
    sandbox: &Sandbox,
    challenge: &str,
) -> Result<ChallengePage, ApiError> {
    sandbox.store.read(|tx| challenge::page(tx, challenge))
}

/// Answers a challenge, of Checkout or of the portal: `passed` or failed. Failing it is [`Outcome::Declined`].
pub(crate) async fn finish_challenge(
    sandbox: &Sandbox,
    challenge: &str,
    passed: bool,
) -> Result<Outcome, ApiError> {
    let challenge = challenge.to_owned();
    sandbox
        .store
        .write(Origin::default(), move |tx| challenge::finish(tx, &challenge, passed))
        .await
}

/// `customer_details` of a session.
pub(crate) fn customer_details(
    tx: &mut Tx<'_>,
    customer: Option<&Object>,
    email: Option<&str>,
) -> Result<Value, ApiError> {
    Ok(match customer {
        Some(customer) => json!({
            "address": customer.body["address"],
            "business_name": null,
            "email": customer.body["email"],
            "individual_name": null,
            "name": customer.body["name"],
            "phone": customer.body["phone"],
            "tax_exempt": customer.body["tax_exempt"],
            "tax_ids": tx.shown_tax_ids(&customer.id)?,
        }),
        None => match email {
            Some(email) => json!({
                "address": null, "business_name": null, "email": email, "individual_name": null, "name": null,
                "phone": null, "tax_exempt": "none", "tax_ids": [],
            }),
            None => Value::Null,
        },
    })
}

/// Where a completed session sends the customer.
fn return_url(session: &Object) -> Option<String> {
    let url = session.text("success_url").or(session.text("return_url"))?;
    Some(url.replace("{CHECKOUT_SESSION_ID}", &session.id))
}

fn session_of_secret(tx: &mut Tx<'_>, secret: &str) -> Result<Object, ApiError> {
    let found = tx.find_by_lookup(Kind::CheckoutSession, secret)?;
    let session = found
        .ok_or_else(|| ApiError::no_such(Kind::CheckoutSession, secret, "session").in_path())?;
    tx.follow_clock_of(&session)?;
    Ok(session)
}

/// The session, which must be open.
pub(crate) fn open_session(tx: &mut Tx<'_>, kind: Kind, id: &str) -> Result<Object, ApiError> {
    let session = tx.get(kind, id, "session")?;
    let is_over = session.integer("expires_at").is_some_and(|end| end <= tx.sandbox_now());
    match session.text("status") {
        Some("open") if !is_over => Ok(session),
        Some("complete") => Err(ApiError::invalid("This Checkout Session is already complete.")),
        _ => Err(ApiError::invalid("This Checkout Session has expired.")),
    }
}

/// Whether the session cannot be completed without a card.
fn requires_card(session: &Object) -> bool {
    session.integer("amount_total").unwrap_or(0) > 0
        || session.text("payment_method_collection") != Some("if_required")
        || session.text("mode") == Some("setup")
}

impl Cadence {
    /// How often a price is charged; `None` for a one-time price.
    pub(crate) fn of_price(price: &Value) -> Option<Cadence> {
        let recurring = &price["recurring"];
        Some(Cadence {
            interval: recurring["interval"].as_str()?.to_owned(),
            count: recurring["interval_count"].as_i64().unwrap_or(1),
        })
    }
}
