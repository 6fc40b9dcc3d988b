//! A file of every request of the API with its answer, one JSON object a line, for looking at afterwards.
//!
//! ```json
//! {"method": "POST", "path": "/v1/customers", "query": "", "form": "email=a%40b.c", "version": "2026-10-28.endive",
//!  "client": "Stripe/v1 NodeBindings/23.1.0", "status": 200, "answer": {"id": "cus_…"}}
//! ```
//!
//! Several sandboxes may add to one file: a line is written at once, at its end.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::Path,
};

use serde::Serialize;
use serde_json::value::RawValue;

/// What is kept of one request.
#[derive(Debug, Serialize)]
pub(crate) struct Exchange<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    /// As it came, percent-encoded.
    pub(crate) query: &'a str,
    /// The body, as it came.
    pub(crate) form: &'a str,
    /// `Stripe-Version`, when the request names one.
    pub(crate) version: Option<&'a str>,
    /// `User-Agent`.
    pub(crate) client: &'a str,
    pub(crate) status: u16,
    pub(crate) answer: &'a RawValue,
}

/// The file.
#[derive(Debug)]
pub(crate) struct Recorder(File);

impl Recorder {
    /// Opens the file to add to it; it is made when missing.
    pub(crate) fn open(path: &Path) -> io::Result<Recorder> {
        OpenOptions::new().create(true).append(true).open(path).map(Recorder)
    }

    /// Adds a line. A full disk costs the record, not the request.
    pub(crate) fn add(&self, exchange: &Exchange<'_>) {
        let line = serde_json::to_string(exchange).map(|line| line + "\n");
        let written =
            line.map_err(io::Error::from).and_then(|line| (&self.0).write_all(line.as_bytes()));
        if let Err(error) = written {
            tracing::warn!(%error, "a request could not be recorded");
        }
    }
}
