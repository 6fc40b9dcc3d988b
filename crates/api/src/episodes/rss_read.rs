//! RSS in: a feed's bytes to drafts of episodes, as forgiving as real feeds need. Pure.

use std::collections::HashSet;

use jiff::{Timestamp, civil, fmt::rfc2822, tz::TimeZone};
use quick_xml::events::Event;
use rss::{Channel, Item};
use shared::episodes::Chapter;
use url::Url;

use super::{
    chapters,
    notes::{Sanitizer, is_tangled, plain_text, summary_of, title_text},
};

/// Our own elements: `plan` names the lowest plan that opens an episode, or `free`.
pub const NAMESPACE: &str = "urn:inner-circle:feed:1";

/// Chapters that stand in the feed (Podlove).
pub(super) const SIMPLE_CHAPTERS: &str = "http://podlove.org/simple-chapters";

/// Levels of elements at the most.
const DEEPEST: usize = 64;

/// What a feed holds.
#[derive(Debug)]
pub struct Reading {
    /// The feed's title.
    pub title: String,
    /// What can be imported, in the feed's order.
    pub drafts: Vec<Draft>,
    /// What cannot.
    pub skipped: Vec<Skipped>,
}

/// An episode as a feed describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What the feed knows it by; unique in the feed.
    pub guid: String,
    /// Plain text.
    pub title: String,
    /// Plain text.
    pub summary: String,
    /// Sanitised.
    pub description_html: String,
    /// Unix seconds.
    pub published_at: i64,
    /// Seconds; 0 when the feed does not say.
    pub duration: i64,
    /// The number that the feed gives it.
    pub number: Option<i64>,
    /// Our own `plan` element.
    pub plan: Option<String>,
    /// Where the audio is.
    pub audio: AudioAddress,
    /// A media type that starts with `audio/`.
    pub audio_type: String,
    /// Bytes; 0 when the feed does not say.
    pub audio_size: i64,
    /// Those that stand in the feed itself.
    pub chapters: Vec<Chapter>,
    /// The file that holds them, when they do not.
    pub chapters_at: Option<AudioAddress>,
}

/// Where an enclosure points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AudioAddress {
    /// An http(s) address.
    Remote(Url),
    /// A path relative to the feed's own file.
    Beside(String),
}

/// An item that cannot be imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The item's title, or its place in the feed.
    pub item: String,
    /// Why, for people.
    pub reason: String,
}

/// Bytes that are no RSS feed.
#[derive(Debug, thiserror::Error)]
pub enum NotAFeed {
    /// The other common format.
    #[error("this is an Atom feed; only RSS 2.0 can be imported")]
    Atom,
    /// Elements within elements, deeper than any feed needs.
    #[error("this feed is nested more than {DEEPEST} elements deep")]
    TooDeep,
    /// Something else altogether.
    #[error("this is not an RSS 2.0 feed")]
    NotRss(#[from] rss::Error),
}

/// Reads a feed. Relative addresses are resolved against `base`; without one they name files beside the feed.
pub fn read(xml: &[u8], base: Option<&Url>) -> Result<Reading, NotAFeed> {
    if is_too_deep(xml) {
        return Err(NotAFeed::TooDeep);
    }
    let channel = Channel::read_from(xml).map_err(|error| match error {
        rss::Error::InvalidStartTag if is_atom(xml) => NotAFeed::Atom,
        error => NotAFeed::NotRss(error),
    })?;
    let prefix_of = |namespace: &str| {
        let known =
            channel.namespaces().iter().find(|(_, uri)| uri.trim_end_matches('/') == namespace);
        known.map(|(prefix, _)| prefix.as_str())
    };
    let reader = ItemReader {
        base,
        sanitizer: Sanitizer::new(base),
        prefix: prefix_of(NAMESPACE),
        simple_chapters: prefix_of(SIMPLE_CHAPTERS),
    };
    let mut reading =
        Reading { title: title_text(channel.title()), drafts: Vec::new(), skipped: Vec::new() };
    let mut guids = HashSet::new();
    for (index, item) in channel.items().iter().enumerate() {
        match reader.draft(item) {
            Ok(draft) if guids.insert(draft.guid.clone()) => reading.drafts.push(draft),
            Ok(draft) => reading.skipped.push(Skipped {
                item: draft.title,
                reason: format!("another item of the feed has the GUID {}", draft.guid),
            }),
            Err(reason) => {
                let title = item.title().map(title_text).filter(|title| !title.is_empty());
                reading
                    .skipped
                    .push(Skipped { item: title.unwrap_or(format!("item {}", index + 1)), reason });
            }
        }
    }
    Ok(reading)
}

/// Whether reading it would take more of the stack than there may be: the reader calls itself for each level.
fn is_too_deep(xml: &[u8]) -> bool {
    let (mut reader, mut depth) = (quick_xml::Reader::from_reader(xml), 0_usize);
    reader.config_mut().check_end_names = false;
    loop {
        match reader.read_event() {
            Ok(Event::Start(_)) => depth += 1,
            Ok(Event::End(_)) => depth = depth.saturating_sub(1),
            // What is broken is for the reader to report.
            Ok(Event::Eof) | Err(_) => return false,
            Ok(_) => {}
        }
        if depth > DEEPEST {
            return true;
        }
    }
}

fn is_atom(xml: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&xml[..xml.len().min(2048)]).into_owned();
    head.contains("<feed") && head.contains("http://www.w3.org/2005/Atom")
}

