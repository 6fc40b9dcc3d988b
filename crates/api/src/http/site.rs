//! The single-page app's files, compiled into the binary (read from `dist/` in debug builds).
//!
//! File names carry a hash of their content, so they are cached for ever; the index and the service worker never are.
//! The index of each page has that page's title and, where plans are shown, the plans. Without a built app every page
//! says how to build it.

mod page;

use std::{
    borrow::Cow,
    collections::HashMap,
    io::Write,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        Method, StatusCode,
        header::{self, EntityTag},
    },
    web,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use rust_embed::{EmbeddedFile, RustEmbed};
use sha2::{Digest, Sha256};
use shared::{error::ErrorCode, paths, plans::Plan};

use super::{conditions::is_known, error::ApiError};
use crate::{
    catalog::{self, Catalog},
    db::Db,
};

#[derive(RustEmbed)]
#[folder = "$SITE_FOLDER"]
#[allow_missing = true]
struct Dist;

const NOT_BUILT: &str = include_str!("site_not_built.html");

/// Has no hash in its name: browsers ask for it again by this address.
const SERVICE_WORKER: &str = "/sw.js";

const FOR_EVER: &str = "public, max-age=31536000, immutable";
const REVALIDATED: &str = "no-cache";

/// Files smaller than this gain nothing from compression.
const WORTH_COMPRESSING: usize = 256;

/// The site, ready to serve.
pub struct Site {
    files: HashMap<String, Arc<File>>,
    index: Arc<File>,
    /// The index as it was last sent for each page, so that it is compressed once.
    filled: Mutex<HashMap<String, Arc<File>>>,
    /// What the index may load and run.
    policy: String,
}

struct File {
    content: web::Bytes,
    /// Filled in the background soon after the start.
    brotli: OnceLock<web::Bytes>,
    content_type: String,
    /// Of the content.
    hash: String,
}

impl File {
    fn new(path: &str, content: web::Bytes) -> Arc<Self> {
        let hash = Sha256::digest(&content);
        Self::with_hash(path, content, &hash)
    }

    fn with_hash(path: &str, content: web::Bytes, hash: &[u8]) -> Arc<Self> {
        let content_type = match mime_guess::from_path(path).first_or_octet_stream().to_string() {
            text if text.starts_with("text/") => format!("{text}; charset=utf-8"),
            other => other,
        };
        let hash = hex::encode(&hash[..12]);
        Arc::new(Self { content, brotli: OnceLock::new(), content_type, hash })
    }

    fn compress(&self) {
        if self.content.len() < WORTH_COMPRESSING || self.content_type.starts_with("image/png") {
            return;
        }
        let mut packed = Vec::new();
        // A window larger than the file only costs memory.
        let window = (self.content.len().ilog2() + 1).clamp(16, 22);
        let mut writer = brotli::CompressorWriter::new(&mut packed, 4096, 11, window);
        if writer.write_all(&self.content).is_ok() {
            drop(writer);
            let _ = self.brotli.set(packed.into());
        }
    }

    fn answer(
        &self,
        request: &HttpRequest,
        status: StatusCode,
        cache: &'static str,
    ) -> HttpResponse {
        let packed = self.brotli.get().filter(|_| {
            listed(request, header::ACCEPT_ENCODING).any(|coding| {
                let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
                name.trim() == "br" && weight.trim() != "q=0"
            })
        });
        // Another representation is another tag (RFC 9110, section 8.8.3).
        let etag = EntityTag::new_strong(match packed {
            Some(_) => format!("{}-br", self.hash),
            None => self.hash.clone(),
        });
        let mut response = HttpResponse::build(status);
        response
            .insert_header((header::CACHE_CONTROL, cache))
            .insert_header(header::ETag(etag.clone()))
            .insert_header((header::VARY, "Accept-Encoding"));
        if is_known(request, &etag) && status == StatusCode::OK {
            return response.status(StatusCode::NOT_MODIFIED).finish();
        }
        response.insert_header((header::CONTENT_TYPE, self.content_type.as_str()));
        match packed {
            Some(packed) => {
                response.insert_header((header::CONTENT_ENCODING, "br")).body(packed.clone())
            }
            None => response.body(self.content.clone()),
        }
    }
}

/// The items of a header that is a list.
fn listed(request: &HttpRequest, name: header::HeaderName) -> impl Iterator<Item = &str> {
    let value = request.headers().get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().split(',').map(str::trim).filter(|item| !item.is_empty())
}

impl Site {
    /// The files, loaded and compressed once however many servers run in this process.
    pub fn load() -> Arc<Self> {
        static SITE: OnceLock<Arc<Site>> = OnceLock::new();
        Arc::clone(SITE.get_or_init(|| Arc::new(Self::read())))
    }

