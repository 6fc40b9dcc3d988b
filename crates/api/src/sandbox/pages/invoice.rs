//! The hosted invoice: a receipt, a way to pay while it is open, and the same as a PDF.

mod pdf;
mod view;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::{HttpResponse, web};

use super::card::{CardForm, field_at_fault};
use super::form::Errors;
use super::reply::{self, Answer};
use super::{Refused, challenge, now};
use crate::sandbox::Sandbox;
use crate::sandbox::checkout::Outcome;
use crate::sandbox::invoice_page::{self, InvoicePage};

/// `GET /invoice/{secret}`
pub(super) async fn show(
    sandbox: web::Data<Sandbox>,
    secret: web::Path<String>,
    refused: web::Query<Refused>,
) -> Answer {
    let invoice = invoice_page::load(&sandbox, &secret).await?;
    Ok(reply::page(view::page(&invoice, &secret, "", &refused.errors())))
}

/// `POST /invoice/{secret}`: pays an open invoice.
pub(super) async fn pay(
    sandbox: web::Data<Sandbox>,
    secret: web::Path<String>,
    form: web::Form<CardForm>,
) -> Answer {
    let invoice = invoice_page::load(&sandbox, &secret).await?;
    if invoice.status != "open" {
        // The second click of a double submit, after the first one paid.
        return Ok(reply::see_other(&path(&secret)));
    }
    let mut errors = Errors::default();
    let Some(card) = form.parse(now(&sandbox), &mut errors) else {
        return Ok(reply::invalid(view::page(&invoice, &secret, form.name(), &errors), None));
    };
    match invoice_page::pay(&sandbox, &secret, card).await? {
        Outcome::Completed { .. } => Ok(reply::see_other(&path(&secret))),
        Outcome::ActionRequired { challenge } => Ok(reply::see_other(&challenge::path(&challenge))),
        Outcome::Declined(refusal) => {
            errors.add(field_at_fault(&refusal), refusal.message);
            Ok(reply::invalid(view::page(&invoice, &secret, form.name(), &errors), None))
        }
    }
}

/// `GET /invoice/{secret}/pdf`
pub(super) async fn download(sandbox: web::Data<Sandbox>, secret: web::Path<String>) -> Answer {
    let invoice = invoice_page::load(&sandbox, &secret).await?;
    let file = format!("attachment; filename=\"invoice-{}.pdf\"", number(&invoice));
    Ok(HttpResponse::Ok()
        .content_type("application/pdf")
        .insert_header((CONTENT_DISPOSITION, file))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(pdf::render(&invoice)))
}

fn path(secret: &str) -> String {
    format!("/invoice/{secret}")
}

/// The invoice's number, or its id while it has none.
fn number(invoice: &InvoicePage) -> &str {
    invoice.number.as_deref().unwrap_or(&invoice.id)
}

fn is_paid(invoice: &InvoicePage) -> bool {
    invoice.status == "paid"
}
