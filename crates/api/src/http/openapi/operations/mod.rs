//! Everything there is to call.

mod accounts;
mod billing;
mod listening;
mod running;

use std::collections::{BTreeMap, BTreeSet};

use shared::error::ErrorCode::{self, *};

/// One method of one path.
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) id: &'static str,
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    pub(super) who: Who,
    /// The schema of the body, if it takes one.
    pub(super) body: Option<&'static str>,
    pub(super) body_may_be_absent: bool,
    pub(super) query: &'static [Parameter],
    /// Refused to pages of other origins.
    pub(super) own_pages_only: bool,
    /// Asks Stripe, and so fails with it, and may be asked so often only.
    pub(super) asks_stripe: bool,
    /// Sets the refresh cookie, or takes it away.
    pub(super) sets_cookie: bool,
    pub(super) answer: Answer,
    /// What else it answers that is no error.
    pub(super) or: &'static [Answer],
    /// The errors that do not follow from all that is said above: see [`Operation::failures`].
    pub(super) errors: &'static [ErrorCode],
}

impl Operation {
    /// Every error that it answers, by status.
    pub(super) fn failures(&self) -> BTreeMap<u16, BTreeSet<&'static str>> {
        let mut codes = vec![Internal, Overloaded];
        codes.extend_from_slice(self.errors);
        if self.body.is_some() {
            codes.extend([InvalidJson, MissingField, UnknownField, PayloadTooLarge]);
        }
        if !self.query.is_empty() {
            codes.push(InvalidParameter);
        }
        match self.who {
            Who::Anyone => {}
            // Whoever leaves may look on, and do nothing more.
            Who::Listener | Who::Either => codes.extend([Unauthenticated, DeletionPending]),
            Who::ListenerOrLeaving | Who::Cookie => codes.push(Unauthenticated),
            Who::Operator => codes.extend([Unauthenticated, NotFound]),
        }
        if self.own_pages_only {
            codes.push(Forbidden);
        }
        let mut failures: BTreeMap<u16, BTreeSet<_>> = BTreeMap::new();
        if self.asks_stripe {
            codes.extend([StripeUnavailable, RateLimited]);
            // While it is known to be down.
            failures.entry(503).or_default().insert(StripeUnavailable.as_str());
        }
        for code in codes {
            failures.entry(code.status()).or_default().insert(code.as_str());
        }
        failures
    }
}

/// Who may call.
#[derive(Clone, Copy)]
pub(super) enum Who {
    Anyone,
    /// A bearer token.
    Listener,
    /// A bearer token, also of an account that is being deleted.
    ListenerOrLeaving,
    /// With or without a bearer token.
    Either,
    /// The refresh cookie.
    Cookie,
    /// The operator's token.
    Operator,
}

/// A parameter of the query.
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    pub(super) required: bool,
    pub(super) description: &'static str,
}

/// What it answers when all is well.
#[derive(Clone, Copy)]
pub(super) enum Answer {
    /// A status and the schema of the body.
    Json(u16, &'static str),
    /// Nothing but a status, which the words explain.
    Empty(u16, &'static str),
    /// A body of another media type.
    Other(u16, &'static str, &'static str),
}

impl Answer {
    /// Status, words, media type and schema.
    pub(super) const fn parts(
        self,
    ) -> (u16, &'static str, Option<&'static str>, Option<&'static str>) {
        match self {
            Self::Json(status, schema) => (status, schema, Some("application/json"), Some(schema)),
            Self::Empty(status, words) => (status, words, None, None),
            Self::Other(status, kind, words) => (status, words, Some(kind), None),
        }
    }
}

/// An operation that takes nothing; what differs is said over it.
const fn call(
    method: &'static str,
    path: &'static str,
    id: &'static str,
    tag: &'static str,
    summary: &'static str,
    who: Who,
    answer: Answer,
) -> Operation {
    Operation {
        method,
        path,
        id,
        tag,
        summary,
        who,
        body: None,
        body_may_be_absent: false,
        query: &[],
        own_pages_only: false,
        asks_stripe: false,
        sets_cookie: false,
        answer,
        or: &[],
        errors: &[],
    }
}

const fn optional(name: &'static str, kind: &'static str, description: &'static str) -> Parameter {
    Parameter { name, kind, required: false, description }
}

/// In the order the page shows them.
pub(super) fn all() -> impl Iterator<Item = &'static Operation> {
    [accounts::OPERATIONS, billing::OPERATIONS, listening::OPERATIONS, running::OPERATIONS]
        .into_iter()
        .flatten()
}
