//! Feeds as they are found.

use super::*;

fn feed(items: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
        <rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"
          xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
          xmlns:podcast="https://podcastindex.org/namespace/1.0" xmlns:ours="urn:inner-circle:feed:1">
        <channel><title> A  show </title><link>https://pod.example</link><description/>{items}</channel></rss>"#
    )
}

fn item(fields: &str) -> String {
    format!(
        r#"<item><title>One</title><guid>g1</guid><pubDate>Wed, 18 Nov 2026 06:00:00 +0000</pubDate>
        <enclosure url="https://pod.example/1.mp3" length="1000" type="audio/mpeg"/>{fields}</item>"#
    )
}

fn only(xml: &str) -> Draft {
    let reading = read(xml.as_bytes(), None).unwrap();
    assert_eq!(reading.skipped, []);
    let [draft] = reading.drafts.try_into().unwrap();
    draft
}

fn skip_reason(item: &str) -> String {
    let reading = read(feed(item).as_bytes(), None).unwrap();
    assert_eq!(reading.drafts, []);
    reading.skipped[0].reason.clone()
}

#[test]
fn a_whole_item_is_read() {
    let draft = only(&feed(&item(
        "<itunes:duration>1:02:03</itunes:duration><itunes:episode>7</itunes:episode>
         <itunes:summary>Short &amp; sweet</itunes:summary><ours:plan> pro </ours:plan>
         <description>ignored</description>
         <content:encoded><![CDATA[<p>Notes <script>x</script>here</p>]]></content:encoded>",
    )));
    assert_eq!(
        draft,
        Draft {
            guid: "g1".into(),
            title: "One".into(),
            summary: "Short & sweet".into(),
            description_html: "<p>Notes here</p>".into(),
            published_at: 1_794_981_600,
            duration: 3723,
            number: Some(7),
            plan: Some("pro".into()),
            audio: AudioAddress::Remote("https://pod.example/1.mp3".parse().unwrap()),
            audio_type: "audio/mpeg".into(),
            audio_size: 1000,
            chapters: Vec::new(),
            chapters_at: None,
        }
    );
}

#[test]
fn without_a_guid_the_audio_address_identifies() {
    let xml = feed(&item("").replace("<guid>g1</guid>", "<guid/>"));
    assert_eq!(only(&xml).guid, "https://pod.example/1.mp3");
}

#[test]
fn the_summary_comes_from_the_notes_when_there_is_none() {
    let draft = only(&feed(&item(
        "<description>&lt;p&gt;Hello&lt;/p&gt;&lt;p&gt;you&lt;/p&gt;</description>",
    )));
    assert_eq!(draft.summary, "Hello you");
    assert_eq!(draft.description_html, "<p>Hello</p><p>you</p>");
}

#[test]
fn the_podcast_namespace_numbers_episodes_too() {
    assert_eq!(
        only(&feed(&item("<podcast:episode display=\"x\">12</podcast:episode>"))).number,
        Some(12)
    );
    assert_eq!(only(&feed(&item("<itunes:episode>x</itunes:episode>"))).number, None);
}

#[test]
fn relative_addresses_are_resolved_or_name_files() {
    let xml = feed(&item("").replace("https://pod.example/1.mp3", "audio/1.mp3"));
    assert_eq!(only(&xml).audio, AudioAddress::Beside("audio/1.mp3".into()));
    let base = Url::parse("https://pod.example/feeds/main.xml").unwrap();
    let reading = read(xml.as_bytes(), Some(&base)).unwrap();
    assert_eq!(
        reading.drafts[0].audio,
        AudioAddress::Remote("https://pod.example/feeds/audio/1.mp3".parse().unwrap())
    );
}

#[test]
fn items_that_cannot_be_played_or_placed_are_skipped() {
    let whole = item("");
    for (broken, reason) in [
        ("<item><title>x</title></item>".to_owned(), "it has no enclosure, so there is no audio"),
        (whole.replace("<title>One</title>", ""), "it has no title"),
        (
            whole.replace("Wed, 18 Nov 2026 06:00:00 +0000", "soon"),
            "its date “soon” cannot be read",
        ),
        (
            whole.replace("https://pod.example/1.mp3", "javascript:x"),
            "its audio is at javascript:x, which is no http address",
        ),
        (whole.replace("audio/mpeg", "video/mp4"), "its enclosure is video/mp4, not audio"),
        (
            whole.replace("audio/mpeg", "").replace("1.mp3", "1"),
            "its enclosure does not say that it is audio",
        ),
    ] {
        assert_eq!(skip_reason(&broken), reason);
    }
    let reading = read(feed(&format!("{whole}{whole}")).as_bytes(), None).unwrap();
    assert_eq!((reading.drafts.len(), reading.skipped.len()), (1, 1));
    assert_eq!(reading.skipped[0].reason, "another item of the feed has the GUID g1");
    assert_eq!(reading.title, "A show");
}

