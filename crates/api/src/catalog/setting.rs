//! A portal configuration setting by setting: what the catalog wants, beside what Stripe has.

use std::fmt;

use serde_json::Value;
use url::form_urlencoded;

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    /// Such as `subscription_cancel.mode`.
    pub(super) name: String,
    /// What the catalog wants.
    pub(super) wanted: String,
    /// What Stripe has; `None` where it does not say.
    pub(super) at_stripe: Option<String>,
}

impl Setting {
    /// Whether Stripe has something else.
    pub(super) fn differs(&self) -> bool {
        self.at_stripe.as_ref().is_some_and(|has| *has != self.wanted)
    }
}

/// A line for the operator.
impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<52} {}", self.name, self.wanted)?;
        match &self.at_stripe {
            Some(has) if self.differs() => write!(f, "   ! at Stripe: {has}"),
            _ => Ok(()),
        }
    }
}

/// The settings that a request's form would make, compared with an object as Stripe sends it.
pub(super) fn settings(form: &str, object: &Value) -> Vec<Setting> {
    let mut settings: Vec<Setting> = Vec::new();
    for (key, value) in form_urlencoded::parse(form.as_bytes()) {
        let path: Vec<&str> = key.split('[').map(|segment| segment.trim_end_matches(']')).collect();
        // A list of words is one setting.
        let in_list = path.last().is_some_and(|last| last.parse::<usize>().is_ok());
        let path = if in_list { &path[..path.len() - 1] } else { &path[..] };
        let name = path.iter().filter(|segment| **segment != "features").copied();
        let name = name.collect::<Vec<_>>().join(".");
        match settings.last_mut().filter(|last| in_list && last.name == name) {
            Some(list) => {
                list.wanted.push_str(", ");
                list.wanted.push_str(&value);
            }
            None => {
                let at_stripe = at(object, path).and_then(words);
                settings.push(Setting { name, wanted: value.into_owned(), at_stripe });
            }
        }
    }
    settings
}

fn at<'a>(object: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(object, |value, segment| match value {
        Value::Array(values) => values.get(segment.parse::<usize>().ok()?),
        value => value.get(segment),
    })
}

fn words(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::String(word) => Some(word.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Array(values) => {
            values.iter().map(words).collect::<Option<Vec<_>>>().map(|words| words.join(", "))
        }
        Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_are_compared_one_by_one() {
        let object = json!({
            "business_profile": { "headline": null },
            "features": {
                "customer_update": { "enabled": true, "allowed_updates": ["email", "name"] },
                "subscription_update": { "products": [{ "product": "circle_pro", "prices": ["price_1"] }] },
            },
        });
        let form = "business_profile[headline]=Hello%20there&features[customer_update][enabled]=true\
             &features[customer_update][allowed_updates][0]=email\
             &features[customer_update][allowed_updates][1]=address\
             &features[subscription_update][products][0][product]=circle_pro\
             &features[subscription_update][products][0][prices][0]=price_2\
             &features[subscription_pause][enabled]=false";
        let told: Vec<_> = settings(form, &object);
        let of = |name: &str| told.iter().find(|setting| setting.name == name).unwrap();
        assert_eq!(told.len(), 6);
        assert_eq!(of("customer_update.allowed_updates").wanted, "email, address");
        for (name, differs) in [
            ("business_profile.headline", true),
            ("customer_update.enabled", false),
            ("customer_update.allowed_updates", true),
            ("subscription_update.products.0.product", false),
            ("subscription_update.products.0.prices", true),
            ("subscription_pause.enabled", false),
        ] {
            assert_eq!(of(name).differs(), differs, "{name}");
        }
        assert!(
            of("business_profile.headline").to_string().ends_with("Hello there   ! at Stripe: ")
        );
    }
}
