//! Country specs: what an account in a country could be paid in, and has to tell. Of the countries where Stripe is, not
//! all, and of what they have to tell that which is asked everywhere.

use serde_json::{Value, json};

use super::{Outcome, Page, Request};
use crate::sandbox::{billing::amounts, error::ApiError, store::Tx};

/// Country and the currency of its accounts.
const COUNTRIES: &[(&str, &str)] = &[
    ("AT", "eur"),
    ("AU", "aud"),
    ("BE", "eur"),
    ("CA", "cad"),
    ("CH", "chf"),
    ("CY", "eur"),
    ("CZ", "czk"),
    ("DE", "eur"),
    ("DK", "dkk"),
    ("EE", "eur"),
    ("ES", "eur"),
    ("FI", "eur"),
    ("FR", "eur"),
    ("GB", "gbp"),
    ("GR", "eur"),
    ("HK", "hkd"),
    ("HR", "eur"),
    ("HU", "huf"),
    ("IE", "eur"),
    ("IT", "eur"),
    ("JP", "jpy"),
    ("LT", "eur"),
    ("LU", "eur"),
    ("LV", "eur"),
    ("MT", "eur"),
    ("MX", "mxn"),
    ("NL", "eur"),
    ("NO", "nok"),
    ("NZ", "nzd"),
    ("PL", "pln"),
    ("PT", "eur"),
    ("RO", "ron"),
    ("SE", "sek"),
    ("SG", "sgd"),
    ("SI", "eur"),
    ("SK", "eur"),
    ("US", "usd"),
];

fn spec(country: &str, currency: &str) -> Value {
    let mut methods = vec!["card", "stripe"];
    if country == "US" {
        methods.insert(0, "ach");
    }
    let others = amounts::CURRENCIES.split_whitespace().filter(|other| *other != currency);
    let currencies: Vec<&str> = std::iter::once(currency).chain(others).collect();
    let countries: Vec<&str> = COUNTRIES.iter().map(|(country, _)| *country).collect();
    let minimum = ["business_type", "external_account", "tos_acceptance.date", "tos_acceptance.ip"];
    let fields = json!({ "additional": [], "minimum": minimum });
    json!({
        "id": country,
        "object": "country_spec",
        "default_currency": currency,
        "supported_bank_account_currencies": { currency: [country] },
        "supported_payment_currencies": currencies,
        "supported_payment_methods": methods,
        "supported_transfer_countries": countries,
        "verification_fields": { "company": fields, "individual": fields },
    })
}

pub(super) fn list(_: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let page = Page::take(&mut params)?;
    params.finish()?;
    let specs: Vec<Value> =
        COUNTRIES.iter().map(|(country, currency)| spec(country, currency)).collect();
    page.slice("/v1/country_specs", &specs)
}

pub(super) fn retrieve(_: &mut Tx<'_>, request: Request) -> Outcome {
    let id = request.id().to_owned();
    request.params.finish()?;
    let known = COUNTRIES.iter().find(|(country, _)| *country == id);
    let (country, currency) = known.ok_or_else(|| {
        ApiError::invalid(format!("Country '{id}' is unknown. Try using a 2-character alphanumeric country code instead, such as 'US', 'EG', or 'GB'. A full list of country codes is available at https://stripe.com/docs/api/country_specs"))
            .code("country_code_invalid")
            .param("country")
            .in_path()
    })?;
    Ok(spec(country, currency))
}
