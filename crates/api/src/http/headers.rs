//! Headers that every answer carries.

use actix_web::middleware::DefaultHeaders;

use super::Edge;

/// A year, of the host alone: what its neighbours do is not ours to say (RFC 6797, section 6.1).
const BY_TLS_ALONE: (&str, &str) = ("Strict-Transport-Security", "max-age=31536000");

/// Nothing is framed, sniffed or told to other sites, nor kept unless its handler says so; and a site that browsers
/// reach by TLS is reached by nothing else.
pub fn security(edge: &Edge) -> DefaultHeaders {
    let headers = DefaultHeaders::new()
        .add(("Cache-Control", "no-store"))
        .add(("X-Content-Type-Options", "nosniff"))
        .add(("X-Frame-Options", "DENY"))
        .add(("Referrer-Policy", "no-referrer"))
        .add(("Cross-Origin-Opener-Policy", "same-origin"))
        .add(("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()"));
    match edge.is_https() {
        true => headers.add(BY_TLS_ALONE),
        false => headers,
    }
}
