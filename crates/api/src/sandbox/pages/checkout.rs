//! Checkout: show the session, take the form, send the browser on.

pub(super) mod debit;
mod order;
mod view;

use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::card::{CardForm, field_at_fault};
use super::form::{Errors, is_email};
use super::reply::{self, Answer};
use super::{Refused, challenge, now};
use crate::sandbox::Sandbox;
use crate::sandbox::billing::tax_ids::NewTaxId;
use crate::sandbox::checkout::{self, CardInput, CheckoutPage, Outcome, SessionStatus};
use crate::sandbox::error::ApiError;

/// Checkout's form as it was sent.
#[derive(Debug, Default, Deserialize)]
pub(super) struct CheckoutForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    terms: Option<String>,
    #[serde(default, rename = "tax-id-type")]
    tax_id_type: String,
    #[serde(default, rename = "tax-id")]
    tax_id: String,
    #[serde(flatten)]
    card: CardForm,
}

impl CheckoutForm {
    /// The form as it stands before anything was typed.
    fn prefilled(session: &CheckoutPage) -> CheckoutForm {
        CheckoutForm { email: session.email.clone().unwrap_or_default(), ..CheckoutForm::default() }
    }

    /// What the session needs of the customer, or what is wrong field by field.
    fn parse(&self, session: &CheckoutPage, now: i64) -> Result<CardInput, Errors> {
        let mut errors = Errors::default();
        let typed = self.email.trim();
        let email = match &session.email {
            Some(fixed) if session.email_is_fixed => Some(fixed.as_str()),
            _ if is_email(typed) => Some(typed),
            _ if typed.is_empty() => None,
            _ => {
                errors.add("email", "That is not an e-mail address: it needs an @ and a domain.");
                None
            }
        };
        if email.is_none() && errors.is_empty() {
            errors.add("email", "Enter your e-mail address.");
        }
        let card = if session.card_required {
            self.card.parse(now, &mut errors)
        } else {
            Some(CardInput::default())
        };
        if session.consent_to_terms && self.terms.is_none() {
            errors.add("terms", "Agree to the terms of service to go on.");
        }
        match card {
            Some(card) if errors.is_empty() => {
                Ok(CardInput { email: email.map(str::to_owned), ..card })
            }
            _ => Err(errors),
        }
    }
}

impl CheckoutForm {
    fn tax_id(&self, session: &CheckoutPage) -> Option<NewTaxId> {
        let value = Some(self.tax_id.trim()).filter(|value| !value.is_empty())?;
        session.tax_id?;
        Some(NewTaxId { kind: self.tax_id_type.clone(), value: value.to_owned() })
    }
}

/// `GET /pay/{secret}`
pub(super) async fn show(
    sandbox: web::Data<Sandbox>,
    secret: web::Path<String>,
    refused: web::Query<Refused>,
) -> Answer {
    let session = checkout::load(&sandbox, &secret).await?;
    match session.status {
        SessionStatus::Complete => Ok(reply::page(view::complete(&session))),
        SessionStatus::Expired => Ok(reply::page(view::expired(&session))),
        SessionStatus::Open => {
            let form = CheckoutForm::prefilled(&session);
            let page = view::open(&session, &secret, &form, &refused.errors());
            Ok(reply::page_with(
                actix_web::http::StatusCode::OK,
                page,
                view::images_from(&session).as_deref(),
            ))
        }
    }
}

/// `POST /pay/{secret}`
pub(super) async fn submit(
    sandbox: web::Data<Sandbox>,
    secret: web::Path<String>,
    form: web::Form<CheckoutForm>,
) -> Answer {
    let session = checkout::load(&sandbox, &secret).await?;
    match (session.status, &session.success_url) {
        (SessionStatus::Open, _) => {}
        // The second click of a double submit, after the first one paid.
        (SessionStatus::Complete, Some(success_url)) => return Ok(reply::see_other(success_url)),
        _ => return Ok(reply::see_other(&format!("/pay/{secret}"))),
    }
    let card = match form.parse(&session, now(&sandbox)) {
        Ok(card) => card,
        Err(errors) => return Ok(refuse(&session, &secret, &form, &errors)),
    };
    let tax_id = form.tax_id(&session);
    match checkout::submit(&sandbox, &secret, card, tax_id).await? {
        Outcome::Completed { redirect_url } => Ok(reply::see_other(&redirect_url)),
        Outcome::ActionRequired { challenge } => Ok(reply::see_other(&challenge::path(&challenge))),
        Outcome::Declined(refusal) => {
            let mut errors = Errors::default();
            errors.add(field_at_fault(&refusal), refusal.message.clone());
            Ok(refuse(&session, &secret, &form, &errors))
        }
    }
}

/// A promotion code as it was sent.
#[derive(Debug, Deserialize)]
pub(super) struct CodeForm {
    #[serde(rename = "promotion-code", default)]
    code: String,
}

/// `POST /pay/{secret}/promotion-code`: an empty code takes the discount off.
pub(super) async fn apply_code(
    sandbox: web::Data<Sandbox>,
    secret: web::Path<String>,
    form: web::Form<CodeForm>,
) -> Answer {
    let applied = checkout::apply_code(&sandbox, &secret, form.code.clone()).await;
    answer_change(&sandbox, &secret, applied, "promotion-code").await
}

/// A country as it was sent.
#[derive(Debug, Deserialize)]
pub(super) struct CountryForm {
    #[serde(rename = "tax-country", default)]
    country: String,
}

/// `POST /pay/{secret}/tax-country`
pub(super) async fn set_country(
    sandbox: web::Data<Sandbox>,
    secret: web::Path<String>,
    form: web::Form<CountryForm>,
) -> Answer {
    let changed = checkout::set_country(&sandbox, &secret, form.country.clone()).await;
    answer_change(&sandbox, &secret, changed, "tax-country").await
}

/// A quantity as it was sent.
#[derive(Debug, Deserialize)]
pub(super) struct QuantityForm {
    line: String,
    quantity: i64,
}

/// `POST /pay/{secret}/quantity`
pub(super) async fn set_quantity(
    sandbox: web::Data<Sandbox>,
    secret: web::Path<String>,
    form: web::Form<QuantityForm>,
) -> Answer {
    let changed = checkout::set_quantity(&sandbox, &secret, form.line.clone(), form.quantity).await;
    answer_change(&sandbox, &secret, changed, "quantity").await
}

/// Back to the page, or the page with what is wrong beside the field.
async fn answer_change(
    sandbox: &Sandbox,
    secret: &str,
    changed: Result<(), ApiError>,
    field: &'static str,
) -> Answer {
    let session = checkout::load(sandbox, secret).await?;
    match changed {
        Err(error) if error.status == 400 && session.status == SessionStatus::Open => {
            let mut errors = Errors::default();
            errors.add(field, error.message);
            Ok(refuse(&session, secret, &CheckoutForm::prefilled(&session), &errors))
        }
        Err(error) if error.status != 400 => Err(error.into()),
        _ => Ok(reply::see_other(&format!("/pay/{secret}"))),
    }
}

fn refuse(
    session: &CheckoutPage,
    secret: &str,
    form: &CheckoutForm,
    errors: &Errors,
) -> HttpResponse {
    reply::invalid(view::open(session, secret, form, errors), view::images_from(session).as_deref())
}
