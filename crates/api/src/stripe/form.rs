//! Parameters as an ordered tree, written as `application/x-www-form-urlencoded` with indexed brackets.
//!
//! `line_items[0][price]=price_1` is how Stripe nests, in bodies and in queries alike.
//! Source: <https://docs.stripe.com/api/expanding_objects> and stripe-node's encoder.

use std::collections::BTreeMap;

use url::form_urlencoded::byte_serialize;

/// Parameters in the order they were given, so that the same call always encodes to the same bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, Value)>);

/// One parameter's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A scalar as it goes on the wire.
    Text(String),
    /// `key[0]=…&key[1]=…`; an empty list is written `key=`, which empties it at Stripe.
    List(Vec<Value>),
    /// `key[inner]=…`; nothing is written for an empty map.
    Map(Params),
}

impl Params {
    /// No parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `key`. A value of `""` unsets it at Stripe.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.push(key, value);
        self
    }

    /// Adds `key` when there is a value; otherwise Stripe keeps what it has.
    #[must_use]
    pub fn with_some(mut self, key: &str, value: Option<impl Into<Value>>) -> Self {
        if let Some(value) = value {
            self.push(key, value);
        }
        self
    }

    /// Adds `key` when the list holds something; otherwise Stripe keeps what it has.
    #[must_use]
    pub fn with_any<T: Into<Value>>(mut self, key: &str, values: Vec<T>) -> Self {
        if !values.is_empty() {
            self.push(key, values);
        }
        self
    }

    /// Adds `key` at the end.
    pub fn push(&mut self, key: &str, value: impl Into<Value>) {
        self.0.push((key.to_owned(), value.into()));
    }

    /// Takes `key` off the outermost level.
    pub fn remove(&mut self, key: &str) {
        self.0.retain(|(name, _)| name != key);
    }

    /// Whether nothing would be written.
    pub fn is_empty(&self) -> bool {
        self.encode().is_empty()
    }

    /// The form, percent-encoded; brackets of the nesting stay plain, as in Stripe's own examples.
    pub fn encode(&self) -> String {
        let mut out = String::new();
        for (key, value) in &self.0 {
            write_value(&mut out, &byte_serialize(key.as_bytes()).collect::<String>(), value);
        }
        out
    }
}

fn write_value(out: &mut String, key: &str, value: &Value) {
    match value {
        Value::Text(text) => write_pair(out, key, text),
        Value::List(values) if values.is_empty() => write_pair(out, key, ""),
        Value::List(values) => {
            for (index, value) in values.iter().enumerate() {
                write_value(out, &format!("{key}[{index}]"), value);
            }
        }
        Value::Map(params) => {
            for (inner, value) in &params.0 {
                let inner: String = byte_serialize(inner.as_bytes()).collect();
                write_value(out, &format!("{key}[{inner}]"), value);
            }
        }
    }
}

fn write_pair(out: &mut String, key: &str, value: &str) {
    if !out.is_empty() {
        out.push('&');
    }
    out.push_str(key);
    out.push('=');
    out.extend(byte_serialize(value.as_bytes()));
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Text(number.to_string())
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Text(number.to_string())
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Text(flag.to_string())
    }
}

impl From<Params> for Value {
    fn from(params: Params) -> Self {
        Self::Map(params)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(values: Vec<T>) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value>, const N: usize> From<[T; N]> for Value {
    fn from(values: [T; N]) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

impl From<BTreeMap<String, String>> for Value {
    fn from(map: BTreeMap<String, String>) -> Self {
        Self::Map(Params(map.into_iter().map(|(key, value)| (key, Self::Text(value))).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_parameters_become_indexed_brackets() {
        let item = Params::new().with("price", "price_1").with("quantity", 2_u32);
        let params = Params::new()
            .with("mode", "subscription")
            .with("line_items", [item.clone(), item])
            .with(
                "subscription_data",
                Params::new().with("metadata", Params::new().with("user_id", "7")),
            )
            .with("expand", ["subscription"]);
        assert_eq!(
            params.encode(),
            "mode=subscription&line_items[0][price]=price_1&line_items[0][quantity]=2\
             &line_items[1][price]=price_1&line_items[1][quantity]=2\
             &subscription_data[metadata][user_id]=7&expand[0]=subscription"
        );
    }

    #[test]
    fn scalars_and_gaps() {
        for (params, form) in [
            (Params::new(), ""),
            (Params::new().with("a", true).with("b", -3_i64), "a=true&b=-3"),
            (Params::new().with("coupon", ""), "coupon="),
            (Params::new().with_some("email", None::<&str>), ""),
            (Params::new().with("images", Vec::<String>::new()), "images="),
            (Params::new().with_any("images", Vec::<String>::new()), ""),
            (Params::new().with("metadata", Params::new()), ""),
            (Params::new().with("email", "a+b@ü.de"), "email=a%2Bb%40%C3%BC.de"),
            (Params::new().with("name", "Tom & Co = 1"), "name=Tom+%26+Co+%3D+1"),
            (
                Params::new().with("metadata", Params::new().with("a]&b[", "x")),
                "metadata[a%5D%26b%5B]=x",
            ),
        ] {
            assert_eq!(params.encode(), form);
            assert_eq!(params.is_empty(), form.is_empty());
        }
    }
}
