//! The last requests, for whoever wonders what was asked.

use std::{collections::VecDeque, sync::Mutex};

use serde::Serialize;

use super::clock::wall;

/// Requests kept.
const KEPT: usize = 500;

/// A request of the API and its answer's status.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct LoggedRequest {
    /// Unix seconds of the wall.
    time: i64,
    request: String,
    method: String,
    path: String,
    /// None when a fault left the request without an answer.
    status: Option<u16>,
    idempotency_key: Option<String>,
    /// The kind of the fault that struck it.
    fault: Option<&'static str>,
}

/// A ring of the last requests, in memory.
#[derive(Debug, Default)]
pub(crate) struct RequestLog(Mutex<VecDeque<LoggedRequest>>);

impl RequestLog {
    pub(crate) fn add(
        &self,
        method: &str,
        path: &str,
        status: Option<u16>,
        idempotency_key: Option<&str>,
        request: &str,
        fault: Option<&'static str>,
    ) {
        let Ok(mut requests) = self.0.lock() else { return };
        if requests.len() == KEPT {
            requests.pop_front();
        }
        requests.push_back(LoggedRequest {
            time: wall(),
            request: request.to_owned(),
            method: method.to_owned(),
            path: path.to_owned(),
            status,
            idempotency_key: idempotency_key.map(str::to_owned),
            fault,
        });
    }

    /// Newest first.
    pub(crate) fn newest(&self) -> Vec<LoggedRequest> {
        self.0.lock().map(|requests| requests.iter().rev().cloned().collect()).unwrap_or_default()
    }
}
