//! The document, and whether an answer is one that it describes.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Map, Value};

use crate::harness::{Answer, TestApp};

pub struct Described {
    document: Value,
}

/// One method of one path, as described.
pub struct Operation<'a> {
    pub method: Method,
    pub template: &'a str,
    value: &'a Value,
}

impl Described {
    pub async fn read(app: &TestApp) -> Self {
        Self { document: app.get("/api/openapi.json").await.expect(200) }
    }

    pub fn paths(&self) -> &Map<String, Value> {
        self.document["paths"].as_object().unwrap()
    }

    pub fn operations(&self) -> Vec<Operation<'_>> {
        let of_path = |(template, methods): (&'_ String, &'_ Value)| {
            let methods = methods.as_object().unwrap().keys();
            methods.map(|method| self.operation(method, template)).collect::<Vec<_>>()
        };
        self.paths().iter().flat_map(of_path).collect()
    }

    #[track_caller]
    pub fn operation(&self, method: &str, template: &str) -> Operation<'_> {
        let (template, methods) = self
            .paths()
            .get_key_value(template)
            .unwrap_or_else(|| panic!("{template} is not described"));
        let value = &methods[method.to_lowercase()];
        assert!(value.is_object(), "{method} {template} is not described");
        Operation { method: method.to_uppercase().parse().unwrap(), template, value }
    }

    /// Asserts that status, headers and body are as described; gives the code of an error.
    #[track_caller]
    pub fn check(&self, operation: &Operation<'_>, answer: &Answer) -> Option<String> {
        let Operation { method, template, value } = operation;
        let said = format!("{method} {template} answers {}: {}", answer.status, answer.text());
        let described = &value["responses"][answer.status.to_string()];
        assert!(described.is_object(), "{said}\nwhich is not described");
        for (name, header) in described["headers"].as_object().into_iter().flatten() {
            let there = !answer.header(name).is_empty();
            assert!(there || header["required"] == false, "{said}\nwithout {name}");
        }
        let Some((kind, content)) =
            described["content"].as_object().and_then(|all| all.iter().next())
        else {
            assert!(answer.body.is_empty(), "{said}\nwhich has no body by the description");
            return None;
        };
        let kind = kind.trim_end_matches('*');
        assert!(answer.header("content-type").starts_with(kind), "{said}\nwhich is no {kind}");
        if kind != "application/json" {
            return None;
        }
        let body = answer.json();
        let wrong = self.mismatch(&content["schema"], &body, "the body");
        assert!(wrong.is_none(), "{said}\n{}", wrong.unwrap_or_default());
        (answer.status >= 400).then(|| body["code"].as_str().unwrap().to_owned())
    }

    /// What of a value is not as its schema says, fields that it does not name included.
    fn mismatch(&self, schema: &Value, value: &Value, place: &str) -> Option<String> {
        let named = self.properties(schema);
        let mut fields = value.as_object().into_iter().flat_map(Map::keys);
        let unnamed = fields.find(|field| !named.is_empty() && !named.contains(*field));
        match unnamed {
            Some(field) => Some(format!("{place}.{field} is not described")),
            None => self.contradiction(schema, value, place),
        }
    }

    fn contradiction(&self, schema: &Value, value: &Value, place: &str) -> Option<String> {
        let schema = self.resolve(schema);
        if let Some(all) = schema["allOf"].as_array() {
            return all.iter().find_map(|part| self.contradiction(part, value, place));
        }
        if let Some(any) = schema["oneOf"].as_array() {
            let fits = any.iter().any(|part| self.mismatch(part, value, place).is_none());
            return (!fits).then(|| format!("{place} is none of what is described"));
        }
        if let Some(words) = schema["enum"].as_array()
            && !words.contains(value)
        {
            return Some(format!("{place} is {value} and none of {words:?}"));
        }
        let kinds: Vec<_> = match &schema["type"] {
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            kind => kind.as_str().into_iter().collect(),
        };
        if !kinds.is_empty() && !kinds.contains(&kind(value)) {
            return Some(format!("{place} is {value} and none of {kinds:?}"));
        }
        match value {
            Value::Object(fields) => {
                let required = schema["required"].as_array().into_iter().flatten();
                let absent =
                    required.filter_map(Value::as_str).find(|name| !fields.contains_key(*name));
                if let Some(name) = absent {
                    return Some(format!("{place}.{name} is missing"));
                }
                let described = schema["properties"].as_object().into_iter().flatten();
                described
                    .filter_map(|(name, schema)| Some((name, schema, fields.get(name)?)))
                    .find_map(|(name, schema, value)| {
                        self.mismatch(schema, value, &format!("{place}.{name}"))
                    })
            }
            Value::Array(items) => items.iter().enumerate().find_map(|(at, item)| {
                self.mismatch(&schema["items"], item, &format!("{place}[{at}]"))
            }),
            _ => None,
        }
    }

    /// The fields that a schema names, in all its parts.
    fn properties(&self, schema: &Value) -> BTreeSet<String> {
        let schema = self.resolve(schema);
        let parts = schema["allOf"].as_array().into_iter().flatten();
        let own = schema["properties"].as_object().into_iter().flat_map(Map::keys).cloned();
        parts.flat_map(|part| self.properties(part)).chain(own).collect()
    }

    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(reference) => {
                let found = self.document.pointer(reference.trim_start_matches('#'));
                found.unwrap_or_else(|| panic!("{reference} is missing"))
            }
            None => schema,
        }
    }
}

impl Operation<'_> {
    /// Whether it is for those with a bearer token alone.
    pub fn is_for_listeners(&self) -> bool {
        self.value["security"] == serde_json::json!([{ "bearer": [] }])
    }

    pub fn takes_body(&self) -> bool {
        self.value["requestBody"].is_object()
    }

    /// Whether its answer goes on until the session ends.
    pub fn is_stream(&self) -> bool {
        self.value["responses"]["200"]["content"]["text/event-stream"].is_object()
    }

    /// Its path, with `names` for the parameters in it, in their order.
    pub fn path(&self, names: &[&str]) -> String {
        let mut path = self.template.to_owned();
        let mut names = names.iter();
        while let (Some(start), Some(end)) = (path.find('{'), path.find('}')) {
            path.replace_range(start..=end, names.next().copied().unwrap_or("unknown"));
        }
        path
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
