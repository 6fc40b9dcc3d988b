//! The list of episodes: what visitors and listeners see, and what opens to whom.

use std::path::PathBuf;

use api::{
    clock::Clock,
    episodes::{
        import::Opening,
        publish::{EpisodeChange, NewEpisode},
    },
};
use serde_json::{Value, json};
use shared::episodes::Chapter;

use crate::harness::TestApp;

/// The numbers of the episodes that are not locked.
fn open(episodes: &[Value]) -> Vec<i64> {
    let open = episodes.iter().filter(|episode| episode["locked"] == false);
    open.map(|episode| episode["number"].as_i64().unwrap()).collect()
}

fn seed_audio(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../seed/audio").join(name)
}

fn new_episode(title: &str) -> NewEpisode {
    NewEpisode {
        audio: seed_audio("211-read-the-error-message.mp3"),
        title: title.to_owned(),
        summary: None,
        notes: "<p>Notes<script>alert(1)</script></p>".to_owned(),
        opening: Opening::Default,
        published_at: None,
        number: None,
        chapters: Vec::new(),
    }
}

#[tokio::test]
async fn visitors_see_every_episode_and_may_play_what_is_free() {
    let app = TestApp::start().await;
    let episodes = app.episodes(None).await;
    assert_eq!(episodes.len(), 8);
    assert_eq!(episodes[0]["title"], "The database that fits in a file");
    assert_eq!(open(&episodes), [211, 209]);
    for episode in &episodes {
        let free = episode["required_plan"].is_null();
        assert_eq!(episode["locked"], !free, "{episode}");
        assert_eq!(episode["audio_url"].is_string(), free, "{episode}");
    }
    let url = episodes.iter().find_map(|episode| episode["audio_url"].as_str()).unwrap();
    assert_eq!(app.send(app.http.get(url)).await.status, 200);
}

#[tokio::test]
async fn a_plan_opens_its_episodes_and_those_of_the_plans_below() {
    let app = TestApp::start().await;
    for (plan, numbers) in [
        (None, &[211, 209][..]),
        (Some("starter"), &[214, 213, 211, 210, 209]),
        (Some("pro"), &[214, 213, 211, 210, 209, 208, 207]),
        (Some("enterprise"), &[214, 213, 212, 211, 210, 209, 208, 207]),
        (Some("retired"), &[211, 209]),
    ] {
        let email = format!("{}@example.com", plan.unwrap_or("nobody"));
        let listener = app.listener(&email, plan).await;
        assert_eq!(open(&app.episodes(Some(&listener.token)).await), numbers, "{plan:?}");
    }
}

#[tokio::test]
async fn pages_go_on_where_the_one_before_ended() {
    let app = TestApp::start().await;
    app.episodes(None).await;
    let numbers = async |query: &str| {
        let page = app.get(&format!("/api/episodes{query}")).await.expect(200);
        let episodes = page["episodes"].as_array().unwrap();
        let numbers: Vec<_> =
            episodes.iter().map(|episode| episode["number"].as_i64().unwrap()).collect();
        (numbers, page["has_more"].as_bool().unwrap())
    };
    assert_eq!(numbers("?limit=3").await, (vec![214, 213, 212], true));
    assert_eq!(numbers("?limit=3&before=212").await, (vec![211, 210, 209], true));
    assert_eq!(numbers("?limit=3&before=209").await, (vec![208, 207], false));
    assert_eq!(numbers("?before=207").await, (vec![], false));
    assert_eq!(numbers("?before=1").await, (vec![], false));

    app.library().await.remove("212").await.unwrap();
    assert_eq!(
        numbers("?limit=2&before=212").await,
        (vec![211, 210], true),
        "the page's end is gone"
    );
}

#[tokio::test]
async fn one_episode_has_its_notes_and_audio_only_for_whom_it_opens() {
    let app = TestApp::start().await;
    let listener = app.listener("ada@example.com", Some("starter")).await;
    let episodes = app.episodes(Some(&listener.token)).await;
    let path = |number: i64| {
        let episode = episodes.iter().find(|episode| episode["number"] == number).unwrap();
        format!("/api/episodes/{}", episode["id"].as_str().unwrap())
    };
    let open = app.get_as(&listener.token, &path(214)).await.expect(200);
    assert!(open["description_html"].as_str().unwrap().contains("<code>WAL</code>"), "{open}");
    assert!(open["audio_url"].is_string());
    let locked = app.get_as(&listener.token, &path(212)).await.expect(200);
    assert_eq!((&locked["locked"], &locked["audio_url"]), (&Value::Bool(true), &Value::Null));
    app.get("/api/episodes/ep_nope").await.expect_error(404, "not_found");
}

#[tokio::test]
async fn what_cannot_be_read_is_refused() {
    let app = TestApp::start().await;
    app.get_as("nonsense", "/api/episodes").await.expect_error(401, "unauthenticated");
    for query in ["?limit=many", "?before=x", "?before=99999999999999999999"] {
        app.get(&format!("/api/episodes{query}")).await.expect_error(400, "invalid_parameter");
    }
    app.post("/api/episodes", Value::Null).await.expect_error(405, "method_not_allowed");
}

