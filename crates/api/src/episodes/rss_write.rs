//! RSS out: a listener's feed with the itunes and podcast namespaces. Pure: the same episodes make the same bytes.

use std::collections::BTreeMap;

use jiff::{Timestamp, fmt::rfc2822};
use rss::{
    Channel, Enclosure, Guid, Image, Item,
    extension::{
        Extension, ExtensionMap,
        itunes::{ITunesCategory, ITunesChannelExtension, ITunesItemExtension, ITunesOwner},
    },
};
use shared::episodes::Chapter;
use url::Url;
use uuid::Uuid;

use super::{
    Episode, chapters,
    feed::{CLOSED, CLOSED_SECONDS, feed_url},
    rss_read::SIMPLE_CHAPTERS,
};
use crate::catalog::PodcastSettings;

/// Where the built-in picture of the podcast is, below the site's address.
const COVER: &str = "/feeds/cover.png";

/// Where [`CLOSED`] is, below the site's address.
const CLOSED_AUDIO: &str = "/feeds/closed.mp3";

/// The namespace that podcast GUIDs are made in (Podcasting 2.0, `podcast:guid`).
const PODCAST_GUIDS: Uuid = Uuid::from_u128(0xead4c236_bf58_58c6_a2c6_a6b28d128cb6);

/// Whose feed it is, and where.
pub(super) struct Show<'a> {
    /// What it says of itself.
    pub(super) podcast: &'a PodcastSettings,
    /// The site, without a slash at its end.
    pub(super) public_url: &'a str,
    /// The listener's secret.
    pub(super) token: &'a str,
}

/// What the feed holds.
pub(super) enum Contents<'a> {
    /// What the listener may hear, newest first.
    Episodes(&'a [Episode]),
    /// One item that says how to come back, in its notes and by a voice.
    Closed {
        /// The rule that closed it.
        reason: &'a str,
        /// When the feed began, Unix seconds.
        since: i64,
    },
}

/// The feed as XML.
pub(super) fn write(show: &Show<'_>, contents: &Contents<'_>) -> String {
    let (items, built) = match contents {
        Contents::Episodes(episodes) => (
            episodes.iter().map(|episode| show.item(episode)).collect(),
            episodes.iter().map(|episode| episode.updated_at.max(episode.published_at)).max(),
        ),
        Contents::Closed { reason, since } => (vec![show.closed(reason, *since)], Some(*since)),
    };
    let podcast = show.podcast;
    let cover = podcast.cover.clone().unwrap_or_else(|| format!("{}{COVER}", show.public_url));
    let mut channel = Channel {
        title: xml_text(&podcast.title),
        link: format!("{}/", show.public_url),
        description: xml_text(&podcast.description),
        language: Some(podcast.language.clone()),
        last_build_date: built.map(date),
        generator: Some(concat!("Inner Circle ", env!("CARGO_PKG_VERSION")).to_owned()),
        image: Some(Image {
            url: cover.clone(),
            title: xml_text(&podcast.title),
            link: format!("{}/", show.public_url),
            ..Image::default()
        }),
        items,
        ..Channel::default()
    };
    let has_chapters = channel.items.iter().any(|item| !item.extensions.is_empty());
    channel.namespaces = [
        ("atom", "http://www.w3.org/2005/Atom"),
        ("podcast", "https://podcastindex.org/namespace/1.0"),
    ]
    .into_iter()
    // Validators know few namespaces and mention the others, so this one is there when it is used.
    .chain(has_chapters.then_some(("psc", SIMPLE_CHAPTERS)))
    .map(|(prefix, address)| (prefix.to_owned(), address.to_owned()))
    .collect();
    channel.extensions = show.extensions();
    channel.itunes_ext = Some(ITunesChannelExtension {
        author: Some(xml_text(&podcast.author)),
        block: Some("Yes".to_owned()),
        categories: vec![ITunesCategory { text: podcast.category.clone(), subcategory: None }],
        image: Some(cover),
        explicit: Some(podcast.explicit.to_string()),
        owner: Some(ITunesOwner {
            name: Some(xml_text(&podcast.author)),
            email: Some(show.email()),
        }),
        r#type: Some("episodic".to_owned()),
        ..ITunesChannelExtension::default()
    });
    channel.to_string()
}

