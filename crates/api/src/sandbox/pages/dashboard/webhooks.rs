//! Webhook endpoints, deliveries with their attempts, and sending again.

use actix_web::web;
use maud::{Markup, html};
use serde::Deserialize;

use super::{Answer, id_link, object_path, page, reply, status_pill, time};
use crate::sandbox::{
    Sandbox,
    error::ApiError,
    listen,
    object::{Kind, Object},
    store::{Delivery, Listing, Origin, Setting, Tx},
    webhooks::{self, Retries},
};

/// Deliveries of an event that are shown.
const SHOWN: i64 = 50;
/// How long an old secret signs along when it is rolled here, in seconds.
const OVERLAP: i64 = 86_400;

/// `GET /dashboard/webhooks`
pub(super) async fn show(sandbox: web::Data<Sandbox>) -> Answer {
    let (endpoints, retries) = sandbox.store.read(|tx| {
        let endpoints = tx.list(Kind::WebhookEndpoint, &Listing::default(), |_| true)?.0;
        let retries = tx.setting(Setting::WebhookRetries)?;
        Ok((endpoints, retries.and_then(|name| Retries::named(&name)).unwrap_or_default()))
    })?;
    let body = html! {
        h1 { "Webhooks" }
        section.card.stack aria-labelledby="endpoints" {
            h2 id="endpoints" { "Endpoints" }
            @if endpoints.is_empty() {
                p.soft {
                    "None. Make one with " code { "POST /v1/webhook_endpoints" } ", or connect the official command line: "
                    code { "stripe listen --api-base " (sandbox.store.surroundings().public_url)
                        " --forward-to localhost:3000/webhooks --all-snapshot" }
                }
            } @else {
                ul.list { @for endpoint in &endpoints { (endpoint_row(endpoint)) } }
            }
        }
        section.card.stack aria-labelledby="retries" {
            h2 id="retries" { "Deliveries that fail" }
            form.stack method="post" action="/dashboard/webhooks/retries" {
                fieldset.choices {
                    legend { "are repeated" }
                    @for (choice, meaning) in [
                        (Retries::Brisk, "Briskly: after a second, then ever later, for three days"),
                        (Retries::Test, "As in Stripe's test mode: three attempts in a few hours"),
                        (Retries::Live, "As in Stripe's live mode: for three days, with growing pauses"),
                    ] {
                        label.choice {
                            input type="radio" name="retries" value=(choice.name()) checked[choice == retries];
                            span { (meaning) }
                        }
                    }
                }
                div { button.btn.quiet type="submit" { "Save" } }
            }
        }
    };
    page("Webhooks", "/dashboard/webhooks", body)
}

fn endpoint_row(endpoint: &Object) -> Markup {
    let events = endpoint.body["enabled_events"].as_array().into_iter().flatten();
    let events: Vec<_> = events.filter_map(|event| event.as_str()).collect();
    let is_listener = listen::is_listener(endpoint);
    let name = if is_listener { endpoint.text("description") } else { endpoint.text("url") };
    html! {
        li {
            span.stack.tight {
                span.strong { (name.unwrap_or_default()) }
                span.small {
                    @if is_listener { span.mono.soft { (endpoint.id) } } @else { (id_link(&endpoint.id)) }
                }
                span.small.soft { "Wants " (events.join(", ")) }
                details.small {
                    summary { "Signing secret" }
                    code { (endpoint.private["secret"].as_str().unwrap_or_default()) }
                }
            }
            span.row {
                (status_pill(endpoint.text("status").unwrap_or_default()))
                @if !is_listener {
                    form method="post" action=(format!("/dashboard/webhooks/{}/roll", endpoint.id)) {
                        button.btn.quiet.slim type="submit" { "Roll secret" }
                    }
                }
            }
        }
    }
}

#[derive(Deserialize)]
pub(super) struct RetriesForm {
    retries: String,
}

/// `POST /dashboard/webhooks/retries`
pub(super) async fn set_retries(
    sandbox: web::Data<Sandbox>,
    form: web::Form<RetriesForm>,
) -> Answer {
    let retries = Retries::named(&form.retries)
        .ok_or_else(|| ApiError::invalid("There is no such way to repeat deliveries."))?;
    let work = move |tx: &mut Tx<'_>| tx.set_setting(Setting::WebhookRetries, retries.name());
    sandbox.store.write(Origin::default(), work).await?;
    Ok(reply::see_other("/dashboard/webhooks"))
}

