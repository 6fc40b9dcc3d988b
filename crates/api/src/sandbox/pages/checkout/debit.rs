//! Paying from a bank account: the session is complete at once, and paid when the clock has moved on.

use actix_web::web;
use maud::{Markup, html};
use serde::Deserialize;

use super::view::{small_print, submit_label};
use crate::sandbox::Sandbox;
use crate::sandbox::checkout::{self, CheckoutPage, DebitInput, Outcome, SessionStatus};
use crate::sandbox::pages::form::{self, Errors, Field, is_email};
use crate::sandbox::pages::reply::{self, Answer};
use crate::sandbox::pages::shell::{self, Frame};
use crate::sandbox::payment::delayed::TEST_ACCOUNTS;

/// The form as it was sent.
#[derive(Debug, Default, Deserialize)]
pub(in crate::sandbox::pages) struct DebitForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    account: String,
    #[serde(default, rename = "account-holder")]
    holder: String,
}

impl DebitForm {
    fn parse(&self, session: &CheckoutPage) -> Result<DebitInput, Errors> {
        let mut errors = Errors::default();
        let email = session.email.clone().unwrap_or_else(|| self.email.trim().to_owned());
        if !is_email(&email) {
            errors.add("email", "Enter your e-mail address.");
        }
        let account: String = self.account.chars().filter(char::is_ascii_alphanumeric).collect();
        if account.len() < 4 {
            errors.add("account", "Enter the number of the account.");
        }
        if self.holder.trim().is_empty() {
            errors.add("account-holder", "Enter the name of the account holder.");
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(DebitInput { account, name: self.holder.trim().to_owned(), email: Some(email) })
    }
}

/// `GET /pay/{secret}/bank-account`
pub(in crate::sandbox::pages) async fn show(
    sandbox: web::Data<Sandbox>,
    secret: web::Path<String>,
) -> Answer {
    let session = checkout::load(&sandbox, &secret).await?;
    match (session.status, session.debit) {
        (SessionStatus::Open, Some(kind)) => {
            let form = DebitForm {
                email: session.email.clone().unwrap_or_default(),
                ..DebitForm::default()
            };
            Ok(reply::page(view(&session, &secret, kind, &form, &Errors::default())))
        }
        _ => Ok(reply::see_other(&format!("/pay/{secret}"))),
    }
}

/// `POST /pay/{secret}/bank-account`
pub(in crate::sandbox::pages) async fn submit(
    sandbox: web::Data<Sandbox>,
    secret: web::Path<String>,
    form: web::Form<DebitForm>,
) -> Answer {
    let session = checkout::load(&sandbox, &secret).await?;
    let (SessionStatus::Open, Some(kind)) = (session.status, session.debit) else {
        return Ok(reply::see_other(&format!("/pay/{secret}")));
    };
    let input = match form.parse(&session) {
        Ok(input) => input,
        Err(errors) => {
            return Ok(reply::invalid(view(&session, &secret, kind, &form, &errors), None));
        }
    };
    match checkout::submit_debit(&sandbox, &secret, input).await? {
        Outcome::Completed { redirect_url } => Ok(reply::see_other(&redirect_url)),
        Outcome::ActionRequired { .. } => Ok(reply::see_other(&format!("/pay/{secret}"))),
        Outcome::Declined(refusal) => {
            let mut errors = Errors::default();
            errors.add("account", refusal.message);
            Ok(reply::invalid(view(&session, &secret, kind, &form, &errors), None))
        }
    }
}

fn view(
    session: &CheckoutPage,
    secret: &str,
    kind: &str,
    form: &DebitForm,
    errors: &Errors,
) -> Markup {
    let label = if kind == "sepa_debit" { "IBAN" } else { "Account number" };
    let body = html! {
        div.stack.wide {
            div { (shell::back_link("Pay by card", &format!("/pay/{secret}"))) }
            (shell::business(&session.merchant))
            form.card.stack method="post" action={ "/pay/" (secret) "/bank-account" } novalidate {
                div.stack.tight {
                    h1 { "Pay from a bank account" }
                    p.soft { "The debit takes four days. Until then the payment is on its way." }
                }
                (Field { id: "email", label: "E-mail", kind: "email", autocomplete: "email", value: &form.email,
                         fixed: session.email_is_fixed, ..Field::default() }.render(errors))
                (Field { id: "account", label, value: &form.account, ..Field::default() }.render(errors))
                (Field { id: "account-holder", label: "Account holder", autocomplete: "name", value: &form.holder,
                         ..Field::default() }.render(errors))
                (form::submit(&submit_label(session)))
                p.soft.small { (small_print(session, "this account")) }
            }
            details.tests {
                summary { "Test accounts" }
                ul {
                    @for (_, account, outcome) in TEST_ACCOUNTS.iter().filter(|(known, ..)| *known == kind) {
                        li { span.num { (account) } " " span.soft { (outcome) } }
                    }
                }
            }
        }
    };
    shell::page(
        &format!("Pay from a bank account · {}", session.merchant),
        Frame::Narrow,
        &[],
        body,
    )
}
