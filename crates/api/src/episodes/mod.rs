//! Episodes: kept and imported by [`Library`], heard through [`Listening`].
//!
//! An import reads a feed ([`rss_read`]), brings its audio into the media folder ([`audio`]) and writes all of it
//! in one transaction ([`import`]); a new installation starts with the feed in [`seed`].

pub mod audio;
pub mod fetch;
pub mod import;
mod notes;
pub mod rss_read;
mod seed;
pub mod store;

use std::io;

use self::audio::{AudioError, MediaFolder};
use crate::{clock::Clock, db::Db, db::DbError};

pub use self::store::Episode;

/// The plans that can open an episode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpeningPlans {
    /// Every plan's id, lowest first.
    pub ordered: Vec<String>,
    /// What an episode asks for when nothing else is said; `None` makes it free.
    pub default: Option<String>,
}

/// All episodes and their audio, as the operator keeps them.
#[derive(Clone)]
pub struct Library {
    db: Db,
    clock: Clock,
    media: MediaFolder,
    plans: OpeningPlans,
}

impl Library {
    /// A library over a database and a media folder.
    pub fn new(db: Db, clock: Clock, media: MediaFolder, plans: OpeningPlans) -> Self {
        Self { db, clock, media, plans }
    }

    /// Removes audio files that no episode refers to any more.
    async fn discard(&self, files: Vec<String>) -> Result<(), LibraryError> {
        let media = self.media.clone();
        self.db
            .scan(move |conn| {
                for file in files.iter().filter(|audio| !is_remote(audio)) {
                    if !store::is_audio_in_use(conn, file)? {
                        media.remove(file)?;
                    }
                }
                Ok(())
            })
            .await
    }
}

/// Whether an episode's `audio` is an address elsewhere and not a file of ours.
fn is_remote(audio: &str) -> bool {
    audio.contains("://")
}

/// Why something could not be done with the library.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The media folder failed.
    #[error("the media folder: {0}")]
    Media(#[from] io::Error),
    /// The audio was not taken.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// No such episode.
    #[error("there is no episode {0}")]
    NoEpisode(String),
    /// A plan that the catalog does not have.
    #[error("the catalog has no plan {plan}; it has {known}")]
    NoPlan {
        /// What was asked for.
        plan: String,
        /// What there is.
        known: String,
    },
    /// A number that another episode has.
    #[error("episode {0} exists already")]
    NumberTaken(i64),
}

impl From<diesel::result::Error> for LibraryError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}
