//! The description of this API in OpenAPI 3.1, and a page to read and try it. Bodies and answers are described by
//! the very types that the handlers use; what there is to call stands in [`operations`].

mod operations;

use std::{collections::BTreeMap, sync::LazyLock};

use actix_web::{HttpResponse, http::header::CONTENT_SECURITY_POLICY};
use serde_json::{Map, Value, json};
use shared::{account, billing, episodes, error::ErrorBody, plans};
use utoipa::ToSchema;

use operations::{Operation, Who};

const PAGE: &str = include_str!("docs.html");
const SCRIPT: &str = include_str!("docs.js");
const STYLE: &str = include_str!("docs.css");

/// The page loads nothing but its own two files and talks to nobody but this server.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

static DOCUMENT: LazyLock<String> = LazyLock::new(|| format!("{:#}", document()));

/// The document as text, for the command line.
pub fn text() -> &'static str {
    &DOCUMENT
}

/// `GET /api/openapi.json`
pub(super) async fn show() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(text())
}

/// `GET /api/docs`
pub(super) async fn page() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .content_type("text/html; charset=utf-8")
        .body(PAGE)
}

/// `GET /api/docs/docs.js`
pub(super) async fn script() -> HttpResponse {
    HttpResponse::Ok().content_type("text/javascript; charset=utf-8").body(SCRIPT)
}

/// `GET /api/docs/docs.css`
pub(super) async fn style() -> HttpResponse {
    HttpResponse::Ok().content_type("text/css; charset=utf-8").body(STYLE)
}

fn document() -> Value {
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for operation in operations::all() {
        let path = paths.entry(operation.path).or_default();
        path.insert(operation.method.to_owned(), describe(operation));
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Inner Circle",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Accounts, plans and access of a private podcast. Times are Unix seconds, money is in \
                            minor units of its currency. An error is `{code, message, field?}`; codes and statuses stay, \
                            fields may be added.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
                "refresh": { "type": "apiKey", "in": "cookie", "name": "circle_refresh" },
                "operator": { "type": "http", "scheme": "bearer" },
            },
        },
    })
}

fn describe(operation: &Operation) -> Value {
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": parameters(operation),
        "responses": responses(operation),
        "security": match operation.who {
            Who::Anyone => json!([]),
            Who::Listener | Who::ListenerOrLeaving => json!([{ "bearer": [] }]),
            Who::Either => json!([{}, { "bearer": [] }]),
            Who::Cookie => json!([{ "refresh": [] }]),
            Who::Operator => json!([{ "operator": [] }]),
        },
    });
    if let Some(body) = operation.body {
        described["requestBody"] = json!({
            "required": !operation.body_may_be_absent,
            "content": { "application/json": { "schema": reference(body) } },
        });
    }
    described
}

/// Those in braces in the path, then those of the query.
fn parameters(operation: &Operation) -> Vec<Value> {
    let in_path =
        operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.split('}').next());
    let in_path = in_path.map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }));
    let in_query = operation.query.iter().map(|parameter| {
        json!({
            "name": parameter.name, "in": "query", "description": parameter.description,
            "required": parameter.required, "schema": { "type": parameter.kind },
        })
    });
    in_path.chain(in_query).collect()
}

fn responses(operation: &Operation) -> Value {
    let mut responses = Map::new();
    for answer in std::iter::once(operation.answer).chain(operation.or.iter().copied()) {
        let (status, description, kind, schema) = answer.parts();
        let mut described = json!({ "description": description });
        if let Some(kind) = kind {
            let of_kind = if kind == "application/json" { "object" } else { "string" };
            let schema = schema.map_or_else(|| json!({ "type": of_kind }), reference);
            described["content"] = json!({ kind: { "schema": schema } });
        }
        let mut headers = headers(status);
        if operation.sets_cookie && status != 202 {
            headers.insert("Set-Cookie", header("The refresh cookie, new or taken away", false));
        }
        add_headers(&mut described, headers);
        responses.insert(status.to_string(), described);
    }
    for (status, codes) in operation.failures() {
        let codes: Vec<_> = codes.into_iter().collect();
        let schema = json!({
            "allOf": [reference("ErrorBody"), { "properties": { "code": { "enum": codes } } }],
        });
        let description = format!("`{}`", codes.join("`, `"));
        let mut error = json!({ "description": description, "content": { "application/json": { "schema": schema } } });
        add_headers(&mut error, headers(status));
        responses.insert(status.to_string(), error);
    }
    Value::Object(responses)
}

/// What every answer with this status carries.
fn headers(status: u16) -> BTreeMap<&'static str, Value> {
    let mut headers = BTreeMap::new();
    match status {
        206 | 416 => {
            headers.insert("Content-Range", header("Which bytes, of how many", true));
        }
        302 => {
            headers.insert("Location", header("Where it is", true));
        }
        401 => {
            headers.insert("WWW-Authenticate", header("`Bearer`", true));
        }
        429 | 503 => {
            headers.insert("Retry-After", header("Seconds until the next try", true));
        }
        _ => {}
    }
    if status >= 500 {
        headers.insert("X-Request-Id", header("What the server's log has it by", true));
    }
    headers
}

fn header(description: &str, required: bool) -> Value {
    json!({ "description": description, "required": required, "schema": { "type": "string" } })
}

fn add_headers(response: &mut Value, headers: BTreeMap<&'static str, Value>) {
    if !headers.is_empty() {
        response["headers"] = json!(headers);
    }
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

/// Every schema that an operation names, and those that they name.
fn schemas() -> BTreeMap<String, Value> {
    let mut all = Vec::new();
    macro_rules! take {
        ($($type:ty),* $(,)?) => {$(
            all.push((<$type>::name().into_owned(), <$type as utoipa::PartialSchema>::schema()));
            <$type>::schemas(&mut all);
        )*};
    }
    take![
        ErrorBody,
        account::Credentials,
        account::Session,
        account::Sessions,
        account::ForgotPassword,
        account::CheckLink,
        account::ResetPassword,
        account::VerifyEmail,
        account::NextStep,
        account::ChangeAccount,
        account::DeleteAccount,
        plans::Plans,
        billing::StartCheckout,
        billing::RedirectUrl,
        billing::CheckoutResult,
        billing::OpenPortal,
        billing::SubscriptionAnswer,
        billing::ChangePreview,
        billing::OpenInvoiceAnswer,
        billing::Invoices,
        episodes::Episodes,
        episodes::EpisodePage,
        episodes::FeedAddress,
    ];
    let described = all.into_iter().map(|(name, schema)| (name, json!(schema)));
    described.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every `$ref` below a value.
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|field| references(field, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_schema_that_is_named_is_there() {
        let document = document();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 50, "{found:?}");
        for name in found {
            let pointer = name.trim_start_matches('#');
            assert!(document.pointer(pointer).is_some(), "{name} is missing");
        }
    }

    #[test]
    fn absent_values_are_null_and_fields_carry_their_words() {
        let document = document();
        let account = &document["components"]["schemas"]["Account"]["properties"];
        assert_eq!(account["ends_at"]["type"], json!(["integer", "null"]));
        assert!(
            account["created_at"]["description"].as_str().unwrap().contains("seconds"),
            "{account}"
        );
    }
}
