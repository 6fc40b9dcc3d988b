//! Chapters: read as feeds and people write them, kept as JSON. Pure but for the fetching of chapter files.

use serde::{Deserialize, Serialize};
use shared::episodes::Chapter;

use super::notes::one_line;

/// Chapters of an episode at the most; what follows is left out.
const MOST: usize = 500;

/// As they are kept in the database.
#[derive(Serialize, Deserialize)]
struct Kept {
    start: i64,
    title: String,
}

/// A chapter file of the podcast namespace (`application/json+chapters`, version 1.2).
#[derive(Deserialize)]
struct ChapterFile {
    chapters: Vec<FileChapter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FileChapter {
    /// Seconds.
    start_time: f64,
    title: Option<String>,
    /// Whether it is listed; pictures and ends of chapters are not.
    #[serde(default = "listed")]
    toc: bool,
}

fn listed() -> bool {
    true
}

/// Why text names no chapters.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum NotChapters {
    /// A line that does not begin with a time.
    #[error("line {0}: expected a time and a title, such as 12:30 The second half")]
    Line(usize),
    /// Not the JSON of the podcast namespace.
    #[error("this is no chapter file")]
    File,
}

/// Reads a chapter file as `podcast:chapters` names it.
///
/// # Errors
/// [`NotChapters::File`].
pub(super) fn from_file(json: &[u8]) -> Result<Vec<Chapter>, NotChapters> {
    let file: ChapterFile = serde_json::from_slice(json).map_err(|_| NotChapters::File)?;
    let chapters = file.chapters.into_iter().filter(|chapter| chapter.toc);
    Ok(in_order(chapters.filter_map(|chapter| {
        let start = chapter.start_time;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a cast saturates, and such times are dropped"
        )]
        let start = start.is_finite().then_some(start as i64)?;
        Some(Chapter { start, title: chapter.title? })
    })))
}

/// Reads one chapter a line, `[HH:]MM:SS Title`; empty lines are passed over.
///
/// # Errors
/// [`NotChapters::Line`] with the number of the first line that is none.
pub(super) fn from_lines(text: &str) -> Result<Vec<Chapter>, NotChapters> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let chapters = lines.map(|(index, line)| {
        let wrong = NotChapters::Line(index + 1);
        let (time, title) = line.trim().split_once(char::is_whitespace).ok_or(wrong)?;
        let start = time.contains(':').then(|| seconds(time)).flatten();
        let start = start.ok_or(NotChapters::Line(index + 1))?;
        Ok(Chapter { start, title: title.to_owned() })
    });
    Ok(in_order(chapters.collect::<Result<Vec<_>, _>>()?))
}

/// What can be used of `chapters`, by time; of several at one time the first.
pub(super) fn in_order(chapters: impl IntoIterator<Item = Chapter>) -> Vec<Chapter> {
    let named =
        chapters.into_iter().map(|chapter| Chapter { title: one_line(&chapter.title), ..chapter });
    let mut usable: Vec<_> =
        named.filter(|chapter| chapter.start >= 0 && !chapter.title.is_empty()).collect();
    usable.sort_by_key(|chapter| chapter.start);
    usable.dedup_by_key(|chapter| chapter.start);
    usable.truncate(MOST);
    usable
}

/// Seconds of `HH:MM:SS`, `MM:SS` or seconds, with or without a fraction.
pub(super) fn seconds(text: &str) -> Option<i64> {
    let whole = text.trim().split(['.', ',']).next().unwrap_or_default();
    let mut parts = whole.split(':');
    let seconds = parts.by_ref().take(3).try_fold(0_i64, |total, part| {
        let value: i64 = part.trim().parse().ok().filter(|value| *value >= 0)?;
        total.checked_mul(60)?.checked_add(value)
    })?;
    parts.next().is_none().then_some(seconds)
}

/// A time as `HH:MM:SS`.
pub(super) fn clock(seconds: i64) -> String {
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// As the database keeps them.
pub(super) fn encode(chapters: &[Chapter]) -> String {
    let kept: Vec<_> = chapters
        .iter()
        .map(|Chapter { start, title }| Kept { start: *start, title: title.clone() })
        .collect();
    serde_json::to_string(&kept).unwrap_or_else(|_| "[]".to_owned())
}

/// Out of the database.
pub(super) fn decode(kept: &str) -> Vec<Chapter> {
    let kept: Vec<Kept> = serde_json::from_str(kept).unwrap_or_default();
    kept.into_iter().map(|Kept { start, title }| Chapter { start, title }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(chapters: &[Chapter]) -> Vec<(i64, &str)> {
        chapters.iter().map(|chapter| (chapter.start, chapter.title.as_str())).collect()
    }

    #[test]
    fn a_chapter_file_loses_what_is_not_listed() {
        let file = br#"{"version": "1.2.0", "author": "x", "chapters": [
            {"startTime": 90.7, "title": "Second", "url": "https://x.example"},
            {"startTime": 0, "title": " Intro "}, {"startTime": 30, "title": "A picture", "toc": false},
            {"startTime": 50}, {"startTime": 90, "title": "The same time"}, {"startTime": -4, "title": "Before"}]}"#;
        assert_eq!(pairs(&from_file(file).unwrap()), [(0, "Intro"), (90, "Second")]);
        assert_eq!(from_file(b"<html>"), Err(NotChapters::File));
    }

    #[test]
    fn lines_name_time_and_title() {
        let chapters = from_lines("00:00 Intro\n\n 1:02:03.5\tThe end \n").unwrap();
        assert_eq!(pairs(&chapters), [(0, "Intro"), (3723, "The end")]);
        assert_eq!(from_lines("00:00 Intro\nThe middle"), Err(NotChapters::Line(2)));
        assert_eq!(
            from_lines("12 monkeys"),
            Err(NotChapters::Line(1)),
            "a number alone is no time"
        );
    }

    #[test]
    fn the_database_gives_back_what_it_was_given() {
        let chapters = vec![Chapter { start: 5, title: "“Quotes” & more".to_owned() }];
        assert_eq!(decode(&encode(&chapters)), chapters);
        assert_eq!(clock(3723), "01:02:03");
    }
}
