//! Events: made in the same transaction as what they tell, and queued there for every endpoint that wants them.

use serde_json::{Map, Value, json};

use super::{
    error::ApiError,
    object::{Kind, Object},
    store::{Listing, Tx},
    versions::{self, Version},
};

impl Tx<'_> {
    /// Adds an object and tells so: `product.created`.
    pub(crate) fn create(&mut self, object: &Object) -> Result<(), ApiError> {
        self.insert(object)?;
        self.emit(&format!("{}.created", event_noun(object.kind)), object, None)
    }

    /// Saves a changed object and tells so, `product.updated`; nothing happens when the API shows no difference.
    pub(crate) fn update(&mut self, before: &Object, after: &Object) -> Result<(), ApiError> {
        self.save(after)?;
        self.emit_change(&format!("{}.updated", event_noun(after.kind)), before, after)
    }

    /// Tells of a change with its `previous_attributes`, if there is any.
    pub(crate) fn emit_change(
        &mut self,
        name: &str,
        before: &Object,
        after: &Object,
    ) -> Result<(), ApiError> {
        let previous = previous_attributes(&before.body, &after.body);
        if previous.is_empty() {
            return Ok(());
        }
        self.emit(name, after, Some(Value::Object(previous)))
    }

    /// Tells of something that happened to `object`.
    pub(crate) fn emit(
        &mut self,
        name: &str,
        object: &Object,
        previous: Option<Value>,
    ) -> Result<(), ApiError> {
        let endpoints = self.endpoints_for(name)?;
        let mut data = json!({ "object": object.body });
        if let Some(previous) = previous {
            data["previous_attributes"] = previous;
        }
        let origin = self.origin();
        let event = Object::new(
            Kind::Event,
            // As at Stripe, events happen in real time (which is the sandbox's), whatever clock their subject lives by.
            self.sandbox_now(),
            json!({
                "api_version": Version::NEWEST,
                "data": data,
                "pending_webhooks": endpoints.len(),
                "request": { "id": origin.request, "idempotency_key": origin.idempotency_key },
                "type": name,
            }),
        );
        self.insert(&event)?;
        for endpoint in endpoints {
            self.queue_delivery(&event.id, &endpoint.id)?;
        }
        Ok(())
    }
}

impl Tx<'_> {
    /// The enabled webhook endpoints that want events of this type.
    pub(crate) fn endpoints_for(&mut self, name: &str) -> Result<Vec<Object>, ApiError> {
        let wants = |endpoint: &Object| {
            endpoint.body["enabled_events"]
                .as_array()
                .is_some_and(|events| events.iter().any(|event| event == name || event == "*"))
        };
        let enabled = Listing { status: Some("enabled".to_owned()), ..Listing::default() };
        Ok(self.list(Kind::WebhookEndpoint, &enabled, wants)?.0)
    }
}

/// Gives an event the shape of a version: the object, and what it was before.
pub(crate) fn at_version(
    tx: &mut Tx<'_>,
    version: Version,
    event: &mut Value,
) -> Result<(), ApiError> {
    event["api_version"] = json!(version.name());
    if version == Version::default() {
        return Ok(());
    }
    let data = &mut event["data"];
    if data["previous_attributes"].is_object() {
        let mut before = data["object"].clone();
        restore(&mut before, &data["previous_attributes"]);
        versions::downgrade(tx, version, &mut before)?;
        versions::downgrade(tx, version, &mut data["object"])?;
        data["previous_attributes"] = previous_attributes(&before, &data["object"]).into();
        return Ok(());
    }
    versions::downgrade(tx, version, &mut data["object"])
}

/// Makes an object what it was, by its previous attributes.
fn restore(object: &mut Value, previous: &Value) {
    for (key, old) in previous.as_object().into_iter().flatten() {
        let place = &mut object[key];
        if is_hash(old) && is_hash(place) {
            restore(place, old);
        } else {
            *place = old.clone();
        }
    }
}

/// Whether only the changed members of a value are told.
fn is_hash(value: &Value) -> bool {
    value.is_object() && value["object"] != "list"
}

/// How event types name the kind.
fn event_noun(kind: Kind) -> &'static str {
    match kind {
        Kind::Dispute => "charge.dispute",
        Kind::Subscription => "customer.subscription",
        other => other.name(),
    }
}

/// What the changed attributes were before. Hashes tell only the members that changed, lists all they held.
fn previous_attributes(before: &Value, after: &Value) -> Map<String, Value> {
    let mut previous = Map::new();
    let (Some(before), Some(after)) = (before.as_object(), after.as_object()) else {
        return previous;
    };
    for (key, old) in before {
        let new = after.get(key).unwrap_or(&Value::Null);
        if old == new {
            continue;
        }
        let told = if is_hash(old) && is_hash(new) {
            previous_attributes(old, new).into()
        } else {
            old.clone()
        };
        previous.insert(key.clone(), told);
    }
    for key in after.keys().filter(|key| !before.contains_key(*key)) {
        previous.insert(key.clone(), Value::Null);
    }
    previous
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn previous_attributes_tell_only_what_changed_but_whole_lists() {
        let before = json!({
            "name": "a", "same": 1, "metadata": { "k": "1", "kept": "2" },
            "items": { "object": "list", "data": [{ "id": "si_1", "quantity": 1 }], "has_more": false },
        });
        let after = json!({
            "name": "b", "same": 1, "metadata": { "k": "3", "kept": "2", "new": "4" },
            "items": { "object": "list", "data": [{ "id": "si_1", "quantity": 2 }], "has_more": false },
        });
        assert_eq!(
            Value::Object(previous_attributes(&before, &after)),
            json!({ "name": "a", "metadata": { "k": "1", "new": null }, "items": before["items"] })
        );
    }
}
