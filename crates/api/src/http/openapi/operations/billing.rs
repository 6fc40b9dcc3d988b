//! Plans, and the ways to Stripe and back.

use shared::{error::ErrorCode::*, paths};

use super::{
    Answer::Json,
    Operation, Parameter,
    Who::{Anyone, Listener},
    call, optional,
};

const TAG: &str = "Billing";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        ..call(
            "get",
            paths::PLANS,
            "list_plans",
            TAG,
            "What is sold, in order",
            Anyone,
            Json(200, "Plans"),
        )
    },
    Operation {
        body: Some("StartCheckout"),
        asks_stripe: true,
        errors: &[PlanNotFound, AlreadySubscribed, NoCustomer],
        ..call(
            "post",
            paths::CHECKOUT_SESSION,
            "start_checkout",
            TAG,
            "The address of Stripe's Checkout for a plan",
            Listener,
            Json(200, "RedirectUrl"),
        )
    },
    Operation {
        asks_stripe: true,
        errors: &[NotFound],
        ..call(
            "get",
            "/api/billing/checkout-session/{id}",
            "show_checkout",
            TAG,
            "What became of a Checkout",
            Listener,
            Json(200, "CheckoutResult"),
        )
    },
    Operation {
        body: Some("OpenPortal"),
        body_may_be_absent: true,
        asks_stripe: true,
        errors: &[NoCustomer, FlowNotAvailable, UnknownFlow, PlanNotFound],
        ..call(
            "post",
            paths::PORTAL_SESSION,
            "open_portal",
            TAG,
            "The address of Stripe's Customer Portal, or of one of its flows",
            Listener,
            Json(200, "RedirectUrl"),
        )
    },
    Operation {
        asks_stripe: true,
        errors: &[FlowNotAvailable],
        ..call(
            "post",
            paths::RESUME,
            "resume_subscription",
            TAG,
            "Go on with a paused subscription; the new period is charged at once",
            Listener,
            Json(200, "Account"),
        )
    },
    Operation {
        ..call(
            "get",
            paths::SUBSCRIPTION,
            "show_subscription",
            TAG,
            "The subscription that counts",
            Listener,
            Json(200, "SubscriptionAnswer"),
        )
    },
    Operation {
        asks_stripe: true,
        ..call(
            "get",
            paths::OPEN_INVOICE,
            "show_open_invoice",
            TAG,
            "The invoice that is owed, and whether its payment waits for the listener",
            Listener,
            Json(200, "OpenInvoiceAnswer"),
        )
    },
    Operation {
        query: &[
            Parameter {
                name: "plan",
                kind: "string",
                required: true,
                description: "The plan's id",
            },
            optional("interval", "string", "month (default) or year"),
        ],
        asks_stripe: true,
        errors: &[PlanNotFound, FlowNotAvailable],
        ..call(
            "get",
            paths::CHANGE_PREVIEW,
            "preview_change",
            TAG,
            "What another plan would cost, now and at renewal",
            Listener,
            Json(200, "ChangePreview"),
        )
    },
    Operation {
        query: &[
            optional("limit", "integer", "How many, 10 when nothing is said, 100 at the most"),
            optional("starting_after", "string", "The id that the page before ended with"),
        ],
        asks_stripe: true,
        ..call(
            "get",
            paths::INVOICES,
            "list_invoices",
            TAG,
            "Invoices, newest first",
            Listener,
            Json(200, "Invoices"),
        )
    },
];
