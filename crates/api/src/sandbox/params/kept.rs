//! Parameters that are kept as they came, or taken and not acted on: still, what is unknown inside them is refused.

use serde_json::{Value, json};

use super::Params;
use crate::sandbox::{error::ApiError, form};

/// What the hashes with these names hold, wherever they stand: names with `{…}` for hashes, and for lists of them, and
/// `*` for whatever comes. Names that are not here hold a plain value, or anything.
const SHAPES: &[(&str, &str)] = &[
    ("after_expiration", "customer_login{*} recovery{allow_promotion_codes enabled} type"),
    ("automatic_payment_methods", "allow_redirects enabled"),
    ("automatic_tax", "enabled liability{account type}"),
    ("billing_mode", "flexible{proration_discounts} type"),
    ("billing_thresholds", "amount_gte reset_billing_cycle_anchor usage_gte"),
    (
        "branding_settings",
        "background_color border_style button_color display_name font_family icon{file type url} logo{file type url}",
    ),
    (
        "collected_information",
        "shipping_details{address{city country line1 line2 postal_code state} name}",
    ),
    ("consent_collection", "payment_method_reuse_agreement{position} promotions terms_of_service"),
    (
        "custom_fields",
        "dropdown{default_value options{label value}} key label{custom type} name numeric{default_value maximum_length \
         minimum_length} optional text{default_value maximum_length minimum_length} type value",
    ),
    (
        "custom_text",
        "after_submit{message} shipping_address{message} submit{message} terms_of_service_acceptance{message}",
    ),
    ("custom_unit_amount", "enabled maximum minimum preset"),
    ("customer_update", "address name shipping"),
    (
        "default_settings",
        "application_fee_percent automatic_tax{enabled liability{account type}} billing_cycle_anchor \
         billing_thresholds{amount_gte reset_billing_cycle_anchor} collection_method default_payment_method \
         description invoice_settings{*} on_behalf_of transfer_data{amount_percent destination}",
    ),
    (
        "invoice_creation",
        "enabled invoice_data{account_tax_ids custom_fields{name value} description footer issuer{account type} \
         metadata{*} rendering_options{amount_tax_display template}}",
    ),
    ("liability", "account type"),
    (
        "mandate_data",
        "customer_acceptance{accepted_at offline{*} online{ip_address user_agent} type}",
    ),
    ("name_collection", "business{enabled optional} individual{enabled optional}"),
    ("networks", "preferred requested"),
    ("optional_items", "adjustable_quantity{enabled maximum minimum} price quantity"),
    ("package_dimensions", "height length weight width"),
    (
        "payment_intent_data",
        "application_fee_amount capture_method description metadata{*} on_behalf_of receipt_email setup_future_usage \
         shipping{address{city country line1 line2 postal_code state} carrier name phone tracking_number} \
         statement_descriptor statement_descriptor_suffix transfer_data{amount destination} transfer_group",
    ),
    // By type of payment method, which are too many to name; cards alone are charged here.
    (
        "payment_method_options",
        "card{capture_method cvc_token installments{enabled plan{count interval type}} mandate_options{*} moto network \
         request_extended_authorization request_incremental_authorization request_multicapture request_overcapture \
         request_three_d_secure require_cvc_recollection restrictions{brands_blocked funding_types_blocked} \
         setup_future_usage statement_descriptor_suffix_kana statement_descriptor_suffix_kanji three_d_secure{*}} *",
    ),
    (
        "payment_settings",
        "default_mandate payment_method_options{*} payment_method_types save_default_payment_method",
    ),
    ("pending_invoice_item_interval", "interval interval_count"),
    ("phone_number_collection", "enabled"),
    ("rendering", "amount_tax_display pdf{page_size} template template_version"),
    ("rendering_options", "amount_tax_display template"),
    (
        "restrictions",
        "currency_options{*} first_time_transaction minimum_amount minimum_amount_currency",
    ),
    (
        "saved_payment_method_options",
        "allow_redisplay_filters payment_method_remove payment_method_save",
    ),
    ("setup_intent_data", "description metadata{*} on_behalf_of"),
    (
        "shipping",
        "address{city country line1 line2 postal_code state} carrier name phone tracking_number",
    ),
    ("shipping_address_collection", "allowed_countries"),
    (
        "shipping_options",
        "shipping_rate shipping_rate_data{delivery_estimate{maximum{unit value} minimum{unit value}} display_name \
         fixed_amount{amount currency currency_options{*}} metadata{*} tax_behavior tax_code type}",
    ),
    ("tax", "ip_address validate_location"),
    ("tax_id_collection", "enabled required"),
    (
        "transfer_data",
        "amount amount_percent description destination metadata{*} payment_data{description metadata{*}}",
    ),
    ("transform_quantity", "divide_by round"),
    ("trial_settings", "end_behavior{missing_payment_method}"),
    ("wallet_options", "link{display}"),
];

