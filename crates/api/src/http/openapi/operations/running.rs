//! What Stripe and operators call.

use shared::{error::ErrorCode::*, paths};

use super::{Answer::Other, Operation, Who::Anyone, call};

const TAG: &str = "Operation";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        errors: &[InvalidSignature, InvalidPayload, PayloadTooLarge],
        ..call(
            "post",
            paths::WEBHOOKS,
            "accept_webhook",
            TAG,
            "Stripe's signed events",
            Anyone,
            Other("application/json", "{\"received\": true}"),
        )
    },
    Operation {
        ..call(
            "get",
            "/healthz",
            "is_alive",
            TAG,
            "Whether the process lives",
            Anyone,
            Other("application/json", "It does"),
        )
    },
    Operation {
        errors: &[Overloaded],
        ..call(
            "get",
            "/readyz",
            "is_ready",
            TAG,
            "Whether it can serve: database and schema",
            Anyone,
            Other("application/json", "It can"),
        )
    },
];
