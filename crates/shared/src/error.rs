//! The error body and every code it can carry.

use serde::{Deserialize, Serialize};

/// The body of every answer that is not a success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct ErrorBody {
    /// What went wrong, for programs; see [`ErrorCode`].
    pub code: String,
    /// What went wrong, for people.
    pub message: String,
    /// The field of the request that is at fault, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

macro_rules! error_codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $status:literal;)*) => {
        /// Every error code of the API. The code decides the HTTP status.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $($(#[$doc])* $variant,)* }

        impl ErrorCode {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code as it stands in the body.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The HTTP status that goes with the code.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }
        }
    };
}

error_codes! {
    /// The body is not JSON, or not of the right type.
    InvalidJson = "invalid_json", 400;
    /// A required field is absent.
    MissingField = "missing_field", 400;
    /// A field the endpoint does not know.
    UnknownField = "unknown_field", 400;
    /// A path or query parameter that does not parse.
    InvalidParameter = "invalid_parameter", 400;
    /// No credentials, or ones that do not work.
    Unauthenticated = "unauthenticated", 401;
    /// E-mail and password do not belong together.
    InvalidCredentials = "invalid_credentials", 401;
    /// The request is understood and refused.
    Forbidden = "forbidden", 403;
    /// A signed URL whose signature is missing, changed or expired, or whose owner lost access.
    MediaForbidden = "media_forbidden", 403;
    /// Nothing is at this address.
    NotFound = "not_found", 404;
    /// The catalog has no such plan or interval.
    PlanNotFound = "plan_not_found", 404;
    /// The address exists and takes other methods.
    MethodNotAllowed = "method_not_allowed", 405;
    /// Another account has this e-mail address.
    EmailTaken = "email_taken", 409;
    /// The listener has a live subscription; changes go through the portal.
    AlreadySubscribed = "already_subscribed", 409;
    /// The listener has never been to Checkout, so Stripe knows no customer.
    NoCustomer = "no_customer", 409;
    /// The portal flow does not fit the listener's subscription.
    FlowNotAvailable = "flow_not_available", 409;
    /// The account waits to be deleted; nothing else can be done with it.
    DeletionPending = "deletion_pending", 409;
    /// A feed address that was replaced by a newer one.
    FeedRotated = "feed_rotated", 410;
    /// The body is larger than the endpoint takes.
    PayloadTooLarge = "payload_too_large", 413;
    /// The byte range lies outside the file.
    RangeNotSatisfiable = "range_not_satisfiable", 416;
    /// Not an e-mail address.
    InvalidEmail = "invalid_email", 422;
    /// Under twelve characters.
    WeakPassword = "weak_password", 422;
    /// Not one of Stripe's portal flows.
    UnknownFlow = "unknown_flow", 422;
    /// A mailed token that opens nothing: not ours, used, or too old.
    InvalidToken = "invalid_token", 400;
    /// The webhook's signature does not verify.
    InvalidSignature = "invalid_signature", 400;
    /// The webhook is signed but is no event.
    InvalidPayload = "invalid_payload", 400;
    /// Too many tries; `Retry-After` says when to come back.
    RateLimited = "rate_limited", 429;
    /// A fault of the server.
    Internal = "internal", 500;
    /// Stripe did not answer, or not usefully.
    StripeUnavailable = "stripe_unavailable", 502;
    /// The server has more work than it can take on now.
    Overloaded = "overloaded", 503;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique() {
        let mut codes: Vec<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), ErrorCode::ALL.len());
    }
}
