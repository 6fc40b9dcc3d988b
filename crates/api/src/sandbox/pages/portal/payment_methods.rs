//! Saved cards: add, make default, remove.

use actix_web::http::StatusCode;
use actix_web::web;
use maud::{Markup, html};

use super::home::card_name;
use super::{Done, Portal, feature_is_off};
use crate::sandbox::Sandbox;
use crate::sandbox::checkout::Outcome;
use crate::sandbox::pages::card::{self, CardForm, field_at_fault};
use crate::sandbox::pages::form::{self, Errors};
use crate::sandbox::pages::reply::{self, Answer, PageError};
use crate::sandbox::pages::{Refused, challenge, now};
use crate::sandbox::portal::{self, PortalPaymentMethod, Task};

/// `GET /portal/{secret}/payment-methods/add`
pub(in crate::sandbox::pages) async fn show_add(
    sandbox: web::Data<Sandbox>,
    secret: web::Path<String>,
    refused: web::Query<Refused>,
) -> Answer {
    let portal = load(&sandbox, &secret).await?;
    Ok(reply::page(add_view(&portal, "", &refused.errors())))
}

/// `POST /portal/{secret}/payment-methods/add`
pub(in crate::sandbox::pages) async fn add(
    sandbox: web::Data<Sandbox>,
    secret: web::Path<String>,
    form: web::Form<CardForm>,
) -> Answer {
    let portal = load(&sandbox, &secret).await?;
    let mut errors = Errors::default();
    let Some(card) = form.parse(now(&sandbox), &mut errors) else {
        return Ok(reply::invalid(add_view(&portal, form.name(), &errors), None));
    };
    match portal::add_payment_method(&sandbox, &portal.secret, card).await? {
        Outcome::Completed { .. } => Ok(portal.finish(Done::CardAdded)),
        Outcome::ActionRequired { challenge } => Ok(reply::see_other(&challenge::path(&challenge))),
        Outcome::Declined(refusal) => {
            errors.add(field_at_fault(&refusal), refusal.message);
            Ok(reply::invalid(add_view(&portal, form.name(), &errors), None))
        }
    }
}

/// `GET /portal/{secret}/payment-methods/added`: where a passed challenge leads.
pub(in crate::sandbox::pages) async fn added(
    sandbox: web::Data<Sandbox>,
    secret: web::Path<String>,
) -> Answer {
    Ok(load(&sandbox, &secret).await?.finish(Done::CardAdded))
}

/// `POST /portal/{secret}/payment-methods/{id}/default`
pub(in crate::sandbox::pages) async fn make_default(
    sandbox: web::Data<Sandbox>,
    path: web::Path<(String, String)>,
) -> Answer {
    let portal = load(&sandbox, &path.0).await?;
    if let Some(card) = saved(&portal, &path.1) {
        portal::set_default_payment_method(&sandbox, &portal.secret, &card.id).await?;
        return Ok(portal.finish(Done::DefaultChanged));
    }
    Ok(reply::not_found())
}

/// `GET /portal/{secret}/payment-methods/{id}/remove`
pub(in crate::sandbox::pages) async fn show_remove(
    sandbox: web::Data<Sandbox>,
    path: web::Path<(String, String)>,
) -> Answer {
    let portal = load(&sandbox, &path.0).await?;
    Ok(match saved(&portal, &path.1) {
        Some(card) if card.is_removable => reply::page(remove_view(&portal, card)),
        Some(card) => in_use(card),
        None => reply::not_found(),
    })
}

/// `POST /portal/{secret}/payment-methods/{id}/remove`
pub(in crate::sandbox::pages) async fn remove(
    sandbox: web::Data<Sandbox>,
    path: web::Path<(String, String)>,
) -> Answer {
    let portal = load(&sandbox, &path.0).await?;
    match saved(&portal, &path.1) {
        Some(card) if card.is_removable => {
            portal::remove_payment_method(&sandbox, &portal.secret, &card.id).await?;
            Ok(portal.finish(Done::CardRemoved))
        }
        Some(card) => Ok(in_use(card)),
        // The second click of a double submit: the card is gone, as asked.
        None => Ok(portal.finish(Done::CardRemoved)),
    }
}

async fn load(sandbox: &Sandbox, secret: &str) -> Result<Portal, PageError> {
    let portal = Portal::load(sandbox, secret).await?;
    if portal.page.features.payment_method_update { Ok(portal) } else { Err(feature_is_off()) }
}

fn saved<'a>(portal: &'a Portal, id: &str) -> Option<&'a PortalPaymentMethod> {
    portal.page.payment_methods.iter().find(|card| card.id == id)
}

fn in_use(card: &PortalPaymentMethod) -> actix_web::HttpResponse {
    let text = format!(
        "{} pays for your plan. Add another card and make it the default first.",
        card_name(card)
    );
    reply::refusal(StatusCode::CONFLICT, "This card is in use", &text)
}

fn add_view(portal: &Portal, name: &str, errors: &Errors) -> Markup {
    let in_flow =
        matches!(portal.page.flow.as_ref().map(|flow| &flow.task), Some(Task::PaymentMethodUpdate));
    let body = html! {
        form.card.stack method="post" action=(portal.path("/payment-methods/add")) novalidate {
            h1 { "Add payment method" }
            (card::fields(name, errors))
            (form::submit("Add"))
            p.soft.small {
                (portal.page.merchant) " may charge this card for your plan until you cancel it."
            }
        }
        (card::test_cards())
    };
    portal.frame("Add payment method", portal.way_back(in_flow), body)
}

fn remove_view(portal: &Portal, card: &PortalPaymentMethod) -> Markup {
    let body = html! {
        form.card.stack method="post" action=(portal.path(&format!("/payment-methods/{}/remove", card.id))) {
            h1 { "Remove this card?" }
            p { (card_name(card)) " will no longer be saved. You can add it again later." }
            div.row {
                button.btn.danger type="submit" data-testid="submit" { "Remove" }
                a.btn.quiet href=(portal.path("/home")) { "Keep card" }
            }
        }
    };
    portal.frame("Remove card", portal.way_back(false), body)
}
