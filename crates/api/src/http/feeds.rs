//! Private feeds: their addresses for listeners, their contents for podcast apps.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, ETag, EntityTag, Header, IfNoneMatch},
    web::{Bytes, Data, Json as Answer, Path},
};
use shared::{episodes::FeedAddress, error::ErrorCode};

use super::{error::ApiError, signed_in::SignedIn};
use crate::episodes::{
    Listening,
    feed::{COVER, FeedError},
};

/// `GET /api/feed`
pub(super) async fn address(
    SignedIn(who): SignedIn,
    listening: Data<Listening>,
) -> Result<Answer<FeedAddress>, ApiError> {
    Ok(Answer(listening.feed_address(who.user.id).await?))
}

/// `POST /api/feed/rotate`
pub(super) async fn rotate(
    SignedIn(who): SignedIn,
    listening: Data<Listening>,
) -> Result<Answer<FeedAddress>, ApiError> {
    Ok(Answer(listening.rotate_feed(who.user.id).await?))
}

/// `GET /feeds/{token}.xml`
pub(super) async fn show(
    request: HttpRequest,
    listening: Data<Listening>,
    token: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let feed = listening.feed(token.into_inner()).await?;
    let etag = EntityTag::new_strong(feed.etag());
    let mut response = HttpResponse::Ok();
    // Kept by the app alone, and asked about every time.
    response.insert_header((header::CACHE_CONTROL, "private, no-cache"));
    response.insert_header(("X-Robots-Tag", "noindex, nofollow"));
    response.insert_header(ETag(etag.clone()));
    if is_known(&request, &etag) {
        return Ok(response.status(actix_web::http::StatusCode::NOT_MODIFIED).finish());
    }
    Ok(response.content_type("application/rss+xml; charset=utf-8").body(feed.xml()))
}

/// `GET /feeds/cover.png`: the picture of the podcast.
pub(super) async fn cover() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("image/png")
        .insert_header((header::CACHE_CONTROL, "public, max-age=86400"))
        .body(Bytes::from_static(COVER))
}

/// Whether the app has these very bytes already (RFC 9110, section 13.1.2).
fn is_known(request: &HttpRequest, etag: &EntityTag) -> bool {
    if !request.headers().contains_key(header::IF_NONE_MATCH) {
        return false;
    }
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(etag)),
        Err(_) => false,
    }
}

impl From<FeedError> for ApiError {
    fn from(error: FeedError) -> Self {
        match error {
            FeedError::Unknown => Self::not_found(),
            FeedError::Rotated => Self::new(
                ErrorCode::FeedRotated,
                "This feed has another address now. Its owner finds it on the account page.",
            ),
            FeedError::Db(error) => error.into(),
        }
    }
}
