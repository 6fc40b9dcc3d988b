//! Audio: files with ranges and conditions (RFC 9110, sections 13 and 14), given to those who may hear them now.

use actix_files::NamedFile;
use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    http::{
        Method, StatusCode,
        header::{self, HeaderValue},
    },
    web::{Data, Path, Query},
};
use shared::error::ErrorCode;

use super::error::ApiError;
use crate::{
    account::Visitor,
    episodes::{
        Listening,
        audio::Place,
        downloads::AudioRequest,
        media::{Audio, MediaError, SignedQuery},
    },
};

/// `GET /media/{episode}`: the address that an episode's `audio_url` is.
pub(super) async fn signed(
    request: HttpRequest,
    listening: Data<Listening>,
    visitor: Visitor,
    episode: Path<String>,
    query: Option<Query<SignedQuery>>,
) -> Result<HttpResponse, ApiError> {
    let query = query.map(Query::into_inner).unwrap_or_default();
    let audio = listening.open_signed(episode.into_inner(), query).await?;
    count(&request, &listening, &audio, visitor);
    answer(&request, audio)
}

/// `GET /media/f/{token}/{episode}`: the address that a private feed's enclosure is.
pub(super) async fn by_feed(
    request: HttpRequest,
    listening: Data<Listening>,
    visitor: Visitor,
    path: Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (token, episode) = path.into_inner();
    let audio = listening.open_by_feed(token, episode).await?;
    count(&request, &listening, &audio, visitor);
    answer(&request, audio)
}

/// Counts a download behind the answer, which does not wait for it.
fn count(request: &HttpRequest, listening: &Listening, audio: &Audio, visitor: Visitor) {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let asked =
        AudioRequest { range: header(header::RANGE), user_agent: header(header::USER_AGENT) };
    if request.method() != Method::GET || !asked.is_heard() {
        return;
    }
    let (listening, audio) = (listening.clone(), audio.clone());
    let visitor = format!("{}\n{}", visitor.address, visitor.user_agent);
    actix_web::rt::spawn(async move {
        if let Err(error) = listening.count_download(audio, visitor).await {
            tracing::warn!(%error, "a download was not counted");
        }
    });
}

/// The file, or the part of it that is asked for. Nobody may keep it: access is decided at each request.
fn answer(request: &HttpRequest, audio: Audio) -> Result<HttpResponse, ApiError> {
    let mut response = match audio.place {
        Place::Elsewhere(address) => {
            HttpResponse::Found().insert_header((header::LOCATION, address)).finish()
        }
        Place::File(path) => {
            let file = NamedFile::open(path).map_err(ApiError::internal)?;
            let media_type = audio.media_type.parse().map_err(ApiError::internal)?;
            file.disable_content_disposition().set_content_type(media_type).into_response(request)
        }
    };
    if response.status() == StatusCode::RANGE_NOT_SATISFIABLE {
        response = not_satisfiable(response);
    }
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert(
        header::HeaderName::from_static("x-robots-tag"),
        HeaderValue::from_static("noindex, nofollow"),
    );
    Ok(response)
}

/// The same answer with the body that every error has.
fn not_satisfiable(bare: HttpResponse) -> HttpResponse {
    let message = "The file does not reach as far as the range that was asked for.";
    let mut response = ApiError::new(ErrorCode::RangeNotSatisfiable, message).error_response();
    if let Some(length) = bare.headers().get(header::CONTENT_RANGE) {
        response.headers_mut().insert(header::CONTENT_RANGE, length.clone());
    }
    response
}

impl From<MediaError> for ApiError {
    fn from(error: MediaError) -> Self {
        match error {
            MediaError::Forbidden => Self::new(
                ErrorCode::MediaForbidden,
                "This address does not open the audio, or not any more. Ask for the episode again.",
            ),
            MediaError::NotFound => Self::not_found(),
            MediaError::FeedRotated => {
                Self::new(ErrorCode::FeedRotated, "The feed has another address now.")
            }
            MediaError::Db(error) => error.into(),
        }
    }
}