impl Show<'_> {
    /// One text an item, the notes: Apple took `itunes:summary` out of its requirements, and apps list what the
    /// description begins with. An item without `itunes:episodeType` is a full one.
    fn item(&self, episode: &Episode) -> Item {
        let Self { podcast, public_url, token } = self;
        let notes = if episode.description_html.is_empty() {
            &episode.summary
        } else {
            &episode.description_html
        };
        let chapters = chapters::decode(&episode.chapters);
        Item {
            extensions: simple_chapters(&chapters),
            title: Some(xml_text(&episode.title)),
            link: Some(format!("{public_url}/episodes/{}", episode.id)),
            description: Some(xml_text(notes)),
            enclosure: Some(Enclosure {
                url: format!(
                    "{public_url}/media/f/{token}/{}.{}",
                    episode.id,
                    ending(&episode.audio)
                ),
                length: episode.audio_size.to_string(),
                mime_type: episode.audio_type.clone(),
            }),
            guid: Some(Guid { value: xml_text(&episode.guid), permalink: false }),
            pub_date: Some(date(episode.published_at)),
            itunes_ext: Some(ITunesItemExtension {
                duration: Some(episode.duration.to_string()).filter(|_| episode.duration > 0),
                explicit: Some(podcast.explicit.to_string()),
                episode: Some(episode.number.to_string()),
                ..ITunesItemExtension::default()
            }),
            ..Item::default()
        }
    }

    /// What stands in place of the episodes while the listener has no access. It has audio, since most apps do not
    /// show an item without.
    fn closed(&self, reason: &str, since: i64) -> Item {
        let (title, text, page) = match reason {
            "no_subscription" | "incomplete" | "incomplete_expired" => {
                ("Choose a plan to listen", "Your feed is ready and waits for a plan.", "/pricing")
            }
            "past_due" | "unpaid" => (
                "Update your card to keep listening",
                "Your last payment did not go through.",
                "/account",
            ),
            _ => (
                "Renew to keep listening",
                "Your membership has ended, so this feed is silent for now.",
                "/account",
            ),
        };
        let link = format!("{}{page}", self.public_url);
        Item {
            title: Some(title.to_owned()),
            description: Some(format!(
                "<p>{text} Go to <a href=\"{link}\">{link}</a> and your episodes are back here at the next refresh: \
                 the address of this feed stays the same.</p>"
            )),
            link: Some(link),
            enclosure: Some(Enclosure {
                url: format!("{}{CLOSED_AUDIO}", self.public_url),
                length: CLOSED.len().to_string(),
                mime_type: "audio/mpeg".to_owned(),
            }),
            guid: Some(Guid { value: format!("inner-circle-closed-{reason}"), permalink: false }),
            pub_date: Some(date(since)),
            itunes_ext: Some(ITunesItemExtension {
                duration: Some(CLOSED_SECONDS.to_string()),
                explicit: Some("false".to_owned()),
                ..ITunesItemExtension::default()
            }),
            ..Item::default()
        }
    }

    fn extensions(&self) -> ExtensionMap {
        let own = element(
            "atom:link",
            [
                ("href", &*feed_url(self.public_url, self.token)),
                ("rel", "self"),
                ("type", "application/rss+xml"),
            ],
            None,
        );
        let guid = element("podcast:guid", [], Some(self.podcast_guid()));
        let locked = element("podcast:locked", [("owner", &*self.email())], Some("yes".to_owned()));
        let block = element("podcast:block", [], Some("yes".to_owned()));
        let one = |name: &str, element| (name.to_owned(), vec![element]);
        BTreeMap::from([
            ("atom".to_owned(), BTreeMap::from([one("link", own)])),
            (
                "podcast".to_owned(),
                BTreeMap::from([one("guid", guid), one("locked", locked), one("block", block)]),
            ),
        ])
    }

    /// The podcast's own id, the same for every listener: made of the site's address as the namespace asks for.
    fn podcast_guid(&self) -> String {
        let address = self.public_url.split_once("://").map_or(self.public_url, |(_, rest)| rest);
        Uuid::new_v5(&PODCAST_GUIDS, address.trim_end_matches('/').as_bytes()).to_string()
    }

    fn email(&self) -> String {
        if let Some(email) = &self.podcast.email {
            return email.clone();
        }
        let host =
            Url::parse(self.public_url).ok().and_then(|url| url.host_str().map(str::to_owned));
        format!("podcast@{}", host.as_deref().unwrap_or("localhost"))
    }
}

/// Chapters as most apps read them from a feed; nothing when there are none.
fn simple_chapters(chapters: &[Chapter]) -> ExtensionMap {
    if chapters.is_empty() {
        return ExtensionMap::default();
    }
    let mark = |Chapter { start, title }: &Chapter| {
        element(
            "psc:chapter",
            [("start", &*chapters::clock(*start)), ("title", &*xml_text(title))],
            None,
        )
    };
    let marks = chapters.iter().map(mark).collect();
    let children = BTreeMap::from([("chapter".to_owned(), marks)]);
    let list = Extension { children, ..element("psc:chapters", [("version", "1.2")], None) };
    BTreeMap::from([("psc".to_owned(), BTreeMap::from([("chapters".to_owned(), vec![list])]))])
}

fn element<const N: usize>(
    name: &str,
    attributes: [(&str, &str); N],
    value: Option<String>,
) -> Extension {
    let attrs =
        attributes.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Extension { name: name.to_owned(), value, attrs, ..Extension::default() }
}

/// The ending of an audio file's name, from which podcast apps guess; `mp3` when there is none of use.
fn ending(audio: &str) -> &str {
    let path = audio.split(['?', '#']).next().unwrap_or_default();
    let ending =
        path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending);
    let usable = |ending: &&str| {
        (1..=4).contains(&ending.len()) && ending.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    ending.filter(usable).unwrap_or("mp3")
}

/// RFC 2822 as RSS 2.0 writes it, in GMT; the epoch for a time that no calendar has.
fn date(seconds: i64) -> String {
    let moment = Timestamp::from_second(seconds).unwrap_or_default();
    rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&moment).unwrap_or_default()
}

/// Text without the characters that XML 1.0 cannot hold.
fn xml_text(text: &str) -> String {
    let allowed = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    text.chars().filter(allowed).collect()
}

#[cfg(test)]
#[path = "rss_write_tests.rs"]
mod tests;
