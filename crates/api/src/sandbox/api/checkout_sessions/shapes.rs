//! What a Checkout Session shows for parameters that were given in part.

use serde_json::{Value, json};

/// The whole of a parameter: its members when nothing says otherwise. A number here makes numbers of digits.
fn whole(name: &str) -> Option<Value> {
    Some(match name {
        "after_expiration" => json!({
            "recovery": { "allow_promotion_codes": false, "enabled": false, "expires_at": null, "url": null },
        }),
        "branding_settings" => json!({
            "background_color": "#ffffff", "border_style": "rounded", "button_color": "#0074d4",
            "display_name": "Sandbox", "font_family": "default", "icon": null, "logo": null,
        }),
        "custom_fields" => {
            json!([{ "key": "", "label": { "custom": null, "type": "custom" }, "optional": false }])
        }
        "invoice_creation" => json!({ "enabled": true, "invoice_data": {} }),
        "name_collection" => json!({
            "business": { "enabled": false, "optional": false }, "individual": { "enabled": false, "optional": false },
        }),
        "optional_items" => json!([{ "adjustable_quantity": null, "price": "", "quantity": 1 }]),
        "payment_method_options" => json!({ "card": { "request_three_d_secure": "automatic" } }),
        "tax_id_collection" => json!({ "enabled": false, "required": "never" }),
        _ => return None,
    })
}

/// Adds to a parameter what Stripe shows when only a part was given.
pub(super) fn complete(name: &str, given: Value) -> Value {
    let mut given = given;
    if let Some(whole) = whole(name) {
        fill(&mut given, &whole);
    }
    if name == "custom_fields" {
        for field in given.as_array_mut().into_iter().flatten() {
            complete_custom_field(field);
        }
    }
    // A part of these that was not asked for is not shown.
    if name == "name_collection" {
        given
            .as_object_mut()
            .into_iter()
            .for_each(|all| all.retain(|_, part| part["enabled"] == true));
    }
    given
}

fn fill(given: &mut Value, whole: &Value) {
    match (given, whole) {
        (Value::Object(given), Value::Object(whole)) => {
            for (name, part) in whole {
                match given.get_mut(name) {
                    Some(value) => fill(value, part),
                    None => {
                        given.insert(name.clone(), part.clone());
                    }
                }
            }
        }
        (Value::Array(given), Value::Array(whole)) => {
            for (value, part) in
                given.iter_mut().flat_map(|value| whole.first().map(|part| (value, part)))
            {
                fill(value, part);
            }
        }
        (given @ Value::String(_), Value::Number(_)) => {
            if let Some(number) = given.as_str().and_then(|text| text.parse::<i64>().ok()) {
                *given = json!(number);
            }
        }
        _ => {}
    }
}

/// The part named after a custom field's type, and its numbers.
fn complete_custom_field(field: &mut Value) {
    let kind = field["type"].as_str().unwrap_or_default().to_owned();
    if !matches!(kind.as_str(), "dropdown" | "numeric" | "text") {
        return;
    }
    let mut part = if kind == "dropdown" {
        json!({ "default_value": null, "options": [], "value": null })
    } else {
        json!({ "default_value": null, "maximum_length": null, "minimum_length": null, "value": null })
    };
    for (name, value) in field[&kind].as_object().into_iter().flatten() {
        let number = value
            .as_str()
            .filter(|_| name.ends_with("_length"))
            .and_then(|text| text.parse::<i64>().ok());
        part[name] = number.map_or_else(|| value.clone(), Value::from);
    }
    field[&kind] = part;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_given_is_filled_in() {
        for (name, given, expected) in [
            (
                "optional_items",
                json!([{ "price": "p", "quantity": "2" }]),
                json!([{ "adjustable_quantity": null, "price": "p", "quantity": 2 }]),
            ),
            (
                "tax_id_collection",
                json!({ "enabled": true }),
                json!({ "enabled": true, "required": "never" }),
            ),
            (
                "name_collection",
                json!({ "business": { "enabled": true } }),
                json!({ "business": { "enabled": true, "optional": false } }),
            ),
            (
                "custom_fields",
                json!([{ "key": "k", "label": { "custom": "K", "type": "custom" }, "type": "text",
                "text": { "maximum_length": "9" } }]),
                json!([{ "key": "k", "label": { "custom": "K", "type": "custom" }, "optional": false, "type": "text",
                "text": { "default_value": null, "maximum_length": 9, "minimum_length": null, "value": null } }]),
            ),
            ("locale", json!("de"), json!("de")),
        ] {
            assert_eq!(complete(name, given), expected, "{name}");
        }
    }
}
