//! The last requests, for whoever wonders what was asked and answered.

use std::{collections::VecDeque, sync::Mutex};

use actix_web::web::Bytes;
use serde::Serialize;

use super::clock::wall;

/// Requests kept.
const KEPT: usize = 500;
/// What is kept of a body, in bytes.
const BODY_KEPT: usize = 64 << 10;

/// A request of the API with its answer. Headers are not kept: they hold the key.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct LoggedRequest {
    /// `req_…`
    pub(crate) request: String,
    pub(crate) method: String,
    pub(crate) path: String,
    /// Percent-encoded, as it came.
    pub(crate) query: String,
    /// None when a fault left the request without an answer.
    pub(crate) status: Option<u16>,
    pub(crate) idempotency_key: Option<String>,
    /// `Stripe-Version`, when the request named one.
    pub(crate) version: Option<String>,
    /// The kind of the fault that struck it.
    pub(crate) fault: Option<&'static str>,
    /// The form, as it came.
    #[serde(skip)]
    pub(crate) form: Bytes,
    #[serde(skip)]
    pub(crate) answer: Bytes,
}

/// A ring of the last requests with their times (Unix seconds of the wall), in memory.
#[derive(Debug, Default)]
pub(crate) struct RequestLog(Mutex<VecDeque<(i64, LoggedRequest)>>);

impl RequestLog {
    pub(crate) fn add(&self, mut request: LoggedRequest) {
        request.form.truncate(BODY_KEPT);
        request.answer.truncate(BODY_KEPT);
        let Ok(mut requests) = self.0.lock() else { return };
        if requests.len() == KEPT {
            requests.pop_front();
        }
        requests.push_back((wall(), request));
    }

    /// At most `limit`, newest first.
    pub(crate) fn newest(&self, limit: usize) -> Vec<(i64, LoggedRequest)> {
        let newest = |requests: &VecDeque<_>| requests.iter().rev().take(limit).cloned().collect();
        self.0.lock().map(|requests| newest(&requests)).unwrap_or_default()
    }

    /// The request with this id, if it is still kept.
    pub(crate) fn find(&self, request: &str) -> Option<(i64, LoggedRequest)> {
        self.0.lock().ok()?.iter().rev().find(|(_, kept)| kept.request == request).cloned()
    }
}
