//! What every answer of the pages has in common: security headers, redirects, and the check
//! that a form was sent by one of our own pages.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::Method;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderMap, LOCATION, ORIGIN, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::middleware::Next;
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use maud::Markup;

use super::shell;
use crate::sandbox::error::ApiError;

/// What a handler answers: a page or a redirect, else the page that tells the error.
pub(super) type Answer = Result<HttpResponse, PageError>;

/// An error of the sandbox that no form can show.
#[derive(Debug)]
pub(super) struct PageError(Box<ApiError>);

impl From<ApiError> for PageError {
    fn from(error: ApiError) -> PageError {
        PageError(Box::new(error))
    }
}

impl std::fmt::Display for PageError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

impl ResponseError for PageError {
    fn error_response(&self) -> HttpResponse {
        match self.0.status {
            404 => not_found(),
            403 => refusal(StatusCode::FORBIDDEN, "This link no longer works", &self.0.message),
            500.. => {
                tracing::error!(error = %self.0, "a hosted page failed");
                let text = "The sandbox could not do that. Its log says why.";
                refusal(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong", text)
            }
            _ => refusal(StatusCode::BAD_REQUEST, "That is not possible", &self.0.message),
        }
    }
}

/// Nothing is loaded from anywhere else, and the pages cannot be framed.
///
/// `form-action` is open to any http(s) address because browsers apply it to every hop of the
/// redirect that answers a form, and a business's `success_url` may itself redirect anywhere.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; \
                      frame-ancestors 'none'; form-action 'self' http: https:; img-src 'self'";

/// A page with status 200.
pub(super) fn page(markup: Markup) -> HttpResponse {
    page_with(StatusCode::OK, markup, None)
}

/// A page whose form has to be filled in again. 422, so that no client takes it for done.
pub(super) fn invalid(markup: Markup, images_from: Option<&str>) -> HttpResponse {
    page_with(StatusCode::UNPROCESSABLE_ENTITY, markup, images_from)
}

/// A page with any status; `images_from` is one more origin that pictures may come from.
pub(super) fn page_with(
    status: StatusCode,
    markup: Markup,
    images_from: Option<&str>,
) -> HttpResponse {
    let policy = match images_from {
        Some(origin) => format!("{POLICY} {origin}"),
        None => POLICY.to_owned(),
    };
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, policy))
        .insert_header((CACHE_CONTROL, "no-store"))
        // Not `no-referrer`: that makes browsers send `Origin: null` with our own forms. This one
        // keeps the secret address from every other origin just as well.
        .insert_header((REFERRER_POLICY, "same-origin"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((X_FRAME_OPTIONS, "DENY"))
        .body(markup.into_string())
}

/// 303: go there with GET.
pub(super) fn see_other(address: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, address))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((REFERRER_POLICY, "same-origin"))
        .finish()
}

/// 404 for an address that names nothing (any more).
pub(super) fn not_found() -> HttpResponse {
    let text = "The link may be incomplete, or what it led to is gone. Go back to where you came from and try again.";
    page_with(StatusCode::NOT_FOUND, shell::message("There is nothing here", text, None), None)
}

/// 400 for a form or a query that no page of ours sends.
pub(super) fn unreadable(
    error: impl std::fmt::Debug + std::fmt::Display + 'static,
) -> actix_web::Error {
    let text = "What was sent is not what this page asks for. Go back and try again.";
    let answer = refusal(StatusCode::BAD_REQUEST, "That cannot be read", text);
    InternalError::from_response(error, answer).into()
}

/// A page that says why nothing was done.
pub(super) fn refusal(status: StatusCode, title: &str, text: &str) -> HttpResponse {
    page_with(status, shell::message(title, text, None), None)
}

/// Middleware: forms are taken from our own pages only.
pub(super) async fn refuse_cross_site<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    if request.method() == Method::POST && !is_same_origin(request.request()) {
        let text = "This form was not sent from this page, so nothing was done.";
        let answer = refusal(StatusCode::FORBIDDEN, "Not from here", text);
        return Ok(request.into_response(answer).map_into_right_body());
    }
    Ok(next.call(request).await?.map_into_left_body())
}

/// Whether the browser says that a page of ours sent this form.
///
/// `Sec-Fetch-Site` decides where it is sent (`none` is a reload by the user). Otherwise the
/// `Origin` must name the host that was asked. Clients that send neither are no browsers and
/// carry nobody's session: the unguessable address is the credential.
pub(super) fn is_same_origin(request: &HttpRequest) -> bool {
    let headers = request.headers();
    if let Some(site) = headers.get("sec-fetch-site") {
        return matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    match text(headers, ORIGIN.as_str()) {
        None => !headers.contains_key(ORIGIN),
        Some(origin) => {
            let authority = origin.split_once("://").map(|(_, authority)| authority);
            authority.is_some() && authority == text(headers, HOST.as_str())
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn only_our_own_pages_may_send_forms() {
        for (site, origin, allowed) in [
            (Some("same-origin"), None, true),
            (Some("none"), None, true),
            (Some("cross-site"), None, false),
            (Some("same-site"), Some("http://127.0.0.1:12111"), false),
            (None, Some("http://127.0.0.1:12111"), true),
            (None, Some("http://127.0.0.1:9"), false),
            (None, Some("null"), false),
            (None, None, true),
        ] {
            let mut request = TestRequest::post().insert_header((HOST, "127.0.0.1:12111"));
            if let Some(site) = site {
                request = request.insert_header(("sec-fetch-site", site));
            }
            if let Some(origin) = origin {
                request = request.insert_header((ORIGIN, origin));
            }
            assert_eq!(is_same_origin(&request.to_http_request()), allowed, "{site:?} {origin:?}");
        }
    }
}
