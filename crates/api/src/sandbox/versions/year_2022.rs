//! 2022-11-15.

use serde_json::{Value, json};

use super::{Change, follow};
use crate::sandbox::{
    error::ApiError,
    object::Kind,
    store::{Listing, Tx},
};

/// The version that brought all of it.
const SINCE: &str = "2022-11-15";

pub(super) const CHANGES: &[Change] = &[
    // `PaymentIntent.charges`, a list, became `latest_charge`.
    Change { since: SINCE, objects: &["payment_intent"], undo: payment_intent },
    // `Charge.refunds` came unasked.
    Change { since: SINCE, objects: &["charge"], undo: charge },
];

fn payment_intent(tx: &mut Tx<'_>, intent: &mut Value) -> Result<(), ApiError> {
    let id = intent["id"].as_str().unwrap_or_default().to_owned();
    let (charges, _) = tx.list(Kind::Charge, &Listing::of_parent(&id), |_| true)?;
    let mut data: Vec<Value> = charges.into_iter().map(|charge| charge.body).collect();
    for one in &mut data {
        follow(tx, SINCE, one)?;
        charge(tx, one)?;
    }
    intent["charges"] = list(data, format!("/v1/charges?payment_intent={id}"));
    super::remove(intent, &["latest_charge"]);
    Ok(())
}

fn charge(tx: &mut Tx<'_>, charge: &mut Value) -> Result<(), ApiError> {
    if charge["refunds"].is_object() {
        return Ok(());
    }
    let id = charge["id"].as_str().unwrap_or_default().to_owned();
    let (refunds, _) = tx.list(Kind::Refund, &Listing::of_parent(&id), |_| true)?;
    let mut data: Vec<Value> = refunds.into_iter().map(|refund| refund.body).collect();
    for refund in &mut data {
        follow(tx, SINCE, refund)?;
    }
    charge["refunds"] = list(data, format!("/v1/charges/{id}/refunds"));
    Ok(())
}

fn list(data: Vec<Value>, url: String) -> Value {
    json!({ "object": "list", "total_count": data.len(), "data": data, "has_more": false, "url": url })
}
