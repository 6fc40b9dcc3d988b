//! Episodes by hand: add one from an audio file, change it, take it away.

use std::{fs, path::PathBuf};

use shared::episodes::Chapter;

use super::{
    Episode, Library, LibraryError,
    audio::StoredAudio,
    chapters,
    import::Opening,
    is_remote,
    merge::new_id,
    notes::{Sanitizer, one_line, plain_text, search_text, summary_of},
    store,
};
use crate::db::DbError;

/// An episode to add.
#[derive(Clone, Debug)]
pub struct NewEpisode {
    /// The audio; its type, length and size are read from it.
    pub audio: PathBuf,
    /// Plain text.
    pub title: String,
    /// Plain text; made from the notes when absent.
    pub summary: Option<String>,
    /// HTML or plain text; sanitised.
    pub notes: String,
    /// Who may listen.
    pub opening: Opening,
    /// Unix seconds; at once when absent. Hidden until then.
    pub published_at: Option<i64>,
    /// The next one when absent.
    pub number: Option<i64>,
    /// In order.
    pub chapters: Vec<Chapter>,
}

/// What to change about an episode; absent values stay.
#[derive(Clone, Debug, Default)]
pub struct EpisodeChange {
    /// Other audio.
    pub audio: Option<PathBuf>,
    /// Plain text.
    pub title: Option<String>,
    /// Plain text.
    pub summary: Option<String>,
    /// HTML or plain text; sanitised.
    pub notes: Option<String>,
    /// Who may listen.
    pub opening: Option<Opening>,
    /// Unix seconds; hidden until then.
    pub published_at: Option<i64>,
    /// In order.
    pub chapters: Option<Vec<Chapter>>,
}

