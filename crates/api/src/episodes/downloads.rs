//! Counting downloads by the essentials of the IAB's podcast measurement guidelines (version 2.2, section 3): one for
//! each listener, episode and day; no bots, no requests that only ask whether the audio is there.

use super::{Listening, media::Audio, store};
use crate::{db::DbError, keys::Purpose};

/// Seconds of a day.
pub(super) const DAY: i64 = 24 * 60 * 60;

/// Bytes that a player asks for to learn whether a server knows ranges.
const PROBE: u64 = 2;

/// Hexadecimal digits that tell one day's listeners apart.
const PSEUDONYM_LENGTH: usize = 32;

/// Parts of a program's name, in lower case, by which those are known that fetch and do not listen.
const BOTS: [&str; 17] = [
    "bot",
    "crawl",
    "spider",
    "slurp",
    "curl/",
    "wget/",
    "python-",
    "go-http-client",
    "monitor",
    "uptime",
    "pingdom",
    "facebookexternalhit",
    "preview",
    "validator",
    "headlesschrome",
    "lighthouse",
    "scanner",
];

/// What a request for audio says of itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct AudioRequest<'a> {
    /// `Range`, as it came.
    pub range: Option<&'a str>,
    /// `User-Agent`, as it came.
    pub user_agent: Option<&'a str>,
}

impl AudioRequest<'_> {
    /// Whether somebody listens, going by this request.
    pub fn is_heard(&self) -> bool {
        let program = self.user_agent.unwrap_or_default().trim().to_ascii_lowercase();
        !program.is_empty()
            && !BOTS.iter().any(|bot| program.contains(bot))
            && !self.range.is_some_and(is_probe)
    }
}

/// Whether a `Range` (RFC 9110, section 14.2) asks for no more than a byte or two.
fn is_probe(range: &str) -> bool {
    let Some((first, last)) =
        range.trim().strip_prefix("bytes=").and_then(|range| range.split_once('-'))
    else {
        return false;
    };
    match (first.trim().parse::<u64>(), last.trim().parse::<u64>()) {
        (Ok(first), Ok(last)) => last < first.saturating_add(PROBE),
        (Err(_), Ok(length)) => length <= PROBE,
        _ => false,
    }
}

impl Listening {
    /// Counts that audio was given out, once a day for each listener, or each `visitor` who is not signed in.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_download(&self, audio: Audio, visitor: String) -> Result<(), DbError> {
        let day = self.clock.wall().div_euclid(DAY);
        let listener = audio.listener.unwrap_or(visitor);
        // Another hash every day: the rows tell listeners apart, and do not add up to what one of them heard.
        let message = format!("download\n{day}\n{listener}");
        let pseudonym = hex::encode(self.keys.sign(Purpose::Pseudonym, message.as_bytes()));
        let row = store::Download {
            episode_id: audio.episode,
            day,
            listener: pseudonym[..PSEUDONYM_LENGTH].to_owned(),
            by_feed: audio.by_feed,
        };
        // A player asks for many parts of one file: most requests find the row and write nothing.
        let sought = row.clone();
        if !self.db.read(move |conn| store::is_download_known(conn, &sought)).await? {
            self.db.write(move |conn| store::insert_download(conn, row)).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn players_are_heard_and_bots_and_probes_are_not() {
        let player =
            Some("AppleCoreMedia/1.0.0.22B83 (iPhone; U; CPU OS 18_1 like Mac OS X; en_us)");
        for (user_agent, range, heard) in [
            (player, None, true),
            (player, Some("bytes=0-"), true),
            (player, Some("bytes=0-65535"), true),
            (player, Some("bytes=-100000"), true),
            (player, Some("lines=1-2"), true),
            (Some("Overcast/3.0 (+http://overcast.fm/; iOS podcast app)"), None, true),
            (player, Some("bytes=0-0"), false),
            (player, Some("bytes=0-1"), false),
            (player, Some("bytes=500-500"), false),
            (player, Some("bytes=-1"), false),
            (Some("Mozilla/5.0 (compatible; Googlebot/2.1)"), None, false),
            (Some("curl/8.5.0"), None, false),
            (Some(" "), None, false),
            (None, None, false),
        ] {
            assert_eq!(
                AudioRequest { range, user_agent }.is_heard(),
                heard,
                "{user_agent:?} {range:?}"
            );
        }
    }
}
