//! Everything there is to call.

mod accounts;
mod billing;
mod listening;
mod running;

use shared::error::ErrorCode;

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
    pub(super) answer: Answer,
    pub(super) errors: &'static [ErrorCode],
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
    /// Nothing but a status.
    Empty(u16),
    /// A body of another media type.
    Other(&'static str, &'static str),
}

impl Answer {
    /// Status, words, media type and schema.
    pub(super) const fn parts(
        self,
    ) -> (u16, &'static str, Option<&'static str>, Option<&'static str>) {
        match self {
            Self::Json(status, schema) => (status, schema, Some("application/json"), Some(schema)),
            Self::Empty(status) => (status, "Done", None, None),
            Self::Other(kind, words) => (200, words, Some(kind), None),
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
        answer,
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
