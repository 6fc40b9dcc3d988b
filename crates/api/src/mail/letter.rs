//! A letter: one source for the text and the HTML of a mail.

use maud::{DOCTYPE, Markup, html};
use url::Url;

use super::NAME;

/// Columns of the text part.
const WIDTH: usize = 72;

const BODY: &str = "margin:0;padding:24px 16px;font:16px/1.55 -apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,\
                    Helvetica,Arial,sans-serif";
const SHEET: &str = "max-width:560px;margin:0 auto";
const HEADING: &str = "font-size:22px;line-height:1.3;margin:0 0 20px";
const TERM: &str =
    "padding:2px 16px 2px 0;text-align:left;vertical-align:top;font-weight:normal;opacity:.75";
const BUTTON: &str = "display:inline-block;padding:12px 20px;border-radius:8px;background:#9a3412;color:#ffffff;\
                      text-decoration:none;font-weight:600";
const SMALL: &str = "font-size:13px;line-height:1.5;opacity:.75;margin:8px 0 20px";
const RULE: &str = "border:0;border-top:1px solid #8886;margin:28px 0 16px";

/// What a mail says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) subject: String,
    pub(super) blocks: Vec<Block>,
}

/// A part of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Block {
    Text(String),
    /// Names with their values.
    Facts(Vec<(&'static str, String)>),
    /// The one thing to do; only that is a button.
    Action {
        label: &'static str,
        url: String,
    },
}

impl Letter {
    pub(super) fn new(subject: impl Into<String>) -> Self {
        Self { subject: subject.into(), blocks: Vec::new() }
    }

    pub(super) fn text_block(mut self, text: impl Into<String>) -> Self {
        self.blocks.push(Block::Text(text.into()));
        self
    }

    pub(super) fn facts(mut self, facts: Vec<(&'static str, String)>) -> Self {
        self.blocks.push(Block::Facts(facts));
        self
    }

    pub(super) fn action(mut self, label: &'static str, url: String) -> Self {
        self.blocks.push(Block::Action { label, url });
        self
    }

    /// The text part: wrapped, with addresses on lines of their own, since some readers break what is wrapped.
    pub(super) fn text(&self, site: &Url) -> String {
        let blocks = self.blocks.iter().map(|block| match block {
            Block::Text(text) => wrap(text),
            Block::Facts(facts) => facts
                .iter()
                .map(|(name, value)| format!("{name}: {value}"))
                .collect::<Vec<_>>()
                .join("\n"),
            Block::Action { label, url } => format!("{label}:\n{url}"),
        });
        let heading = wrap(&self.subject);
        let footer = format!("-- \n{NAME}\n{}", address(site));
        std::iter::once(heading).chain(blocks).chain([footer]).collect::<Vec<_>>().join("\n\n")
            + "\n"
    }

    /// The HTML part. It sets no colours but the button's, so that a reader's dark mode stays dark.
    pub(super) fn html(&self, site: &Url) -> String {
        let document = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width,initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="supported-color-schemes" content="light dark";
                    title { (self.subject) }
                    style { ":root{color-scheme:light dark}" }
                }
                body style=(BODY) {
                    div style=(SHEET) {
                        h1 style=(HEADING) { (self.subject) }
                        @for block in &self.blocks { (html_of(block)) }
                        hr style=(RULE);
                        p style=(SMALL) { a href=(address(site)) style="color:inherit" { (NAME) } }
                    }
                }
            }
        };
        document.into_string()
    }
}

fn html_of(block: &Block) -> Markup {
    html! {
        @match block {
            Block::Text(text) => p style="margin:0 0 16px" { (text) },
            Block::Facts(facts) => {
                table role="presentation" style="border-collapse:collapse;margin:0 0 16px" {
                    @for (name, value) in facts { tr { th style=(TERM) { (name) } td { (value) } } }
                }
            },
            Block::Action { label, url } => {
                p style="margin:24px 0 8px" { a href=(url) style=(BUTTON) { (label) } }
                p style=(SMALL) { "Or copy this address: " span style="word-break:break-all" { (url) } }
            },
        }
    }
}

fn address(site: &Url) -> &str {
    site.as_str().trim_end_matches('/')
}

/// Breaks a paragraph at spaces; a word longer than a line stays whole.
fn wrap(text: &str) -> String {
    let mut wrapped = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        match column {
            0 => {}
            _ if column + 1 + length > WIDTH => {
                wrapped.push('\n');
                column = 0;
            }
            _ => {
                wrapped.push(' ');
                column += 1;
            }
        }
        wrapped.push_str(word);
        column += length;
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> Letter {
        Letter::new("Set a new password")
            .text_block("Somebody, probably you, asked for a new password for the account with this address & more.")
            .facts(vec![("Plan", "Pro".to_owned()), ("Price", "20.00 USD a month".to_owned())])
            .action("Set a new password", "http://localhost:3000/reset-password?token=abc&x=1".to_owned())
    }

    #[test]
    fn the_text_is_wrapped_and_its_addresses_are_whole() {
        let site = Url::parse("http://localhost:3000").unwrap();
        let expected = "Set a new password\n\n\
            Somebody, probably you, asked for a new password for the account with\n\
            this address & more.\n\n\
            Plan: Pro\nPrice: 20.00 USD a month\n\n\
            Set a new password:\nhttp://localhost:3000/reset-password?token=abc&x=1\n\n\
            -- \nInner Circle\nhttp://localhost:3000\n";
        assert_eq!(letter().text(&site), expected);
    }

    #[test]
    fn the_html_says_the_same_and_escapes_it() {
        let html = letter().html(&Url::parse("http://localhost:3000").unwrap());
        for part in [
            "this address &amp; more.",
            "href=\"http://localhost:3000/reset-password?token=abc&amp;x=1\"",
            "20.00 USD a month",
            "content=\"light dark\"",
        ] {
            assert!(html.contains(part), "{part} is missing in {html}");
        }
    }
}
