//! Payloads at rest: deflated, since they are kept for a long time and are mostly keys.

use std::io::{Read, Write};

use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};

use crate::stripe::event::ParseError;

/// More than any body that is taken in inflates to.
const LIMIT: u64 = 8 * 1024 * 1024;

pub(super) fn deflate(body: &[u8]) -> Vec<u8> {
    // Two thirds of the time that the default level takes, for a tenth more bytes.
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(body.len() / 4), Compression::new(2));
    // Writing into memory does not fail.
    let _ = encoder.write_all(body);
    encoder.finish().unwrap_or_default()
}

pub(super) fn inflate(payload: &[u8]) -> Result<Vec<u8>, ParseError> {
    let mut body = Vec::new();
    let read = DeflateDecoder::new(payload).take(LIMIT).read_to_end(&mut body);
    read.map_err(serde_json::Error::io)?;
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_come_back_as_they_were() {
        let body = br#"{"id":"evt_1","object":"event"}"#.repeat(100);
        let kept = deflate(&body);
        assert!(kept.len() < body.len() / 10);
        assert_eq!(inflate(&kept).unwrap(), body);
        assert!(inflate(b"no deflate").is_err());
    }
}
