//! Webhook endpoints.

use serde_json::json;

use super::{Outcome, Page, Request, checkout_sessions::check_url};
use crate::sandbox::{
    error::ApiError,
    listen,
    object::{Kind, Object, random_word},
    params::Metadata,
    store::{Listing, Tx},
    versions::Version,
};

/// An endpoint that wants every event, not stored yet. The secret is for its owner's eyes once.
pub(crate) fn endpoint(now: i64, url: &str, secret: &str) -> Object {
    let body = json!({
        "api_version": null,
        "application": null,
        "description": null,
        "enabled_events": ["*"],
        "metadata": {},
        "status": "enabled",
        "url": url,
    });
    Object::new(Kind::WebhookEndpoint, now, body).with_private(json!({ "secret": secret }))
}

fn find(tx: &mut Tx<'_>, id: &str) -> Result<Object, ApiError> {
    tx.get(Kind::WebhookEndpoint, id, "webhook_endpoint").map_err(ApiError::in_path)
}

fn check_events(events: &[String]) -> Result<(), ApiError> {
    let is_name = |event: &str| event == "*" || (event.contains('.') && !event.contains('*'));
    match events.iter().position(|event| !is_name(event)) {
        Some(place) => Err(ApiError::invalid_param(
            format!("enabled_events[{place}]"),
            format!("Invalid enabled_events[{place}]: unknown event type {}", events[place]),
        )),
        None if events.is_empty() => Err(ApiError::missing("enabled_events")),
        None => Ok(()),
    }
}

pub(super) fn create(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let url = params.required("url")?;
    let events =
        params.strings("enabled_events")?.ok_or_else(|| ApiError::missing("enabled_events"))?;
    let description = params.clearable("description")?.flatten();
    let api_version = params.string("api_version")?;
    if let Some(version) = &api_version {
        Version::parse(version).map_err(|error| error.param("api_version"))?;
    }
    let metadata = params.metadata()?;
    params.boolean("connect")?;
    params.finish()?;
    check_url("url", &url)?;
    check_events(&events)?;
    let secret = format!("whsec_{}", random_word(32));
    let mut endpoint = endpoint(tx.now(), &url, &secret);
    endpoint.body["enabled_events"] = json!(events);
    endpoint.body["description"] = json!(description);
    endpoint.body["api_version"] = json!(api_version);
    Metadata::apply(metadata, &mut endpoint.body);
    tx.insert(&endpoint)?;
    let mut answer = endpoint.body;
    answer["secret"] = json!(secret);
    Ok(answer)
}

pub(super) fn retrieve(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let endpoint = find(tx, request.id())?;
    request.params.finish()?;
    Ok(endpoint.body)
}

pub(super) fn update(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut endpoint = find(tx, request.id())?;
    let mut params = request.params;
    let url = params.string("url")?;
    let events = params.strings("enabled_events")?;
    let description = params.clearable("description")?;
    let disabled = params.boolean("disabled")?;
    let metadata = params.metadata()?;
    params.finish()?;
    if let Some(url) = url {
        check_url("url", &url)?;
        endpoint.body["url"] = json!(url);
    }
    if let Some(events) = events {
        check_events(&events)?;
        endpoint.body["enabled_events"] = json!(events);
    }
    if let Some(description) = description {
        endpoint.body["description"] = json!(description);
    }
    if let Some(disabled) = disabled {
        endpoint.body["status"] = json!(if disabled { "disabled" } else { "enabled" });
    }
    Metadata::apply(metadata, &mut endpoint.body);
    tx.save(&endpoint)?;
    Ok(endpoint.body)
}

pub(super) fn delete(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let endpoint = find(tx, request.id())?;
    request.params.finish()?;
    tx.delete(&endpoint)?;
    Ok(json!({ "id": endpoint.id, "object": "webhook_endpoint", "deleted": true }))
}

pub(super) fn list(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let page = Page::take(&mut params)?;
    params.finish()?;
    let is_shown = |endpoint: &Object| !listen::is_listener(endpoint);
    page.answer(tx, "/v1/webhook_endpoints", Kind::WebhookEndpoint, Listing::default(), is_shown)
}
