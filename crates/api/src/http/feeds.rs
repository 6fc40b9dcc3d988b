//! Private feeds: their addresses for listeners, their contents for podcast apps.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{self, ContentRange, ContentRangeSpec, ETag, EntityTag, Header, Range},
    },
    web::{Bytes, Data, Json as Answer, Path},
};
use shared::{episodes::FeedAddress, error::ErrorCode};

use super::{conditions::is_known, error::ApiError, signed_in::SignedIn};
use crate::episodes::{
    Listening,
    feed::{CLOSED, COVER, FeedError},
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
        return Ok(response.status(StatusCode::NOT_MODIFIED).finish());
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

/// `GET /feeds/closed.mp3`: what is heard in a feed without access. Players ask for parts of it, and some give up
/// when they get the whole.
pub(super) async fn closed(request: HttpRequest) -> HttpResponse {
    let length = CLOSED.len() as u64;
    let range = match Range::parse(&request) {
        Ok(Range::Bytes(parts)) if parts.len() == 1 => parts[0].to_satisfiable_range(length),
        _ => None,
    };
    let part = range.and_then(|(first, last)| {
        CLOSED.get(usize::try_from(first).ok()?..=usize::try_from(last).ok()?)
    });
    let mut response = HttpResponse::Ok();
    response.content_type("audio/mpeg");
    response.insert_header((header::ACCEPT_RANGES, "bytes"));
    response.insert_header((header::CACHE_CONTROL, "public, max-age=86400"));
    if part.is_some() {
        let stated = ContentRangeSpec::Bytes { range, instance_length: Some(length) };
        response.status(StatusCode::PARTIAL_CONTENT).insert_header(ContentRange(stated));
    }
    response.body(Bytes::from_static(part.unwrap_or(CLOSED)))
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
