//! What was downloaded: by episode and by day.

use std::collections::HashMap;

use super::{Library, downloads::DAY, store};
use crate::db::DbError;

/// The downloads of a span of days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// Every episode, newest first.
    pub episodes: Vec<EpisodeDownloads>,
    /// Each day of the span in UTC, the oldest first, as days since 1970-01-01.
    pub days: Vec<(i64, i64)>,
    /// Downloads in the span through private feeds, and not the site's player.
    pub by_feed: i64,
}

/// How often one episode was downloaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpisodeDownloads {
    /// The episode's number.
    pub number: i64,
    /// Its title.
    pub title: String,
    /// In the span.
    pub in_span: i64,
    /// Ever.
    pub total: i64,
}

impl Library {
    /// The downloads of the last `days` days, today included.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn statistics(&self, days: i64) -> Result<Statistics, DbError> {
        let today = self.clock.wall().div_euclid(DAY);
        let since = today - days + 1;
        self.db
            .scan(move |conn| {
                let total: HashMap<_, _> = store::count_by_episode(conn, 0)?.into_iter().collect();
                let in_span: HashMap<_, _> =
                    store::count_by_episode(conn, since)?.into_iter().collect();
                let by_day: HashMap<_, _> = store::count_by_day(conn, since)?.into_iter().collect();
                let count =
                    |counts: &HashMap<String, i64>, id: &str| counts.get(id).copied().unwrap_or(0);
                let episodes =
                    store::list_episodes(conn)?.into_iter().map(|episode| EpisodeDownloads {
                        in_span: count(&in_span, &episode.id),
                        total: count(&total, &episode.id),
                        number: episode.number,
                        title: episode.title,
                    });
                Ok(Statistics {
                    episodes: episodes.collect(),
                    days: (since..=today)
                        .map(|day| (day, by_day.get(&day).copied().unwrap_or(0)))
                        .collect(),
                    by_feed: store::count_by_feed(conn, since)?,
                })
            })
            .await
    }
}
