//! The first page: the clock, what happened last, and the search.

use actix_web::web;
use maud::{Markup, html};
use serde::Deserialize;

use super::{Answer, object_path, page, reply, requests, rows, time};
use crate::sandbox::{
    Sandbox, clock,
    error::ApiError,
    object::Kind,
    store::{Listing, Tx},
    ticker,
};

/// Events and requests shown.
const SHOWN: usize = 8;
/// Steps of the clock: label and span.
const STEPS: &[(&str, &str)] = &[
    ("1 hour", "1h"),
    ("1 day", "1day"),
    ("1 week", "1week"),
    ("1 month", "1month"),
    ("1 year", "1year"),
];

/// `GET /`
pub(super) async fn show(sandbox: web::Data<Sandbox>) -> Answer {
    let newest = Listing { limit: SHOWN, ..Listing::default() };
    let (events, _) = sandbox.store.read(|tx| tx.list(Kind::Event, &newest, |_| true))?;
    let (faults, _) = sandbox.faults.show();
    let body = html! {
        h1 { "Dashboard" }
        @if !faults.is_empty() {
            p.notice.warn { "Faults are on. " a href="/dashboard/faults" { "See what goes wrong" } }
        }
        (clock_card(&sandbox))
        div.halves {
            section.card.stack aria-labelledby="events" {
                h2 id="events" { "Last events" }
                (rows::list(&events, "Nothing has happened yet. Ask the API for something, or run your program."))
                @if !events.is_empty() { p { a href="/dashboard/events" { "All events" } } }
            }
            section.card.stack aria-labelledby="requests" {
                h2 id="requests" { "Last requests" }
                (rows::requests(&sandbox.log.newest(SHOWN)))
                @if !sandbox.log.newest(1).is_empty() { p { a href="/dashboard/requests" { "All requests" } } }
            }
        }
        section.card.stack aria-labelledby="more" {
            h2 id="more" { "Everything else" }
            ul.row {
                @for (title, path) in super::objects::OTHER_LISTS {
                    li { a href=(format!("/dashboard/{path}")) { (title) } }
                }
                li { a href="/_sandbox/mailbox" { "Mailbox" } }
            }
        }
    };
    page("Dashboard", "/", body)
}

fn clock_card(sandbox: &Sandbox) -> Markup {
    let clock = &sandbox.store.surroundings().clock;
    html! {
        section.card.stack aria-labelledby="clock" {
            div.row.apart {
                h2 id="clock" { "Clock" }
                p.strong data-testid="now" { (time(clock.now())) }
            }
            p.soft.small {
                @if clock.offset() > 0 { "Ahead of this machine's clock. " }
                "It only moves ahead; renewals, retries and deadlines on the way are carried out, each at its time."
            }
            form.row method="post" action="/dashboard/clock" {
                @for (label, span) in STEPS {
                    button.btn.quiet.slim type="submit" name="by" value=(span) { "Ahead " (label) }
                }
            }
            form.row method="post" action="/dashboard/clock" {
                label for="by" { "Ahead by" }
                input.short id="by" name="by" placeholder="3days 2h" autocomplete="off" required;
                button.btn.quiet.slim type="submit" { "Move" }
            }
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Move {
    by: String,
}

/// `POST /dashboard/clock`
pub(super) async fn advance_clock(sandbox: web::Data<Sandbox>, form: web::Form<Move>) -> Answer {
    let now = sandbox.store.surroundings().clock.now();
    let target = clock::after(now, form.by.trim()).map_err(ApiError::invalid)?;
    ticker::advance(&sandbox, target).await?;
    Ok(reply::see_other("/"))
}

#[derive(Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    q: String,
}

/// `GET /dashboard/search`: straight to what has the id, else the customers with the e-mail.
pub(super) async fn search(sandbox: web::Data<Sandbox>, search: web::Query<Search>) -> Answer {
    let wanted = search.q.trim();
    if sandbox.log.find(wanted).is_some() {
        return Ok(reply::see_other(&requests::path(wanted)));
    }
    let (found, customers) = sandbox.store.read(|tx: &mut Tx<'_>| {
        let customers = Listing { limit: 25, ..Listing::of_lookup(wanted) };
        Ok((tx.find_any(wanted)?, tx.list(Kind::Customer, &customers, |_| true)?.0))
    })?;
    if let Some(object) = found {
        return Ok(reply::see_other(&object_path(&object.id)));
    }
    let body = html! {
        h1 { "Search" }
        section.card.stack aria-label="Found" {
            (rows::list(&customers, &format!("Nothing has the id or e-mail “{wanted}”.")))
        }
    };
    page("Search", "", body)
}
