//! Billing information: the fields that `customer_update.allowed_updates` names.

use actix_web::web;
use maud::{Markup, html};
use serde::Deserialize;

use super::{Done, Portal, feature_is_off};
use crate::sandbox::Sandbox;
use crate::sandbox::pages::form::{self, Errors, Field, is_email};
use crate::sandbox::pages::reply::{self, Answer, PageError};
use crate::sandbox::portal::{self, Address, BillingInfo, PortalCustomer, Task};

/// The form as it was sent. Fields that are not offered are absent.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(in crate::sandbox::pages) struct InformationForm {
    name: String,
    email: String,
    phone: String,
    line1: String,
    line2: String,
    city: String,
    state: String,
    postal_code: String,
    country: String,
}

impl InformationForm {
    fn prefilled(customer: &PortalCustomer) -> InformationForm {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let address = customer.address.clone().unwrap_or_default();
        InformationForm {
            name: text(&customer.name),
            email: text(&customer.email),
            phone: text(&customer.phone),
            line1: text(&address.line1),
            line2: text(&address.line2),
            city: text(&address.city),
            state: text(&address.state),
            postal_code: text(&address.postal_code),
            country: text(&address.country),
        }
    }

    /// The new information as far as `portal` lets it be changed, or what is wrong field by field.
    fn parse(&self, portal: &Portal) -> Result<BillingInfo, Errors> {
        let mut errors = Errors::default();
        let offered = |what, text: &str| allows(portal, what).then(|| text.trim().to_owned());
        let email = offered("email", &self.email);
        if email.as_deref().is_some_and(|email| !is_email(email)) {
            errors.add("email", "That is not an e-mail address: it needs an @ and a domain.");
        }
        let country = self.country.trim().to_ascii_uppercase();
        let is_code = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
        if allows(portal, "address") && !country.is_empty() && !is_code {
            errors.add("country", "Enter the country's two letters, such as US or DE.");
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let address = allows(portal, "address").then(|| Address {
            line1: text(&self.line1),
            line2: text(&self.line2),
            city: text(&self.city),
            state: text(&self.state),
            postal_code: text(&self.postal_code),
            country: text(&country),
        });
        Ok(BillingInfo {
            email,
            name: offered("name", &self.name),
            phone: offered("phone", &self.phone),
            address,
        })
    }
}

/// `GET /portal/{secret}/billing-information`
pub(in crate::sandbox::pages) async fn show(
    sandbox: web::Data<Sandbox>,
    secret: web::Path<String>,
) -> Answer {
    let portal = load(&sandbox, &secret).await?;
    let form = InformationForm::prefilled(&portal.page.customer);
    Ok(reply::page(view(&portal, &form, &Errors::default())))
}

/// `POST /portal/{secret}/billing-information`
pub(in crate::sandbox::pages) async fn save(
    sandbox: web::Data<Sandbox>,
    secret: web::Path<String>,
    form: web::Form<InformationForm>,
) -> Answer {
    let portal = load(&sandbox, &secret).await?;
    match form.parse(&portal) {
        Ok(information) => {
            portal::update_billing_info(&sandbox, &portal.secret, information).await?;
            Ok(portal.finish(Done::InformationSaved))
        }
        Err(errors) => Ok(reply::invalid(view(&portal, &form, &errors), None)),
    }
}

async fn load(sandbox: &Sandbox, secret: &str) -> Result<Portal, PageError> {
    let portal = Portal::load(sandbox, secret).await?;
    if portal.page.features.customer_update.is_empty() { Err(feature_is_off()) } else { Ok(portal) }
}

fn allows(portal: &Portal, what: &str) -> bool {
    portal.page.features.customer_update.iter().any(|allowed| allowed == what)
}

fn view(portal: &Portal, form: &InformationForm, errors: &Errors) -> Markup {
    let in_flow =
        matches!(portal.page.flow.as_ref().map(|flow| &flow.task), Some(Task::CustomerUpdate));
    let field = Field { optional: true, ..Field::default() };
    let body = html! {
        form.card.stack method="post" action=(portal.path("/billing-information")) novalidate {
            div.stack.tight {
                h1 { "Billing information" }
                p.soft { "It stands on your invoices. Only the e-mail address is needed." }
            }
            @if allows(portal, "name") {
                (Field { id: "name", label: "Name", autocomplete: "name", value: &form.name, ..field }.render(errors))
            }
            @if allows(portal, "email") {
                (Field { id: "email", label: "E-mail", kind: "email", autocomplete: "email", value: &form.email,
                         optional: false, ..field }.render(errors))
            }
            @if allows(portal, "phone") {
                (Field { id: "phone", label: "Phone", kind: "tel", autocomplete: "tel", value: &form.phone, ..field }
                    .render(errors))
            }
            @if allows(portal, "address") { (address_fields(form, errors)) }
            (form::submit("Save"))
        }
    };
    portal.frame("Billing information", portal.way_back(in_flow), body)
}

fn address_fields(form: &InformationForm, errors: &Errors) -> Markup {
    let field = Field { optional: true, ..Field::default() };
    html! {
        fieldset.stack {
            legend { "Address" }
            (Field { id: "line1", label: "Street and number", autocomplete: "address-line1", value: &form.line1,
                     ..field }.render(errors))
            (Field { id: "line2", label: "Flat, floor, company", autocomplete: "address-line2", value: &form.line2,
                     ..field }.render(errors))
            div.split {
                (Field { id: "postal-code", label: "Postal code", autocomplete: "postal-code",
                         value: &form.postal_code, ..field }.render(errors))
                (Field { id: "city", label: "City", autocomplete: "address-level2", value: &form.city, ..field }
                    .render(errors))
            }
            div.split {
                (Field { id: "state", label: "State", autocomplete: "address-level1", value: &form.state, ..field }
                    .render(errors))
                (Field { id: "country", label: "Country code", autocomplete: "country", placeholder: "US",
                         value: &form.country, ..field }.render(errors))
            }
        }
    }
}
