//! Importing a feed: new episodes are added, known ones updated, all in one transaction.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use url::Url;

use super::{
    Library, LibraryError,
    audio::{AudioError, MediaFolder},
    chapter_files,
    fetch::{self, FetchError, Fetched, Validators},
    is_remote,
    merge::Merge,
    rss_read::{self, AudioAddress, Draft, NotAFeed, Skipped},
    store::{self, FeedSource},
};
use crate::db::DbError;

/// Bytes of a feed at the most.
pub const FEED_LIMIT: u64 = 64 * 1024 * 1024;

/// What a `plan` element says when everybody may listen.
pub const FREE: &str = "free";

/// Where a feed is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// An http(s) address.
    Url(Url),
    /// A file; relative addresses in it are files beside it.
    File(PathBuf),
}

impl Source {
    /// An http(s) address is fetched; anything else is a path.
    pub fn parse(text: &str) -> Self {
        match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => Self::Url(url),
            _ => Self::File(text.into()),
        }
    }
}

/// Which plan opens what is imported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Opening {
    /// The catalog's default for new episodes; known ones stay as they are.
    #[default]
    Default,
    /// Everybody.
    Free,
    /// This plan and those above it.
    Plan(String),
}

/// What an import is asked to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// For items that do not name a plan themselves.
    pub opening: Opening,
    /// Import even when the server says that the feed did not change.
    pub unconditional: bool,
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Bytes fetched so far, and how many there are when the server says so.
    Fetched(u64, Option<u64>),
    /// The feed holds this many items that can be imported.
    Items(usize),
    /// One more item is done.
    Item,
}

