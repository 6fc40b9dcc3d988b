//! The dashboard: where one looks when something is odd. Everything the sandbox has, with what led to it.
//!
//! | Path | |
//! |---|---|
//! | `/` | clock, search, the last events and requests |
//! | `/dashboard/{list}` | `customers`, `subscriptions`, `invoices`, `events`, …: 25 a page |
//! | `/dashboard/objects/{id}` | an object as the API shows it, its events, for an event its deliveries |
//! | `/dashboard/webhooks` | endpoints, `stripe listen` included, and how failed deliveries are repeated |
//! | `/dashboard/requests` | the last requests of the API, with their bodies |
//! | `/dashboard/faults` | what goes wrong: presets and rules |
//!
//! It needs no log-in, so it answers only under names that mean this machine, and takes forms from its own pages
//! alone: see [`guard`].

mod faults;
mod guard;
mod json;
mod objects;
mod overview;
mod requests;
mod rows;
mod webhooks;

use actix_web::{middleware, web};
use maud::{Markup, html};

pub(in crate::sandbox) use self::guard::refuse_strangers;
use super::{
    display,
    reply::{self, Answer},
    shell::{self, Frame},
};

/// The dashboard's parts: name and path.
const PARTS: &[(&str, &str)] = &[
    ("Overview", "/"),
    ("Customers", "/dashboard/customers"),
    ("Subscriptions", "/dashboard/subscriptions"),
    ("Invoices", "/dashboard/invoices"),
    ("Events", "/dashboard/events"),
    ("Webhooks", "/dashboard/webhooks"),
    ("Requests", "/dashboard/requests"),
    ("Faults", "/dashboard/faults"),
];

/// Mounts the dashboard.
pub(super) fn configure(routes: &mut web::ServiceConfig) {
    routes
        .service(
            web::resource("/")
                .wrap(middleware::from_fn(refuse_strangers))
                .route(web::get().to(overview::show)),
        )
        .service(
            web::scope("/dashboard")
                .wrap(middleware::from_fn(refuse_strangers))
                .route("/search", web::get().to(overview::search))
                .route("/clock", web::post().to(overview::advance_clock))
                .route("/webhooks", web::get().to(webhooks::show))
                .route("/webhooks/retries", web::post().to(webhooks::set_retries))
                .route("/webhooks/{id}/roll", web::post().to(webhooks::roll))
                .route("/events/{id}/resend", web::post().to(webhooks::resend))
                .route("/requests", web::get().to(requests::list))
                .route("/requests/{id}", web::get().to(requests::show))
                .route("/faults", web::get().to(faults::show))
                .route("/faults/preset", web::post().to(faults::switch_preset))
                .route("/faults/rule", web::post().to(faults::add_rule))
                .route("/faults/remove", web::post().to(faults::remove_rule))
                .route("/faults/clear", web::post().to(faults::clear))
                .route("/objects/{id}", web::get().to(objects::show))
                .route("/{list}", web::get().to(objects::list))
                .default_service(web::to(|| async { reply::not_found() })),
        );
}

/// A page of the dashboard; `part` is the path of the one it belongs to.
fn page(title: &str, part: &str, body: Markup) -> Answer {
    let body = html! {
        div.row.apart {
            nav aria-label="Dashboard" {
                ul.tabs {
                    @for (name, path) in PARTS {
                        li {
                            a href=(path) aria-current=[(*path == part).then_some("page")] { (name) }
                        }
                    }
                }
            }
            form.search role="search" method="get" action="/dashboard/search" {
                label.hidden-label for="q" { "Search by id or e-mail" }
                input id="q" name="q" type="search" placeholder="Search by id or e-mail" autocomplete="off"
                    spellcheck="false";
                button.btn.quiet.slim type="submit" { "Search" }
            }
        }
        div.stack.wide { (body) }
    };
    Ok(reply::page(shell::page(title, Frame::Wide, &[], body)))
}

/// `2026-12-18 09:30:00 UTC`
fn time(unix_seconds: i64) -> Markup {
    let text = jiff::Timestamp::from_second(unix_seconds)
        .map(|time| time.strftime("%Y-%m-%d %H:%M:%S").to_string())
        .unwrap_or_default();
    html! { time.num datetime=(format!("{}Z", text.replace(' ', "T"))) { (text) " UTC" } }
}

/// The page of an object.
fn object_path(id: &str) -> String {
    format!("/dashboard/objects/{}", percent_encoded(id))
}

fn percent_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// An object's id, leading to its page.
fn id_link(id: &str) -> Markup {
    html! { a.mono href=(object_path(id)) { (id) } }
}

/// A status in the colour of what it means.
fn status_pill(status: &str) -> Markup {
    let mood = match status {
        "active" | "paid" | "succeeded" | "delivered" | "complete" | "enabled" | "trialing"
        | "available" => "good",
        "past_due"
        | "open"
        | "pending"
        | "incomplete"
        | "draft"
        | "paused"
        | "processing"
        | "requires_action"
        | "requires_payment_method" => "warn",
        "unpaid" | "failed" | "canceled" | "incomplete_expired" | "uncollectible" | "void"
        | "disabled" | "expired" => "bad",
        _ => "",
    };
    html! { span class=(format!("pill {mood}")) { (status.replace('_', " ")) } }
}
