//! Talking to the API: one request, its answer or its error. Endpoints are in the modules below.

pub(crate) mod account;
pub(crate) mod billing;
pub(crate) mod episodes;

use shared::error::{ErrorBody, ErrorCode};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, RequestInit, Response};

use crate::json::{self, FromJson};

/// Why a request did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    /// The API's code; empty when no answer of the API arrived.
    pub(crate) code: String,
    /// For people.
    pub(crate) message: String,
    /// The form field at fault.
    pub(crate) field: Option<String>,
    /// The HTTP status; 0 when the API was not reached.
    pub(crate) status: u16,
}

impl ApiError {
    /// The API did not answer, or not in its own words.
    pub(crate) fn unreachable(status: u16) -> Self {
        let message =
            "Inner Circle cannot be reached right now. Check your connection and try again.";
        Self { code: String::new(), message: message.to_owned(), field: None, status }
    }

    /// Whether what a mailed link carries does not work any more.
    pub(crate) fn is_dead_link(&self) -> bool {
        self.is(ErrorCode::InvalidToken)
    }

    /// Whether this is the error the API calls `code`.
    pub(crate) fn is(&self, code: ErrorCode) -> bool {
        self.code == code.as_str()
    }
}

/// A request as data; what it carries for authorization is the session's business.
pub(crate) struct Call<'a> {
    /// The HTTP method.
    pub(crate) method: &'static str,
    pub(crate) path: &'a str,
    /// JSON.
    pub(crate) body: Option<String>,
    pub(crate) abort: Option<&'a AbortSignal>,
}

impl<'a> Call<'a> {
    /// Reads `path`.
    pub(crate) const fn get(path: &'a str) -> Self {
        Self { method: "GET", path, body: None, abort: None }
    }

    /// Posts to `path`, without a body.
    pub(crate) const fn post(path: &'a str) -> Self {
        Self { method: "POST", path, body: None, abort: None }
    }

    /// Posts an object of texts to `path`; absent ones are left out.
    pub(crate) fn post_json(path: &'a str, fields: &[(&str, Option<&str>)]) -> Self {
        Self { body: Some(json::object(fields)), ..Self::post(path) }
    }

    /// Sends it, with `token` as the bearer; any status but 2xx is an error.
    pub(crate) async fn send(&self, token: Option<&str>) -> Result<Response, ApiError> {
        let response = self.fetch(token).await.map_err(|_| ApiError::unreachable(0))?;
        if response.ok() { Ok(response) } else { Err(error_of(response).await) }
    }

    async fn fetch(&self, token: Option<&str>) -> Result<Response, JsValue> {
        let headers = Headers::new()?;
        headers.set("Accept", "application/json")?;
        if let Some(token) = token {
            headers.set("Authorization", &["Bearer ", token].concat())?;
        }
        let request = RequestInit::new();
        request.set_method(self.method);
        request.set_signal(self.abort);
        if let Some(body) = &self.body {
            headers.set("Content-Type", "application/json")?;
            request.set_body(&JsValue::from_str(body));
        }
        request.set_headers(&headers);
        let window = web_sys::window().ok_or(JsValue::UNDEFINED)?;
        JsFuture::from(window.fetch_with_str_and_init(self.path, &request)).await?.dyn_into()
    }
}

/// Reads an answer to its end.
pub(crate) async fn text(response: Response) -> Result<String, ApiError> {
    let read = async { JsFuture::from(response.text()?).await };
    let text = read.await.ok().and_then(|text| text.as_string());
    text.ok_or_else(|| ApiError::unreachable(response.status()))
}

/// Understands an answer. One that is not what the API promises is no answer.
pub(crate) fn decode<T: FromJson>(text: &str) -> Result<T, ApiError> {
    json::decode(text).ok_or_else(|| ApiError::unreachable(0))
}

async fn error_of(response: Response) -> ApiError {
    let status = response.status();
    let text = text(response).await.unwrap_or_default();
    match json::decode(&text) {
        Some(ErrorBody { code, message, field }) => ApiError { code, message, field, status },
        // A proxy's page, or a server that is starting.
        None => ApiError::unreachable(status),
    }
}
