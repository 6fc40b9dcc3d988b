//! What the sandbox takes for Stripe Tax: one standard rate for each country, by the customer's address.
//!
//! Whether it is in the price or on top is the price's `tax_behavior` to say; unspecified is on top. Countries that
//! are not listed, the United States among them, are taken for places where the business does not collect.

use serde_json::json;

use super::{Rate, parts};
use crate::sandbox::object::{Kind, Object};

/// Country, percent, and the tax's `tax_type`.
const COUNTRIES: &[(&str, f64, &str)] = &[
    ("AT", 20.0, "vat"),
    ("AU", 10.0, "gst"),
    ("BE", 21.0, "vat"),
    ("BG", 20.0, "vat"),
    ("CA", 5.0, "gst"),
    ("CH", 8.1, "vat"),
    ("CY", 19.0, "vat"),
    ("CZ", 21.0, "vat"),
    ("DE", 19.0, "vat"),
    ("DK", 25.0, "vat"),
    ("EE", 24.0, "vat"),
    ("ES", 21.0, "vat"),
    ("FI", 25.5, "vat"),
    ("FR", 20.0, "vat"),
    ("GB", 20.0, "vat"),
    ("GR", 24.0, "vat"),
    ("HR", 25.0, "vat"),
    ("HU", 27.0, "vat"),
    ("IE", 23.0, "vat"),
    ("IN", 18.0, "gst"),
    ("IT", 22.0, "vat"),
    ("JP", 10.0, "jct"),
    ("LT", 21.0, "vat"),
    ("LU", 17.0, "vat"),
    ("LV", 21.0, "vat"),
    ("MT", 18.0, "vat"),
    ("NL", 21.0, "vat"),
    ("NO", 25.0, "vat"),
    ("NZ", 15.0, "gst"),
    ("PL", 23.0, "vat"),
    ("PT", 23.0, "vat"),
    ("RO", 21.0, "vat"),
    ("SE", 25.0, "vat"),
    ("SG", 9.0, "gst"),
    ("SI", 22.0, "vat"),
    ("SK", 23.0, "vat"),
];

/// What the ids of these rates begin with; the country and whether it is included follow.
const PREFIX: &str = "txr_automatic_";
/// 2026-01-01: when these rates were set, in Unix seconds.
const SET: i64 = 1_767_225_600;

/// The rate of a country.
pub(super) fn rate(country: &str, is_inclusive: bool) -> Rate {
    let known = COUNTRIES.iter().find(|(known, ..)| *known == country);
    let percent = known.map_or(0.0, |(_, percent, _)| *percent);
    let behavior = if is_inclusive { "inclusive" } else { "exclusive" };
    Rate {
        id: format!("{PREFIX}{}_{behavior}", country.to_ascii_lowercase()),
        parts: parts(&json!(percent)).unwrap_or(0),
        is_inclusive,
        reason: if known.is_some() { "standard_rated" } else { "not_collecting" },
    }
}

/// The tax rate of an id that [`rate`] has given; Stripe archives such rates as soon as they are made.
pub(super) fn rate_of_id(id: &str) -> Option<Object> {
    let (country, behavior) = id.strip_prefix(PREFIX)?.split_once('_')?;
    let country = country.to_ascii_uppercase();
    let known = COUNTRIES.iter().find(|(known, ..)| *known == country);
    let (percent, kind) = known.map_or((0.0, "sales_tax"), |(_, percent, kind)| (*percent, *kind));
    let percentage = if percent.fract() == 0.0 { json!(percent as i64) } else { json!(percent) };
    let name = match kind {
        "vat" => "VAT",
        "gst" => "GST",
        "jct" => "JCT",
        _ => "Sales tax",
    };
    let body = json!({
        "active": false,
        "country": country,
        "description": null,
        "display_name": name,
        "effective_percentage": percentage,
        "flat_amount": null,
        "inclusive": behavior == "inclusive",
        "jurisdiction": country,
        "jurisdiction_level": "country",
        "metadata": {},
        "percentage": percentage,
        "rate_type": "percentage",
        "state": null,
        "tax_type": kind,
    });
    Some(Object::with_id(Kind::TaxRate, id.to_owned(), SET, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_found_again_by_its_id() {
        for (country, percentage, parts) in
            [("DE", json!(19), 190_000), ("FI", json!(25.5), 255_000), ("US", json!(0), 0)]
        {
            let rate = rate(country, true);
            let object = rate_of_id(&rate.id).unwrap();
            assert_eq!((rate.parts, &object.body["percentage"]), (parts, &percentage));
            assert_eq!((object.text("country"), object.is("inclusive")), (Some(country), true));
        }
        assert_eq!(rate_of_id("txr_1"), None);
    }
}