/// `POST /dashboard/webhooks/{id}/roll`: the old secret signs along for a day.
pub(super) async fn roll(sandbox: web::Data<Sandbox>, id: web::Path<String>) -> Answer {
    let id = id.into_inner();
    let work = move |tx: &mut Tx<'_>| webhooks::roll_secret(tx, &id, OVERLAP);
    sandbox.store.write(Origin::default(), work).await?;
    Ok(reply::see_other("/dashboard/webhooks"))
}

#[derive(Deserialize)]
pub(super) struct Resend {
    /// One endpoint; all that want the event when absent.
    endpoint: Option<String>,
}

/// `POST /dashboard/events/{id}/resend`
pub(super) async fn resend(
    sandbox: web::Data<Sandbox>,
    id: web::Path<String>,
    form: web::Form<Resend>,
) -> Answer {
    let path = object_path(&id);
    let (id, endpoint) = (id.into_inner(), form.into_inner().endpoint);
    let work = move |tx: &mut Tx<'_>| {
        let event = tx.get(Kind::Event, &id, "id").map_err(ApiError::in_path)?;
        let endpoints = match endpoint {
            Some(id) => vec![tx.get(Kind::WebhookEndpoint, &id, "endpoint")?],
            None => tx.endpoints_for(event.text("type").unwrap_or_default())?,
        };
        endpoints.iter().try_for_each(|endpoint| tx.queue_delivery(&event.id, &endpoint.id))
    };
    sandbox.store.write(Origin::default(), work).await?;
    Ok(reply::see_other(&path))
}

/// Where an event was delivered, attempt by attempt.
pub(super) fn deliveries(sandbox: &Sandbox, event: &str) -> Result<Markup, ApiError> {
    let made = sandbox.store.read(|tx| {
        let deliveries = tx.list_deliveries(Some(event), SHOWN)?;
        let mut made = Vec::new();
        for delivery in deliveries {
            let endpoint = tx.find(Kind::WebhookEndpoint, &delivery.endpoint)?;
            let attempts = tx.list_attempts(delivery.id)?;
            made.push((delivery, endpoint, attempts));
        }
        Ok(made)
    })?;
    Ok(html! {
        section.card.stack aria-labelledby="deliveries" {
            div.row.apart {
                h2 id="deliveries" { "Deliveries" }
                form method="post" action=(format!("/dashboard/events/{event}/resend")) {
                    button.btn.slim type="submit" { "Send again to all" }
                }
            }
            @if made.is_empty() { p.soft { "No endpoint wanted it." } }
            ul.list {
                @for (delivery, endpoint, attempts) in &made {
                    li data-testid="delivery" {
                        (address(delivery, endpoint.as_ref()))
                        span.row {
                            (status_pill(&delivery.state))
                            @if endpoint.is_some() {
                                form method="post" action=(format!("/dashboard/events/{event}/resend")) {
                                    input type="hidden" name="endpoint" value=(delivery.endpoint);
                                    button.btn.quiet.slim type="submit" { "Send again" }
                                }
                            }
                        }
                        ul.attempts.small {
                            @for attempt in attempts {
                                li {
                                    (time(attempt.time)) " "
                                    @if let Some(status) = attempt.status { span.strong { (status) } " " }
                                    @if let Some(failure) = &attempt.failure { span.strong { (failure) } " " }
                                    @if let Some(answer) = attempt.answer.as_deref().filter(|text| !text.is_empty()) {
                                        code { (answer.chars().take(300).collect::<String>()) }
                                    }
                                }
                            }
                            @if delivery.state == "pending" {
                                li.soft { "Next attempt at " (time(delivery.due)) }
                            }
                        }
                    }
                }
            }
        }
    })
}

fn address(delivery: &Delivery, endpoint: Option<&Object>) -> Markup {
    let name = match endpoint {
        Some(endpoint) if listen::is_listener(endpoint) => endpoint.text("description"),
        Some(endpoint) => endpoint.text("url"),
        None => Some("An endpoint that is gone"),
    };
    html! {
        span.stack.tight {
            span.strong { (name.unwrap_or_default()) }
            span.small.mono.soft { (delivery.endpoint) }
        }
    }
}
