//! What Stripe and operators call.

use shared::{error::ErrorCode::*, paths};

use super::{
    Answer::Other,
    Operation,
    Who::{Anyone, Operator},
    call,
};

const TAG: &str = "Operation";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        // Of its body only that it ended too early is told as of the others.
        errors: &[InvalidSignature, InvalidPayload, InvalidJson, PayloadTooLarge],
        ..call(
            "post",
            paths::WEBHOOKS,
            "accept_webhook",
            TAG,
            "Stripe's signed events",
            Anyone,
            Other(200, "application/json", "{\"received\": true}"),
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
            Other(200, "application/json", "It does"),
        )
    },
    Operation {
        ..call(
            "get",
            "/readyz",
            "is_ready",
            TAG,
            "Whether it can serve: database and schema",
            Anyone,
            Other(200, "application/json", "It can"),
        )
    },
    Operation {
        ..call(
            "get",
            "/metrics",
            "show_metrics",
            TAG,
            "Metrics for Prometheus; not here when they have an address of their own",
            Operator,
            Other(200, "text/plain", "Metrics in Prometheus's text format"),
        )
    },
    Operation {
        ..call(
            "get",
            paths::OPENAPI,
            "describe",
            TAG,
            "This document",
            Anyone,
            Other(200, "application/json", "OpenAPI 3.1"),
        )
    },
    Operation {
        ..call(
            "get",
            paths::DOCS,
            "show_docs",
            TAG,
            "A page to read and try it",
            Anyone,
            Other(200, "text/html", "The page"),
        )
    },
];
