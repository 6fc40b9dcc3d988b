//! Refunds.

use super::{Outcome, Request, charges};
use crate::sandbox::{
    error::ApiError,
    object::{Kind, Object},
    params::Metadata,
    payment::refund::NewRefund,
    store::Tx,
};

fn find(tx: &mut Tx<'_>, id: &str) -> Result<Object, ApiError> {
    tx.get(Kind::Refund, id, "refund").map_err(ApiError::in_path)
}

pub(super) fn create(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let charge = params.string("charge")?;
    let payment_intent = params.string("payment_intent")?;
    let new = NewRefund {
        amount: params.integer_from("amount", 1)?,
        reason: params.choice("reason", &["duplicate", "fraudulent", "requested_by_customer"])?,
        metadata: Metadata::new_value(params.metadata()?),
    };
    params.ignore(&["instructions_email", "refund_application_fee", "reverse_transfer"])?;
    params.finish()?;
    let mut charge = match (charge, payment_intent) {
        (Some(id), _) => tx.get(Kind::Charge, &id, "charge")?,
        (None, Some(id)) => charge_of(tx, &id)?,
        (None, None) => {
            return Err(ApiError::invalid(
                "One of the following params should be provided for this request: payment_intent or charge.",
            ));
        }
    };
    Ok(tx.refund(&mut charge, new)?.body)
}

/// The successful charge of a payment intent.
fn charge_of(tx: &mut Tx<'_>, intent: &str) -> Result<Object, ApiError> {
    let intent = tx.get(Kind::PaymentIntent, intent, "payment_intent")?;
    let charge =
        intent.text("latest_charge").filter(|_| intent.text("status") == Some("succeeded"));
    match charge {
        Some(charge) => tx.get(Kind::Charge, charge, "charge"),
        None => Err(ApiError::invalid(format!(
            "This PaymentIntent ({}) does not have a successful charge to refund.",
            intent.id
        ))
        .code("payment_intent_unexpected_state")),
    }
}

pub(super) fn retrieve(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let refund = find(tx, request.id())?;
    request.params.finish()?;
    Ok(refund.body)
}

pub(super) fn update(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let before = find(tx, request.id())?;
    let mut params = request.params;
    let metadata = params.metadata()?;
    params.finish()?;
    let mut refund = before.clone();
    Metadata::apply(metadata, &mut refund.body);
    tx.update(&before, &refund)?;
    // Older integrations listen to this name.
    tx.emit_change("charge.refund.updated", &before, &refund)?;
    Ok(refund.body)
}

/// The request with the charge in its path as a parameter.
fn about_charge(tx: &mut Tx<'_>, mut request: Request) -> Result<Request, ApiError> {
    let charge = tx.get(Kind::Charge, request.id(), "charge").map_err(ApiError::in_path)?;
    request.params.set("charge", &charge.id);
    Ok(request)
}

pub(super) fn create_of_charge(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let request = about_charge(tx, request)?;
    create(tx, request)
}

pub(super) fn list_of_charge(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let request = about_charge(tx, request)?;
    list(tx, request)
}

pub(super) fn retrieve_of_charge(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let id = request.ids.get(1).map(String::as_str).unwrap_or_default();
    let refund = find(tx, id)?;
    if refund.text("charge") != Some(request.id()) {
        return Err(ApiError::no_such(Kind::Refund, id, "refund").in_path());
    }
    request.params.finish()?;
    Ok(refund.body)
}

pub(super) fn list(tx: &mut Tx<'_>, request: Request) -> Outcome {
    charges::list_behind(tx, request, "/v1/refunds", Kind::Refund)
}
