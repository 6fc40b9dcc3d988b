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
}

impl Purpose {
    fn parts(&self) -> (&'static str, &str) {
        match self {
            Purpose::Checkout { session } => ("checkout", session),
            Purpose::Portal { session } => ("portal", session),
            Purpose::Invoice { invoice } => ("invoice", invoice),
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