struct ItemReader<'a> {
    base: Option<&'a Url>,
    sanitizer: Sanitizer,
    /// What the feed calls [`NAMESPACE`].
    prefix: Option<&'a str>,
    /// What the feed calls [`SIMPLE_CHAPTERS`].
    simple_chapters: Option<&'a str>,
}

impl ItemReader<'_> {
    fn draft(&self, item: &Item) -> Result<Draft, String> {
        let title = item
            .title()
            .map(title_text)
            .filter(|title| !title.is_empty())
            .ok_or("it has no title")?;
        let enclosure = item.enclosure().filter(|enclosure| !enclosure.url().trim().is_empty());
        let enclosure = enclosure.ok_or("it has no enclosure, so there is no audio")?;
        let audio = self.address(enclosure.url().trim())?;
        let audio_type = audio_type(enclosure.mime_type(), audio.path())?;
        let guid = item.guid().map(|guid| guid.value().trim()).filter(|guid| !guid.is_empty());
        let published =
            item.pub_date().or_else(|| Some(item.dublin_core_ext()?.dates().first()?.as_str()));
        let published = published.ok_or("it has no publication date")?;
        let itunes = item.itunes_ext();
        let notes =
            [item.content(), item.description(), itunes.and_then(|itunes| itunes.summary())];
        let notes =
            notes.into_iter().flatten().find(|notes| !notes.trim().is_empty()).unwrap_or_default();
        if is_tangled(notes) {
            return Err("its notes open too many elements that they do not close".to_owned());
        }
        let description_html = self.sanitizer.html(notes);
        let summaries =
            itunes.map(|itunes| [itunes.summary(), itunes.subtitle()]).unwrap_or_default();
        let summary =
            summaries.into_iter().flatten().map(plain_text).find(|summary| !summary.is_empty());
        Ok(Draft {
            guid: guid.unwrap_or(enclosure.url().trim()).to_owned(),
            summary: summary_of(&summary.unwrap_or_else(|| plain_text(&description_html))),
            title,
            description_html,
            published_at: date(published)
                .ok_or_else(|| format!("its date “{}” cannot be read", published.trim()))?,
            duration: itunes.and_then(|itunes| chapters::seconds(itunes.duration()?)).unwrap_or(0),
            number: number(item),
            plan: self.plan(item),
            chapters: self.chapters(item),
            chapters_at: self.chapters_at(item),
            audio,
            audio_type,
            audio_size: enclosure
                .length()
                .trim()
                .replace([',', '.'], "")
                .parse()
                .ok()
                .filter(|size| *size > 0)
                .unwrap_or(0),
        })
    }

    /// Podlove's simple chapters, which stand in the item.
    fn chapters(&self, item: &Item) -> Vec<Chapter> {
        let simple = self
            .simple_chapters
            .and_then(|prefix| item.extensions().get(prefix)?.get("chapters")?.first());
        let marks = simple
            .and_then(|simple| simple.children().get("chapter"))
            .map_or(&[][..], Vec::as_slice);
        chapters::in_order(marks.iter().filter_map(|mark| {
            let start = chapters::seconds(mark.attrs().get("start")?)?;
            Some(Chapter { start, title: mark.attrs().get("title")?.clone() })
        }))
    }

    /// Where the podcast namespace says that the chapters are.
    fn chapters_at(&self, item: &Item) -> Option<AudioAddress> {
        let file = item.extensions().get("podcast")?.get("chapters")?.first()?;
        self.address(file.attrs().get("url")?.trim()).ok()
    }

    fn address(&self, url: &str) -> Result<AudioAddress, String> {
        match (Url::parse(url), self.base) {
            (Ok(url), _) if matches!(url.scheme(), "http" | "https") => {
                Ok(AudioAddress::Remote(url))
            }
            (Ok(_), _) => Err(format!("its audio is at {url}, which is no http address")),
            (Err(url::ParseError::RelativeUrlWithoutBase), Some(base)) => base
                .join(url)
                .map(AudioAddress::Remote)
                .map_err(|error| format!("its audio is at {url}: {error}")),
            (Err(url::ParseError::RelativeUrlWithoutBase), None) => {
                Ok(AudioAddress::Beside(url.to_owned()))
            }
            (Err(error), _) => Err(format!("its audio is at {url}: {error}")),
        }
    }

    fn plan(&self, item: &Item) -> Option<String> {
        let element = item.extensions().get(self.prefix?)?.get("plan")?.first()?;
        element.value().map(|plan| plan.trim().to_owned())
    }
}

