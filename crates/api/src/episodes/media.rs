//! Access to audio: signed addresses for the site's player, token addresses for podcast apps. Who may hear is
//! decided at every request, so that a copied address ends with its owner's access.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use shared::account::Access;

use super::{Episode, Listening, audio::Place, is_remote, published::Published, store};
use crate::{db::DbError, keys::Purpose, secret::digest};

/// How long a signed address works, in seconds.
pub const SIGNED_FOR: i64 = 15 * 60;

/// What the query of a signed address says. Whatever is absent or does not parse makes the address worthless.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct SignedQuery {
    /// Whose access counts; absent for an episode that is free and a listener who is not signed in.
    pub listener: Option<String>,
    /// Unix seconds.
    pub expires: Option<String>,
    /// HMAC-SHA256 over episode, listener and expiry, base64url.
    pub signature: Option<String>,
}

/// Audio that may be heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audio {
    /// Where it is.
    pub place: Place,
    /// Its media type.
    pub media_type: String,
    /// Of which episode.
    pub episode: String,
    /// Who hears it; `None` for a visitor.
    pub listener: Option<String>,
    /// Through a private feed.
    pub by_feed: bool,
}

/// Why audio is not given out.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// The signature is missing, changed or expired, or the owner's access does not reach so far.
    #[error("the address does not give access to this audio now")]
    Forbidden,
    /// No such episode, or no such feed.
    #[error("there is no such audio")]
    NotFound,
    /// The feed's address was replaced.
    #[error("the feed has another address now")]
    FeedRotated,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Listening {
    /// An address of an episode's audio, for one listener and the next 15 minutes.
    pub(super) fn signed_url(&self, listener: Option<&str>, episode: &str) -> String {
        let query = self.sign(listener, episode, self.clock.wall() + SIGNED_FOR);
        format!("{}/media/{episode}?{query}", self.public_url)
    }

    /// The query of a signed address. Ids and base64url need no escaping.
    fn sign(&self, listener: Option<&str>, episode: &str, expires: i64) -> String {
        let message = message(episode, listener.unwrap_or_default(), &expires.to_string());
        let signature = URL_SAFE_NO_PAD.encode(self.keys.sign(Purpose::Media, &message));
        let listener = listener.map(|user| format!("listener={user}&")).unwrap_or_default();
        format!("{listener}expires={expires}&signature={signature}")
    }

    /// The audio behind a signed address.
    ///
    /// # Errors
    /// [`MediaError::Forbidden`] unless the signature holds and its listener may hear the episode now.
    pub async fn open_signed(
        &self,
        episode: String,
        query: SignedQuery,
    ) -> Result<Audio, MediaError> {
        let listener = query.listener.unwrap_or_default();
        let expires = query.expires.ok_or(MediaError::Forbidden)?;
        let signature = URL_SAFE_NO_PAD.decode(query.signature.ok_or(MediaError::Forbidden)?);
        let signature = signature.map_err(|_| MediaError::Forbidden)?;
        if !self.keys.verify(Purpose::Media, &message(&episode, &listener, &expires), &signature) {
            return Err(MediaError::Forbidden);
        }
        if expires.parse::<i64>().map_err(|_| MediaError::Forbidden)? <= self.clock.wall() {
            return Err(MediaError::Forbidden);
        }
        let this = self.clone();
        let listener = Some(listener).filter(|listener| !listener.is_empty());
        self.db
            .read(move |conn| {
                let (access, published) = this.shelf(conn, listener.as_deref())?;
                this.open(&access, &published, listener, &episode)
            })
            .await
    }

    /// The audio behind an enclosure of a private feed; `file` is the episode's id, with or without an ending.
    ///
    /// # Errors
    /// [`MediaError::NotFound`] for an unknown feed or episode, [`MediaError::FeedRotated`] for a feed whose address
    /// was replaced, [`MediaError::Forbidden`] when its listener may not hear the episode now.
    pub async fn open_by_feed(&self, token: String, file: String) -> Result<Audio, MediaError> {
        let this = self.clone();
        self.db
            .read(move |conn| {
                let found = store::find_heard_feed(conn, &digest(&token))?;
                let (feed, heard) = found.ok_or(MediaError::NotFound)?;
                if feed.replaced_at.is_some() {
                    return Err(MediaError::FeedRotated);
                }
                let published = this.kept.published(conn, heard.version)?;
                let episode = file.split('.').next().unwrap_or_default();
                let access = this.access(&heard.facts);
                let audio = this.open(&access, &published, Some(feed.user_id), episode)?;
                Ok(Audio { by_feed: true, ..audio })
            })
            .await
    }

    fn open(
        &self,
        access: &Access,
        published: &Published,
        listener: Option<String>,
        id: &str,
    ) -> Result<Audio, MediaError> {
        let episode = published.find(id, self.clock.wall()).ok_or(MediaError::NotFound)?;
        if !self.opens(access, episode) {
            return Err(MediaError::Forbidden);
        }
        let Episode { id, audio, audio_type, .. } = episode.clone();
        let place = if is_remote(&audio) {
            Place::Elsewhere(audio)
        } else {
            self.media.place(&audio, &audio_type)
        };
        Ok(Audio { place, media_type: audio_type, episode: id, listener, by_feed: false })
    }
}

/// What is signed. None of the parts can hold a line break that would move a border: ids and expiry are ours,
/// and a changed one has no signature.
fn message(episode: &str, listener: &str, expires: &str) -> Vec<u8> {
    format!("{episode}\n{listener}\n{expires}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access::Policy,
        catalog::{BUILT_IN, Catalog},
        clock::Clock,
        db::{DatabaseUrl, Db},
        episodes::{Library, audio::MediaFolder},
        keys::Keys,
        secret::Secret,
    };

    #[tokio::test]
    async fn a_signature_ends_at_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&DatabaseUrl::Sqlite(folder.path().join("circle.db"))).await.unwrap();
        let media = MediaFolder::open(folder.path().join("media")).unwrap();
        let clock = Clock::default();
        let library = Library::new(db, clock.clone(), media, &Catalog::parse(BUILT_IN).unwrap());
        library.seed().await.unwrap();
        let policy = Policy::new([]);
        let keys = Keys::new(&[Secret::new("secret").unwrap()]).unwrap();
        let site = "https://pod.example".parse().unwrap();
        let listening = Listening::new(&library, keys, policy, &site);
        let episodes = library.list().await.unwrap();
        let free = episodes.iter().find(|episode| episode.required_plan.is_none()).unwrap();
        let open = async |expires: i64| {
            let url = format!("https://pod.example/?{}", listening.sign(None, &free.id, expires));
            let url = url::Url::parse(&url).unwrap();
            let value = |name: &str| {
                url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
            };
            let query = SignedQuery {
                listener: value("listener"),
                expires: value("expires"),
                signature: value("signature"),
            };
            listening.open_signed(free.id.clone(), query).await
        };
        assert!(open(clock.wall() + 60).await.is_ok());
        assert!(matches!(open(clock.wall()).await, Err(MediaError::Forbidden)));
        assert!(matches!(open(clock.wall() - 1).await, Err(MediaError::Forbidden)));
    }
}
