//! 3-D Secure challenges: what was being done with the card waits here for the answer.

use serde_json::{Value, json};

use super::{ChallengePage, Outcome, Refusal, complete};
use crate::sandbox::{
    cards::Card,
    error::ApiError,
    invoice_page,
    object::{Kind, Object, random_word},
    payment::Presence,
    portal,
    store::Tx,
};

/// What goes on once the challenge is passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Complete a Checkout Session.
    Checkout { session: String },
    /// Save the card in the portal.
    Portal { session: String },
    /// Pay an invoice.
    Invoice { invoice: String },
    /// Go on with a payment intent that was confirmed by the API.
    Intent { intent: String },
}

impl Purpose {
    fn parts(&self) -> (&'static str, &str) {
        match self {
            Purpose::Checkout { session } => ("checkout", session),
            Purpose::Portal { session } => ("portal", session),
            Purpose::Invoice { invoice } => ("invoice", invoice),
            Purpose::Intent { intent } => ("payment_intent", intent),
        }
    }
}

/// Makes a challenge for a card that is not stored yet.
pub(crate) fn start(
    tx: &mut Tx<'_>,
    method: &Object,
    amount: Option<i64>,
    currency: Option<&str>,
    back_url: String,
    purpose: &Purpose,
) -> Result<Outcome, ApiError> {
    let secret = random_word(40);
    let (purpose, subject) = purpose.parts();
    let body = json!({ "status": "open", "amount": amount, "currency": currency });
    let challenge = Object::new(Kind::Challenge, tx.now(), body).with_private(json!({
        "secret": secret,
        "purpose": purpose,
        "subject": subject,
        "back_url": back_url,
        "number": method.private["number"],
        "exp_month": method.body["card"]["exp_month"],
        "exp_year": method.body["card"]["exp_year"],
        "billing_details": method.body["billing_details"],
    }));
    tx.insert(&challenge)?;
    Ok(Outcome::ActionRequired { challenge: secret })
}

/// Has an intent that needs a challenge lead to its page, and from there to `return_url`.
pub(crate) fn redirect(
    tx: &mut Tx<'_>,
    intent: &mut Object,
    method: &Object,
    return_url: &str,
) -> Result<(), ApiError> {
    let purpose = Purpose::Intent { intent: intent.id.clone() };
    let (amount, currency) = (intent.integer("amount"), intent.text("currency"));
    let back = return_url.to_owned();
    let Outcome::ActionRequired { challenge } =
        start(tx, method, amount, currency, back, &purpose)?
    else {
        return Ok(());
    };
    intent.body["next_action"] = json!({
        "type": "redirect_to_url",
        "redirect_to_url": {
            "return_url": return_url, "url": tx.page_url(&format!("/challenge/{challenge}")),
        },
    });
    tx.save(intent)
}

/// Goes on with an intent, and back to whom it is for.
fn finish_intent(
    tx: &mut Tx<'_>,
    id: &str,
    return_url: &str,
    passed: bool,
) -> Result<Outcome, ApiError> {
    let mut intent = tx.get(Kind::PaymentIntent, id, "payment_intent")?;
    tx.follow_clock_of(&intent)?;
    if intent.text("status") == Some("requires_action") {
        let method = intent.text("payment_method").unwrap_or_default().to_owned();
        let mut method = tx.get(Kind::PaymentMethod, &method, "payment_method")?;
        if passed {
            tx.confirm(&mut intent, &mut method, Presence::Authenticated)?;
        } else {
            tx.fail_authentication(&mut intent, &method)?;
        }
    }
    let is_failed = intent.text("status") == Some("requires_payment_method");
    let mut url = url::Url::parse(return_url)
        .map_err(|_| ApiError::invalid_param("return_url", "Not a valid URL"))?;
    url.query_pairs_mut()
        .append_pair("payment_intent", &intent.id)
        .append_pair(
            "payment_intent_client_secret",
            intent.text("client_secret").unwrap_or_default(),
        )
        .append_pair("redirect_status", if is_failed { "failed" } else { "succeeded" });
    Ok(Outcome::Completed { redirect_url: url.into() })
}

/// What the challenge page shows.
pub(super) fn page(tx: &mut Tx<'_>, secret: &str) -> Result<ChallengePage, ApiError> {
    let challenge = open(tx, secret)?;
    let number = challenge.private["number"].as_str().unwrap_or_default();
    Ok(ChallengePage {
        merchant: tx.business().to_owned(),
        amount: challenge.integer("amount"),
        currency: challenge.text("currency").map(str::to_owned),
        last4: number.get(number.len().saturating_sub(4)..).unwrap_or_default().to_owned(),
        back_url: challenge.private["back_url"].as_str().unwrap_or_default().to_owned(),
    })
}

/// Takes the answer and goes on. A challenge is answered once.
pub(super) fn finish(tx: &mut Tx<'_>, secret: &str, passed: bool) -> Result<Outcome, ApiError> {
    let mut challenge = open(tx, secret)?;
    challenge.body["status"] = json!(if passed { "passed" } else { "failed" });
    tx.save(&challenge)?;
    let purpose = challenge.private["purpose"].as_str().unwrap_or_default().to_owned();
    if purpose == "payment_intent" {
        let text = |name: &str| challenge.private[name].as_str().unwrap_or_default().to_owned();
        return finish_intent(tx, &text("subject"), &text("back_url"), passed);
    }
    if !passed {
        let code = match purpose.as_str() {
            "portal" => "setup_intent_authentication_failure",
            _ => "payment_intent_authentication_failure",
        };
        return Ok(Outcome::Declined(Refusal {
            message: "We are unable to authenticate your payment method. Please choose a different payment method and \
                      try again."
                .to_owned(),
            code: code.to_owned(),
            decline_code: None,
            param: None,
        }));
    }
    let subject = challenge.private["subject"].as_str().unwrap_or_default().to_owned();
    let method = card_of(&challenge, tx.now());
    match purpose.as_str() {
        "checkout" => {
            let session = super::open_session(tx, Kind::CheckoutSession, &subject)?;
            tx.follow_clock_of(&session)?;
            complete::pay(tx, session, Some(method), Presence::Authenticated)
        }
        "portal" => portal::save_card(tx, &subject, method, Presence::Authenticated),
        _ => invoice_page::pay_with(tx, &subject, method, Presence::Authenticated),
    }
}

fn open(tx: &mut Tx<'_>, secret: &str) -> Result<Object, ApiError> {
    let found = tx.find_by_lookup(Kind::Challenge, secret)?;
    found
        .filter(|challenge| challenge.text("status") == Some("open"))
        .ok_or_else(|| ApiError::no_such(Kind::Challenge, secret, "challenge").in_path())
}

fn card_of(challenge: &Object, now: i64) -> Object {
    let number = |field: &str| challenge.private[field].as_i64().unwrap_or(0);
    let card = Card {
        number: challenge.private["number"].as_str().unwrap_or_default().to_owned(),
        exp_month: number("exp_month"),
        exp_year: number("exp_year"),
    };
    let details: Value = challenge.private["billing_details"].clone();
    card.payment_method(now, details)
}