impl Library {
    /// Every episode, newest first, published or not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list(&self) -> Result<Vec<Episode>, DbError> {
        self.db.scan(store::list_episodes).await
    }

    /// Adds an episode.
    ///
    /// # Errors
    /// For a file that is no audio, a plan that is not in the catalog, a number that is taken; nothing changed then.
    pub async fn add(&self, new: NewEpisode) -> Result<Episode, LibraryError> {
        let required_plan = self.required_plan(new.opening)?;
        let audio = self.store_file(new.audio).await?;
        let (now, id) = (self.clock.wall(), new_id());
        let description_html = Sanitizer::new(None).html(&new.notes);
        let summary =
            new.summary.as_deref().map_or_else(|| plain_text(&description_html), one_line);
        let file = audio.file.clone();
        let episode = Episode {
            guid: id.clone(),
            id,
            number: 0,
            title: one_line(&new.title),
            summary: summary_of(&summary),
            description_html,
            published_at: new.published_at.unwrap_or(now),
            duration: audio.duration,
            required_plan,
            audio: audio.file,
            audio_type: audio.media_type.to_owned(),
            audio_size: audio.size,
            created_at: now,
            updated_at: now,
            search_text: String::new(),
            chapters: chapters::encode(&new.chapters),
        };
        let episode = searchable(episode);
        let wanted = new.number;
        let added = self
            .db
            .write(move |conn| {
                if let Some(number) = wanted
                    && store::find_episode_by_number(conn, number)?.is_some()
                {
                    return Err(LibraryError::NumberTaken(number));
                }
                let number = match wanted {
                    Some(number) => number,
                    None => store::last_number(conn)? + 1,
                };
                let episode = Episode { number, ..episode };
                store::insert_episode(conn, episode.clone())?;
                Ok(episode)
            })
            .await;
        if added.is_err() {
            self.discard(vec![file]).await;
        }
        added
    }

    /// Changes the episode with this id or number.
    ///
    /// # Errors
    /// As for [`Library::add`], and when there is no such episode; nothing changed then.
    pub async fn edit(
        &self,
        episode: &str,
        change: EpisodeChange,
    ) -> Result<Episode, LibraryError> {
        let required_plan =
            change.opening.map(|opening| self.required_plan(opening)).transpose()?;
        let found = self.get(episode).await?;
        let audio = match change.audio {
            Some(path) => Some(self.store_file(path).await?),
            None => None,
        };
        let stored = audio.as_ref().map(|audio| audio.file.clone());
        let (id, now) = (found.id, self.clock.wall());
        let (title, summary, notes) = (change.title, change.summary, change.notes);
        let chapters = change.chapters;
        let changed = self
            .db
            .write(move |conn| {
                let old = store::find_episode(conn, &id)?.ok_or(LibraryError::NoEpisode(id))?;
                let replaced = old.audio.clone();
                let mut new = Episode { updated_at: now, ..old };
                if let Some(title) = title {
                    new.title = one_line(&title);
                }
                if let Some(summary) = summary {
                    new.summary = summary_of(&one_line(&summary));
                }
                if let Some(notes) = notes {
                    new.description_html = Sanitizer::new(None).html(&notes);
                }
                if let Some(required_plan) = required_plan {
                    new.required_plan = required_plan;
                }
                if let Some(published_at) = change.published_at {
                    new.published_at = published_at;
                }
                if let Some(audio) = audio {
                    (new.audio, new.audio_type) = (audio.file, audio.media_type.to_owned());
                    (new.audio_size, new.duration) = (audio.size, audio.duration);
                }
                if let Some(chapters) = chapters {
                    new.chapters = chapters::encode(&chapters);
                }
                let new = searchable(new);
                store::update_episode(conn, new.clone())?;
                Ok::<_, LibraryError>((new, replaced))
            })
            .await;
        match changed {
            Ok((new, replaced)) => {
                self.discard(vec![replaced]).await;
                Ok(new)
            }
            Err(error) => {
                self.discard(stored.into_iter().collect()).await;
                Err(error)
            }
        }
    }

    /// Removes the episode with this id or number, and its audio.
    ///
    /// # Errors
    /// When there is no such episode.
    pub async fn remove(&self, episode: &str) -> Result<Episode, LibraryError> {
        let found = self.get(episode).await?;
        let id = found.id.clone();
        self.db.write(move |conn| store::delete_episode(conn, &id)).await?;
        self.discard(vec![found.audio.clone()]).await;
        Ok(found)
    }

    /// Removes audio files that no episode refers to any more. One that stays is only wasted space.
    pub(super) async fn discard(&self, files: Vec<String>) {
        if let Err(error) = self.discard_unused(files).await {
            tracing::warn!(%error, "audio that nothing refers to any more stays where it is");
        }
    }

    async fn discard_unused(&self, mut files: Vec<String>) -> Result<(), LibraryError> {
        files.retain(|audio| !is_remote(audio));
        let unused = self.db.scan(move |conn| {
            let mut unused = Vec::new();
            for file in files {
                if !store::is_audio_in_use(conn, &file)? {
                    unused.push(file);
                }
            }
            Ok::<_, LibraryError>(unused)
        });
        for file in unused.await? {
            self.media.remove(&file).await?;
        }
        Ok(())
    }

    /// Refuses a plan that the catalog does not have.
    pub(super) fn check_plan(&self, plan: &str) -> Result<(), LibraryError> {
        if self.plans.ordered.iter().any(|known| known == plan) {
            return Ok(());
        }
        Err(LibraryError::NoPlan { plan: plan.to_owned(), known: self.plans.ordered.join(", ") })
    }

    fn required_plan(&self, opening: Opening) -> Result<Option<String>, LibraryError> {
        match opening {
            Opening::Default => Ok(Some(self.plans.default.clone())),
            Opening::Free => Ok(None),
            Opening::Plan(plan) => self.check_plan(&plan).map(|()| Some(plan)),
        }
    }

    async fn get(&self, episode: &str) -> Result<Episode, LibraryError> {
        let name = episode.to_owned();
        let found = self.db.read(move |conn| match name.parse() {
            Ok(number) => store::find_episode_by_number(conn, number),
            Err(_) => store::find_episode(conn, &name),
        });
        found.await?.ok_or_else(|| LibraryError::NoEpisode(episode.to_owned()))
    }

    async fn store_file(&self, path: PathBuf) -> Result<StoredAudio, LibraryError> {
        let media = self.media.clone();
        let failed = path.clone();
        let stored = tokio::task::spawn_blocking(move || {
            let mut file = fs::File::open(path)?;
            media.store(&mut file)
        });
        let stored = stored.await.map_err(|_| DbError::Thread)?;
        let stored = stored.map_err(|error| LibraryError::Audio(failed, error))?;
        self.media.publish(std::slice::from_ref(&stored.file)).await?;
        Ok(stored)
    }
}

/// The episode as the search finds it by what it says now.
fn searchable(episode: Episode) -> Episode {
    let search_text = search_text(&episode.title, &episode.summary, &episode.description_html);
    Episode { search_text, ..episode }
}
