//! Episodes as the site lists and plays them.

use serde::{Deserialize, Serialize};

/// Answer of `GET /api/episodes`, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct Episodes {
    /// The page.
    pub episodes: Vec<Episode>,
    /// Whether older ones follow.
    pub has_more: bool,
}

/// One episode in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
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
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct EpisodePage {
    /// The episode.
    #[serde(flatten)]
    pub episode: Episode,
    /// Sanitised notes.
    pub description_html: String,
    /// In order; empty when the episode has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chapters: Vec<Chapter>,
}

/// A part of an episode that one can jump to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct Chapter {
    /// Seconds from the episode's start.
    pub start: i64,
    /// Plain text.
    pub title: String,
}

/// Answer of `GET /api/feed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct FeedAddress {
    /// The listener's private feed; whoever has it can listen.
    pub url: String,
    /// The address as a QR code, SVG, for the camera of the phone that the podcast app is on.
    pub qr_svg: String,
    /// Podcast apps that open the address at once.
    pub apps: Vec<FeedApp>,
}

/// A podcast app that takes a feed by a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct FeedApp {
    /// What it is called.
    pub name: String,
    /// Adds the feed, on a device that has the app.
    pub url: String,
}
