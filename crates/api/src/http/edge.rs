//! The way between browsers and this server: whose address counts, and which pages may send the cookie.

use std::{
    future::{Ready, ready},
    net::IpAddr,
};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{HOST, HeaderMap, HeaderName, ORIGIN, USER_AGENT},
    web,
};
use ipnet::IpNet;
use shared::error::ErrorCode;
use url::Url;

use super::error::ApiError;
use crate::account::Visitor;

/// What the settings say of the way here.
#[derive(Clone, Debug)]
pub struct Edge {
    /// Where browsers reach the site.
    pub public_url: Url,
    /// Origins of pages elsewhere that may call the API.
    pub cors_origins: Vec<String>,
    /// Networks whose `Forwarded` and `X-Forwarded-For` count.
    pub trusted_proxies: Vec<IpNet>,
}

impl Edge {
    /// Whether cookies may travel by TLS alone.
    pub(super) fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
    }

    /// Whether a page of this origin may open or refresh a session.
    fn admits(&self, origin: &str, host: &str) -> bool {
        let same_host =
            Url::parse(origin).is_ok_and(|origin| origin.has_host() && origin.authority() == host);
        same_host
            || origin == self.public_url.origin().ascii_serialization()
            || self.cors_origins.iter().any(|allowed| allowed == origin)
    }

    /// The nearest address that no trusted proxy has.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let forwarded = self.walk(peer, &forwarded_for(headers));
        let x_forwarded = self.walk(peer, &x_forwarded_for(headers));
        match (headers.contains_key("forwarded"), headers.contains_key("x-forwarded-for")) {
            (true, false) => forwarded,
            (false, true) => x_forwarded,
            (true, true) if forwarded == x_forwarded => forwarded,
            // A proxy writes one of the two and may pass a client's own other one on: neither can be believed.
            _ => peer,
        }
    }

    /// From the peer back through the hops, for as long as each is a proxy that is trusted.
    fn walk(&self, peer: IpAddr, hops: &[Option<IpAddr>]) -> IpAddr {
        let trusted =
            |address: &IpAddr| self.trusted_proxies.iter().any(|network| network.contains(address));
        let mut nearest = peer.to_canonical();
        for hop in hops.iter().rev() {
            match hop {
                Some(hop) if trusted(&nearest) => nearest = hop.to_canonical(),
                _ => break,
            }
        }
        nearest
    }
}

/// The addresses of `X-Forwarded-For`, the client's first.
fn x_forwarded_for(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    elements(headers, "x-forwarded-for").map(|element| node(&element)).collect()
}

/// The `for` of each element of `Forwarded` (RFC 7239, section 4), the client's first.
fn forwarded_for(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    elements(headers, "forwarded")
        .map(|element| {
            let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
            pairs
                .find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))
                .and_then(|(_, value)| node(value))
        })
        .collect()
}

fn elements(headers: &HeaderMap, name: &'static str) -> impl Iterator<Item = String> {
    let values =
        headers.get_all(HeaderName::from_static(name)).filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',').map(str::to_owned).collect::<Vec<_>>())
}

/// An address, with or without quotes, brackets and a port; `None` for `unknown` and made-up names.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    if let Some(bracketed) = text.strip_prefix('[') {
        return bracketed.split_once(']')?.0.parse().ok();
    }
    text.parse().ok().or_else(|| text.split_once(':')?.0.parse().ok())
}

fn header<'a>(request: &'a HttpRequest, name: &HeaderName) -> &'a str {
    request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn edge(request: &HttpRequest) -> Result<&Edge, ApiError> {
    let missing = || ApiError::internal(anyhow::anyhow!("the edge is not set up"));
    request.app_data::<web::Data<Edge>>().map(|edge| edge.get_ref()).ok_or_else(missing)
}

impl FromRequest for Visitor {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(edge(request).and_then(|edge| {
            let unknown =
                || ApiError::internal(anyhow::anyhow!("the connection has no peer address"));
            let peer = request.peer_addr().ok_or_else(unknown)?.ip();
            let user_agent = header(request, &USER_AGENT).to_owned();
            Ok(Self { address: edge.client(peer, request.headers()), user_agent })
        }))
    }
}

