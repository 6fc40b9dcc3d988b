//! The frame of every page: head, sandbox banner, main, footer.

use std::sync::LazyLock;

use maud::{DOCTYPE, Markup, html};
use sha2::{Digest, Sha256};

/// The style sheet, served under [`style_path`].
pub(super) const STYLE: &str = include_str!("assets/page.css");
/// The script, served under [`script_path`]. Every page works without it.
pub(super) const SCRIPT: &str = include_str!("assets/page.js");
/// The icon of the tab: a flask, so that the tab cannot be taken for the real thing either.
pub(super) const ICON: &str = include_str!("assets/icon.svg");
/// Where [`ICON`] is served.
pub(super) const ICON_PATH: &str = "/assets/sandbox.svg";

/// The style sheet's path, which changes with its content so that it may be cached for ever.
pub(super) fn style_path() -> &'static str {
    static PATH: LazyLock<String> =
        LazyLock::new(|| format!("/assets/page-{}.css", fingerprint(STYLE)));
    &PATH
}

/// The script's path, as [`style_path`].
pub(super) fn script_path() -> &'static str {
    static PATH: LazyLock<String> =
        LazyLock::new(|| format!("/assets/page-{}.js", fingerprint(SCRIPT)));
    &PATH
}

fn fingerprint(content: &str) -> String {
    hex::encode(&Sha256::digest(content.as_bytes())[..6])
}

/// How wide a page is and how it is divided.
#[derive(Clone, Copy)]
pub(super) enum Frame {
    /// One short matter: a challenge, a confirmation, an error.
    Narrow,
    /// A column of sections: the portal, an invoice.
    Column,
    /// Two halves: what is bought and how it is paid.
    Pay,
    /// Lists and what they lead to: the dashboard.
    Wide,
}

/// A link of the footer: text and address.
pub(super) type FooterLink<'a> = (&'a str, &'a str);

/// A whole document around `body`, which brings the page's `h1`.
pub(super) fn page(
    title: &str,
    frame: Frame,
    footer_links: &[FooterLink<'_>],
    body: Markup,
) -> Markup {
    let frame = match frame {
        Frame::Narrow => "narrow",
        Frame::Column => "column",
        Frame::Pay => "pay",
        Frame::Wide => "wide",
    };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title) " · Sandbox" }
                link rel="icon" type="image/svg+xml" href=(ICON_PATH);
                link rel="stylesheet" href=(style_path());
                script src=(script_path()) defer {}
            }
            body {
                header.sandbox { b { "Sandbox" } " — no real money moves. This page is not Stripe." }
                main class=(frame) { (body) }
                footer {
                    @if !footer_links.is_empty() {
                        ul {
                            @for (text, address) in footer_links {
                                li { a href=(address) rel="noreferrer" { (text) } }
                            }
                        }
                    }
                    p { "Use test cards and accounts only. Never type a real number here." }
                }
            }
        }
    }
}

/// The business's name behind the first letter of it.
pub(super) fn business(name: &str) -> Markup {
    html! {
        p.business { (monogram(name, "monogram")) span { (name) } }
    }
}

/// The first letter of a name, for places where a picture would stand.
pub(super) fn monogram(name: &str, class: &str) -> Markup {
    let letter = name.chars().find(|c| c.is_alphanumeric()).map(|c| c.to_uppercase().to_string());
    html! { span class=(class) aria-hidden="true" { (letter.unwrap_or_default()) } }
}

/// A link that leads back, with an arrow that is not read out.
pub(super) fn back_link(text: &str, address: &str) -> Markup {
    html! { a.back href=(address) rel="noreferrer" { span aria-hidden="true" { "←" } " " (text) } }
}

/// A page that says one thing: what happened, what it means, where to go.
pub(super) fn message(title: &str, text: &str, way_on: Option<FooterLink<'_>>) -> Markup {
    let body = html! {
        div.card.stack {
            h1 { (title) }
            p.soft { (text) }
            @if let Some((label, address)) = way_on {
                div.row { a.btn href=(address) rel="noreferrer" { (label) } }
            }
        }
    };
    page(title, Frame::Narrow, &[], body)
}

/// A green tick in a disc, for pages on which something has just succeeded.
pub(super) fn seal() -> Markup {
    html! {
        span.seal aria-hidden="true" {
            svg width="24" height="24" viewBox="0 0 14 14" fill="none" stroke="currentColor" stroke-width="1.6"
                stroke-linecap="round" stroke-linejoin="round" { path d="m2.5 7.5 3 3L11.5 4"; }
        }
    }
}
