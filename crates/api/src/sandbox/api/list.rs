//! Lists: cursors, filters and their envelope.

use serde_json::{Value, json};

use super::Outcome;
use crate::sandbox::{
    error::ApiError,
    object::{Kind, Object},
    params::Params,
    store::{Listing, Tx},
};

/// `limit`, `starting_after` and `ending_before`.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    limit: usize,
    starting_after: Option<String>,
    ending_before: Option<String>,
}

impl Page {
    pub(super) fn take(params: &mut Params) -> Result<Page, ApiError> {
        let limit = params.integer("limit")?.unwrap_or(10);
        let limit = usize::try_from(limit)
            .ok()
            .filter(|limit| (1..=100).contains(limit))
            .ok_or_else(|| {
                let bound = if limit < 1 {
                    "greater than or equal to 1"
                } else {
                    "less than or equal to 100"
                };
                ApiError::invalid_param("limit", format!("Invalid integer: limit must be {bound}"))
                    .code("parameter_invalid_integer")
            })?;
        let (starting_after, ending_before) =
            (params.string("starting_after")?, params.string("ending_before")?);
        if starting_after.is_some() && ending_before.is_some() {
            return Err(ApiError::invalid_param(
                "starting_after",
                "You cannot parameterize both starting_after and ending_before at the same time",
            ));
        }
        Ok(Page { limit, starting_after, ending_before })
    }

    /// Answers with the objects of a kind that pass `filter`.
    pub(super) fn answer(
        self,
        tx: &mut Tx<'_>,
        url: &str,
        kind: Kind,
        listing: Listing,
        filter: impl FnMut(&Object) -> bool,
    ) -> Outcome {
        let listing = Listing {
            limit: self.limit,
            starting_after: self.starting_after,
            ending_before: self.ending_before,
            ..listing
        };
        let (objects, has_more) = tx.list(kind, &listing, filter)?;
        Ok(envelope(url, objects.into_iter().map(|object| object.body).collect(), has_more))
    }

    /// Answers with part of values that are all at hand, in their order.
    pub(super) fn slice(self, url: &str, values: &[Value]) -> Outcome {
        let place = |id: &str, param: &str| {
            let found = values.iter().position(|value| value["id"] == id);
            found.ok_or_else(|| {
                ApiError::invalid_param(param, format!("No such item: '{id}'"))
                    .code("resource_missing")
            })
        };
        let (start, end) = match (&self.starting_after, &self.ending_before) {
            (Some(id), _) => {
                let start = place(id, "starting_after")? + 1;
                (start, values.len().min(start + self.limit))
            }
            (None, Some(id)) => {
                let end = place(id, "ending_before")?;
                (end.saturating_sub(self.limit), end)
            }
            (None, None) => (0, values.len().min(self.limit)),
        };
        let has_more = if self.ending_before.is_some() { start > 0 } else { end < values.len() };
        Ok(envelope(url, values[start..end].to_vec(), has_more))
    }
}

/// `{object: list, …}`
pub(crate) fn envelope(url: &str, data: Vec<Value>, has_more: bool) -> Value {
    json!({ "object": "list", "data": data, "has_more": has_more, "url": url })
}