/// The request comes from one of our own pages, or from no page at all.
///
/// `SameSite` keeps the cookie from other sites, but not from other ports of the same host; and no cookie is
/// needed to log a listener in to somebody else's account.
pub(super) struct OwnPage;

impl FromRequest for OwnPage {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let origin = header(request, &ORIGIN);
        // Behind the development proxy the browser alone knows that page and API are one origin to it.
        let browser_vouches =
            header(request, &HeaderName::from_static("sec-fetch-site")) == "same-origin";
        let host = header(request, &HOST);
        ready(edge(request).and_then(|edge| {
            if origin.is_empty() || browser_vouches || edge.admits(origin, host) {
                Ok(Self)
            } else {
                Err(ApiError::new(ErrorCode::Forbidden, "Pages of another origin may not do this."))
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn edge() -> Edge {
        Edge {
            public_url: Url::parse("https://circle.example").unwrap(),
            cors_origins: vec!["https://app.circle.example".to_owned()],
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()],
        }
    }

    #[test]
    fn proxies_are_believed_only_when_trusted() {
        for (peer, headers, expected) in [
            ("203.0.113.7", vec![], "203.0.113.7"),
            ("203.0.113.7", vec![("x-forwarded-for", "192.0.2.1")], "203.0.113.7"),
            ("10.0.0.1", vec![], "10.0.0.1"),
            ("10.0.0.1", vec![("x-forwarded-for", "192.0.2.1")], "192.0.2.1"),
            ("::ffff:10.0.0.1", vec![("x-forwarded-for", "192.0.2.1")], "192.0.2.1"),
            (
                "10.0.0.1",
                vec![("x-forwarded-for", "198.51.100.9, 192.0.2.1, 10.0.0.2")],
                "192.0.2.1",
            ),
            (
                "10.0.0.1",
                vec![("x-forwarded-for", "198.51.100.9"), ("x-forwarded-for", "192.0.2.1")],
                "192.0.2.1",
            ),
            ("10.0.0.1", vec![("x-forwarded-for", "unknown, 10.0.0.2")], "10.0.0.2"),
            ("10.0.0.1", vec![("x-forwarded-for", "192.0.2.1:4711")], "192.0.2.1"),
            (
                "2001:db8::1",
                vec![("forwarded", "for=192.0.2.1;proto=https, for=\"[2001:db8::2]:80\"")],
                "192.0.2.1",
            ),
            ("10.0.0.1", vec![("forwarded", "For=\"[2620:0:1::5]\"")], "2620:0:1::5"),
            ("10.0.0.1", vec![("forwarded", "for=_hidden")], "10.0.0.1"),
            (
                "10.0.0.1",
                vec![("forwarded", "for=192.0.2.1"), ("x-forwarded-for", "192.0.2.1")],
                "192.0.2.1",
            ),
            (
                "10.0.0.1",
                vec![("forwarded", "for=192.0.2.6"), ("x-forwarded-for", "192.0.2.1")],
                "10.0.0.1",
            ),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in &headers {
                map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            let client = edge().client(peer.parse().unwrap(), &map);
            assert_eq!(client, expected.parse::<IpAddr>().unwrap(), "{peer} {headers:?}");
        }
    }

    #[test]
    fn only_our_own_origins_are_admitted() {
        for (origin, host, expected) in [
            ("https://circle.example", "127.0.0.1:3000", true),
            ("https://app.circle.example", "127.0.0.1:3000", true),
            ("http://127.0.0.1:3000", "127.0.0.1:3000", true),
            ("http://127.0.0.1:8080", "127.0.0.1:3000", false),
            ("http://circle.example", "127.0.0.1:3000", false),
            ("https://circle.example.evil.example", "circle.example", false),
            ("https://evil.example", "circle.example", false),
            ("null", "circle.example", false),
            ("file://", "", false),
        ] {
            assert_eq!(edge().admits(origin, host), expected, "{origin} at {host}");
        }
    }
}
