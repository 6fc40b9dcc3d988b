//! Objects in lists: one line each, with what tells them apart.

use maud::{Markup, html};
use serde_json::Value;

use super::{display, id_link, json, percent_encoded, status_pill, time};
use crate::sandbox::{
    log::LoggedRequest,
    object::{Kind, Object},
};

/// A list, or a sentence when it is empty.
pub(super) fn list(objects: &[Object], none: &str) -> Markup {
    html! {
        @if objects.is_empty() {
            p.soft { (none) }
        } @else {
            ul.list {
                @for object in objects { (row(object)) }
            }
        }
    }
}

fn row(object: &Object) -> Markup {
    let text = |field: &str| object.text(field).unwrap_or_default().to_owned();
    let money = |field: &str| {
        let currency = object.text("currency").unwrap_or("usd");
        object.integer(field).map(|amount| display::amount(amount, currency)).unwrap_or_default()
    };
    let (title, detail) = match object.kind {
        Kind::Customer => {
            let state = if object.is("deleted") { "deleted" } else { "" };
            (first(&[text("name"), text("email"), state.to_owned()]), text("email"))
        }
        Kind::Event => {
            let subject = object.body["data"]["object"]["id"].as_str().unwrap_or_default();
            (text("type"), subject.to_owned())
        }
        Kind::Invoice => {
            (first(&[text("number"), "Without a number yet".to_owned()]), money("total"))
        }
        Kind::Subscription => (plan(&object.body), text("customer")),
        Kind::Product => (text("name"), text("description")),
        Kind::Price => (money("unit_amount"), text("lookup_key")),
        Kind::PaymentIntent | Kind::Charge => (money("amount"), text("customer")),
        Kind::CheckoutSession => (text("mode"), text("customer")),
        _ => (object.kind.name().to_owned(), text("customer")),
    };
    html! {
        li {
            span.stack.tight {
                span.strong { (title) }
                span.small { (id_link(&object.id)) }
            }
            span.row.small {
                @if json::is_id(&detail) { (id_link(&detail)) } @else { span.soft { (detail) } }
                @if let Some(status) = object.text("status") { (status_pill(status)) }
                span.soft { (time(object.integer("created").unwrap_or(0))) }
            }
        }
    }
}

/// The first text that says something.
fn first(texts: &[String]) -> String {
    texts
        .iter()
        .find(|text| !text.is_empty())
        .cloned()
        .unwrap_or_else(|| "Without a name".to_owned())
}

/// `$9.00 per month`, of the first item.
fn plan(subscription: &Value) -> String {
    let price = &subscription["items"]["data"][0]["price"];
    let currency = price["currency"].as_str().unwrap_or("usd");
    let amount = match price["unit_amount_decimal"].as_str() {
        Some(unit) => display::unit(Some(unit), 0, currency),
        None => "Tiered".to_owned(),
    };
    let recurring = &price["recurring"];
    let interval = recurring["interval"].as_str().unwrap_or("month");
    let count = recurring["interval_count"].as_i64().unwrap_or(1);
    format!("{amount} {}", display::interval(interval, count))
}

/// The last requests of the API.
pub(super) fn requests(requests: &[(i64, LoggedRequest)]) -> Markup {
    html! {
        @if requests.is_empty() {
            p.soft { "None since the sandbox was started." }
        } @else {
            ul.list {
                @for (at, request) in requests {
                    li {
                        span.stack.tight {
                            a.mono.strong href=(format!("/dashboard/requests/{}", percent_encoded(&request.request))) {
                                (request.method) " " (request.path)
                            }
                            span.small.soft.mono { (request.request) }
                        }
                        span.row.small {
                            @if let Some(fault) = request.fault { span.pill.warn { "fault: " (fault) } }
                            (http_status(request.status))
                            span.soft { (time(*at)) }
                        }
                    }
                }
            }
        }
    }
}

/// The status of an answer, or that there was none.
pub(super) fn http_status(status: Option<u16>) -> Markup {
    match status {
        None => html! { span.pill.bad { "no answer" } },
        Some(status @ 200..300) => html! { span.pill.good { (status) } },
        Some(status @ 500..) => html! { span.pill.bad { (status) } },
        Some(status) => html! { span.pill.warn { (status) } },
    }
}
