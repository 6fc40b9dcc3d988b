//! `payment_pages`: how Stripe's own command line completes a Checkout Session without its page.

use serde_json::json;

use super::{Outcome, Request};
use crate::sandbox::{
    checkout::{self, complete, open_session},
    error::ApiError,
    object::Kind,
    payment::Presence,
    store::Tx,
};

pub(super) fn retrieve(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let session =
        tx.get(Kind::CheckoutSession, request.id(), "session").map_err(ApiError::in_path)?;
    let mut params = request.params;
    params.kept("eid")?;
    params.finish()?;
    let mut page = session.body;
    page["session_id"] = page["id"].clone();
    page["object"] = json!("checkout.session");
    Ok(page)
}

pub(super) fn confirm(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let id = request.id().to_owned();
    let mut params = request.params;
    let payment_method = params.required("payment_method")?;
    let expected = params.integer("expected_amount")?;
    params.kept("eid")?;
    params.kept("return_url")?;
    params.finish()?;
    let session = open_session(tx, Kind::CheckoutSession, &id).map_err(|error| {
        match error.code.as_deref() {
            Some("resource_missing") => error.in_path(),
            _ => error,
        }
    })?;
    tx.follow_clock_of(&session)?;
    if expected.is_some_and(|expected| session.integer("amount_total").unwrap_or(0) != expected) {
        return Err(ApiError::invalid_param(
            "expected_amount",
            "The amount expected by the client doesn't match the amount of the Checkout Session.",
        )
        .code("checkout_amount_mismatch"));
    }
    let stored = super::payment_methods::given(tx, &payment_method, "payment_method")?;
    match complete::pay(tx, session, Some(stored), Presence::OnSession)? {
        checkout::Outcome::Declined(refusal) => Err(refusal.error()),
        checkout::Outcome::Completed { .. } | checkout::Outcome::ActionRequired { .. } => {
            let session = tx.get(Kind::CheckoutSession, &id, "session")?;
            let mut page = session.body;
            page["session_id"] = page["id"].clone();
            Ok(page)
        }
    }
}
