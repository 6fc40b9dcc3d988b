//! The site's list of episodes, as far as each listener may see it.

use shared::episodes::{Episode as Listed, EpisodePage, Episodes};

use super::{Episode, Listening, chapters, store};
use crate::db::{Conn, DbError};

/// Episodes on a page when nothing is asked for.
pub const PAGE: i64 = 50;

/// Episodes on a page at the most.
pub const LONGEST_PAGE: i64 = 200;

/// Words that a search heeds; more make it slower and not better.
const MOST_WORDS: usize = 8;

/// What is looked for, in lower case.
fn words(sought: &str) -> Vec<String> {
    // No text holds a control character, and PostgreSQL takes no NUL.
    let gap = |letter: char| letter.is_whitespace() || letter.is_control();
    sought
        .split(gap)
        .filter(|word| !word.is_empty())
        .take(MOST_WORDS)
        .map(str::to_lowercase)
        .collect()
}

impl Listening {
    /// The published episodes, newest first: at most `limit`, all older than the one with the number `before`,
    /// and with every word of `sought` in title, summary or notes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_episodes(
        &self,
        listener: Option<String>,
        limit: i64,
        before: Option<i64>,
        sought: &str,
    ) -> Result<Episodes, DbError> {
        let this = self.clone();
        let limit = limit.clamp(1, LONGEST_PAGE);
        let (words, now) = (words(sought), self.clock.wall());
        if words.is_empty() {
            let seen = move |conn: &mut Conn| {
                let (access, published) = this.shelf(conn, listener.as_deref())?;
                let (episodes, has_more) = published.page(now, before, limit as usize);
                let view = View { listening: &this, listener, access };
                let episodes = episodes.iter().map(|episode| view.listed(episode)).collect();
                Ok(Episodes { episodes, has_more })
            };
            return self.db.read(seen).await;
        }
        let published = move |conn: &mut Conn| {
            let cursor = match before {
                None => None,
                Some(number) => match store::find_cursor(conn, number)? {
                    None => return Ok((Vec::new(), false)),
                    cursor => cursor,
                },
            };
            // One more than asked for tells whether older ones follow.
            let mut episodes = store::search_published(conn, now, &words, cursor, limit + 1)?;
            let has_more = episodes.len() > limit as usize;
            episodes.truncate(limit as usize);
            Ok((episodes, has_more))
        };
        let seen = move |conn: &mut Conn, (episodes, has_more): (Vec<Episode>, bool)| {
            let (access, _) = this.shelf(conn, listener.as_deref())?;
            let view = View { listening: &this, listener, access };
            let episodes = episodes.iter().map(|episode| view.listed(episode)).collect();
            Ok(Episodes { episodes, has_more })
        };
        self.db.read_published(published, seen).await
    }

    /// One published episode with its notes; `None` when there is no such one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn show_episode(
        &self,
        listener: Option<String>,
        id: String,
    ) -> Result<Option<EpisodePage>, DbError> {
        let this = self.clone();
        self.db
            .read(move |conn| {
                let (access, published) = this.shelf(conn, listener.as_deref())?;
                let view = View { listening: &this, listener, access };
                let found = published.find(&id, this.clock.wall());
                Ok(found.map(|episode| EpisodePage {
                    episode: view.listed(episode),
                    chapters: chapters::decode(&episode.chapters),
                    description_html: episode.description_html.clone(),
                }))
            })
            .await
    }
}

/// Episodes as one listener sees them now.
struct View<'a> {
    listening: &'a Listening,
    listener: Option<String>,
    access: shared::account::Access,
}

impl View<'_> {
    fn listed(&self, episode: &Episode) -> Listed {
        let open = self.listening.opens(&self.access, episode);
        Listed {
            id: episode.id.clone(),
            number: episode.number,
            title: episode.title.clone(),
            summary: episode.summary.clone(),
            published_at: episode.published_at,
            duration: episode.duration,
            required_plan: episode.required_plan.clone(),
            locked: !open,
            audio_url: open
                .then(|| self.listening.signed_url(self.listener.as_deref(), &episode.id)),
        }
    }
}
