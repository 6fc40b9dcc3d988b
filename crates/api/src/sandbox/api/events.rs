//! Events.

use serde_json::json;

use super::{Outcome, Page, Request};
use crate::sandbox::{
    error::ApiError,
    listen,
    object::{Kind, Object},
    store::{Listing, Tx},
};

pub(super) fn retrieve(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let event = tx.get(Kind::Event, request.id(), "id").map_err(ApiError::in_path)?;
    request.params.finish()?;
    with_pending(tx, event)
}

/// The event with the number of its deliveries that are still to be made.
fn with_pending(tx: &mut Tx<'_>, mut event: Object) -> Outcome {
    event.body["pending_webhooks"] = json!(tx.count_pending_deliveries(&event.id)?);
    Ok(event.body)
}

pub(super) fn list(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let page = Page::take(&mut params)?;
    let kind = params.string("type")?;
    let kinds = params.strings("types")?;
    if kind.is_some() && kinds.is_some() {
        return Err(ApiError::invalid_param(
            "type",
            "You may only specify one of these parameters: type, types.",
        ));
    }
    let created = params.time_range("created")?;
    let delivered = params.boolean("delivery_success")?;
    params.finish()?;
    let prefix = kind.as_deref().and_then(|kind| kind.strip_suffix('*')).map(str::to_owned);
    let listing = Listing { lookup: kind.filter(|_| prefix.is_none()), ..Listing::default() };
    let mut answer = page.answer(tx, "/v1/events", Kind::Event, listing, |event| {
        let name = event.text("type").unwrap_or_default();
        prefix.as_deref().is_none_or(|prefix| name.starts_with(prefix))
            && kinds.as_ref().is_none_or(|kinds| kinds.iter().any(|kind| kind == name))
            && created.contains(event.integer("created").unwrap_or(0))
            && delivered
                .is_none_or(|delivered| delivered == (event.integer("pending_webhooks") == Some(0)))
    })?;
    for event in answer["data"].as_array_mut().into_iter().flatten() {
        let id = event["id"].as_str().unwrap_or_default().to_owned();
        event["pending_webhooks"] = json!(tx.count_pending_deliveries(&id)?);
    }
    Ok(answer)
}

/// Delivers an event again: to one endpoint, or to all that want it. The CLI asks for the latter and means
/// `stripe listen`, so when one is connected it goes there alone.
pub(super) fn retry(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let event = tx.get(Kind::Event, request.id(), "id").map_err(ApiError::in_path)?;
    let mut params = request.params;
    let endpoint = params.string("webhook_endpoint")?;
    params.string("account")?;
    let for_cli = params.boolean("for_stripecli")? == Some(true);
    params.finish()?;
    let mut endpoints = match endpoint {
        Some(id) => vec![tx.get(Kind::WebhookEndpoint, &id, "webhook_endpoint")?],
        None => tx.endpoints_for(event.text("type").unwrap_or_default())?,
    };
    if for_cli && endpoints.iter().any(listen::is_listener) {
        endpoints.retain(listen::is_listener);
    }
    for endpoint in endpoints {
        tx.queue_delivery(&event.id, &endpoint.id)?;
    }
    with_pending(tx, event)
}
