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

/// Where the newest episodes are read that hold every word of `sought`.
pub(crate) fn episodes_path(sought: &str) -> String {
    let words: String = form_urlencoded::byte_serialize(sought.trim().as_bytes()).collect();
    format!("{}?q={words}", paths::EPISODES)
}

impl Client {
    /// One episode, with a fresh audio address unless it is locked.
    pub(crate) async fn episode(&self, id: &str) -> Result<EpisodePage, ApiError> {
        self.fetch(Call::get(&episode_path(id))).await
    }

    /// The episodes older than number `before` of those that `sought` finds.
    pub(crate) async fn episodes_before(
        &self,
        before: i64,
        sought: &str,
    ) -> Result<Episodes, ApiError> {
        self.fetch(Call::get(&format!("{}&before={before}", episodes_path(sought)))).await
    }

    /// Replaces the private feed's address.
    pub(crate) async fn rotate_feed(&self) -> Result<FeedAddress, ApiError> {
        self.fetch(Call::post(paths::FEED_ROTATE)).await
    }
}
