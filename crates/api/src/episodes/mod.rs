//! Episodes: kept and imported by [`Library`], heard through [`Listening`].
//!
//! An import reads a feed ([`rss_read`]), brings its audio into the media folder ([`audio`]) and writes all of it
//! in one transaction ([`import`], [`merge`]); a new installation starts with the feed in [`seed`]. What a listener may hear is
//! decided again at every request: for the list ([`shelf`]), for each piece of audio ([`media`]) and for the private
//! feed ([`feed`]).

pub mod audio;
pub mod bucket;
mod chapter_files;
mod chapters;
pub mod cli;
pub mod downloads;
pub mod feed;
pub mod fetch;
pub mod import;
pub mod media;
mod merge;
mod notes;
pub mod publish;
mod published;
pub mod rss_read;
mod rss_write;
mod seed;
pub mod shelf;
pub mod statistics;
pub mod stats_cli;
pub mod store;
mod subscribing;

use std::{io, path::PathBuf, sync::Arc};

use shared::account::Access;
use url::Url;

use self::{
    audio::{AudioError, MediaFolder},
    bucket::BucketError,
    published::{Kept, Published},
};
use crate::{
    access::{Facts, Policy, Standing},
    catalog::{Catalog, PodcastSettings},
    clock::Clock,
    db::{Conn, Db, DbError},
    keys::Keys,
};

pub use self::store::Episode;

/// The plans that can open an episode.
#[derive(Clone, Debug)]
struct OpeningPlans {
    /// Every plan's id, lowest first.
    ordered: Vec<String>,
    /// What an episode asks for when nothing else is said.
    default: String,
}

/// All episodes and their audio, as the operator keeps them.
#[derive(Clone)]
pub struct Library {
    db: Db,
    clock: Clock,
    media: MediaFolder,
    plans: OpeningPlans,
    podcast: Arc<PodcastSettings>,
}

impl Library {
    /// A library over a database and a media folder, for the plans of a catalog.
    pub fn new(db: Db, clock: Clock, media: MediaFolder, catalog: &Catalog) -> Self {
        let plans = OpeningPlans {
            ordered: catalog.plans.iter().map(|plan| plan.id.clone()).collect(),
            default: catalog.default_required_plan.clone(),
        };
        Self { db, clock, media, plans, podcast: Arc::new(catalog.podcast.clone()) }
    }
}

/// What listeners reach of the library: the list, the audio, their private feeds.
#[derive(Clone)]
pub struct Listening {
    db: Db,
    clock: Clock,
    media: MediaFolder,
    keys: Keys,
    policy: Arc<Policy>,
    podcast: Arc<PodcastSettings>,
    /// Without a slash at its end.
    public_url: Arc<str>,
    kept: Kept,
}

impl Listening {
    /// Lets listeners in as `policy` says; addresses begin with `public_url`.
    pub fn new(library: &Library, keys: Keys, policy: Policy, public_url: &Url) -> Self {
        let public_url = public_url.as_str().trim_end_matches('/').into();
        let Library { db, clock, media, podcast, .. } = library.clone();
        Self {
            db,
            clock,
            media,
            keys,
            policy: Arc::new(policy),
            podcast,
            public_url,
            kept: Kept::default(),
        }
    }

    /// What a listener may hear now, and the episodes; somebody who is not signed in has no plan.
    fn shelf(
        &self,
        conn: &mut Conn,
        listener: Option<&str>,
    ) -> Result<(Access, Arc<Published>), DbError> {
        let (access, version) = match listener {
            Some(user_id) => {
                let heard = store::find_heard(conn, user_id)?;
                (self.access(&heard.facts), heard.version)
            }
            None => (anonymous(), store::get_version(conn)?),
        };
        Ok((access, self.kept.published(conn, version)?))
    }

    /// What a listener with these facts may hear now.
    fn access(&self, facts: &Facts) -> Access {
        Standing::decide(facts, &self.policy, self.clock.billing()).access
    }

    /// Whether `access` opens an episode.
    fn opens(&self, access: &Access, episode: &Episode) -> bool {
        let held = access.plan.as_deref().filter(|_| access.allowed);
        match &episode.required_plan {
            None => true,
            Some(required) => held.is_some_and(|held| self.policy.covers(held, required)),
        }
    }
}

/// What somebody may hear who is not signed in: what is free.
fn anonymous() -> Access {
    Access { allowed: false, plan: None, until: None, reason: "anonymous".to_owned() }
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
    #[error("the media folder failed")]
    Media(#[from] io::Error),
    /// The store that keeps the audio failed.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// The audio was not taken.
    #[error("{0}: {1}")]
    Audio(PathBuf, AudioError),
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
