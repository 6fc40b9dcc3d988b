//! Text from elsewhere, made safe: show notes as a small set of HTML, titles and summaries as plain text.

use std::collections::{HashMap, HashSet};

use ammonia::{Builder, UrlRelative};
use url::Url;

/// What show notes may contain. No images: they would tell a third party who reads the page.
const TAGS: [&str; 27] = [
    "a",
    "abbr",
    "b",
    "blockquote",
    "br",
    "code",
    "dd",
    "del",
    "dl",
    "dt",
    "em",
    "h2",
    "h3",
    "h4",
    "hr",
    "i",
    "kbd",
    "li",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "strong",
    "sub",
    "sup",
    "ul",
];

/// Elements that end a line when HTML becomes plain text.
const LINE_ENDS: [&str; 10] = [
    "</p>",
    "<br",
    "</li>",
    "</h1>",
    "</h2>",
    "</h3>",
    "</h4>",
    "</div>",
    "</dd>",
    "</blockquote>",
];

/// Characters of a summary made from the notes.
const SUMMARY_LENGTH: usize = 280;

/// Elements that notes may leave open; line breaks and the like count as such.
const UNCLOSED: usize = 5_000;

/// Cleans the notes of many episodes alike.
pub(super) struct Sanitizer(Builder<'static>);

impl Sanitizer {
    /// Relative links are resolved against `base`, or dropped without one.
    pub(super) fn new(base: Option<&Url>) -> Self {
        let mut builder = Builder::empty();
        builder
            .tags(HashSet::from(TAGS))
            .tag_attributes(HashMap::from([
                ("a", HashSet::from(["href"])),
                ("abbr", HashSet::from(["title"])),
            ]))
            .clean_content_tags(HashSet::from(["script", "style", "title"]))
            .url_schemes(HashSet::from(["http", "https", "mailto"]))
            .url_relative(match base {
                Some(base) => UrlRelative::RewriteWithBase(base.clone()),
                None => UrlRelative::Deny,
            })
            .link_rel(Some("noopener noreferrer nofollow"));
        Self(builder)
    }

    /// The notes as safe HTML. Text without any markup becomes paragraphs.
    pub(super) fn html(&self, notes: &str) -> String {
        let notes = notes.trim();
        if notes.contains('<') {
            return self.0.clean(notes).to_string().trim().to_owned();
        }
        let paragraphs = notes.replace("\r\n", "\n");
        let paragraphs = paragraphs.split("\n\n").map(str::trim).filter(|text| !text.is_empty());
        let marked: String =
            paragraphs.map(|text| format!("<p>{}</p>", text.replace('\n', "<br>"))).collect();
        self.0.clean(&marked).to_string()
    }
}

/// Whether the notes are nested so deep that cleaning them would take minutes.
pub(super) fn is_tangled(notes: &str) -> bool {
    let closed = notes.matches("</").count();
    notes.matches('<').count() > 2 * closed + UNCLOSED
}

/// The text of a piece of HTML, on one line.
pub(super) fn plain_text(html: &str) -> String {
    if !html.contains(['<', '&']) {
        return one_line(html);
    }
    let spaced =
        LINE_ENDS.iter().fold(html.to_owned(), |html, end| html.replace(end, &format!(" {end}")));
    let text = Builder::empty().clean(&spaced).to_string();
    // What the cleaner leaves escaped; the ampersand last, so that nothing is decoded twice.
    let text =
        text.replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    one_line(&text)
}

/// A title as people read it, on one line. Many feeds escape theirs once too often (`Rock &amp;amp; Roll`).
pub(super) fn title_text(title: &str) -> String {
    // Only what is escaped is undone: a title is no HTML, and `Vec<T>` keeps its brackets.
    plain_text(&title.replace('<', "&lt;").replace('>', "&gt;"))
}

/// The text with runs of white space and control characters as single spaces.
pub(super) fn one_line(text: &str) -> String {
    let words = text.split(|character: char| character.is_whitespace() || character.is_control());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// What the search looks through.
pub(super) fn search_text(title: &str, summary: &str, description_html: &str) -> String {
    one_line(&format!("{title} {summary} {}", plain_text(description_html))).to_lowercase()
}

/// The beginning of a text, cut between words.
pub(super) fn summary_of(text: &str) -> String {
    let Some((cut, _)) = text.char_indices().nth(SUMMARY_LENGTH) else {
        return text.to_owned();
    };
    let head = text[..cut].rfind(' ').map_or(&text[..cut], |space| &text[..space]);
    format!("{}…", head.trim_end_matches([',', ';', ':', '.', '-', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_lose_whatever_could_run_or_watch() {
        let base = Url::parse("https://pod.example/show/").unwrap();
        let sanitizer = Sanitizer::new(Some(&base));
        for (notes, clean) in [
            ("<p onclick=x()>Hi <script>alert(1)</script><b>you</b></p>", "<p>Hi <b>you</b></p>"),
            ("<img src=https://t.example/x.gif><p>Hi</p>", "<p>Hi</p>"),
            (
                "<a href='javascript:alert(1)'>x</a>",
                r#"<a rel="noopener noreferrer nofollow">x</a>"#,
            ),
            (
                "<a href=../notes style=x target=_blank>x</a>",
                r#"<a href="https://pod.example/notes" rel="noopener noreferrer nofollow">x</a>"#,
            ),
            ("One & two\nlines\n\nNext", "<p>One &amp; two<br>lines</p><p>Next</p>"),
            ("<iframe src=//x></iframe><style>p{}</style>", ""),
        ] {
            assert_eq!(sanitizer.html(notes), clean, "{notes}");
        }
    }

    #[test]
    fn plain_text_keeps_words_apart_and_decodes_once() {
        for (html, text) in [
            ("<p>One</p><p>Two</p>", "One Two"),
            ("Q&amp;A <em>lon</em>ger", "Q&A longer"),
            ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
            ("  a\n\tb\u{0b} ", "a b"),
            ("1 &lt; 2", "1 < 2"),
        ] {
            assert_eq!(plain_text(html), text, "{html}");
        }
    }

    #[test]
    fn titles_are_unescaped_and_keep_their_brackets() {
        for (title, text) in [
            ("Rock &amp; Roll", "Rock & Roll"),
            ("Caf&eacute;&nbsp;&#8211; it&#039;s open", "Café – it's open"),
            ("AT&T, Q&A; R&D", "AT&T, Q&A; R&D"),
            ("Vec<T> & friends", "Vec<T> & friends"),
            ("a\n b", "a b"),
        ] {
            assert_eq!(title_text(title), text, "{title}");
        }
    }

    #[test]
    fn summaries_end_between_words() {
        let long = "words, ".repeat(100);
        let summary = summary_of(&long);
        assert!(summary.ends_with("words…"), "{summary}");
        assert!(summary.chars().count() <= SUMMARY_LENGTH + 1);
        assert_eq!(summary_of("Short."), "Short.");
    }
}
