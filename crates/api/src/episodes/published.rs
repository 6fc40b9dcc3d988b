//! The episodes as they were last read, and the feeds made of them, kept between requests.
//!
//! Triggers count every change of the episodes, whoever makes it, in `library_version`. A request reads that number
//! in the statement that finds its listener, and only reads the episodes when it is a new one. A feed differs between
//! two listeners with the same plan in its token alone, so one rendering serves both.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use sha2::{Digest, Sha256};

use super::{Episode, store, store::Cursor};
use crate::db::{Conn, DbError};

/// Stands for the token in a rendering that is kept: a character that XML must not hold, so that no text does.
pub(super) const TOKEN: &str = "\u{1}";

/// Renderings kept of one version: a few plans, each as it grows by an episode that comes out at its time.
const RENDERINGS: usize = 64;

/// The episodes of a version of the library.
pub(super) struct Published {
    version: i64,
    /// Newest first, those of the future too.
    episodes: Vec<Episode>,
    renderings: Mutex<HashMap<Rendered, Arc<Rendering>>>,
}

/// What a rendering depends on besides the token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Rendered {
    /// The plan that opens its episodes.
    pub(super) plan: Option<String>,
    /// How many episodes were still to come.
    pub(super) ahead: usize,
}

/// A feed without its token.
pub(super) struct Rendering {
    /// What stands before, between and behind the tokens.
    parts: Vec<String>,
    digest: [u8; 32],
}

impl Rendering {
    /// Takes a feed that was rendered for the token [`TOKEN`].
    pub(super) fn of(xml: &str) -> Self {
        let parts = xml.split(TOKEN).map(str::to_owned).collect();
        Self { parts, digest: Sha256::digest(xml.as_bytes()).into() }
    }

    /// The feed of one listener.
    pub(super) fn xml(&self, token: &str) -> String {
        self.parts.join(token)
    }

    /// Changes with every byte of [`Rendering::xml`].
    pub(super) fn etag(&self, token: &str) -> String {
        let digest = Sha256::new().chain_update(self.digest).chain_update(token).finalize();
        hex::encode(&digest[..16])
    }
}

impl Published {
    /// Every episode that is out at `now`, newest first.
    pub(super) fn at(&self, now: i64) -> &[Episode] {
        &self.episodes[self.ahead(now)..]
    }

    /// How many episodes are still to come at `now`.
    pub(super) fn ahead(&self, now: i64) -> usize {
        self.episodes.partition_point(|episode| episode.published_at > now)
    }

    /// One that is out at `now`.
    pub(super) fn find(&self, id: &str, now: i64) -> Option<&Episode> {
        self.at(now).iter().find(|episode| episode.id == id)
    }

    /// At most `limit` episodes that are out at `now`, all older than the one with the number `before`, and whether
    /// still older ones follow.
    pub(super) fn page(&self, now: i64, before: Option<i64>, limit: usize) -> (&[Episode], bool) {
        let out = self.at(now);
        let older = match before {
            None => out,
            Some(number) => match self.cursor(number) {
                None => &[],
                Some(Cursor { published_at, number }) => {
                    let older = |episode: &Episode| {
                        (episode.published_at, episode.number) < (published_at, number)
                    };
                    &out[out.partition_point(|episode| !older(episode))..]
                }
            },
        };
        let (page, rest) = older.split_at(limit.min(older.len()));
        (page, !rest.is_empty())
    }

    /// As [`store::find_cursor`].
    fn cursor(&self, number: i64) -> Option<Cursor> {
        let before = self.episodes.iter().filter(|episode| episode.number <= number);
        before.max_by_key(|episode| episode.number).map(|nearest| Cursor::before(nearest, number))
    }

    /// The feed's rendering, made by `write` unless it is kept.
    pub(super) fn rendering(
        &self,
        rendered: Rendered,
        write: impl FnOnce() -> String,
    ) -> Arc<Rendering> {
        if let Some(kept) = self.renderings().get(&rendered) {
            return Arc::clone(kept);
        }
        let made = Arc::new(Rendering::of(&write()));
        let mut renderings = self.renderings();
        if renderings.len() >= RENDERINGS {
            renderings.clear();
        }
        renderings.insert(rendered, Arc::clone(&made));
        made
    }

    fn renderings(&self) -> MutexGuard<'_, HashMap<Rendered, Arc<Rendering>>> {
        self.renderings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is kept, for all requests of this process.
#[derive(Clone, Default)]
pub(super) struct Kept(Arc<RwLock<Option<Arc<Published>>>>);

impl Kept {
    /// The episodes of `version`, read when they are not kept. They may be newer ones, which the next request reads
    /// again.
    pub(super) fn published(
        &self,
        conn: &mut Conn,
        version: i64,
    ) -> Result<Arc<Published>, DbError> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(kept) = kept.filter(|kept| kept.version == version) {
            return Ok(kept);
        }
        let episodes = store::list_episodes(conn)?;
        let read = Arc::new(Published { version, episodes, renderings: Mutex::default() });
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&read));
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn episode(number: i64, published_at: i64) -> Episode {
        Episode {
            id: format!("ep_{number}"),
            number,
            guid: format!("guid-{number}"),
            title: String::new(),
            summary: String::new(),
            description_html: String::new(),
            published_at,
            duration: 0,
            required_plan: None,
            audio: String::new(),
            audio_type: String::new(),
            audio_size: 0,
            created_at: 0,
            updated_at: 0,
            search_text: String::new(),
            chapters: "[]".to_owned(),
        }
    }

    #[test]
    fn pages_go_from_the_newest_to_the_oldest_that_are_out() {
        let episodes = vec![
            episode(6, 900),
            episode(5, 300),
            episode(4, 200),
            episode(2, 200),
            episode(1, 100),
        ];
        let published = Published { version: 1, episodes, renderings: Mutex::default() };
        for (now, before, limit, numbers, more) in [
            (500, None, 9, &[5, 4, 2, 1][..], false),
            (900, None, 2, &[6, 5], true),
            (500, Some(5), 2, &[4, 2], true),
            (500, Some(4), 9, &[2, 1], false),
            // Of one that is gone, the nearest before it belongs to the page.
            (500, Some(3), 9, &[2, 1], false),
            (500, Some(0), 9, &[], false),
            (50, None, 9, &[], false),
        ] {
            let (page, has_more) = published.page(now, before, limit);
            let found: Vec<i64> = page.iter().map(|episode| episode.number).collect();
            assert_eq!((&found[..], has_more), (numbers, more), "{now} {before:?} {limit}");
        }
    }

    #[test]
    fn a_rendering_takes_every_token() {
        let rendering = Rendering::of(&format!("<a>{TOKEN}</a><b>{TOKEN}</b>"));
        assert_eq!(rendering.xml("one"), "<a>one</a><b>one</b>");
        assert_ne!(rendering.etag("one"), rendering.etag("two"));
        assert_ne!(rendering.etag("one"), Rendering::of(TOKEN).etag("one"));
    }
}
