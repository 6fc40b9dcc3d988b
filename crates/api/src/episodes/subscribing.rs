//! Ways into a podcast app: a QR code for the phone, links that apps open by themselves. Pure.

use qrcode::{EcLevel, QrCode, render::svg};
use shared::episodes::{FeedAddress, FeedApp};
use url::form_urlencoded::byte_serialize;

/// Side of the picture at the least, in pixels.
const SIDE: u32 = 200;

/// A feed's address with everything that helps to bring it into an app.
pub(super) fn address(url: String) -> FeedAddress {
    FeedAddress { qr_svg: qr_code(&url), apps: apps(&url), url }
}

/// An SVG element; empty for an address too long for any code, which ours never is.
fn qr_code(url: &str) -> String {
    let Ok(code) = QrCode::with_error_correction_level(url, EcLevel::M) else {
        return String::new();
    };
    let document = code.render::<svg::Color<'_>>().min_dimensions(SIDE, SIDE).build();
    // Within a page, the declaration of a document has no place.
    document.find("<svg").map(|start| document[start..].to_owned()).unwrap_or_default()
}

/// The schemes are those that the apps document for adding a feed by its address.
fn apps(url: &str) -> Vec<FeedApp> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let encoded: String = byte_serialize(url.as_bytes()).collect();
    [
        ("Apple Podcasts", format!("podcast://{rest}")),
        ("Overcast", format!("overcast://x-callback-url/add?url={encoded}")),
        ("Pocket Casts", format!("pktc://subscribe/{rest}")),
    ]
    .map(|(name, url)| FeedApp { name: name.to_owned(), url })
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apps_are_given_the_address_in_their_own_schemes() {
        let address = address("https://pod.example/feeds/a-b_c.xml".to_owned());
        let urls: Vec<_> = address.apps.iter().map(|app| app.url.as_str()).collect();
        assert_eq!(
            urls,
            [
                "podcast://pod.example/feeds/a-b_c.xml",
                "overcast://x-callback-url/add?url=https%3A%2F%2Fpod.example%2Ffeeds%2Fa-b_c.xml",
                "pktc://subscribe/pod.example/feeds/a-b_c.xml",
            ]
        );
        assert!(address.qr_svg.starts_with("<svg") && address.qr_svg.ends_with("</svg>"));
    }
}
