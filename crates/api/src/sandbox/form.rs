//! Decodes `application/x-www-form-urlencoded` with nested brackets into a tree.
//!
//! `items[0][price]=p`, `items[][price]=p`, `items%5B0%5D%5Bprice%5D=p` and `items[3][price]=p` all make the
//! same list of one. A list is kept as an object with number keys until it is known to be one.

use serde_json::{Map, Value};
use url::form_urlencoded;

use super::error::ApiError;

/// Deeper nesting is refused: no parameter of the API comes near.
const MAX_DEPTH: usize = 12;

/// Decodes a query string or a body. Leaves are strings.
pub(crate) fn decode(encoded: &[u8]) -> Result<Map<String, Value>, ApiError> {
    let mut tree = Map::new();
    merge(&mut tree, encoded)?;
    Ok(tree)
}

/// Adds the parameters of `encoded` to those already there.
pub(crate) fn merge(tree: &mut Map<String, Value>, encoded: &[u8]) -> Result<(), ApiError> {
    for (key, value) in form_urlencoded::parse(encoded) {
        let segments = segments(&key)
            .ok_or_else(|| ApiError::invalid(format!("Invalid parameter name: {key}")))?;
        insert(tree, &segments, value.into_owned()).map_err(|()| {
            ApiError::invalid_param(key.as_ref(), format!("Invalid {key}: given twice"))
        })?;
    }
    Ok(())
}

/// The elements of a node that is a list: a hash with number keys, by number; gaps do not matter.
pub(crate) fn elements(node: &Value) -> Option<Vec<(u64, &Value)>> {
    let mut elements = Vec::new();
    for (key, value) in node.as_object()? {
        elements.push((key.parse().ok()?, value));
    }
    elements.sort_by_key(|(index, _)| *index);
    Some(elements)
}

/// `a[b][]` is `a`, `b` and an empty segment.
fn segments(key: &str) -> Option<Vec<&str>> {
    let (first, mut rest) = match key.find('[') {
        Some(0) => return None,
        Some(bracket) => key.split_at(bracket),
        None => (key, ""),
    };
    let mut segments = vec![first];
    while !rest.is_empty() {
        let (segment, after) = rest.strip_prefix('[')?.split_once(']')?;
        segments.push(segment);
        rest = after;
    }
    (segments.len() <= MAX_DEPTH && !first.is_empty()).then_some(segments)
}

fn insert(node: &mut Map<String, Value>, path: &[&str], value: String) -> Result<(), ()> {
    let (segment, rest) = path.split_first().ok_or(())?;
    let key = if segment.is_empty() { element(node, rest) } else { (*segment).to_owned() };
    if rest.is_empty() {
        // A scalar given twice: the last one counts, as with Stripe.
        return match node.insert(key, Value::String(value)) {
            Some(Value::Object(_)) => Err(()),
            _ => Ok(()),
        };
    }
    match node.entry(key).or_insert_with(|| Value::Object(Map::new())) {
        Value::Object(child) => insert(child, rest, value),
        _ => Err(()),
    }
}

/// Which element `[]` means: the last one as long as it lacks what follows, else a new one.
fn element(node: &Map<String, Value>, rest: &[&str]) -> String {
    let last = node.keys().filter_map(|key| key.parse::<u64>().ok()).max();
    let Some(last) = last else { return "0".to_owned() };
    let is_open = match (rest.first(), node.get(&last.to_string())) {
        (Some(&field), Some(Value::Object(fields))) => !field.is_empty() && !has(fields, rest),
        _ => false,
    };
    if is_open { last.to_string() } else { last.saturating_add(1).to_string() }
}

fn has(fields: &Map<String, Value>, path: &[&str]) -> bool {
    match (path.split_first(), path.len()) {
        (Some((field, _)), 1) => fields.contains_key(*field),
        (Some((field, rest)), _) => {
            fields.get(*field).and_then(Value::as_object).is_some_and(|child| has(child, rest))
        }
        (None, _) => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tree(encoded: &str) -> Value {
        Value::Object(decode(encoded.as_bytes()).unwrap())
    }

    #[test]
    fn brackets_nest_plain_and_percent_encoded() {
        let expected =
            json!({ "items": { "0": { "price": "price_1", "quantity": "2" } }, "name": "A & B" });
        assert_eq!(tree("items[0][price]=price_1&items[0][quantity]=2&name=A+%26+B"), expected);
        assert_eq!(
            tree("items%5B0%5D%5Bprice%5D=price_1&items%5B0%5D%5Bquantity%5D=2&name=A%20%26%20B"),
            expected
        );
        assert_eq!(tree("items[][price]=price_1&items[][quantity]=2&name=A+%26+B"), expected);
    }

    #[test]
    fn empty_brackets_append() {
        assert_eq!(tree("expand[]=a&expand[]=b"), json!({ "expand": { "0": "a", "1": "b" } }));
        assert_eq!(
            tree("items[][price]=a&items[][price]=b"),
            json!({ "items": { "0": { "price": "a" }, "1": { "price": "b" } } })
        );
        assert_eq!(
            tree("items[][m][x]=1&items[][m][y]=2&items[][m][x]=3"),
            json!({ "items": { "0": { "m": { "x": "1", "y": "2" } }, "1": { "m": { "x": "3" } } } })
        );
    }

    #[test]
    fn elements_come_by_number_whatever_the_gaps() {
        let decoded = tree("l[10]=c&l[2]=a&l[3]=b");
        let found: Vec<_> =
            elements(&decoded["l"]).unwrap().into_iter().map(|(_, value)| value.clone()).collect();
        assert_eq!(found, [json!("a"), json!("b"), json!("c")]);
        assert_eq!(elements(&json!({ "a": "1" })), None);
    }

    #[test]
    fn an_empty_value_is_kept_to_unset_what_it_names() {
        assert_eq!(tree("metadata="), json!({ "metadata": "" }));
        assert_eq!(tree("metadata[a]="), json!({ "metadata": { "a": "" } }));
    }

    #[test]
    fn malformed_names_are_refused() {
        for name in
            ["a[b", "[a]", "a]b[", "a[b]c", &"a[b]".repeat(2), &format!("a{}", "[b]".repeat(20))]
        {
            assert!(decode(format!("{name}=1").as_bytes()).is_err(), "{name}");
        }
        assert!(decode(b"a[b]=1&a=2").is_err());
        assert!(decode(b"a=2&a[b]=1").is_err());
    }
}
