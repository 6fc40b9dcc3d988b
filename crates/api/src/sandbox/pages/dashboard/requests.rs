//! The last requests of the API, with their bodies.

use actix_web::web;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::{Answer, json, page, percent_encoded, reply, rows, time};
use crate::sandbox::Sandbox;

/// Where a request is shown.
pub(super) fn path(request: &str) -> String {
    format!("/dashboard/requests/{}", percent_encoded(request))
}

/// `GET /dashboard/requests`
pub(super) async fn list(sandbox: web::Data<Sandbox>) -> Answer {
    let body = html! {
        h1 { "Requests" }
        section.card.stack aria-label="Requests" { (rows::requests(&sandbox.log.newest(200))) }
    };
    page("Requests", "/dashboard/requests", body)
}

/// `GET /dashboard/requests/{id}`
pub(super) async fn show(sandbox: web::Data<Sandbox>, id: web::Path<String>) -> Answer {
    let Some((at, request)) = sandbox.log.find(&id) else { return Ok(reply::not_found()) };
    let answer: Option<Value> = serde_json::from_slice(&request.answer).ok();
    let body = html! {
        div.stack.tight {
            h1 { (request.method) " " span.mono { (request.path) } }
            p.row { span.mono.soft { (request.request) } (rows::http_status(request.status)) (time(at)) }
        }
        section.card.stack aria-labelledby="sent" {
            h2 id="sent" { "Sent" }
            dl.kv {
                (fact("Stripe-Version", request.version.as_deref()))
                (fact("Idempotency-Key", request.idempotency_key.as_deref()))
                (fact("Fault", request.fault))
            }
            (parameters("Query", request.query.as_bytes()))
            (parameters("Form", &request.form))
        }
        section.card.stack aria-labelledby="answered" {
            h2 id="answered" { "Answered" }
            @match answer {
                Some(answer) => (json::block("The answer as JSON", &answer)),
                None => p.soft {
                    @if request.status.is_none() { "Nothing: a fault ended the connection." }
                    @else { "Too long to be kept whole." }
                },
            }
        }
    };
    page(&request.request, "/dashboard/requests", body)
}

fn fact(name: &str, value: Option<&str>) -> Markup {
    html! { @if let Some(value) = value { dt { (name) } dd.mono { (value) } } }
}

/// Parameters, decoded, in the order they came.
fn parameters(label: &str, encoded: &[u8]) -> Markup {
    let pairs: Vec<_> = url::form_urlencoded::parse(encoded).collect();
    html! {
        @if !pairs.is_empty() {
            h3 { (label) }
            pre.json role="region" tabindex="0" aria-label=(label) {
                @for (name, value) in &pairs { span.key { (name) } " = " (json!(value)) "\n" }
            }
        }
    }
}
