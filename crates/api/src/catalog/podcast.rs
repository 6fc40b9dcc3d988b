//! What the private feeds say of the podcast.

use super::{
    file,
    parse::{CatalogError, check_text, check_url, wrong},
};

/// The podcast itself, as apps show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodcastSettings {
    /// Its name.
    pub title: String,
    /// A sentence or two.
    pub description: String,
    /// Who makes it; the title when the file does not say.
    pub author: String,
    /// Where its maker is reached; `None` for an address on the site's own host.
    pub email: Option<String>,
    /// Such as `en` or `pt-BR` (RFC 5646).
    pub language: String,
    /// One of Apple's categories.
    pub category: String,
    /// Whether it is not for children.
    pub explicit: bool,
    /// A square picture of 1400 to 3000 pixels; `None` for the built-in one.
    pub cover: Option<String>,
}

/// The top level of Apple's list, which other directories share.
const CATEGORIES: [&str; 19] = [
    "Arts",
    "Business",
    "Comedy",
    "Education",
    "Fiction",
    "Government",
    "Health & Fitness",
    "History",
    "Kids & Family",
    "Leisure",
    "Music",
    "News",
    "Religion & Spirituality",
    "Science",
    "Society & Culture",
    "Sports",
    "Technology",
    "True Crime",
    "TV & Film",
];

pub(super) fn parse(podcast: file::Podcast) -> Result<PodcastSettings, CatalogError> {
    let file::Podcast { title, description, author, email, language, category, explicit, cover } =
        podcast;
    check_text("podcast.title", &title, 1..=250)?;
    check_text("podcast.description", &description, 1..=4000)?;
    check_text("podcast.author", &author, 0..=250)?;
    if email.as_deref().is_some_and(|email| !is_email(email)) {
        return wrong("podcast.email", format!("{email:?} is no e-mail address"));
    }
    if !is_language(&language) {
        return wrong(
            "podcast.language",
            format!("{language:?} is no language such as \"en\" or \"pt-BR\""),
        );
    }
    if !CATEGORIES.contains(&category.as_str()) {
        return wrong(
            "podcast.category",
            format!("{category:?} is none of {}", CATEGORIES.join(", ")),
        );
    }
    cover.iter().try_for_each(|cover| check_url("podcast.cover", cover))?;
    let author = Some(author.trim().to_owned()).filter(|author| !author.is_empty());
    let author = author.unwrap_or_else(|| title.trim().to_owned());
    Ok(PodcastSettings { author, title, description, email, language, category, explicit, cover })
}

fn is_email(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && !text.contains(char::is_whitespace)
    })
}

fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let language = parts.next().unwrap_or_default();
    let is_word = |part: &str| {
        (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    (2..=3).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_lowercase())
        && parts.all(is_word)
}

#[cfg(test)]
mod tests {
    use crate::catalog::{BUILT_IN, Catalog};

    #[test]
    fn errors_name_the_key() {
        for (from, to, named) in [
            ("language = \"en\"", "language = \"English\"", "podcast.language"),
            ("category = \"Technology\"", "category = \"Tech\"", "podcast.category"),
            ("title = \"Inner Circle\"", "title = \"\"", "podcast.title"),
            ("title = \"Inner Circle\"", "title = \"A\"\nemail = \"nobody\"", "podcast.email"),
            ("title = \"Inner Circle\"", "title = \"A\"\ncover = \"cover.png\"", "podcast.cover"),
        ] {
            assert!(BUILT_IN.contains(from), "{from}");
            let error = Catalog::parse(&BUILT_IN.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(error.contains(named), "{to}: {error}");
        }
    }

    #[test]
    fn the_section_may_be_left_out() {
        let (before, rest) = BUILT_IN.split_once("[podcast]").unwrap();
        let (_, after) = rest.split_once("\n[").unwrap();
        let podcast = Catalog::parse(&format!("{before}[{after}")).unwrap().podcast;
        assert_eq!((&*podcast.title, &*podcast.author), ("Inner Circle", "Inner Circle"));
    }
}
