//! Chapter files that a feed names beside its episodes, read for the episodes that have none yet.

use std::{collections::HashSet, io::Read};

use futures_util::{StreamExt, stream};
use reqwest::Client;
use shared::episodes::Chapter;

use super::{
    chapters, fetch,
    import::Beside,
    rss_read::{AudioAddress, Draft, Skipped},
};

/// Bytes of a chapter file at the most.
const FILE_LIMIT: usize = 1024 * 1024;

/// Files that are fetched at the same time.
const AT_ONCE: usize = 8;

/// Fills in the chapters of the drafts whose GUID is not among the `complete` ones; returns what could not be read.
pub(super) async fn read(
    drafts: &mut [Draft],
    complete: &HashSet<String>,
    beside: &Beside,
) -> Vec<Skipped> {
    let wanted = drafts
        .iter_mut()
        .filter(|draft| draft.chapters.is_empty() && !complete.contains(&draft.guid));
    let client = fetch::client().map_err(|error| error.to_string());
    let jobs = wanted.filter_map(|draft| Some((draft.chapters_at.clone()?, draft)));
    let done = stream::iter(jobs).map(async |(place, draft)| {
        match read_one(&client, &place, beside).await {
            Ok(chapters) => {
                draft.chapters = chapters;
                None
            }
            Err(reason) => Some(Skipped {
                item: draft.title.clone(),
                reason: format!("it comes without its chapters: {reason}"),
            }),
        }
    });
    done.buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await
}

async fn read_one(
    client: &Result<Client, String>,
    place: &AudioAddress,
    beside: &Beside,
) -> Result<Vec<Chapter>, String> {
    let json = match place {
        AudioAddress::Remote(url) => {
            fetch::small(client.as_ref().map_err(Clone::clone)?, url, FILE_LIMIT)
                .await
                .map_err(|error| error.to_string())?
        }
        AudioAddress::Beside(path) => {
            let mut json = Vec::new();
            let file = beside.open(path).map_err(|error| format!("{path}: {error}"))?;
            file.take(FILE_LIMIT as u64)
                .read_to_end(&mut json)
                .map_err(|error| format!("{path}: {error}"))?;
            json
        }
    };
    chapters::from_file(&json).map_err(|error| error.to_string())
}
