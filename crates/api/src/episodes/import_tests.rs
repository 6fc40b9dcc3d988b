//! Imports into a real database and media folder.

use std::sync::Mutex;

use tempfile::TempDir;

use super::*;
use crate::{catalog, clock::Clock, db::DatabaseUrl, db::Db, episodes::Episode};

struct Podcast {
    library: Library,
    folder: TempDir,
}

impl Podcast {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&DatabaseUrl::Sqlite(folder.path().join("circle.db"))).await.unwrap();
        let media = MediaFolder::open(folder.path().join("media")).unwrap();
        let catalog = catalog::Catalog::parse(catalog::BUILT_IN).unwrap();
        Self { library: Library::new(db, Clock::default(), media, &catalog), folder }
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> Source {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        Source::File(path)
    }

    async fn import(&self, source: &Source, opening: Opening) -> Result<Imported, ImportError> {
        let options = ImportOptions { opening, unconditional: false };
        self.library.import(source, options, Arc::new(|_| ())).await
    }

    async fn episodes(&self) -> Vec<Episode> {
        self.library.list().await.unwrap()
    }

    fn media(&self) -> usize {
        fs::read_dir(self.folder.path().join("media")).unwrap().count()
    }
}

fn item(number: usize, fields: &str) -> String {
    let (day, hour) = (number / 24 % 28 + 1, number % 24);
    let year = 1990 + number / 672;
    format!(
        "<item><title>Episode {number}</title><guid>g{number}</guid>\
         <pubDate>{day} Jan {year} {hour:02}:00:00 GMT</pubDate>\
         <enclosure url=\"https://cdn.example/{number}.mp3\" length=\"1\" type=\"audio/mpeg\"/>{fields}</item>"
    )
}

fn feed(items: &str) -> String {
    format!(
        "<rss version=\"2.0\" xmlns:itunes=\"http://www.itunes.com/dtds/podcast-1.0.dtd\" \
         xmlns:circle=\"urn:inner-circle:feed:1\"><channel><title>Show</title>{items}</channel></rss>"
    )
}

fn counts(imported: &Imported) -> (usize, usize, usize, usize) {
    (imported.added, imported.updated, imported.unchanged, imported.skipped.len())
}

#[tokio::test]
async fn a_new_installation_starts_with_episodes_for_every_plan_and_for_everybody() {
    let podcast = Podcast::new().await;
    let seeded = podcast.library.seed().await.unwrap().unwrap();
    assert_eq!(counts(&seeded), (8, 0, 0, 0));
    assert_eq!(seeded.adjusted, []);
    let episodes = podcast.episodes().await;
    assert_eq!(episodes[0].title, "The database that fits in a file");
    assert_eq!(episodes[0].number, 214);
    assert!(episodes.is_sorted_by(|newer, older| newer.number > older.number));
    assert!(episodes.iter().all(|episode| episode.duration > 10 && episode.audio_size > 10_000));
    let opens =
        |plan: Option<&str>| episodes.iter().filter(|e| e.required_plan.as_deref() == plan).count();
    let plans = [None, Some("starter"), Some("pro"), Some("enterprise")];
    assert_eq!(plans.map(opens), [2, 3, 2, 1]);
    assert_eq!(podcast.media(), 8);
    assert_eq!(podcast.library.seed().await.unwrap(), None, "it seeds once");
}

#[tokio::test]
async fn an_installation_that_was_emptied_stays_empty() {
    let podcast = Podcast::new().await;
    podcast.library.seed().await.unwrap();
    for episode in podcast.episodes().await {
        podcast.library.remove(&episode.id).await.unwrap();
    }
    assert_eq!(podcast.library.seed().await.unwrap(), None);
    assert_eq!((podcast.episodes().await.len(), podcast.media()), (0, 0));
}

#[tokio::test]
async fn importing_again_updates_and_never_doubles() {
    let podcast = Podcast::new().await;
    let source = podcast.write("feed.xml", feed(&(item(1, "") + &item(2, ""))));
    assert_eq!(counts(&podcast.import(&source, Opening::Default).await.unwrap()), (2, 0, 0, 0));
    let before = podcast.episodes().await;
    assert_eq!(counts(&podcast.import(&source, Opening::Default).await.unwrap()), (0, 0, 2, 0));
    assert_eq!(podcast.episodes().await, before);

    let changed = feed(&(item(1, "").replace("Episode 1", "Better") + &item(2, "") + &item(3, "")));
    let source = podcast.write("feed.xml", changed);
    assert_eq!(counts(&podcast.import(&source, Opening::Default).await.unwrap()), (1, 1, 1, 0));
    let after = podcast.episodes().await;
    let titles: Vec<_> = after.iter().map(|episode| (episode.number, &*episode.title)).collect();
    assert_eq!(titles, [(3, "Episode 3"), (2, "Episode 2"), (1, "Better")]);
    assert_eq!(after[2].id, before[1].id);
}

