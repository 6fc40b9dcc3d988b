//! Audio files: what they are, and the folder they are kept in.

use std::{
    fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use lofty::{
    file::{AudioFile, FileType},
    probe::Probe,
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::bucket::{Bucket, BucketError};

/// Hexadecimal digits of the content's hash that name a file.
const NAME_LENGTH: usize = 32;

/// The folder with the audio. Files are named by their content, so that storing one twice is harmless and a
/// name never changes its meaning.
#[derive(Clone, Debug)]
pub struct MediaFolder {
    path: PathBuf,
    /// Where the files go in the end, when it is not here.
    bucket: Option<Bucket>,
}

/// Where audio is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A file of the media folder.
    File(PathBuf),
    /// An http(s) address elsewhere.
    Elsewhere(String),
}

/// A file in the folder, and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAudio {
    /// Its name in the folder.
    pub file: String,
    /// Its media type.
    pub media_type: &'static str,
    /// Bytes.
    pub size: i64,
    /// Seconds.
    pub duration: i64,
}

/// Why a file was not taken.
#[derive(Debug, thiserror::Error)]
pub enum AudioError {
    /// It cannot be read, or the folder cannot be written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Its bytes are no audio that podcast apps and browsers play.
    #[error("it is not an audio file (MP3, M4A, Ogg, Opus, FLAC, WAV or AAC)")]
    NotAudio,
}

impl MediaFolder {
    /// Uses `path`, made when absent.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        fs::create_dir_all(&path)?;
        Ok(Self { path, bucket: None })
    }

    /// Keeps the audio in a bucket; the folder is only where it passes through.
    #[must_use]
    pub fn with_bucket(self, bucket: Bucket) -> Self {
        Self { bucket: Some(bucket), ..self }
    }

    /// Copies audio into the folder. Nothing is left there when this fails.
    pub fn store(&self, source: &mut dyn Read) -> Result<StoredAudio, AudioError> {
        let part = self.path.join(format!(".{}.part", Uuid::new_v4().simple()));
        let stored = self.store_as(&part, source);
        if stored.is_err() {
            // The failure that is reported is the first one.
            let _ = fs::remove_file(&part);
        }
        stored
    }

    fn store_as(&self, part: &Path, source: &mut dyn Read) -> Result<StoredAudio, AudioError> {
        let (size, digest) = copy(part, source)?;
        let (media_type, extension, duration) = inspect(part)?;
        let file = format!("{}.{extension}", &hex::encode(digest)[..NAME_LENGTH]);
        fs::rename(part, self.path.join(&file))?;
        Ok(StoredAudio {
            file,
            media_type,
            size: i64::try_from(size).unwrap_or(i64::MAX),
            duration,
        })
    }

    /// Brings stored files to where listeners get them.
    ///
    /// # Errors
    /// When the bucket does not take one; those before it are there then.
    pub async fn publish(&self, files: &[String]) -> Result<(), BucketError> {
        let Some(bucket) = &self.bucket else { return Ok(()) };
        for file in files {
            let path = self.path.join(file);
            // A file that another episode has too was brought there by the first.
            if path.exists() {
                bucket.put(file, &path).await?;
                self.remove_local(file)?;
            }
        }
        Ok(())
    }

    /// Where listeners get a published file.
    pub fn place(&self, file: &str, media_type: &str) -> Place {
        match &self.bucket {
            None => Place::File(self.path.join(file)),
            Some(bucket) => Place::Elsewhere(bucket.signed_url(file, media_type)),
        }
    }

    /// Removes a file that nothing refers to any more.
    ///
    /// # Errors
    /// When the disk or the bucket fails.
    pub async fn remove(&self, file: &str) -> Result<(), BucketError> {
        self.remove_local(file)?;
        match &self.bucket {
            None => Ok(()),
            Some(bucket) => bucket.remove(file).await,
        }
    }

    fn remove_local(&self, file: &str) -> io::Result<()> {
        match fs::remove_file(self.path.join(file)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done,
        }
    }
}

fn copy(part: &Path, source: &mut dyn Read) -> io::Result<(u64, [u8; 32])> {
    let mut file = fs::File::create_new(part)?;
    let (mut hash, mut size, mut buffer) = (Sha256::new(), 0, vec![0; 64 * 1024]);
    loop {
        let read = match source.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hash.update(&buffer[..read]);
        file.write_all(&buffer[..read])?;
        size += read as u64;
    }
    file.sync_all()?;
    Ok((size, hash.finalize().into()))
}

/// The media type, the file name's ending and the whole seconds of an audio file.
fn inspect(path: &Path) -> Result<(&'static str, &'static str, i64), AudioError> {
    let probe = Probe::new(io::BufReader::new(fs::File::open(path)?)).guess_file_type()?;
    let (media_type, extension) = match probe.file_type() {
        Some(FileType::Mpeg) => ("audio/mpeg", "mp3"),
        Some(FileType::Mp4) => ("audio/x-m4a", "m4a"),
        Some(FileType::Vorbis | FileType::Speex) => ("audio/ogg", "ogg"),
        Some(FileType::Opus) => ("audio/ogg", "opus"),
        Some(FileType::Flac) => ("audio/flac", "flac"),
        Some(FileType::Wav) => ("audio/wav", "wav"),
        Some(FileType::Aac) => ("audio/aac", "aac"),
        _ => return Err(AudioError::NotAudio),
    };
    let audio = probe.read().map_err(|_| AudioError::NotAudio)?;
    let duration = audio.properties().duration();
    if duration.is_zero() {
        return Err(AudioError::NotAudio);
    }
    let seconds = i64::try_from((duration.as_millis() + 500) / 1000).unwrap_or(i64::MAX).max(1);
    Ok((media_type, extension, seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn storing_twice_keeps_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let media = MediaFolder::open(folder.path()).unwrap();
        let mp3 = include_bytes!("../../../../seed/audio/211-read-the-error-message.mp3");
        let first = media.store(&mut &mp3[..]).unwrap();
        assert_eq!(media.store(&mut &mp3[..]).unwrap(), first);
        assert_eq!(
            (first.media_type, first.size, first.duration),
            ("audio/mpeg", mp3.len() as i64, 21)
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        media.remove(&first.file).await.unwrap();
        media.remove(&first.file).await.unwrap();
    }

    #[test]
    fn what_is_no_audio_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let media = MediaFolder::open(folder.path()).unwrap();
        let mp3 = include_bytes!("../../../../seed/audio/211-read-the-error-message.mp3");
        for bytes in [&b""[..], b"hello, I am text", b"<html></html>", &mp3[..3]] {
            assert!(matches!(media.store(&mut &*bytes), Err(AudioError::NotAudio)), "{bytes:?}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
