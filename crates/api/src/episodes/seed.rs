//! The episodes a new installation starts with: a feed and its audio, carried by the binary.

use std::sync::Arc;

use super::{
    Library,
    fetch::Validators,
    import::{Beside, Feed, ImportError, Imported, Opening},
    rss_read, store,
};

/// What the seed is remembered by among the imported feeds.
const NAME: &str = "seed";

const FEED: &[u8] = include_bytes!("../../../../seed/feed.xml");

macro_rules! audio {
    ($($name:literal),* $(,)?) => {
        &[$((concat!("audio/", $name), include_bytes!(concat!("../../../../seed/audio/", $name)))),*]
    };
}

const AUDIO: &[(&str, &[u8])] = audio![
    "207-clocks.mp3",
    "208-a-queue-is-a-promise.mp3",
    "209-off-by-one-hundred.mp3",
    "210-the-cache-remembers.m4a",
    "211-read-the-error-message.mp3",
    "212-live-ninety-million-rows.mp3",
    "213-idempotent.mp3",
    "214-the-database-that-fits-in-a-file.mp3",
];

impl Library {
    /// Fills a database that nothing was ever imported into or added to; `None` when it is not such a one.
    pub async fn seed(&self) -> Result<Option<Imported>, ImportError> {
        if !self.db.read(|conn| Ok::<_, ImportError>(store::is_untouched(conn)?)).await? {
            return Ok(None);
        }
        let feed = Feed {
            name: NAME.to_owned(),
            validators: Validators::default(),
            reading: rss_read::read(FEED, None)?,
            beside: Beside::Embedded(AUDIO),
        };
        Ok(Some(self.take(feed, Opening::Default, Arc::new(|_| ())).await?))
    }
}
