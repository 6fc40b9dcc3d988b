//! JSON as one reads it, its ids leading to their objects.

use maud::{Markup, html};
use serde_json::Value;

use super::object_path;
use crate::sandbox::object::Kind;

/// A labelled block of JSON that a keyboard can scroll.
pub(super) fn block(label: &str, value: &Value) -> Markup {
    html! { pre.json role="region" tabindex="0" aria-label=(label) { (tree(value, 0)) } }
}

fn tree(value: &Value, depth: usize) -> Markup {
    let indent = "  ".repeat(depth + 1);
    let end = "  ".repeat(depth);
    match value {
        Value::Object(fields) if !fields.is_empty() => html! {
            "{\n"
            @for (place, (name, value)) in fields.iter().enumerate() {
                (indent) span.key { (Value::from(name.as_str())) } ": " (tree(value, depth + 1))
                @if place + 1 < fields.len() { "," } "\n"
            }
            (end) "}"
        },
        Value::Array(values) if !values.is_empty() => html! {
            "[\n"
            @for (place, value) in values.iter().enumerate() {
                (indent) (tree(value, depth + 1)) @if place + 1 < values.len() { "," } "\n"
            }
            (end) "]"
        },
        Value::String(text) if is_id(text) => {
            html! { "\"" a href=(object_path(text)) { (text) } "\"" }
        }
        Value::String(text) if text.starts_with("http://127.0.0.1") => {
            html! { "\"" a href=(text) rel="noreferrer" { (text) } "\"" }
        }
        other => html! { (other) },
    }
}

/// `cus_…` and the like: what the sandbox makes itself.
pub(super) fn is_id(text: &str) -> bool {
    let is_word = |rest: &str| rest.len() >= 8 && rest.bytes().all(|b| b.is_ascii_alphanumeric());
    Kind::ALL.iter().any(|kind| {
        let prefix = kind.prefix();
        !prefix.is_empty() && text.strip_prefix(prefix).is_some_and(is_word)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_lead_to_their_objects_and_texts_stay_texts() {
        let html = tree(&json!({ "a<b": ["cus_12345678abcdef", "cus_ not", 1, null] }), 0);
        assert_eq!(
            html.into_string(),
            "{\n  <span class=\"key\">&quot;a&lt;b&quot;</span>: [\n    \
             &quot;<a href=\"/dashboard/objects/cus_12345678abcdef\">cus_12345678abcdef</a>&quot;,\n    \
             &quot;cus_ not&quot;,\n    1,\n    null\n  ]\n}"
        );
    }
}
