//! What the page after Checkout says. Pure: from what Stripe's session and the account say.

use shared::{account::Account, billing::CheckoutResult, error::ErrorCode};

use crate::api::ApiError;

/// How the payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Not known yet.
    Waiting,
    /// Paid, and the plan is open.
    Active,
    /// Under way for longer than usual: a bank that takes days, or a late message.
    Processing,
    /// The bank refused what was under way.
    Failed,
    /// The session was left unpaid.
    NotPaid,
    /// The session ran out.
    Expired,
    /// It is not this listener's session.
    Unknown,
    /// The API could not say.
    Unreachable,
}

/// How the payment stands. `patient` turns false once the usual few seconds have passed.
pub(crate) fn outcome(
    answer: Option<&Result<CheckoutResult, ApiError>>,
    account: &Account,
    patient: bool,
) -> Outcome {
    let subscribed = matches!(account.subscription_status.as_str(), "active" | "trialing");
    if account.access.allowed && subscribed {
        return Outcome::Active;
    }
    let waiting = if patient { Outcome::Waiting } else { Outcome::Processing };
    match answer {
        None => waiting,
        Some(Ok(result)) => match (result.status.as_str(), result.payment_status.as_str()) {
            ("open", _) => Outcome::NotPaid,
            ("expired", _) => Outcome::Expired,
            ("complete", "unpaid") if is_refused(&account.subscription_status) => Outcome::Failed,
            (_, "unpaid") => Outcome::Processing,
            _ => waiting,
        },
        Some(Err(error)) if error.is(ErrorCode::NotFound) => Outcome::Unknown,
        Some(Err(_)) => Outcome::Unreachable,
    }
}

/// Whether a subscription of this status is one whose payment did not go through after all.
fn is_refused(status: &str) -> bool {
    matches!(status, "past_due" | "unpaid" | "canceled" | "incomplete_expired")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::membership::tests::account;

    fn answer(status: &str, payment_status: &str) -> Result<CheckoutResult, ApiError> {
        Ok(CheckoutResult {
            status: status.to_owned(),
            payment_status: payment_status.to_owned(),
            account: account("incomplete", None),
        })
    }

    #[test]
    fn the_page_says_what_is_known() {
        let nobody = account("incomplete", None);
        let member = account("active", Some("pro"));
        let mut refused = account("past_due", Some("pro"));
        refused.access.allowed = false;
        let not_found =
            Err(ApiError { code: "not_found".to_owned(), ..ApiError::unreachable(404) });
        for (answer, account, patient, expected) in [
            (None, &nobody, true, Outcome::Waiting),
            (None, &nobody, false, Outcome::Processing),
            (None, &member, true, Outcome::Active),
            (Some(answer("complete", "paid")), &nobody, true, Outcome::Waiting),
            (Some(answer("complete", "paid")), &nobody, false, Outcome::Processing),
            (Some(answer("complete", "paid")), &member, true, Outcome::Active),
            (Some(answer("complete", "no_payment_required")), &nobody, true, Outcome::Waiting),
            (Some(answer("complete", "unpaid")), &nobody, true, Outcome::Processing),
            (Some(answer("complete", "unpaid")), &refused, true, Outcome::Failed),
            (Some(answer("open", "unpaid")), &nobody, true, Outcome::NotPaid),
            (Some(answer("expired", "unpaid")), &nobody, true, Outcome::Expired),
            (Some(not_found), &nobody, true, Outcome::Unknown),
            (Some(Err(ApiError::unreachable(502))), &nobody, true, Outcome::Unreachable),
        ] {
            assert_eq!(outcome(answer.as_ref(), account, patient), expected, "{answer:?}");
        }
    }

    #[test]
    fn access_by_a_grant_is_not_taken_for_a_payment() {
        let mut guest = account("incomplete", None);
        guest.access.allowed = true;
        assert_eq!(outcome(None, &guest, true), Outcome::Waiting);
    }
}
