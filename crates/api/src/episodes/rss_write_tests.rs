//! Feeds as podcast apps get them, read back by the reader.

use std::sync::LazyLock;

use super::{
    super::{
        audio::MediaFolder,
        rss_read::{self, AudioAddress},
    },
    *,
};
use crate::catalog::{BUILT_IN, Catalog};

static PODCAST: LazyLock<PodcastSettings> =
    LazyLock::new(|| Catalog::parse(BUILT_IN).unwrap().podcast);
static SHOW: LazyLock<Show<'static>> = LazyLock::new(|| show("https://pod.example", "s3cret"));

fn show(public_url: &'static str, token: &'static str) -> Show<'static> {
    Show { podcast: &PODCAST, public_url, token }
}

fn episode() -> Episode {
    Episode {
        id: "ep_1".into(),
        number: 214,
        guid: "guid-1".into(),
        title: "Vec<T> & friends".into(),
        summary: "Short & sweet.".into(),
        description_html:
            "<p>Notes ]]&gt; with a <a href=\"https://x.example/?a=1&amp;b=2\">link</a></p>".into(),
        published_at: 1_794_981_600,
        duration: 3723,
        required_plan: None,
        audio: "0123.mp3".into(),
        audio_type: "audio/mpeg".into(),
        audio_size: 1000,
        created_at: 1,
        updated_at: 1,
        search_text: String::new(),
        chapters: r#"[{"start":0,"title":"Intro & more"},{"start":61,"title":"The end"}]"#.into(),
    }
}

#[test]
fn what_is_written_is_read_back() {
    let xml = write(&SHOW, &Contents::Episodes(&[episode()]));
    let reading = rss_read::read(xml.as_bytes(), None).unwrap();
    let [draft] = &reading.drafts[..] else { panic!("{reading:?}") };
    assert_eq!((&*draft.title, &*draft.guid), ("Vec<T> & friends", "guid-1"));
    assert_eq!(
        (draft.published_at, draft.duration, draft.number),
        (1_794_981_600, 3723, Some(214))
    );
    assert_eq!(draft.summary, "Notes ]]> with a link");
    let starts: Vec<_> = draft.chapters.iter().map(|mark| (mark.start, &*mark.title)).collect();
    assert_eq!(starts, [(0, "Intro & more"), (61, "The end")]);
    assert!(
        draft.description_html.contains("Notes ]]&gt; with a <a href="),
        "{}",
        draft.description_html
    );
    assert_eq!((&*draft.audio_type, draft.audio_size), ("audio/mpeg", 1000));
    let address = "https://pod.example/media/f/s3cret/ep_1.mp3".parse().unwrap();
    assert_eq!(draft.audio, AudioAddress::Remote(address));
}

#[test]
fn an_episode_without_notes_is_described_by_its_summary() {
    let bare = Episode { description_html: String::new(), ..episode() };
    let xml = write(&SHOW, &Contents::Episodes(&[bare]));
    let reading = rss_read::read(xml.as_bytes(), None).unwrap();
    assert_eq!(reading.drafts[0].summary, "Short & sweet.");
    assert_eq!(xml.matches("Short &").count(), 1, "{xml}");
}

#[test]
fn a_feed_of_twenty_episodes_takes_fifteen_kilobytes_at_the_most() {
    let token = "t".repeat(43);
    let show = Show { podcast: &PODCAST, public_url: "https://podcast.example.com", token: &token };
    let sentence = "A sentence of about the length that sentences have. ";
    let ordinary = Episode {
        id: "ep_0123456789abcdef".into(),
        title: "The database that fits in a file".into(),
        summary: sentence.repeat(3),
        description_html: format!("<p>{}</p>", sentence.repeat(2)),
        chapters: "[]".into(),
        ..episode()
    };
    let bytes = write(&show, &Contents::Episodes(&vec![ordinary; 20])).len();
    assert!(bytes <= 15_000, "{bytes}");
}

#[test]
fn the_feed_asks_to_be_left_out_of_directories() {
    let xml = write(&SHOW, &Contents::Episodes(&[]));
    for part in [
        "<itunes:block>Yes</itunes:block>",
        "<podcast:locked owner=\"podcast@pod.example\">yes</podcast:locked>",
        "<atom:link href=\"https://pod.example/feeds/s3cret.xml\" rel=\"self\" type=\"application/rss+xml\">",
        "<itunes:image href=\"https://pod.example/feeds/cover.png\"/>",
        "<itunes:category text=\"Technology\"",
        "<itunes:explicit>false</itunes:explicit>",
        "<itunes:email>podcast@pod.example</itunes:email>",
        "<podcast:guid>",
    ] {
        assert!(xml.contains(part), "{part} is missing in {xml}");
    }
}

#[test]
fn the_podcast_is_the_same_one_for_every_listener() {
    let other = show("https://pod.example", "other");
    assert_eq!(SHOW.podcast_guid(), other.podcast_guid());
}

/// The example of the namespace's own documentation.
#[test]
fn podcast_guids_are_made_as_the_namespace_says() {
    let show = show("https://podnews.net/rss", "");
    assert_eq!(show.podcast_guid(), "9b024349-ccf0-5f69-a609-6b82873eab3c");
}

#[test]
fn a_closed_feed_says_how_to_come_back_and_plays_nothing_else() {
    for (reason, page) in
        [("ended", "/account"), ("no_subscription", "/pricing"), ("unpaid", "/account")]
    {
        let xml = write(&SHOW, &Contents::Closed { reason, since: 1_794_981_600 });
        let audio = format!("https://pod.example/feeds/closed.mp3\" length=\"{}\"", CLOSED.len());
        assert!(xml.contains(&audio), "{xml}");
        assert_eq!(xml.matches("<enclosure").count(), 1);
        assert!(xml.contains(&format!("https://pod.example{page}")), "{xml}");
        assert_eq!(xml.matches("<item>").count(), 1);
        assert!(xml.contains("<pubDate>Wed, 18 Nov 2026 06:00:00 GMT</pubDate>"), "{xml}");
    }
}

#[test]
fn the_voice_of_a_closed_feed_is_as_long_as_the_feed_says() {
    let folder = tempfile::tempdir().unwrap();
    let media = MediaFolder::open(folder.path()).unwrap();
    let stored = media.store(&mut &*CLOSED).unwrap();
    assert_eq!((stored.media_type, stored.duration), ("audio/mpeg", CLOSED_SECONDS));
}

#[test]
fn characters_that_xml_cannot_hold_are_left_out() {
    let odd = Episode { title: "a\u{0}b\u{b}c\u{ffff}d 🎧".into(), ..episode() };
    let xml = write(&SHOW, &Contents::Episodes(&[odd]));
    assert!(xml.contains("<title>abcd 🎧</title>"), "{xml}");
}

#[test]
fn endings_come_from_the_audio() {
    for (audio, expected) in [
        ("0123.m4a", "m4a"),
        ("https://cdn.example/a/b.ogg?x=1.2", "ogg"),
        ("https://cdn.example/stream", "mp3"),
        ("https://cdn.example/a.b-c/", "mp3"),
    ] {
        assert_eq!(ending(audio), expected, "{audio}");
    }
}
