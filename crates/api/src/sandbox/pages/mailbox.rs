//! The mailbox's pages: what was mailed, newest first, and each mail as its reader would see it. Also as JSON.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{ACCEPT, CONTENT_SECURITY_POLICY, HeaderValue, X_FRAME_OPTIONS},
    web,
};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;

use super::{
    reply::{self, Answer},
    shell::{self, Frame},
};
use crate::sandbox::{Sandbox, store::Mail};

/// Mails shown.
const LISTED: i64 = 200;

const LIST: &str = "/_sandbox/mailbox";

/// The page may show a frame from here, besides what every page may.
const FRAMING: &str = "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; \
                       frame-ancestors 'none'; img-src 'self'; frame-src 'self'";

/// A mail runs no script, loads nothing, and opens its links in a tab of their own.
const FRAMED: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; \
                      style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'";

#[derive(Deserialize)]
pub(super) struct ListQuery {
    to: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ShowQuery {
    #[serde(default)]
    view: View,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum View {
    #[default]
    Html,
    Text,
}

/// `GET /_sandbox/mailbox?to=`
pub(super) async fn list(
    request: HttpRequest,
    sandbox: web::Data<Sandbox>,
    query: web::Query<ListQuery>,
) -> Answer {
    if wants_json(&request) {
        return list_json(sandbox, query).await;
    }
    let mails = sandbox.store.read(|tx| tx.list_mails(query.to.as_deref(), LISTED))?;
    Ok(reply::page(list_page(&mails)))
}

/// `GET /_sandbox/mailbox.json?to=`
pub(super) async fn list_json(sandbox: web::Data<Sandbox>, query: web::Query<ListQuery>) -> Answer {
    let mails = sandbox.store.read(|tx| tx.list_mails(query.to.as_deref(), LISTED))?;
    Ok(HttpResponse::Ok().json(json!({ "data": mails })))
}

/// `GET /_sandbox/mailbox/{id}?view=`
pub(super) async fn show(
    request: HttpRequest,
    sandbox: web::Data<Sandbox>,
    id: web::Path<i64>,
    query: web::Query<ShowQuery>,
) -> Answer {
    let Some(mail) = sandbox.store.read(|tx| tx.find_mail(*id))? else {
        return Ok(reply::not_found());
    };
    if wants_json(&request) {
        return Ok(HttpResponse::Ok().json(mail));
    }
    let mut response = reply::page(mail_page(&mail, query.view));
    let policy = HeaderValue::from_static(FRAMING);
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// `GET /_sandbox/mailbox/{id}/html`
pub(super) async fn show_html(sandbox: web::Data<Sandbox>, id: web::Path<i64>) -> Answer {
    let mail = sandbox.store.read(|tx| tx.find_mail(*id))?;
    let Some(html) = mail.and_then(|mail| mail.html) else { return Ok(reply::not_found()) };
    // Links open beside the mailbox; the doctype stays first, or the mail would be laid out as of old.
    let (head, rest) = html.split_once("<head>").unwrap_or(("<!DOCTYPE html>", &html));
    let framed = format!("{head}<head><base target=\"_blank\">{rest}");
    let mut response = reply::page(maud::PreEscaped(framed));
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(FRAMED));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    Ok(response)
}

fn wants_json(request: &HttpRequest) -> bool {
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.starts_with("application/json"))
}

fn list_page(mails: &[Mail]) -> Markup {
    let body = html! {
        div.stack {
            h1 { "Mailbox" }
            p.soft { "What is sent to this mail server ends here. Nothing leaves this machine." }
            div.card.stack {
                @if mails.is_empty() { p.soft { "No mail yet." } }
                @for mail in mails {
                    div data-testid="mail" {
                        a href=(format!("{LIST}/{}", mail.id)) { (subject(mail)) }
                        div.soft { "To " (mail.recipient) " · " (time(mail.created)) }
                    }
                }
            }
        }
    };
    shell::page("Mailbox", Frame::Column, &[], body)
}

fn mail_page(mail: &Mail, view: View) -> Markup {
    let view = if mail.html.is_some() { view } else { View::Text };
    let tab = |label: &str, name: &str, is_shown: bool| {
        html! { a href=(format!("?view={name}")) aria-current=[is_shown.then_some("page")] { (label) } }
    };
    let body = html! {
        div.stack {
            (shell::back_link("All mails", LIST))
            h1 { (subject(mail)) }
            p.soft { "From " (mail.sender) br; "To " (mail.recipient) br; (time(mail.created)) }
            @if mail.html.is_some() {
                nav.row aria-label="View" {
                    (tab("HTML", "html", view == View::Html)) " " (tab("Text", "text", view == View::Text))
                }
            }
            @if view == View::Html {
                iframe.mail title="Mail" src=(format!("{LIST}/{}/html", mail.id))
                    sandbox="allow-popups allow-popups-to-escape-sandbox" {}
            } @else {
                pre.mail.card { (linked(&mail.text)) }
            }
        }
    };
    shell::page(subject(mail), Frame::Column, &[], body)
}

fn subject(mail: &Mail) -> &str {
    if mail.subject.is_empty() { "(no subject)" } else { &mail.subject }
}

fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds)
        .map(|time| time.strftime("%-d %b %Y, %H:%M UTC").to_string())
        .unwrap_or_default()
}

/// The text with its web addresses as links.
fn linked(text: &str) -> Markup {
    html! {
        @for word in text.split_inclusive(char::is_whitespace) {
            @let address = word.trim_end();
            @if address.starts_with("http://") || address.starts_with("https://") {
                a href=(address) target="_blank" rel="noreferrer" { (address) } (&word[address.len()..])
            } @else { (word) }
        }
    }
}
