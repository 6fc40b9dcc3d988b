//! Episodes, as far as whoever asks may see and hear them.

use actix_web::web::{Data, Json as Answer, Path, Query};
use serde::Deserialize;
use shared::episodes::{EpisodePage, Episodes};

use super::{error::ApiError, signed_in::MaybeSignedIn};
use crate::episodes::{Listening, shelf::PAGE};

/// Which episodes.
#[derive(Deserialize)]
pub(super) struct Page {
    limit: Option<i64>,
    /// An episode's number.
    before: Option<i64>,
    /// Words to look for.
    q: Option<String>,
}

/// `GET /api/episodes`: visitors see what there is, and may play what is free.
pub(super) async fn list(
    MaybeSignedIn(who): MaybeSignedIn,
    listening: Data<Listening>,
    page: Query<Page>,
) -> Result<Answer<Episodes>, ApiError> {
    let limit = page.limit.unwrap_or(PAGE);
    let listener = who.map(|who| who.user.id);
    let sought = page.q.as_deref().unwrap_or_default();
    Ok(Answer(listening.list_episodes(listener, limit, page.before, sought).await?))
}

/// `GET /api/episodes/{id}`
pub(super) async fn show(
    MaybeSignedIn(who): MaybeSignedIn,
    listening: Data<Listening>,
    id: Path<String>,
) -> Result<Answer<EpisodePage>, ApiError> {
    let listener = who.map(|who| who.user.id);
    let episode = listening.show_episode(listener, id.into_inner()).await?;
    episode.map(Answer).ok_or_else(ApiError::not_found)
}
