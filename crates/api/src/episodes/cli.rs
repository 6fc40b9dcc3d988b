//! `circle feed` and `circle episode`.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, anyhow};
use clap::Args;
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};

use shared::episodes::Chapter;

use super::{
    Episode, Library, chapters,
    import::{ImportOptions, Imported, Opening, Progress, Reporter, Source},
    is_remote,
    publish::{EpisodeChange, NewEpisode},
};

/// Characters of a title in the table.
const TITLE_WIDTH: usize = 48;

/// Arguments of `circle feed import`.
#[derive(Clone, Debug, Args)]
pub struct ImportArgs {
    /// An http(s) address or a file; relative addresses in a file name files beside it
    source: String,
    #[command(flatten)]
    opening: OpeningArgs,
    /// Import even when the server says that nothing changed
    #[arg(long)]
    force: bool,
}

/// Arguments of `circle episode add`.
#[derive(Clone, Debug, Args)]
pub struct AddArgs {
    /// MP3, M4A, Ogg, Opus, FLAC, WAV or AAC; length and size are read from it
    audio: PathBuf,
    /// The title
    #[arg(long, value_parser = not_blank)]
    title: String,
    /// A sentence or two; the beginning of the notes when absent
    #[arg(long)]
    summary: Option<String>,
    /// A file with the show notes, HTML or plain text
    #[arg(long, value_name = "FILE")]
    notes: Option<PathBuf>,
    #[command(flatten)]
    opening: OpeningArgs,
    /// Hidden until then: 2026-12-01, "2026-12-01 06:00" (local time) or 2026-12-01T06:00:00Z
    #[arg(long, value_name = "TIME", value_parser = moment)]
    publish_at: Option<i64>,
    /// A file with one chapter a line, such as "12:30 The second half"
    #[arg(long, value_name = "FILE")]
    chapters: Option<PathBuf>,
    /// Its number; the next one when absent
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..1_000_000_000))]
    number: Option<i64>,
}

/// Arguments of `circle episode edit`.
#[derive(Clone, Debug, Args)]
pub struct EditArgs {
    /// Its number or id
    episode: String,
    /// Another audio file
    #[arg(long, value_name = "FILE")]
    audio: Option<PathBuf>,
    /// Another title
    #[arg(long, value_parser = not_blank)]
    title: Option<String>,
    /// Another summary
    #[arg(long)]
    summary: Option<String>,
    /// A file with other show notes, HTML or plain text
    #[arg(long, value_name = "FILE")]
    notes: Option<PathBuf>,
    #[command(flatten)]
    opening: OpeningArgs,
    /// Hidden until then: 2026-12-01, "2026-12-01 06:00" (local time) or 2026-12-01T06:00:00Z
    #[arg(long, value_name = "TIME", value_parser = moment)]
    publish_at: Option<i64>,
    /// A file with one chapter a line, such as "12:30 The second half"; an empty one removes them
    #[arg(long, value_name = "FILE")]
    chapters: Option<PathBuf>,
}

/// Arguments of `circle episode remove`.
#[derive(Clone, Debug, Args)]
pub struct RemoveArgs {
    /// Its number or id
    episode: String,
}

/// Who may listen.
#[derive(Clone, Debug, Args)]
pub struct OpeningArgs {
    /// The lowest plan that may listen
    #[arg(long, conflicts_with = "free")]
    plan: Option<String>,
    /// Everybody may listen
    #[arg(long)]
    free: bool,
}

impl OpeningArgs {
    fn named(self) -> Option<Opening> {
        if self.free { Some(Opening::Free) } else { self.plan.map(Opening::Plan) }
    }
}