#[tokio::test]
async fn the_plan_comes_from_the_item_then_the_option_then_the_catalog() {
    let podcast = Podcast::new().await;
    let items = item(1, "")
        + &item(2, "<circle:plan>free</circle:plan>")
        + &item(3, "<circle:plan>gold</circle:plan>");
    let source = podcast.write("feed.xml", feed(&items));
    let plans = async || {
        let mut episodes = podcast.episodes().await;
        episodes.reverse();
        episodes
            .into_iter()
            .map(|episode| episode.required_plan.unwrap_or("free".into()))
            .collect::<Vec<_>>()
    };
    let imported = podcast.import(&source, Opening::Default).await.unwrap();
    assert_eq!(plans().await, ["starter", "free", "enterprise"]);
    assert_eq!(
        imported.adjusted[0].reason,
        "the catalog has no plan gold, so it asks for enterprise"
    );
    podcast.import(&source, Opening::Plan("pro".into())).await.unwrap();
    assert_eq!(plans().await, ["pro", "free", "enterprise"]);
    podcast.import(&source, Opening::Default).await.unwrap();
    assert_eq!(plans().await, ["pro", "free", "enterprise"], "what is known keeps its plan");
    let error = podcast.import(&source, Opening::Plan("gold".into())).await.unwrap_err();
    assert_eq!(error.to_string(), "the catalog has no plan gold; it has starter, pro, enterprise");
}

#[tokio::test]
async fn numbers_follow_the_order_of_publication() {
    let podcast = Podcast::new().await;
    let items = item(5, "<itunes:episode>40</itunes:episode>")
        + &item(3, "")
        + &item(4, "<itunes:episode>1</itunes:episode>")
        + &item(6, "");
    podcast.import(&podcast.write("feed.xml", feed(&items)), Opening::Default).await.unwrap();
    let episodes = podcast.episodes().await;
    let numbers: Vec<_> =
        episodes.iter().map(|episode| (&*episode.title, episode.number)).collect();
    assert_eq!(numbers, [("Episode 6", 41), ("Episode 5", 40), ("Episode 4", 2), ("Episode 3", 1)]);
}

#[tokio::test]
async fn files_beside_a_feed_come_along_and_no_others() {
    let podcast = Podcast::new().await;
    let mp3 = include_bytes!("../../../../seed/audio/211-read-the-error-message.mp3");
    podcast.write("secret.mp3", mp3);
    podcast.write("show/a.mp3", mp3);
    podcast.write("show/text.mp3", "no audio");
    let beside = |number, path: &str| {
        item(number, "").replace(&format!("https://cdn.example/{number}.mp3"), path)
    };
    let items = beside(1, "a.mp3")
        + &beside(2, "../secret.mp3")
        + &beside(3, "text.mp3")
        + &beside(4, "gone.mp3");
    let source = podcast.write("show/feed.xml", feed(&items));
    let imported = podcast.import(&source, Opening::Default).await.unwrap();
    assert_eq!(counts(&imported), (1, 0, 0, 3));
    assert_eq!(
        imported.skipped[0].reason,
        "its audio ../secret.mp3: it is outside the feed's folder"
    );
    assert_eq!(podcast.media(), 1);
    let [episode] = podcast.episodes().await.try_into().unwrap();
    assert_eq!((episode.duration, episode.audio_size), (21, mp3.len() as i64));
}

#[tokio::test]
async fn what_is_no_feed_imports_nothing_and_says_why() {
    let podcast = Podcast::new().await;
    let html = podcast.write("page.html", "<html><body>Not here</body></html>");
    let error = podcast.import(&html, Opening::Default).await.unwrap_err().to_string();
    assert!(error.starts_with("this is not an RSS 2.0 feed"), "{error}");
    let gone = Source::File(podcast.folder.path().join("gone.xml"));
    let error = podcast.import(&gone, Opening::Default).await.unwrap_err().to_string();
    assert!(error.contains("gone.xml: No such file"), "{error}");
    let unreachable = Source::parse("http://127.0.0.1:9/feed.xml");
    let error = podcast.import(&unreachable, Opening::Default).await.unwrap_err().to_string();
    assert!(error.starts_with("cannot fetch http://127.0.0.1:9/feed.xml: "), "{error}");
    assert_eq!(podcast.episodes().await, []);
    assert!(podcast.library.seed().await.unwrap().is_some(), "a failed import leaves no trace");
}

#[tokio::test]
async fn five_thousand_items_report_each_and_take_seconds() {
    let podcast = Podcast::new().await;
    let notes = "<description><![CDATA[<p>Some <b>notes</b> with <a href=\"https://x.example\">a link</a>.</p>]]></description>";
    let items: String = (0..5000).map(|number| item(number, notes)).collect();
    let source = podcast.write("feed.xml", feed(&items));
    let seen = Arc::new(Mutex::new(0));
    let reporter: Reporter = {
        let seen = Arc::clone(&seen);
        Arc::new(move |progress| *seen.lock().unwrap() += usize::from(progress == Progress::Item))
    };
    let began = std::time::Instant::now();
    let imported =
        podcast.library.import(&source, ImportOptions::default(), reporter).await.unwrap();
    assert_eq!((imported.added, *seen.lock().unwrap()), (5000, 5000));
    assert!(began.elapsed() < std::time::Duration::from_secs(10), "{:?}", began.elapsed());
}
