//! A refusal that has to survive a redirect: `?refused={code}` on the page that is shown again.

use serde::Deserialize;
use url::form_urlencoded;

use super::form::Errors;
use crate::sandbox::checkout::Refusal;

/// The query of a page that can be led back to. Only known codes say anything, so that no link can
/// put words of its own on the page.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Refused {
    refused: Option<String>,
}

impl Refused {
    /// `address` with the refusal's code in its query.
    pub(super) fn at(address: &str, refusal: &Refusal) -> String {
        let code = refusal.decline_code.as_deref().unwrap_or(&refusal.code);
        let code: String = form_urlencoded::byte_serialize(code.as_bytes()).collect();
        format!("{address}{}refused={code}", if address.contains('?') { '&' } else { '?' })
    }

    /// What to tell, in Stripe's words.
    pub(super) fn message(&self) -> Option<&'static str> {
        Some(match self.refused.as_deref()? {
            "payment_intent_authentication_failure" | "setup_intent_authentication_failure" => {
                "We are unable to authenticate your payment method. Please choose a different payment method \
                 and try again."
            }
            "insufficient_funds" => "Your card has insufficient funds.",
            "expired_card" => "Your card has expired.",
            _ => "Your card was declined.",
        })
    }

    /// The message as an error of the card number.
    pub(super) fn errors(&self) -> Errors {
        let mut errors = Errors::default();
        if let Some(message) = self.message() {
            errors.add("card-number", message);
        }
        errors
    }
}