/// Runs `circle feed import`.
///
/// # Errors
/// When nothing could be imported; nothing is changed then.
pub async fn import(args: ImportArgs, library: &Library) -> anyhow::Result<()> {
    let options = ImportOptions {
        opening: args.opening.named().unwrap_or_default(),
        unconditional: args.force,
    };
    let bar =
        ProgressBar::no_length().with_style(ProgressStyle::with_template("{spinner} {wide_msg}")?);
    bar.set_message("Fetching the feed");
    bar.enable_steady_tick(Duration::from_millis(120));
    let items =
        ProgressStyle::with_template("{spinner} {bar:32} {pos} of {len} episodes, {per_sec}")?;
    let imported =
        library.import(&Source::parse(&args.source), options, reporter(bar.clone(), items)).await;
    bar.finish_and_clear();
    print_import(&imported.with_context(|| format!("nothing imported from {}", args.source))?);
    Ok(())
}

fn reporter(bar: ProgressBar, items: ProgressStyle) -> Reporter {
    Arc::new(move |progress| match progress {
        Progress::Fetched(bytes, None) => {
            bar.set_message(format!("Fetching the feed: {}", HumanBytes(bytes)))
        }
        Progress::Fetched(bytes, Some(total)) => {
            bar.set_message(format!(
                "Fetching the feed: {} of {}",
                HumanBytes(bytes),
                HumanBytes(total)
            ));
        }
        Progress::Items(count) => {
            bar.set_style(items.clone());
            bar.set_length(count as u64);
        }
        Progress::Item => bar.inc(1),
    })
}

fn print_import(imported: &Imported) {
    if imported.not_modified {
        println!("The feed has not changed since the last import.");
        return;
    }
    for left_out in &imported.skipped {
        println!("skipped  {}: {}", left_out.item, left_out.reason);
    }
    for adjusted in &imported.adjusted {
        println!("changed  {}: {}", adjusted.item, adjusted.reason);
    }
    println!(
        "{}: {} added, {} updated, {} unchanged, {} skipped",
        imported.title,
        imported.added,
        imported.updated,
        imported.unchanged,
        imported.skipped.len()
    );
}

/// Runs `circle episode list`.
///
/// # Errors
/// When the database fails.
pub async fn list(library: &Library) -> anyhow::Result<()> {
    print!("{}", table(&library.list().await?, Timestamp::now().as_second()));
    Ok(())
}

/// Runs `circle episode add`.
///
/// # Errors
/// For a file that is no audio, a plan that is not there, a number that is taken; nothing is changed then.
pub async fn add(args: AddArgs, library: &Library) -> anyhow::Result<()> {
    say("Added", &library.add(args.try_into()?).await?);
    Ok(())
}

/// Runs `circle episode edit`.
///
/// # Errors
/// As for [`add`], and when there is no such episode; nothing is changed then.
pub async fn edit(args: EditArgs, library: &Library) -> anyhow::Result<()> {
    let episode = args.episode.clone();
    say("Changed", &library.edit(&episode, args.try_into()?).await?);
    Ok(())
}

/// Runs `circle episode remove`.
///
/// # Errors
/// When there is no such episode.
pub async fn remove(args: RemoveArgs, library: &Library) -> anyhow::Result<()> {
    say("Removed", &library.remove(&args.episode).await?);
    Ok(())
}

fn say(what: &str, episode: &Episode) {
    println!("{what} {}. {} ({})", episode.number, episode.title, episode.id);
}

impl TryFrom<AddArgs> for NewEpisode {
    type Error = anyhow::Error;

    fn try_from(args: AddArgs) -> anyhow::Result<Self> {
        Ok(Self {
            audio: args.audio,
            title: args.title,
            summary: args.summary,
            notes: args.notes.map(read_notes).transpose()?.unwrap_or_default(),
            opening: args.opening.named().unwrap_or_default(),
            published_at: args.publish_at,
            number: args.number,
            chapters: args.chapters.map(read_chapters).transpose()?.unwrap_or_default(),
        })
    }
}

impl TryFrom<EditArgs> for EpisodeChange {
    type Error = anyhow::Error;