#[tokio::test]
async fn an_episode_is_hidden_until_its_date() {
    let app = TestApp::start().await;
    app.episodes(None).await;
    let library = app.library().await;
    let tomorrow = Clock::default().wall() + 86_400;
    let hidden = NewEpisode { published_at: Some(tomorrow), ..new_episode("Not yet") };
    let added = library.add(hidden).await.unwrap();
    assert_eq!((added.number, added.duration, &*added.audio_type), (215, 21, "audio/mpeg"));
    assert_eq!(app.episodes(None).await.len(), 8);
    let path = format!("/api/episodes/{}", added.id);
    app.get(&path).await.expect_error(404, "not_found");

    let change = EpisodeChange {
        published_at: Some(Clock::default().wall()),
        opening: Some(Opening::Free),
        ..EpisodeChange::default()
    };
    library.edit("215", change).await.unwrap();
    let shown = app.get(&path).await.expect(200);
    assert_eq!((&shown["locked"], &shown["title"]), (&Value::Bool(false), &Value::from("Not yet")));
    assert_eq!(shown["description_html"], "<p>Notes</p>");
    assert_eq!(app.episodes(None).await[0]["number"], 215);
}

#[tokio::test]
async fn what_cannot_be_published_changes_nothing() {
    let app = TestApp::start().await;
    app.episodes(None).await;
    let library = app.library().await;
    let no_audio = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let plan = Opening::Plan("gold".to_owned());
    for (new, problem) in [
        (NewEpisode { audio: no_audio, ..new_episode("x") }, "it is not an audio file"),
        (NewEpisode { audio: "gone.mp3".into(), ..new_episode("x") }, "gone.mp3: No such file"),
        (NewEpisode { opening: plan, ..new_episode("x") }, "the catalog has no plan gold"),
        (NewEpisode { number: Some(214), ..new_episode("x") }, "episode 214 exists already"),
    ] {
        let error = library.add(new).await.unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
    let error = library.remove("999").await.unwrap_err().to_string();
    assert_eq!(error, "there is no episode 999");
    assert_eq!(library.list().await.unwrap().len(), 8);
    assert_eq!(std::fs::read_dir(app.data_dir().join("media")).unwrap().count(), 8);
}

#[tokio::test]
async fn a_restart_brings_no_episodes_back() {
    let app = TestApp::start().await;
    app.episodes(None).await;
    let library = app.library().await;
    library.remove("214").await.unwrap();
    let app = app.restart().await;
    assert_eq!(app.episodes(None).await[0]["number"], 213);
}

#[tokio::test]
async fn a_search_finds_every_word_in_title_summary_and_notes() {
    let app = TestApp::start().await;
    app.episodes(None).await;
    let library = app.library().await;
    let odd = NewEpisode {
        notes: "<p>Über <b>100_000</b> rows at 50% load, and C:\\temp.</p>".to_owned(),
        ..new_episode("Odd characters")
    };
    library.add(odd).await.unwrap();
    let found = async |query: &str| {
        let path = format!("/api/episodes?{query}");
        let page = app.get(&path).await.expect(200);
        let episodes = page["episodes"].as_array().unwrap().clone();
        episodes.iter().map(|episode| episode["number"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(found("q=queue+PROMISE").await, [208]);
    assert_eq!(found("q=%20wal%20").await, [214, 207], "WAL in the notes, and the wall clock");
    assert_eq!(found("q=queue+wal").await, [0_i64; 0]);
    assert_eq!(found("q=").await.len(), 9);
    for literal in ["100_000", "50%25", "%C3%9CBER", "c:%5Ctemp"] {
        assert_eq!(found(&format!("q={literal}")).await, [215], "{literal}");
    }
    for pattern in ["1%25_000", "100x000", "%25", "_", "%5C"] {
        let numbers = found(&format!("q={pattern}")).await;
        assert!(numbers.is_empty() || numbers == [215], "{pattern} is no pattern: {numbers:?}");
    }
    let changed =
        EpisodeChange { title: Some("Plain words".to_owned()), ..EpisodeChange::default() };
    library.edit("215", changed).await.unwrap();
    assert_eq!((found("q=plain").await, found("q=odd").await), (vec![215], vec![]));
}

#[tokio::test]
async fn chapters_are_shown_by_time_and_go_when_they_are_taken_away() {
    let app = TestApp::start().await;
    app.episodes(None).await;
    let library = app.library().await;
    let chapter = |start, title: &str| Chapter { start, title: title.to_owned() };
    let chapters = vec![chapter(0, "Intro"), chapter(9, "The end")];
    let added = NewEpisode { chapters, opening: Opening::Free, ..new_episode("In parts") };
    let id = library.add(added).await.unwrap().id;
    let path = format!("/api/episodes/{id}");
    let page = app.get(&path).await.expect(200);
    assert_eq!(
        page["chapters"],
        json!([{"start": 0, "title": "Intro"}, {"start": 9, "title": "The end"}])
    );
    let without = EpisodeChange { chapters: Some(Vec::new()), ..EpisodeChange::default() };
    library.edit(&id, without).await.unwrap();
    assert_eq!(app.get(&path).await.expect(200)["chapters"], Value::Null);
}
