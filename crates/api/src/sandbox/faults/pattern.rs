//! Patterns for paths and event types: `*` stands for any text.

use serde::{Deserialize, Serialize};

/// `/v1/subscriptions/*`, `customer.subscription.*`, `*.paid`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Pattern(String);

impl Pattern {
    pub(super) fn matches(&self, text: &str) -> bool {
        let mut parts = self.0.split('*');
        let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
            return false;
        };
        let Some(last) = parts.next_back() else { return rest.is_empty() };
        for part in parts {
            let Some(at) = rest.find(part) else { return false };
            rest = &rest[at + part.len()..];
        }
        rest.ends_with(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text, expected) in [
            ("/v1/customers", "/v1/customers", true),
            ("/v1/customers", "/v1/customers/cus_1", false),
            ("/v1/customers/*", "/v1/customers/cus_1", true),
            ("/v1/customers/*", "/v1/customers", false),
            ("/v1/*/cus_1", "/v1/customers/cus_1", true),
            ("/v1/invoices/*/pay", "/v1/invoices/in_1/pay", true),
            ("/v1/invoices/*/pay", "/v1/invoices/in_1/void", false),
            ("*.paid", "invoice.paid", true),
            ("*a*a", "a", false),
            ("*", "", true),
        ] {
            assert_eq!(Pattern(pattern.to_owned()).matches(text), expected, "{pattern} {text}");
        }
    }
}