    fn try_from(args: EditArgs) -> anyhow::Result<Self> {
        Ok(Self {
            audio: args.audio,
            title: args.title,
            summary: args.summary,
            notes: args.notes.map(read_notes).transpose()?,
            opening: args.opening.named(),
            published_at: args.publish_at,
            chapters: args.chapters.map(read_chapters).transpose()?,
        })
    }
}

fn read_notes(path: PathBuf) -> anyhow::Result<String> {
    std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}

fn read_chapters(path: PathBuf) -> anyhow::Result<Vec<Chapter>> {
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    chapters::from_lines(&text).with_context(|| path.display().to_string())
}

fn not_blank(text: &str) -> anyhow::Result<String> {
    let text = text.trim();
    if text.is_empty() { Err(anyhow!("must not be blank")) } else { Ok(text.to_owned()) }
}

/// Unix seconds of a point in time, or of a date or time of day on this machine's clock.
fn moment(text: &str) -> anyhow::Result<i64> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment.as_second());
    }
    let local = text.parse::<DateTime>().or_else(|_| text.parse::<Date>().map(DateTime::from));
    let local = local.map_err(|_| {
        anyhow!("expected 2026-12-01, \"2026-12-01 06:00\" or 2026-12-01T06:00:00Z")
    })?;
    Ok(local.to_zoned(TimeZone::system())?.timestamp().as_second())
}

/// The episodes in columns.
fn table(episodes: &[Episode], now: i64) -> String {
    if episodes.is_empty() {
        return "There are no episodes yet: circle episode add, or circle feed import.\n"
            .to_owned();
    }
    let head = ["NO", "TITLE", "PUBLISHED", "LENGTH", "OPENS WITH", "AUDIO"].map(str::to_owned);
    let rows: Vec<[String; 6]> =
        std::iter::once(head).chain(episodes.iter().map(|episode| row(episode, now))).collect();
    let widths: [usize; 6] = std::array::from_fn(|column| {
        rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)
    });
    let mut text = String::new();
    for [number, title, published, length, opens, audio] in &rows {
        let [w0, w1, w2, w3, w4, _] = widths;
        text += &format!(
            "{number:>w0$}  {title:w1$}  {published:w2$}  {length:>w3$}  {opens:w4$}  {audio}\n"
        );
    }
    text
}

fn row(episode: &Episode, now: i64) -> [String; 6] {
    let published = Timestamp::from_second(episode.published_at)
        .map(|moment| moment.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string())
        .unwrap_or_default();
    let hidden = if episode.published_at > now { " (hidden)" } else { "" };
    let size = match u64::try_from(episode.audio_size) {
        Ok(size) if size > 0 => HumanBytes(size).to_string(),
        _ => "size unknown".to_owned(),
    };
    let place = if is_remote(&episode.audio) { ", elsewhere" } else { "" };
    [
        episode.number.to_string(),
        cut(&episode.title),
        format!("{published}{hidden}"),
        format!("{}:{:02}", episode.duration / 60, episode.duration % 60),
        episode.required_plan.clone().unwrap_or_else(|| "free".to_owned()),
        format!("{}, {size}{place}", episode.audio_type),
    ]
}

pub(super) fn cut(title: &str) -> String {
    match title.char_indices().nth(TITLE_WIDTH) {
        Some((end, _)) => format!("{}…", title[..end].trim_end()),
        None => title.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_points_dates_or_times_of_day() {
        assert_eq!(moment("2026-12-01T06:00:00Z").unwrap(), 1_796_104_800);
        assert_eq!(moment("2026-12-01T07:00:00+01:00").unwrap(), 1_796_104_800);
        assert!(moment("2026-12-01").is_ok() && moment("2026-12-01 06:00").is_ok());
        for bad in ["", "tomorrow", "2026-13-01"] {
            assert!(moment(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn long_titles_are_cut_by_characters() {
        assert_eq!(cut("é".repeat(60).as_str()).chars().count(), TITLE_WIDTH + 1);
        assert_eq!(cut("Short"), "Short");
    }
}