impl Params {
    /// A parameter that is kept as it came: hashes as objects, lists as arrays, `true` and `false` as booleans, other
    /// text as text, an empty text as null.
    pub(crate) fn kept(&mut self, name: &str) -> Result<Option<Value>, ApiError> {
        let path = self.name(name);
        let Some(node) = self.tree.remove(name) else { return Ok(None) };
        if let Some((_, shape)) = SHAPES.iter().find(|(known, _)| *known == name) {
            if node.as_str().is_some_and(|text| !text.is_empty()) {
                return Err(ApiError::invalid_param(path, "Invalid object"));
            }
            let mut unknown = Vec::new();
            find_unknown(&node, shape, &path, &mut unknown);
            super::refuse_unknown(&unknown)?;
        }
        Ok(Some(value(node)))
    }

    /// Takes parameters that nothing here acts on.
    pub(crate) fn ignore(&mut self, names: &[&str]) -> Result<(), ApiError> {
        names.iter().try_for_each(|name| self.kept(name).map(drop))
    }
}

/// The full names of what a shape does not know.
fn find_unknown(node: &Value, shape: &str, path: &str, unknown: &mut Vec<String>) {
    let Some(fields) = node.as_object().filter(|_| !shape.is_empty()) else { return };
    let is_list = form::elements(node).is_some();
    for (key, child) in fields {
        let path = format!("{path}[{key}]");
        match if is_list { Some(shape) } else { member(shape, key) } {
            Some(inner) => find_unknown(child, inner, &path, unknown),
            None => unknown.push(path),
        }
    }
}

/// The shape of a member of a hash: empty for a plain value; `None` when there is no such member.
fn member<'a>(shape: &'a str, key: &str) -> Option<&'a str> {
    let mut rest = shape.trim();
    while !rest.is_empty() {
        let end = rest.find([' ', '{']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let (inner, after) = if after.starts_with('{') { braced(after) } else { ("", after) };
        if name == key || name == "*" {
            return Some(inner);
        }
        rest = after.trim_start();
    }
    None
}

/// What stands inside the braces that a text begins with, and what follows them.
fn braced(text: &str) -> (&str, &str) {
    let mut depth = 0;
    for (place, character) in text.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 1 => return (&text[1..place], &text[place + 1..]),
            '}' => depth -= 1,
            _ => {}
        }
    }
    (&text[1..], "")
}

fn value(node: Value) -> Value {
    match node {
        Value::String(text) => match text.as_str() {
            "" => Value::Null,
            "true" => json!(true),
            "false" => json!(false),
            _ => Value::String(text),
        },
        Value::Object(fields) => match form::elements(&Value::Object(fields.clone())) {
            Some(elements) => {
                elements.into_iter().map(|(_, element)| value(element.clone())).collect()
            }
            None => fields.into_iter().map(|(key, child)| (key, value(child))).collect(),
        },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(encoded: &str, name: &str) -> Result<Option<Value>, ApiError> {
        Params::new(form::decode(encoded.as_bytes()).unwrap()).kept(name)
    }

    #[test]
    fn what_is_unknown_inside_is_refused_by_its_full_name() {
        for (encoded, name, param) in [
            ("shipping[nmae]=a", "shipping", "shipping[nmae]"),
            ("shipping[address][zip]=1", "shipping", "shipping[address][zip]"),
            (
                "custom_fields[0][key]=a&custom_fields[1][kye]=b",
                "custom_fields",
                "custom_fields[1][kye]",
            ),
            (
                "payment_method_options[card][request_3ds]=any",
                "payment_method_options",
                "payment_method_options[card][request_3ds]",
            ),
        ] {
            let error = kept(encoded, name).unwrap_err();
            assert_eq!(error.code.as_deref(), Some("parameter_unknown"), "{encoded}");
            assert_eq!(error.param.as_deref(), Some(param));
        }
    }

    #[test]
    fn what_is_known_is_kept_as_it_came() {
        let shipping = "shipping[name]=Ann&shipping[address][city]=Berlin&shipping[phone]=";
        assert_eq!(
            kept(shipping, "shipping").unwrap(),
            Some(json!({ "name": "Ann", "address": { "city": "Berlin" }, "phone": null }))
        );
        let options = "payment_method_options[klarna][preferred_locale]=de-DE";
        assert!(kept(options, "payment_method_options").unwrap().is_some());
        let fields =
            "custom_fields[0][dropdown][options][0][label]=A&custom_fields[0][optional]=true";
        assert_eq!(
            kept(fields, "custom_fields").unwrap(),
            Some(json!([{ "dropdown": { "options": [{ "label": "A" }] }, "optional": true }]))
        );
        assert_eq!(kept("footer=Thanks", "footer").unwrap(), Some(json!("Thanks")));
        assert_eq!(kept("", "footer").unwrap(), None);
    }

    #[test]
    fn braces_match() {
        for (name, shape) in SHAPES {
            let (open, close) = (shape.matches('{').count(), shape.matches('}').count());
            assert_eq!(open, close, "{name}");
        }
    }
}
