//! Tax rates: made once, archived, never deleted.

use serde_json::{Value, json};

use super::{Outcome, Page, Request};
use crate::sandbox::{
    billing::tax,
    error::ApiError,
    object::{Kind, Object},
    params::{Metadata, Params},
    store::{Listing, Tx},
};

/// `tax_type`
const TYPES: &[&str] = &[
    "admissions_tax",
    "amusement_tax",
    "attendance_tax",
    "communications_tax",
    "digital_excise_tax",
    "entertainment_tax",
    "get_fund",
    "gross_receipts_tax",
    "gst",
    "hospitality_tax",
    "hst",
    "igst",
    "jct",
    "lease_tax",
    "luxury_tax",
    "mass_transit_parking_tax",
    "nhil",
    "parking_tax",
    "pst",
    "qst",
    "resort_tax",
    "retail_delivery_fee",
    "rst",
    "sales_tax",
    "service_tax",
    "tourism_tax",
    "utility_users_tax",
    "vat",
];
/// Most rates that can be on one thing.
const MOST: usize = 5;

/// Members that a request may set and change.
struct Fields {
    active: Option<bool>,
    display_name: Option<String>,
    texts: Vec<(&'static str, Option<Option<String>>)>,
    tax_type: Option<String>,
    metadata: Option<Metadata>,
}

impl Fields {
    fn take(params: &mut Params) -> Result<Fields, ApiError> {
        let mut texts = Vec::new();
        for name in ["country", "description", "jurisdiction", "state"] {
            texts.push((name, params.clearable(name)?));
        }
        Ok(Fields {
            active: params.boolean("active")?,
            display_name: params.string("display_name")?,
            texts,
            tax_type: params.choice("tax_type", TYPES)?,
            metadata: params.metadata()?,
        })
    }

    fn apply(self, body: &mut Value) {
        for (name, text) in self.texts {
            if let Some(text) = text {
                body[name] = json!(text);
            }
        }
        if let Some(active) = self.active {
            body["active"] = json!(active);
        }
        for (name, text) in [("display_name", self.display_name), ("tax_type", self.tax_type)] {
            if let Some(text) = text {
                body[name] = json!(text);
            }
        }
        Metadata::apply(self.metadata, body);
    }
}

/// A JSON number from 0 to 100 with at most four decimals.
fn take_percentage(params: &mut Params) -> Result<Value, ApiError> {
    let text = params.required("percentage")?;
    let number: Option<Value> = serde_json::from_str(&text).ok();
    let number = number
        .filter(|number| tax::parts(number).is_some_and(|parts| (0..=1_000_000).contains(&parts)));
    number.ok_or_else(|| {
        ApiError::invalid_param(
            "percentage",
            "Invalid percentage: must be a number between 0 and 100 with at most 4 decimal places",
        )
    })
}

pub(super) fn create(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let percentage = take_percentage(&mut params)?;
    let inclusive = params.boolean("inclusive")?.ok_or_else(|| ApiError::missing("inclusive"))?;
    let fields = Fields::take(&mut params)?;
    params.finish()?;
    if fields.display_name.is_none() {
        return Err(ApiError::missing("display_name"));
    }
    let mut body = json!({
        "active": true,
        "country": null,
        "description": null,
        "display_name": null,
        "effective_percentage": null,
        "flat_amount": null,
        "inclusive": inclusive,
        "jurisdiction": null,
        "jurisdiction_level": null,
        "metadata": {},
        "percentage": percentage,
        "rate_type": "percentage",
        "state": null,
        "tax_type": null,
    });
    fields.apply(&mut body);
    let rate = Object::new(Kind::TaxRate, tx.now(), body);
    tx.create(&rate)?;
    Ok(rate.body)
}

pub(super) fn retrieve(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let rate = tx.tax_rate(request.id(), "tax_rate").map_err(ApiError::in_path)?;
    request.params.finish()?;
    Ok(rate.body)
}

pub(super) fn update(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let before = tx.get(Kind::TaxRate, request.id(), "tax_rate").map_err(ApiError::in_path)?;
    let mut params = request.params;
    let fields = Fields::take(&mut params)?;
    params.finish()?;
    let mut rate = before.clone();
    fields.apply(&mut rate.body);
    tx.update(&before, &rate)?;
    Ok(rate.body)
}

pub(super) fn list(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let page = Page::take(&mut params)?;
    let active = params.boolean("active")?;
    let inclusive = params.boolean("inclusive")?;
    let created = params.time_range("created")?;
    params.finish()?;
    page.answer(tx, "/v1/tax_rates", Kind::TaxRate, Listing::default(), |rate| {
        active.is_none_or(|active| rate.is("active") == active)
            && inclusive.is_none_or(|inclusive| rate.is("inclusive") == inclusive)
            && created.contains(rate.integer("created").unwrap_or(0))
    })
}

/// The ids of `tax_rates` or `default_tax_rates` with the parameter's full name; an empty value is no rates.
pub(super) fn take_ids(
    params: &mut Params,
    name: &str,
) -> Result<Option<(Vec<String>, String)>, ApiError> {
    let path = params.name(name);
    Ok(params.strings(name)?.map(|ids| (ids, path)))
}

/// The rates with these ids, which must be active.
pub(super) fn resolve(
    tx: &mut Tx<'_>,
    given: Option<(Vec<String>, String)>,
) -> Result<Option<Vec<Value>>, ApiError> {
    let Some((ids, param)) = given else { return Ok(None) };
    if ids.len() > MOST {
        let message = format!("You can pass at most {MOST} tax rates.");
        return Err(ApiError::invalid_param(param, message));
    }
    let mut rates = Vec::new();
    for (place, id) in ids.iter().enumerate() {
        let param = format!("{param}[{place}]");
        let rate = tx.get(Kind::TaxRate, id, &param)?;
        if !rate.is("active") {
            let message = format!("The tax rate {id} is archived and cannot be used.");
            return Err(ApiError::invalid_param(param, message));
        }
        rates.push(rate.body);
    }
    Ok(Some(rates))
}
