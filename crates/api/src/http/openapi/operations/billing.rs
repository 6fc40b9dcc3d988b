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
        errors: &[
            Unauthenticated,
            PlanNotFound,
            AlreadySubscribed,
            RateLimited,
            StripeUnavailable,
            Overloaded,
        ],
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
        errors: &[Unauthenticated, NotFound, StripeUnavailable, Overloaded],
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
        errors: &[
            Unauthenticated,
            NoCustomer,
            FlowNotAvailable,
            UnknownFlow,
            StripeUnavailable,
            Overloaded,
        ],
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
        errors: &[Unauthenticated],
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
        errors: &[Unauthenticated, StripeUnavailable, Overloaded],
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
        errors: &[
            Unauthenticated,
            InvalidParameter,
            PlanNotFound,
            NoCustomer,
            FlowNotAvailable,
            StripeUnavailable,
            Overloaded,
        ],
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
            optional("limit", "integer", "How many"),
            optional("starting_after", "string", "The id that the page before ended with"),
        ],
        errors: &[Unauthenticated, InvalidParameter, StripeUnavailable, Overloaded],
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
