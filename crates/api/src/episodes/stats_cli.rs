//! `circle stats`.

use clap::Args;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{Library, cli::cut, statistics::Statistics};

/// Columns of the longest bar.
const BAR: i64 = 40;

/// Arguments of `circle stats`.
#[derive(Clone, Debug, Args)]
pub struct StatsArgs {
    /// How many days, today included
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(i64).range(1..=366))]
    days: i64,
}

/// Runs `circle stats`.
///
/// # Errors
/// When the database fails.
pub async fn show(args: &StatsArgs, library: &Library) -> anyhow::Result<()> {
    print!("{}", render(&library.statistics(args.days).await?));
    Ok(())
}

/// A table of the episodes and a chart of the days.
fn render(statistics: &Statistics) -> String {
    let days = statistics.days.len();
    let mut text =
        format!("{:>5}  {:<49}  {:>9}  {:>9}\n", "NO", "TITLE", format!("{days} DAYS"), "EVER");
    for episode in &statistics.episodes {
        let title = cut(&episode.title);
        text += &format!(
            "{:>5}  {title:<49}  {:>9}  {:>9}\n",
            episode.number, episode.in_span, episode.total
        );
    }
    let total: i64 = statistics.days.iter().map(|(_, count)| count).sum();
    let most = statistics.days.iter().map(|(_, count)| *count).max().unwrap_or(0);
    text +=
        &format!("\n{total} downloads in {days} days, {} by private feeds\n\n", statistics.by_feed);
    for (day, count) in &statistics.days {
        text += &format!("{}  {:<40} {count}\n", date(*day), bar(*count, most));
    }
    text
}

/// A bar as long as its part of the most; a day with any has at least one column.
fn bar(count: i64, most: i64) -> String {
    let columns = if count == 0 { 0 } else { (count * BAR / most).max(1) };
    "█".repeat(usize::try_from(columns).unwrap_or(0))
}

fn date(day: i64) -> String {
    let moment = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * day);
    moment.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::episodes::statistics::EpisodeDownloads;

    #[test]
    fn bars_are_drawn_to_the_scale_of_the_busiest_day() {
        let episode =
            EpisodeDownloads { number: 7, title: "Seven".to_owned(), in_span: 81, total: 99 };
        let days = vec![(20_000, 0), (20_001, 1), (20_002, 80)];
        let text = render(&Statistics { episodes: vec![episode], days, by_feed: 12 });
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[1].contains("Seven") && lines[1].ends_with("81         99"), "{text}");
        assert_eq!(lines[3], "81 downloads in 3 days, 12 by private feeds");
        let bars: Vec<_> = lines[5..].iter().map(|line| line.matches('█').count()).collect();
        assert_eq!(bars, [0, 1, 40], "{text}");
        assert!(lines[5].starts_with("2024-10-04") && lines[7].ends_with(" 80"), "{text}");
    }
}