impl AudioAddress {
    fn path(&self) -> &str {
        match self {
            Self::Remote(url) => url.path(),
            Self::Beside(path) => path,
        }
    }
}

/// The media type, by the file's ending when the feed names none that is of use.
fn audio_type(stated: &str, path: &str) -> Result<String, String> {
    let stated = stated.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match stated.as_str() {
        "audio/mp3" | "audio/mpeg3" | "audio/x-mp3" | "audio/x-mpeg" => {
            return Ok("audio/mpeg".to_owned());
        }
        audio if audio.starts_with("audio/") => return Ok(stated),
        "" | "application/octet-stream" | "binary/octet-stream" => {}
        _ => return Err(format!("its enclosure is {stated}, not audio")),
    }
    let guessed = mime_guess::from_path(path).first().filter(|guess| guess.type_() == "audio");
    guessed
        .map(|guess| guess.to_string())
        .ok_or_else(|| "its enclosure does not say that it is audio".to_owned())
}

/// The number by the itunes namespace, or else by the podcast namespace.
fn number(item: &Item) -> Option<i64> {
    let itunes = item.itunes_ext().and_then(|itunes| itunes.episode());
    let podcast = || item.extensions().get("podcast")?.get("episode")?.first()?.value();
    itunes.or_else(podcast)?.trim().parse().ok().filter(|number| (1..1_000_000).contains(number))
}

/// Unix seconds of a `pubDate`: RFC 2822 as feeds write it, else ISO 8601.
fn date(text: &str) -> Option<i64> {
    let text = text.trim();
    let parser = rfc2822::DateTimeParser::new().relaxed_weekday(true);
    if let Ok(moment) = parser.parse_timestamp(text) {
        return Some(moment.as_second());
    }
    // Week days and the word “GMT+2” are where feeds go wrong most.
    let unnamed = text.split_once(',').map_or(text, |(_, rest)| rest.trim());
    if let Ok(moment) = parser.parse_timestamp(unnamed) {
        return Some(moment.as_second());
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment.as_second());
    }
    let local = text.parse::<civil::DateTime>().ok()?;
    local.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp().as_second())
}

#[cfg(test)]
#[path = "rss_read_tests.rs"]
mod tests;
