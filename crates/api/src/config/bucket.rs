//! The settings of an S3-compatible store for the audio.

use url::Url;

use super::{
    ConfigError, SecretSource,
    settings::{Settings, text, web_url},
};
use crate::secret::Secret;

/// What most stores that are not Amazon's expect.
const REGION: &str = "us-east-1";

/// A bucket for the audio, and who may use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketSettings {
    /// The store's address.
    pub endpoint: Url,
    /// The bucket's name.
    pub name: String,
    /// The region that requests are signed for.
    pub region: String,
    /// Who signs.
    pub access_key_id: Secret,
    /// With what.
    pub secret_access_key: Secret,
}

/// The bucket, when one is named; nothing of it may be set without it.
pub(super) fn parse(
    settings: &Settings,
    secrets: &SecretSource,
) -> Result<Option<BucketSettings>, ConfigError> {
    let name = text("S3_BUCKET", &settings.s3_bucket)?;
    let endpoint = text("S3_ENDPOINT", &settings.s3_endpoint)?;
    let region = text("S3_REGION", &settings.s3_region)?;
    let access_key_id = secrets.get("S3_ACCESS_KEY_ID")?;
    let secret_access_key = secrets.get("S3_SECRET_ACCESS_KEY")?;
    let Some(name) = name else {
        let stray = [
            ("S3_ENDPOINT", endpoint.is_some()),
            ("S3_REGION", region.is_some()),
            ("S3_ACCESS_KEY_ID", access_key_id.is_some()),
            ("S3_SECRET_ACCESS_KEY", secret_access_key.is_some()),
        ];
        return match stray.into_iter().find(|(_, set)| *set) {
            None => Ok(None),
            Some((variable, _)) => Err(ConfigError::new(variable, "is set, but S3_BUCKET is not")),
        };
    };
    let missing = |variable| move || ConfigError::new(variable, "is not set, but S3_BUCKET is");
    Ok(Some(BucketSettings {
        endpoint: web_url("S3_ENDPOINT", endpoint.ok_or_else(missing("S3_ENDPOINT"))?)?,
        name: name.to_owned(),
        region: region.unwrap_or(REGION).to_owned(),
        access_key_id: access_key_id.ok_or_else(missing("S3_ACCESS_KEY_ID"))?,
        secret_access_key: secret_access_key.ok_or_else(missing("S3_SECRET_ACCESS_KEY"))?,
    }))
}