#[test]
fn a_missing_or_odd_type_is_told_by_the_ending() {
    let odd = |stated: &str| only(&feed(&item("").replace("audio/mpeg", stated))).audio_type;
    assert_eq!(odd(""), "audio/mpeg");
    assert_eq!(odd("audio/mp3"), "audio/mpeg");
    assert_eq!(odd("Audio/MPEG; charset=x"), "audio/mpeg");
    assert_eq!(odd("application/octet-stream"), "audio/mpeg");
    assert_eq!(odd("audio/x-m4a"), "audio/x-m4a");
}

#[test]
fn dates_are_read_as_feeds_write_them() {
    for text in [
        "Wed, 18 Nov 2026 06:00:00 +0000",
        "Wed, 18 Nov 2026 06:00:00 GMT",
        "18 Nov 2026 06:00:00 +0000",
        "Thu, 18 Nov 2026 06:00:00 +0000",
        "Mi., 18 Nov 2026 06:00:00 +0000",
        "Wed, 18 Nov 2026 01:00:00 EST",
        "Wed, 18 Nov 2026 07:00:00 +0100",
        "2026-11-18T06:00:00Z",
        "2026-11-18 06:00:00",
    ] {
        assert_eq!(date(text), Some(1_794_981_600), "{text}");
    }
    for text in ["", "soon", "99 Nov 2026 06:00:00 +0000", "1794981600"] {
        assert_eq!(date(text), None, "{text}");
    }
}

#[test]
fn durations_are_read_as_feeds_write_them() {
    for (text, seconds) in [
        ("3723", Some(3723)),
        ("62:03", Some(3723)),
        ("01:02:03", Some(3723)),
        (" 1:02:03.5 ", Some(3723)),
        ("0", Some(0)),
        ("", None),
        ("1:2:3:4", None),
        ("-5", None),
        ("an hour", None),
        ("9223372036854775807:0", None),
    ] {
        assert_eq!(chapters::seconds(text), seconds, "{text}");
    }
}

#[test]
fn what_is_not_rss_is_told_apart() {
    let atom = br#"<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>x</title></feed>"#;
    assert!(matches!(read(atom, None), Err(NotAFeed::Atom)));
    for bytes in [
        &b""[..],
        b"hello",
        b"{\"a\": 1}",
        b"<!doctype html><html><body>Not here</body></html>",
        b"<rss version=\"2.0\"></rss>",
        b"<rss version=\"2.0\"><channel><title>x</title><item>",
        b"\xff\xfe\x00",
    ] {
        assert!(matches!(read(bytes, None), Err(NotAFeed::NotRss(_))), "{bytes:?}");
    }
}

#[test]
fn other_encodings_are_decoded() {
    let xml = feed(&item(""))
        .replace("UTF-8", "ISO-8859-1")
        .replace("<title>One</title>", "<title>Caf\u{1}</title>");
    let latin1: Vec<u8> = xml.bytes().map(|byte| if byte == 1 { 0xe9 } else { byte }).collect();
    assert_eq!(read(&latin1, None).unwrap().drafts[0].title, "Café");
}

#[test]
fn a_feed_as_an_old_program_wrote_it_is_read() {
    let xml = feed(&item(
        "<description><![CDATA[<p>It\u{2}s <b onclick=\"x()\">]]]]><![CDATA[> here</b></p>]]></description>
         <media:content url=\"https://pod.example/1.ogg\" type=\"audio/ogg\"/>",
    ))
    .replace("UTF-8\"?>", "windows-1252\"?><?xml-stylesheet href=\"x.xsl\"?><!-- made by hand -->")
    .replace("xmlns:dc=", "xmlns:media=\"http://search.yahoo.com/mrss/\" xmlns:dc=")
    .replace("dtds/podcast-1.0.dtd", "DTDs/Podcast-1.0.dtd")
    .replace("<title>One</title>", "<title><![CDATA[Rock \u{1} Roll &amp; more]]></title>");
    let bytes: Vec<u8> = xml
        .bytes()
        .map(|byte| match byte {
            1 => 0x96,
            2 => 0x92,
            byte => byte,
        })
        .collect();
    let [draft] = read(&bytes, None).unwrap().drafts.try_into().unwrap();
    assert_eq!(draft.title, "Rock – Roll & more");
    assert_eq!(draft.description_html, "<p>It’s <b>]]&gt; here</b></p>");
    assert_eq!(draft.audio_type, "audio/mpeg");
}

#[test]
fn a_feed_nested_without_end_is_refused() {
    let deep = format!("{}{}", "<x:y>".repeat(200_000), "</x:y>".repeat(200_000));
    assert!(matches!(read(feed(&item(&deep)).as_bytes(), None), Err(NotAFeed::TooDeep)));
    let notes = format!("<description><![CDATA[{}]]></description>", "<b><ul><li>".repeat(50_000));
    assert_eq!(
        skip_reason(&item(&notes)),
        "its notes open too many elements that they do not close"
    );
}
