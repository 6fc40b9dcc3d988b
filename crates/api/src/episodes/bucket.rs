//! Audio in an S3-compatible store. Listeners are redirected to addresses that the store opens for a few minutes;
//! who gets one is decided here, at every request.

use std::{fs::File, io::Read, path::Path, sync::Arc, time::Duration};

use futures_util::{Stream, stream};
use reqwest::{
    Body, Client, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};
use rusty_s3::{Credentials, S3Action, UrlStyle};
use url::Url;

use super::media::SIGNED_FOR;
use crate::secret::Secret;

/// For the connection, and between two pieces of a transfer.
const PATIENCE: Duration = Duration::from_secs(20);

/// Bytes that are read and sent at once.
const PIECE: usize = 256 * 1024;

/// A name that no audio has.
const PROBE: &str = "circle-doctor";

/// How Amazon's own endpoints end; they want the bucket's name in the host.
const AMAZON: &str = ".amazonaws.com";

/// Who signs requests, and with what.
#[derive(Clone, Copy, Debug)]
pub struct Signer<'a> {
    /// The key's name.
    pub access_key_id: &'a Secret,
    /// The key.
    pub secret_access_key: &'a Secret,
}

/// One bucket.
#[derive(Clone)]
pub struct Bucket(Arc<Inner>);

struct Inner {
    bucket: rusty_s3::Bucket,
    credentials: Credentials,
    http: Client,
}

/// What went wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    /// Its address and name make no bucket.
    #[error("no bucket can be addressed: {0}")]
    Address(#[from] rusty_s3::BucketError),
    /// A local file could not be read.
    #[error(transparent)]
    File(#[from] std::io::Error),
    /// It does not answer.
    #[error("the media store does not answer: {0}")]
    Unreachable(#[source] reqwest::Error),
    /// It refuses.
    #[error("the media store answers {status}: {answer}")]
    Refused {
        /// Its status.
        status: StatusCode,
        /// The beginning of what it says.
        answer: String,
    },
}

impl From<reqwest::Error> for BucketError {
    fn from(error: reqwest::Error) -> Self {
        // The address is signed: who reads it in a log could use it.
        Self::Unreachable(error.without_url())
    }
}

/// What [`Bucket::probe`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// It is there, and the key may read it.
    Readable,
    /// The key may not know which files are there, so that one which is not there is refused like one it may not read.
    Unlisted,
}

impl Bucket {
    /// The bucket `name` of the store at `endpoint`; requests are signed for `region`. Nothing is asked of it yet.
    ///
    /// # Errors
    /// [`BucketError::Address`] for an endpoint and a name that do not go together.
    pub fn new(
        endpoint: Url,
        name: String,
        region: String,
        signer: Signer<'_>,
    ) -> Result<Self, BucketError> {
        let host = endpoint.host_str().unwrap_or_default();
        let style = if host.ends_with(AMAZON) { UrlStyle::VirtualHost } else { UrlStyle::Path };
        let bucket = rusty_s3::Bucket::new(endpoint, style, name, region)?;
        let credentials =
            Credentials::new(signer.access_key_id.expose(), signer.secret_access_key.expose());
        let http = Client::builder().connect_timeout(PATIENCE).read_timeout(PATIENCE).build()?;
        Ok(Self(Arc::new(Inner { bucket, credentials, http })))
    }

    /// Asks for a file that is not there, which tells whether the bucket is and takes the key; nothing is written.
    ///
    /// # Errors
    /// [`BucketError`] when it does not.
    pub async fn probe(&self) -> Result<Probe, BucketError> {
        let Inner { bucket, credentials, http } = &*self.0;
        let get = bucket.get_object(Some(credentials), PROBE).sign(span(SIGNED_FOR));
        let answer = http.get(get).send().await?;
        let status = answer.status();
        if status.is_success() {
            return Ok(Probe::Readable);
        }
        let text = answer.text().await.unwrap_or_default();
        match status {
            StatusCode::NOT_FOUND if !text.contains("NoSuchBucket") => Ok(Probe::Readable),
            StatusCode::FORBIDDEN if text.contains("AccessDenied") => Ok(Probe::Unlisted),
            _ => Err(refused(status, &text)),
        }
    }

    /// An address from which everybody can fetch a file for 15 minutes.
    pub(super) fn signed_url(&self, file: &str, media_type: &str) -> String {
        let Inner { bucket, credentials, .. } = &*self.0;
        let mut get = bucket.get_object(Some(credentials), file);
        get.query_mut().insert("response-content-type", media_type.to_owned());
        get.query_mut().insert("response-cache-control", "private, no-store");
        get.sign(span(SIGNED_FOR)).into()
    }

    /// Copies a local file into the bucket, in place of what has the same name.
    pub(super) async fn put(&self, file: &str, path: &Path) -> Result<(), BucketError> {
        let Inner { bucket, credentials, http } = &*self.0;
        let local = File::open(path)?;
        let length = local.metadata()?.len();
        let media_type = mime_guess::from_path(path).first_or_octet_stream();
        let request = http
            .put(bucket.put_object(Some(credentials), file).sign(span(SIGNED_FOR)))
            .header(CONTENT_LENGTH, length)
            .header(CONTENT_TYPE, media_type.as_ref())
            .body(Body::wrap_stream(pieces(local)));
        accepted(request.send().await?).await
    }

    /// Removes a file; one that is not there is fine.
    pub(super) async fn remove(&self, file: &str) -> Result<(), BucketError> {
        let Inner { bucket, credentials, http } = &*self.0;
        let answer = http
            .delete(bucket.delete_object(Some(credentials), file).sign(span(SIGNED_FOR)))
            .send()
            .await?;
        match answer.status() {
            StatusCode::NOT_FOUND => Ok(()),
            _ => accepted(answer).await,
        }
    }
}

impl std::fmt::Debug for Bucket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Bucket").field(&self.0.bucket.base_url().as_str()).finish()
    }
}

