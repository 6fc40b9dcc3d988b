//! Private feeds: one secret address for each listener, and what a podcast app finds there.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use shared::{account::Access, episodes::FeedAddress};

use super::{
    Episode, Listening,
    published::{Published, Rendered, Rendering, TOKEN},
    rss_write::{self, Contents, Show},
    store::{self, FeedRow},
    subscribing,
};
use crate::{db::DbError, keys::Purpose, secret::digest};

/// The picture of the podcast, a PNG of 1400 × 1400 pixels.
pub const COVER: &[u8] = include_bytes!("../../../../seed/cover.png");

/// What is heard in the one episode of a feed without access, an MP3 of [`CLOSED_SECONDS`] seconds.
pub const CLOSED: &[u8] = include_bytes!("../../../../seed/closed.mp3");

pub(super) const CLOSED_SECONDS: i64 = 9;

/// A listener's feed.
pub struct FeedDocument {
    rendering: Arc<Rendering>,
    token: String,
}

impl FeedDocument {
    /// RSS 2.0.
    pub fn xml(&self) -> String {
        self.rendering.xml(&self.token)
    }

    /// Changes with every byte of the feed; without quotes.
    pub fn etag(&self) -> String {
        self.rendering.etag(&self.token)
    }
}

/// Why there is no feed at an address.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// There never was one.
    #[error("there is no feed at this address")]
    Unknown,
    /// Its owner replaced the address.
    #[error("this feed has another address now")]
    Rotated,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Listening {
    /// The listener's present feed address.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn feed_address(&self, user_id: String) -> Result<FeedAddress, DbError> {
        let (this, user) = (self.clone(), user_id.clone());
        let (known, version) = self
            .db
            .read(move |conn| {
                let version = store::get_feed_version(conn, &user)?;
                let known = store::find_feed(conn, &digest(&this.token(&user, version)))?;
                Ok::<_, DbError>((known.is_some(), version))
            })
            .await?;
        let token = self.token(&user_id, version);
        if !known {
            let row = self.row(&token, user_id, version);
            self.db.write(move |conn| store::insert_feed(conn, row)).await?;
        }
        Ok(self.address(&token))
    }

    /// Gives the listener a new feed address; the old ones end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rotate_feed(&self, user_id: String) -> Result<FeedAddress, DbError> {
        let this = self.clone();
        let token = self
            .db
            .write(move |conn| {
                let version = store::advance_feed_version(conn, &user_id)?;
                store::replace_feeds(conn, &user_id, this.clock.wall())?;
                let token = this.token(&user_id, version);
                store::insert_feed(conn, this.row(&token, user_id, version))?;
                Ok::<_, DbError>(token)
            })
            .await?;
        Ok(self.address(&token))
    }

    /// The feed at a secret address, with what its listener may hear now.
    ///
    /// # Errors
    /// [`FeedError::Unknown`] and [`FeedError::Rotated`] when there is none.
    pub async fn feed(&self, token: String) -> Result<FeedDocument, FeedError> {
        let this = self.clone();
        self.db
            .read(move |conn| {
                let found = store::find_heard_feed(conn, &digest(&token))?;
                let (feed, heard) = found.ok_or(FeedError::Unknown)?;
                if feed.replaced_at.is_some() {
                    return Err(FeedError::Rotated);
                }
                let access = this.access(&heard.facts);
                let rendering = if access.allowed {
                    let published = this.kept.published(conn, heard.version)?;
                    this.rendering(&access, &published)
                } else {
                    let closed =
                        Contents::Closed { reason: &access.reason, since: feed.created_at };
                    Arc::new(Rendering::of(&rss_write::write(&this.show(), &closed)))
                };
                Ok(FeedDocument { rendering, token })
            })
            .await
    }

    /// The feed of what `access` opens now.
    fn rendering(&self, access: &Access, published: &Published) -> Arc<Rendering> {
        let now = self.clock.wall();
        let rendered = Rendered { plan: access.plan.clone(), ahead: published.ahead(now) };
        published.rendering(rendered, || {
            let out = published.at(now).iter();
            let open: Vec<Episode> =
                out.filter(|episode| self.opens(access, episode)).cloned().collect();
            rss_write::write(&self.show(), &Contents::Episodes(&open))
        })
    }

    /// The feed of anybody, to be filled with a token.
    fn show(&self) -> Show<'_> {
        Show { podcast: &self.podcast, public_url: &self.public_url, token: TOKEN }
    }

    fn token(&self, user_id: &str, version: i64) -> String {
        URL_SAFE_NO_PAD
            .encode(self.keys.sign(Purpose::Feed, format!("{user_id}\n{version}").as_bytes()))
    }

    fn row(&self, token: &str, user_id: String, version: i64) -> FeedRow {
        let created_at = self.clock.wall();
        FeedRow { token_digest: digest(token), user_id, version, created_at, replaced_at: None }
    }

    fn address(&self, token: &str) -> FeedAddress {
        subscribing::address(feed_url(&self.public_url, token))
    }
}

/// Where a feed is.
pub(super) fn feed_url(public_url: &str, token: &str) -> String {
    format!("{public_url}/feeds/{token}.xml")
}
