//! Lists of objects, and the page of one.

use actix_web::web;
use maud::{Markup, html};
use serde::Deserialize;

use super::{Answer, json, page, percent_encoded, reply, rows, status_pill, webhooks};
use crate::sandbox::{
    Sandbox, listen,
    object::{Kind, Object},
    store::{Listing, Tx},
};

/// Objects on a page.
const PER_PAGE: usize = 25;
/// Events and other objects shown beside an object.
const RELATED: usize = 20;

/// Lists that the navigation does not name: title and path.
pub(super) const OTHER_LISTS: &[(&str, &str)] = &[
    ("Products", "products"),
    ("Prices", "prices"),
    ("Checkout sessions", "checkout_sessions"),
    ("Payments", "payment_intents"),
    ("Payment methods", "payment_methods"),
    ("Coupons", "coupons"),
];

/// What a list's path means: its kind and its title.
fn listed(path: &str) -> Option<(Kind, &'static str)> {
    Some(match path {
        "customers" => (Kind::Customer, "Customers"),
        "subscriptions" => (Kind::Subscription, "Subscriptions"),
        "invoices" => (Kind::Invoice, "Invoices"),
        "events" => (Kind::Event, "Events"),
        "products" => (Kind::Product, "Products"),
        "prices" => (Kind::Price, "Prices"),
        "checkout_sessions" => (Kind::CheckoutSession, "Checkout sessions"),
        "payment_intents" => (Kind::PaymentIntent, "Payments"),
        "payment_methods" => (Kind::PaymentMethod, "Payment methods"),
        "coupons" => (Kind::Coupon, "Coupons"),
        _ => return None,
    })
}

#[derive(Deserialize)]
pub(super) struct From {
    after: Option<String>,
}

/// `GET /dashboard/{list}`
pub(super) async fn list(
    sandbox: web::Data<Sandbox>,
    path: web::Path<String>,
    from: web::Query<From>,
) -> Answer {
    let Some((kind, title)) = listed(&path) else { return Ok(reply::not_found()) };
    let listing =
        Listing { limit: PER_PAGE, starting_after: from.after.clone(), ..Listing::default() };
    let (objects, has_more) = sandbox.store.read(|tx| tx.list(kind, &listing, |_| true))?;
    let part = format!("/dashboard/{path}");
    let body = html! {
        h1 { (title) }
        section.card.stack aria-label=(title) {
            (rows::list(&objects, "There are none."))
            @if has_more && let Some(last) = objects.last() {
                p { a.btn.quiet href=(format!("{part}?after={}", percent_encoded(&last.id))) { "Older" } }
            }
        }
    };
    page(title, &part, body)
}

/// `GET /dashboard/objects/{id}`
pub(super) async fn show(sandbox: web::Data<Sandbox>, id: web::Path<String>) -> Answer {
    let loaded = sandbox.store.read(|tx| load(tx, &id))?;
    let Some((object, related)) = loaded else { return Ok(reply::not_found()) };
    if listen::is_listener(&object) {
        return Ok(reply::see_other("/dashboard/webhooks"));
    }
    let title = object.text("type").filter(|_| object.kind == Kind::Event);
    let title = title.unwrap_or(object.kind.noun()).to_owned();
    let part = match object.kind {
        Kind::Customer => "/dashboard/customers",
        Kind::Subscription => "/dashboard/subscriptions",
        Kind::Invoice => "/dashboard/invoices",
        Kind::Event => "/dashboard/events",
        Kind::WebhookEndpoint => "/dashboard/webhooks",
        _ => "",
    };
    let body = html! {
        div.row.apart {
            div.stack.tight { h1 { (title) } p.mono.soft { (object.id) } }
            @if let Some(status) = object.text("status") { (status_pill(status)) }
        }
        (hosted_links(&object))
        @if object.kind == Kind::Event { (webhooks::deliveries(&sandbox, &object.id)?) }
        section.card.stack aria-labelledby="json" {
            h2 id="json" { "As the API shows it" }
            (json::block("The object as JSON", &object.body))
        }
        @for (heading, objects) in &related {
            @if !objects.is_empty() {
                section.card.stack aria-label=(heading) {
                    h2 { (heading) }
                    (rows::list(objects, ""))
                }
            }
        }
    };
    page(&title, part, body)
}

type Related = Vec<(&'static str, Vec<Object>)>;

fn load(
    tx: &mut Tx<'_>,
    id: &str,
) -> Result<Option<(Object, Related)>, crate::sandbox::error::ApiError> {
    let Some(object) = tx.find_any(id)? else { return Ok(None) };
    let mut related = Vec::new();
    if object.kind == Kind::Customer {
        for (kind, heading) in [
            (Kind::Subscription, "Subscriptions"),
            (Kind::Invoice, "Invoices"),
            (Kind::PaymentMethod, "Payment methods"),
        ] {
            let listing = Listing { limit: RELATED, ..Listing::of_customer(id) };
            related.push((heading, tx.list(kind, &listing, |_| true)?.0));
        }
    }
    if object.kind == Kind::Subscription {
        let listing = Listing { limit: RELATED, ..Listing::of_parent(id) };
        related.push(("Invoices", tx.list(Kind::Invoice, &listing, |_| true)?.0));
    }
    let listing = Listing { limit: RELATED, ..Listing::of_parent(id) };
    related.push(("Events about it", tx.list(Kind::Event, &listing, |_| true)?.0));
    Ok(Some((object, related)))
}

/// Pages that the sandbox hosts for the object.
fn hosted_links(object: &Object) -> Markup {
    let links = [("url", "Open its page"), ("hosted_invoice_url", "Open the invoice's page")];
    let links: Vec<_> = links
        .iter()
        .filter(|_| object.kind != Kind::WebhookEndpoint)
        .filter_map(|(field, label)| Some((object.text(field)?, *label)))
        .collect();
    html! {
        @if !links.is_empty() {
            p.row {
                @for (address, label) in links {
                    a.btn.quiet href=(address) rel="noreferrer" { (label) }
                }
            }
        }
    }
}
