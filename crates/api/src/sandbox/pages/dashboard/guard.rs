//! Who may use what needs no log-in: whoever sits at this machine, and no page of another site in their browser.

use std::net::IpAddr;

use actix_web::{
    HttpRequest, HttpResponse,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, header::HOST},
    middleware::Next,
    web,
};

use crate::sandbox::{Sandbox, pages::reply::is_same_origin};

/// Middleware: refuses names that somebody else's DNS may have pointed here, and changes asked for by other sites'
/// pages.
pub(in crate::sandbox) async fn refuse_strangers<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let public_url = request
        .app_data::<web::Data<Sandbox>>()
        .map(|sandbox| sandbox.store.surroundings().public_url.clone());
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let is_ours = is_known_host(request.request(), public_url.as_deref().unwrap_or_default())
        && (is_read || is_same_origin(request.request()));
    if !is_ours {
        let text = "The sandbox's controls answer only to this machine and to its own pages.\n";
        let answer = HttpResponse::Forbidden().content_type("text/plain").body(text);
        return Ok(request.into_response(answer).map_into_right_body());
    }
    Ok(next.call(request).await?.map_into_left_body())
}

/// Whether the host asked for is an address, a name that no public DNS gives out (this machine, a container), or the
/// one the sandbox gives to browsers.
fn is_known_host(request: &HttpRequest, public_url: &str) -> bool {
    let Some(host) = request.headers().get(HOST).and_then(|host| host.to_str().ok()) else {
        // Without a Host it is no browser.
        return true;
    };
    let name = host_name(host);
    let public = public_url.split_once("://").map_or("", |(_, rest)| rest);
    !name.contains('.')
        || [".localhost", ".internal", ".test"].iter().any(|ending| name.ends_with(ending))
        || name.parse::<IpAddr>().is_ok()
        || name == host_name(public.split('/').next().unwrap_or_default())
}

/// Without port and brackets.
fn host_name(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn only_names_of_this_machine_are_answered() {
        for (host, expected) in [
            ("127.0.0.1:12111", true),
            ("[::1]:12111", true),
            ("localhost:12111", true),
            ("stripe.localhost", true),
            ("stripe:12111", true),
            ("host.docker.internal:12111", true),
            ("192.168.1.20:12111", true),
            ("sandbox.example:12111", true),
            ("rebound.example:12111", false),
            ("localhost.example", false),
        ] {
            let request = TestRequest::get().insert_header((HOST, host)).to_http_request();
            assert_eq!(is_known_host(&request, "http://sandbox.example:12111"), expected, "{host}");
        }
    }
}
