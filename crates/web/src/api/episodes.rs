//! Episodes and the private feed.

use shared::{
    episodes::{EpisodePage, Episodes, FeedAddress},
    paths,
};

use super::{ApiError, Call};
use crate::session::Client;

/// Where one episode is read.
pub(crate) fn episode_path(id: &str) -> String {
    format!("{}/{id}", paths::EPISODES)
}

impl Client {
    /// One episode, with a fresh audio address unless it is locked.
    pub(crate) async fn episode(&self, id: &str) -> Result<EpisodePage, ApiError> {
        self.fetch(Call::get(&episode_path(id))).await
    }

    /// The episodes older than number `before`.
    pub(crate) async fn episodes_before(&self, before: i64) -> Result<Episodes, ApiError> {
        self.fetch(Call::get(&format!("{}?before={before}", paths::EPISODES))).await
    }

    /// Replaces the private feed's address.
    pub(crate) async fn rotate_feed(&self) -> Result<FeedAddress, ApiError> {
        self.fetch(Call::post(paths::FEED_ROTATE)).await
    }
}
