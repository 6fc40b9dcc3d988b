//! Charges.

use serde_json::json;

use super::{Outcome, Page, Request};
use crate::sandbox::{
    error::ApiError,
    object::{Kind, Object},
    params::Metadata,
    store::{Listing, Tx},
};

fn find(tx: &mut Tx<'_>, id: &str) -> Result<Object, ApiError> {
    tx.get(Kind::Charge, id, "charge").map_err(ApiError::in_path)
}

pub(super) fn retrieve(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let charge = find(tx, request.id())?;
    request.params.finish()?;
    Ok(charge.body)
}

pub(super) fn update(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let before = find(tx, request.id())?;
    let mut params = request.params;
    let metadata = params.metadata()?;
    let description = params.clearable("description")?;
    let receipt_email = params.clearable("receipt_email")?;
    let report = params
        .hash("fraud_details", |details| details.choice("user_report", &["fraudulent", "safe"]))?;
    params.finish()?;
    let mut charge = before.clone();
    Metadata::apply(metadata, &mut charge.body);
    for (name, value) in [("description", description), ("receipt_email", receipt_email)] {
        if let Some(value) = value {
            charge.body[name] = json!(value);
        }
    }
    if let Some(report) = report.flatten() {
        charge.body["fraud_details"]["user_report"] = json!(report);
    }
    tx.update(&before, &charge)?;
    Ok(charge.body)
}

pub(super) fn list(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let page = Page::take(&mut params)?;
    let listing = Listing {
        customer: params.string("customer")?,
        parent: params.string("payment_intent")?,
        ..Listing::default()
    };
    let created = params.time_range("created")?;
    params.finish()?;
    page.answer(tx, "/v1/charges", Kind::Charge, listing, |charge| {
        created.contains(charge.integer("created").unwrap_or(0))
    })
}

/// Lists what has come of charges: refunds or disputes.
pub(super) fn list_behind(tx: &mut Tx<'_>, request: Request, path: &str, kind: Kind) -> Outcome {
    let mut params = request.params;
    let page = Page::take(&mut params)?;
    let listing = Listing {
        parent: params.string("charge")?,
        lookup: params.string("payment_intent")?,
        ..Listing::default()
    };
    let created = params.time_range("created")?;
    params.finish()?;
    page.answer(tx, path, kind, listing, |found| {
        created.contains(found.integer("created").unwrap_or(0))
    })
}