/// Is told how far an import is.
pub type Reporter = Arc<dyn Fn(Progress) + Send + Sync>;

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// The feed's title.
    pub title: String,
    /// Episodes that are new.
    pub added: usize,
    /// Episodes that were known and are different now.
    pub updated: usize,
    /// Episodes that were known and are the same.
    pub unchanged: usize,
    /// The server says that the feed is what it was at the last import.
    pub not_modified: bool,
    /// Items that were left out.
    pub skipped: Vec<Skipped>,
    /// Items that were taken otherwise than the feed asks.
    pub adjusted: Vec<Skipped>,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file could not be read.
    #[error("{0}: {1}")]
    Read(PathBuf, io::Error),
    /// It is too large to be a feed.
    #[error("{0}: larger than {limit} MiB", limit = FEED_LIMIT / 1024 / 1024)]
    TooLarge(PathBuf),
    /// The address could not be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// It is no feed.
    #[error(transparent)]
    NotAFeed(#[from] NotAFeed),
    /// The library failed.
    #[error(transparent)]
    Library(#[from] LibraryError),
}

impl From<DbError> for ImportError {
    fn from(error: DbError) -> Self {
        Self::Library(error.into())
    }
}

/// A feed that has been read, and how its audio is found.
pub(super) struct Feed {
    /// What it is remembered by.
    pub(super) name: String,
    pub(super) validators: Validators,
    pub(super) reading: rss_read::Reading,
    pub(super) beside: Beside,
}

/// Files that stand beside a feed.
pub(super) enum Beside {
    /// A feed from the network has none.
    Nothing,
    Folder(PathBuf),
    Embedded(&'static [(&'static str, &'static [u8])]),
}

impl Beside {
    pub(super) fn open(&self, path: &str) -> io::Result<Box<dyn Read>> {
        match self {
            Self::Nothing => Err(io::ErrorKind::NotFound.into()),
            Self::Embedded(files) => {
                let file = files.iter().find(|(name, _)| *name == path);
                let (_, bytes) = file.ok_or(io::ErrorKind::NotFound)?;
                Ok(Box::new(*bytes))
            }
            Self::Folder(folder) => {
                let (folder, file) = (folder.canonicalize()?, folder.join(path).canonicalize()?);
                // A feed from who knows where must not publish other files of this machine.
                if !file.starts_with(&folder) {
                    return Err(io::Error::other("it is outside the feed's folder"));
                }
                if !file.is_file() {
                    return Err(io::Error::other("it is not a file"));
                }
                Ok(Box::new(fs::File::open(file)?))
            }
        }
    }
}

impl Library {
    /// Imports a feed. An error changes nothing.
    pub async fn import(
        &self,
        source: &Source,
        options: ImportOptions,
        report: Reporter,
    ) -> Result<Imported, ImportError> {
        if let Opening::Plan(plan) = &options.opening {
            self.check_plan(plan)?;
        }
        let feed = match source {
            Source::File(path) => read_file(path)?,
            Source::Url(url) => {
                let name = url.to_string();
                let known = self
                    .db
                    .read(move |conn| Ok::<_, ImportError>(store::find_source(conn, &name)?))
                    .await?;
                let conditional = options.opening == Opening::Default && !options.unconditional;
                let validators =
                    known.filter(|_| conditional).map(Validators::from).unwrap_or_default();
                match fetch::fetch(url, &validators, &*report).await? {
                    Fetched::NotModified => {
                        return Ok(Imported { not_modified: true, ..Imported::default() });
                    }
                    Fetched::Feed(page) => Feed {
                        name: url.to_string(),
                        validators: page.validators,
                        reading: rss_read::read(&page.body, Some(&page.url))?,
                        beside: Beside::Nothing,
                    },
                }
            }
        };
        Ok(self.take(feed, options.opening, report).await?)
    }

    /// Brings a feed that has been read into the library.
    pub(super) async fn take(
        &self,
        feed: Feed,
        opening: Opening,
        report: Reporter,
    ) -> Result<Imported, LibraryError> {
        report(Progress::Items(feed.reading.drafts.len()));
        let Feed { name, validators, reading, beside } = feed;
        let mut imported =
            Imported { title: reading.title, skipped: reading.skipped, ..Imported::default() };
        let (media, mut drafts) = (self.media.clone(), reading.drafts);
        // Numbers follow the order of publication.
        drafts.sort_by_key(|draft| draft.published_at);
        let complete = self.db.scan(store::list_guids_with_chapters).await?;
        imported.adjusted.extend(chapter_files::read(&mut drafts, &complete, &beside).await);
        let collecting =
            tokio::task::spawn_blocking(move || collect_audio(&media, &beside, drafts));
        let (stored, skipped) = collecting.await.map_err(|_| DbError::Thread)??;
        imported.skipped.extend(skipped);

        let now = self.clock.wall();
        let files = stored.iter().map(|draft| draft.audio.clone()).collect::<Vec<_>>();
        let local: Vec<_> = files.iter().filter(|audio| !is_remote(audio)).cloned().collect();
        if let Err(error) = self.media.publish(&local).await {
            self.discard(files).await;
            return Err(error.into());
        }
        let plans = self.plans.clone();
        let source = FeedSource {
            url: name,
            etag: validators.etag,
            last_modified: validators.last_modified,
            imported_at: now,
        };
        let written = self
            .db
            .write(move |conn| {
                let mut merge =
                    Merge { conn, plans: &plans.ordered, default: plans.default, opening, now };
                let replaced = merge.take_all(stored, &mut imported, &*report)?;
                store::replace_source(conn, source)?;
                Ok::<_, LibraryError>((imported, replaced))
            })
            .await;
        match written {
            Ok((imported, replaced)) => {
                self.discard(replaced).await;
                Ok(imported)
            }
            Err(error) => {
                self.discard(files).await;
                Err(error)
            }
        }
    }
}

fn read_file(path: &Path) -> Result<Feed, ImportError> {
    let failed = |error| ImportError::Read(path.to_owned(), error);
    let mut xml = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(FEED_LIMIT + 1).read_to_end(&mut xml))
        .map_err(failed)?;
    if xml.len() as u64 > FEED_LIMIT {
        return Err(ImportError::TooLarge(path.to_owned()));
    }
    let file = path.canonicalize().map_err(failed)?;
    Ok(Feed {
        name: file.display().to_string(),
        validators: Validators::default(),
        reading: rss_read::read(&xml, None)?,
        beside: file.parent().map_or(Beside::Nothing, |folder| Beside::Folder(folder.to_owned())),
    })
}

/// A draft whose audio is where it will stay.
pub(super) struct StoredDraft {
    pub(super) draft: Draft,
    /// A file in the media folder, or an http(s) address.
    pub(super) audio: String,
}

fn collect_audio(
    media: &MediaFolder,
    beside: &Beside,
    drafts: Vec<Draft>,
) -> Result<(Vec<StoredDraft>, Vec<Skipped>), LibraryError> {
    let (mut stored, mut skipped) = (Vec::with_capacity(drafts.len()), Vec::new());
    for mut draft in drafts {
        let audio = match &draft.audio {
            AudioAddress::Remote(url) => url.to_string(),
            AudioAddress::Beside(path) => {
                let opened = beside.open(path).map_err(|error| error.to_string());
                let kept = opened.and_then(|mut file| match media.store(&mut *file) {
                    Err(AudioError::Io(error)) => Ok(Err(error)),
                    kept => kept.map(Ok).map_err(|error| error.to_string()),
                });
                match kept {
                    Ok(kept) => {
                        // A disk that fails ends the import.
                        let kept = kept?;
                        draft.audio_type = kept.media_type.to_owned();
                        (draft.audio_size, draft.duration) = (kept.size, kept.duration);
                        kept.file
                    }
                    Err(problem) => {
                        skipped.push(Skipped {
                            reason: format!("its audio {path}: {problem}"),
                            item: draft.title,
                        });
                        continue;
                    }
                }
            }
        };
        stored.push(StoredDraft { draft, audio });
    }
    Ok((stored, skipped))
}

impl From<FeedSource> for Validators {
    fn from(source: FeedSource) -> Self {
        Self { etag: source.etag, last_modified: source.last_modified }
    }
}

#[cfg(test)]
#[path = "import_tests.rs"]
mod tests;