    fn read() -> Self {
        let files: HashMap<_, _> = Dist::iter()
            .filter_map(|path| {
                let EmbeddedFile { data, metadata } = Dist::get(&path)?;
                // What is compiled in is served from where it lies.
                let content = match data {
                    Cow::Borrowed(data) => web::Bytes::from_static(data),
                    Cow::Owned(data) => data.into(),
                };
                let file = File::with_hash(&path, content, &metadata.sha256_hash());
                Some((format!("/{path}"), file))
            })
            .collect();
        let index = match files.get("/index.html") {
            Some(index) => Arc::clone(index),
            None => File::new("index.html", web::Bytes::from_static(NOT_BUILT.as_bytes())),
        };
        let policy = content_security_policy(&String::from_utf8_lossy(&index.content));
        let all: Vec<_> = files.values().cloned().collect();
        // Best compression takes a second for the WebAssembly; until then files go out as they are.
        std::thread::spawn(move || all.iter().for_each(|file| file.compress()));
        Self { files, index, filled: Mutex::default(), policy }
    }

    /// Whether the single-page app was built into this program.
    pub fn is_built(&self) -> bool {
        self.files.contains_key("/index.html")
    }

    fn page(&self, request: &HttpRequest, status: StatusCode, plans: &[Plan]) -> HttpResponse {
        let mut response =
            self.filled(page_path(request), plans).answer(request, status, REVALIDATED);
        if let Ok(policy) = header::HeaderValue::from_str(&self.policy) {
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    }

    /// The index of the page at `path`.
    fn filled(&self, path: &str, plans: &[Plan]) -> Arc<File> {
        let index = String::from_utf8_lossy(&self.index.content);
        let file = File::new("index.html", page::fill(&index, path, plans).into_bytes().into());
        // The others are as many as somebody asks for.
        if !paths::PAGES.contains(&path) {
            return file;
        }
        let mut filled = self.filled.lock().unwrap_or_else(PoisonError::into_inner);
        match filled.get(path) {
            Some(known) if known.hash == file.hash => Arc::clone(known),
            _ => {
                file.compress();
                filled.insert(path.to_owned(), Arc::clone(&file));
                file
            }
        }
    }
}

/// The path without a slash at its end.
fn page_path(request: &HttpRequest) -> &str {
    match request.path() {
        "/" => "/",
        path => path.trim_end_matches('/'),
    }
}

/// Any other GET: a file, a known page, or not found.
pub(super) async fn serve(
    request: HttpRequest,
    site: web::Data<Site>,
    catalog: web::Data<Catalog>,
    db: web::Data<Db>,
) -> Result<HttpResponse, ApiError> {
    let path = request.path();
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(ApiError::new(ErrorCode::MethodNotAllowed, "This address takes GET only."));
    }
    if ["/api", "/feeds", "/media"].iter().any(|root| {
        path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }) {
        return Err(ApiError::not_found());
    }
    if paths::is_page(path) {
        let plans = if page::shows_plans(page_path(&request)) {
            // A page without its plans is better than none: the app asks again.
            catalog::list_plans(&catalog, &db).await.map_or_else(|_| Vec::new(), |it| it.plans)
        } else {
            Vec::new()
        };
        return Ok(site.page(&request, StatusCode::OK, &plans));
    }
    match site.files.get(path).filter(|_| path != "/index.html") {
        Some(file) => {
            let cache = if path == SERVICE_WORKER { REVALIDATED } else { FOR_EVER };
            Ok(file.answer(&request, StatusCode::OK, cache))
        }
        None if path.rsplit('/').next().is_some_and(|name| name.contains('.')) => {
            Err(ApiError::not_found())
        }
        None => Ok(site.page(&request, StatusCode::NOT_FOUND, &[])),
    }
}

/// Everything from our own origin; of inline scripts exactly those that stand in the index.
fn content_security_policy(index: &str) -> String {
    let hashes: String = inline_scripts(index)
        .map(|script| format!(" 'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(script))))
        .collect();
    format!(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'{hashes}; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data: https:; media-src 'self' https:; object-src 'none'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'"
    )
}

fn inline_scripts(html: &str) -> impl Iterator<Item = &str> {
    html.split("<script").skip(1).filter_map(|rest| {
        let (attributes, rest) = rest.split_once('>')?;
        let (body, _) = rest.split_once("</script>")?;
        (!attributes.contains("src=")).then_some(body)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_inline_scripts_are_hashed() {
        let html = r#"<script src="/a.js"></script><script type="module">let a = 1;</script>"#;
        assert_eq!(inline_scripts(html).collect::<Vec<_>>(), ["let a = 1;"]);
    }
}