fn span(seconds: i64) -> Duration {
    Duration::from_secs(seconds.unsigned_abs())
}

async fn accepted(answer: reqwest::Response) -> Result<(), BucketError> {
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    Err(refused(status, &answer.text().await.unwrap_or_default()))
}

fn refused(status: StatusCode, text: &str) -> BucketError {
    BucketError::Refused { status, answer: text.chars().take(300).collect() }
}

/// The file, piece by piece, so that a long episode does not have to fit into memory.
fn pieces(file: File) -> impl Stream<Item = Result<Vec<u8>, std::io::Error>> {
    stream::try_unfold(file, async |mut file| {
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = Vec::with_capacity(PIECE);
            (&mut file).take(PIECE as u64).read_to_end(&mut piece)?;
            Ok::<_, std::io::Error>((piece, file))
        });
        let (piece, file) = read.await.map_err(std::io::Error::other)??;
        Ok(if piece.is_empty() { None } else { Some((piece, file)) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(endpoint: &str) -> Bucket {
        let [id, key] = ["AKIAEXAMPLE", "hush"].map(|text| Secret::new(text).unwrap());
        let signer = Signer { access_key_id: &id, secret_access_key: &key };
        let (name, region) = ("media".to_owned(), "eu-central-1".to_owned());
        Bucket::new(endpoint.parse().unwrap(), name, region, signer).unwrap()
    }

    #[test]
    fn addresses_name_the_bucket_as_the_store_wants_it_and_tell_no_secret() {
        for (endpoint, begins) in [
            (
                "https://s3.eu-central-1.amazonaws.com",
                "https://media.s3.eu-central-1.amazonaws.com/a.mp3?",
            ),
            ("https://minio.example:9000", "https://minio.example:9000/media/a.mp3?"),
        ] {
            let url = bucket(endpoint).signed_url("a.mp3", "audio/mpeg");
            assert!(url.starts_with(begins), "{url}");
            assert!(
                url.contains("X-Amz-Expires=900")
                    && url.contains("response-content-type=audio%2Fmpeg"),
                "{url}"
            );
            assert!(!url.contains("hush"), "{url}");
        }
        assert!(!format!("{:?}", bucket("https://minio.example:9000")).contains("hush"));
    }
}
