//! Tax codes: kinds of things as taxes tell them apart. The list is Stripe's own; these are those of it that digital
//! businesses use.

use serde_json::{Value, json};

use super::{Outcome, Page, Request};
use crate::sandbox::{error::ApiError, store::Tx};

/// Id, name and what it is for.
const CODES: &[(&str, &str, &str)] = &[
    (
        "txcd_99999999",
        "General - Tangible Goods",
        "Things that can be touched, taxed at the standard rate.",
    ),
    ("txcd_20030000", "General - Services", "Services that have no code of their own."),
    (
        "txcd_10000000",
        "General - Electronically Supplied Services",
        "Services over the internet that need next to nobody while they are supplied.",
    ),
    (
        "txcd_10103000",
        "Software as a service (SaaS) - personal use",
        "Software that runs elsewhere and is used over the internet, by persons.",
    ),
    (
        "txcd_10103001",
        "Software as a service (SaaS) - business use",
        "Software that runs elsewhere and is used over the internet, by businesses.",
    ),
    (
        "txcd_10103100",
        "Software as a service (SaaS) - electronic download - personal use",
        "Software as a service of which a part is downloaded, for persons.",
    ),
    (
        "txcd_10103101",
        "Software as a service (SaaS) - electronic download - business use",
        "Software as a service of which a part is downloaded, for businesses.",
    ),
    ("txcd_92010001", "Shipping", "Bringing goods to whoever bought them."),
    ("txcd_00000000", "Nontaxable", "Whatever is not to be taxed anywhere."),
];

fn code((id, name, description): &(&str, &str, &str)) -> Value {
    json!({ "id": id, "object": "tax_code", "description": description, "name": name })
}

/// The code with this id.
pub(super) fn find(id: &str) -> Option<Value> {
    CODES.iter().find(|(known, ..)| *known == id).map(code)
}

pub(super) fn list(_: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let page = Page::take(&mut params)?;
    params.finish()?;
    let codes: Vec<Value> = CODES.iter().map(code).collect();
    page.slice("/v1/tax_codes", &codes)
}

pub(super) fn retrieve(_: &mut Tx<'_>, request: Request) -> Outcome {
    let id = request.id().to_owned();
    request.params.finish()?;
    find(&id).ok_or_else(|| {
        ApiError::invalid(format!("No such tax code: '{id}'"))
            .code("resource_missing")
            .param("id")
            .in_path()
    })
}
