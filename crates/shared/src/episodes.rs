//! Episodes as the site lists and plays them.

use serde::{Deserialize, Serialize};

/// Answer of `GET /api/episodes`, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Episodes {
    /// The page.
    pub episodes: Vec<Episode>,
    /// Whether older ones follow.
    pub has_more: bool,
}

/// One episode in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Episode {
    /// Our id.
    pub id: String,
    /// Counts up from 1.
    pub number: i64,
    /// Plain text.
    pub title: String,
    /// Plain text, a sentence or two.
    pub summary: String,
    /// Unix seconds.
    pub published_at: i64,
    /// Seconds.
    pub duration: i64,
    /// The lowest plan that opens it; null when it is free.
    pub required_plan: Option<String>,
    /// Whether this listener may not hear it now.
    pub locked: bool,
    /// Where the audio is, for 15 minutes; absent when locked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_url: Option<String>,
}

/// Answer of `GET /api/episodes/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpisodePage {
    /// The episode.
    #[serde(flatten)]
    pub episode: Episode,
    /// Sanitised notes.
    pub description_html: String,
}

/// Answer of `GET /api/feed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedAddress {
    /// The listener's private feed; whoever has it can listen.
    pub url: String,
}
