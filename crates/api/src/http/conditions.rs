//! Conditional requests (RFC 9110, section 13).

use actix_web::{
    HttpRequest,
    http::header::{EntityTag, Header, IF_NONE_MATCH, IfNoneMatch},
};

/// Whether who asks has these very bytes already (section 13.1.2).
pub(super) fn is_known(request: &HttpRequest, etag: &EntityTag) -> bool {
    if !request.headers().contains_key(IF_NONE_MATCH) {
        return false;
    }
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(etag)),
        Err(_) => false,
    }
}
