//! What a feed brings against what is there: new episodes are added, known ones updated by their GUID.

use std::collections::HashMap;

use uuid::Uuid;

use super::{
    Episode, LibraryError, chapters,
    import::{FREE, Imported, Opening, Progress, StoredDraft},
    is_remote,
    notes::search_text,
    rss_read::{Draft, Skipped},
    store,
};
use crate::db::Conn;

/// The episodes inside an import's transaction.
pub(super) struct Merge<'a> {
    pub(super) conn: &'a mut Conn,
    /// Every plan's id, lowest first.
    pub(super) plans: &'a [String],
    /// What a new episode asks for when nothing else is said.
    pub(super) default: String,
    pub(super) opening: Opening,
    /// Unix seconds.
    pub(super) now: i64,
}

impl Merge<'_> {
    /// Adds and updates; returns the audio that was replaced.
    pub(super) fn take_all(
        &mut self,
        drafts: Vec<StoredDraft>,
        imported: &mut Imported,
        report: &dyn Fn(Progress),
    ) -> Result<Vec<String>, LibraryError> {
        let known: HashMap<_, _> = store::list_episodes(self.conn)?
            .into_iter()
            .map(|episode| (episode.guid.clone(), episode))
            .collect();
        let (mut last, mut replaced) = (store::last_number(self.conn)?, Vec::new());
        for StoredDraft { draft, audio } in drafts {
            let named = self.named_plan(&draft, imported);
            match known.get(&draft.guid) {
                None => {
                    // The feed's own number, where it keeps the order.
                    last = draft.number.filter(|number| *number > last).unwrap_or(last + 1);
                    let required_plan = named.unwrap_or_else(|| Some(self.default.clone()));
                    store::insert_episode(
                        self.conn,
                        self.new_episode(draft, audio, last, required_plan),
                    )?;
                    imported.added += 1;
                }
                Some(old) => {
                    let new = self.changed_episode(old, draft, audio, named);
                    let comparable = Episode { updated_at: old.updated_at, ..new.clone() };
                    if comparable == *old {
                        imported.unchanged += 1;
                    } else {
                        if new.audio != old.audio && !is_remote(&old.audio) {
                            replaced.push(old.audio.clone());
                        }
                        store::update_episode(self.conn, new)?;
                        imported.updated += 1;
                    }
                }
            }
            report(Progress::Item);
        }
        Ok(replaced)
    }

    /// The plan that the item or the options name: `None` when neither does, `Some(None)` for free.
    fn named_plan(&self, draft: &Draft, imported: &mut Imported) -> Option<Option<String>> {
        match draft.plan.as_deref() {
            Some(FREE) => Some(None),
            Some(plan) if self.plans.iter().any(|known| known == plan) => {
                Some(Some(plan.to_owned()))
            }
            Some(unknown) => {
                // Rather locked than given away.
                let highest = self.plans.last().cloned();
                imported.adjusted.push(Skipped {
                    item: draft.title.clone(),
                    reason: format!(
                        "the catalog has no plan {unknown}, so it asks for {}",
                        highest.as_deref().unwrap_or(unknown)
                    ),
                });
                Some(Some(highest.unwrap_or_else(|| unknown.to_owned())))
            }
            None => match &self.opening {
                Opening::Default => None,
                Opening::Free => Some(None),
                Opening::Plan(plan) => Some(Some(plan.clone())),
            },
        }
    }

    fn new_episode(
        &self,
        draft: Draft,
        audio: String,
        number: i64,
        required_plan: Option<String>,
    ) -> Episode {
        let search_text = search_text(&draft.title, &draft.summary, &draft.description_html);
        Episode {
            id: new_id(),
            number,
            guid: draft.guid,
            title: draft.title,
            summary: draft.summary,
            description_html: draft.description_html,
            published_at: draft.published_at,
            duration: draft.duration,
            required_plan,
            audio,
            audio_type: draft.audio_type,
            audio_size: draft.audio_size,
            created_at: self.now,
            updated_at: self.now,
            search_text,
            chapters: chapters::encode(&draft.chapters),
        }
    }

    fn changed_episode(
        &self,
        old: &Episode,
        draft: Draft,
        audio: String,
        named: Option<Option<String>>,
    ) -> Episode {
        let required_plan = named.unwrap_or_else(|| old.required_plan.clone());
        // A file of chapters is read once.
        let keep_chapters = draft.chapters.is_empty() && draft.chapters_at.is_some();
        let new = self.new_episode(draft, audio, old.number, required_plan);
        Episode {
            id: old.id.clone(),
            created_at: old.created_at,
            chapters: if keep_chapters { old.chapters.clone() } else { new.chapters.clone() },
            ..new
        }
    }
}

/// An id that sorts by the time it was made.
pub(super) fn new_id() -> String {
    format!("ep_{}", Uuid::now_v7().simple())
}
