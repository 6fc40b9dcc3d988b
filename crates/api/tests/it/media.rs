//! Audio addresses: whom they let in, for how long, and the parts of HTTP that players need.

use serde_json::Value;

use crate::harness::{Answer, Listener, PATIENCE, TestApp};

/// A starter listener and the address of a starter episode.
async fn starter(app: &TestApp) -> (Listener, String) {
    let listener = app.listener("ada@example.com", Some("starter")).await;
    let episodes = app.episodes(Some(&listener.token)).await;
    (listener, audio_url(&episodes, 213))
}

fn audio_url(episodes: &[Value], number: i64) -> String {
    let episode = episodes.iter().find(|episode| episode["number"] == number).unwrap();
    episode["audio_url"].as_str().unwrap().to_owned()
}

async fn get(app: &TestApp, url: &str, headers: &[(&str, &str)]) -> Answer {
    let request = headers
        .iter()
        .fold(app.http.get(url), |request, (name, value)| request.header(*name, *value));
    app.send(request).await
}

#[tokio::test]
async fn a_signed_address_gives_the_whole_audio_and_nobody_keeps_it() {
    let app = TestApp::start().await;
    let (listener, url) = starter(&app).await;
    let answer = get(&app, &url, &[]).await;
    assert_eq!((answer.status, answer.body.len()), (200, 144_000));
    for (name, value) in [
        ("content-type", "audio/mpeg"),
        ("accept-ranges", "bytes"),
        ("cache-control", "private, no-store"),
        ("x-content-type-options", "nosniff"),
        ("x-robots-tag", "noindex, nofollow"),
        ("content-encoding", ""),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    let m4a = audio_url(&app.episodes(Some(&listener.token)).await, 210);
    assert_eq!(get(&app, &m4a, &[]).await.header("content-type"), "audio/x-m4a");
}

#[tokio::test]
async fn ranges_are_answered_in_part() {
    let app = TestApp::start().await;
    let (_, url) = starter(&app).await;
    let whole = get(&app, &url, &[]).await.body;
    for (range, content_range, part) in [
        ("bytes=0-99", "bytes 0-99/144000", &whole[..100]),
        ("bytes=143990-", "bytes 143990-143999/144000", &whole[143_990..]),
        ("bytes=-10", "bytes 143990-143999/144000", &whole[143_990..]),
        ("bytes=143999-999999", "bytes 143999-143999/144000", &whole[143_999..]),
    ] {
        let answer = get(&app, &url, &[("range", range)]).await;
        assert_eq!(
            (answer.status, answer.header("content-range")),
            (206, content_range),
            "{range}"
        );
        assert!(answer.body == part, "{range}");
    }
    let beyond = get(&app, &url, &[("range", "bytes=144000-")]).await;
    assert_eq!(beyond.header("content-range"), "bytes */144000");
    beyond.expect_error(416, "range_not_satisfiable");
    let other_unit = get(&app, &url, &[("range", "lines=1-2")]).await;
    assert_eq!((other_unit.status, other_unit.body.len()), (200, 144_000));
}

#[tokio::test]
async fn a_range_of_a_file_that_changed_is_the_whole_file() {
    let app = TestApp::start().await;
    let (_, url) = starter(&app).await;
    let first = get(&app, &url, &[]).await;
    let (etag, modified) = (first.header("etag"), first.header("last-modified"));
    for (if_range, status) in
        [(etag, 206), ("\"other\"", 200), (modified, 206), ("Wed, 01 Jan 2020 00:00:00 GMT", 200)]
    {
        let answer = get(&app, &url, &[("range", "bytes=0-9"), ("if-range", if_range)]).await;
        assert_eq!(answer.status, status, "{if_range}");
    }
    assert_eq!(get(&app, &url, &[("if-none-match", etag)]).await.status, 304);
}

#[tokio::test]
async fn head_tells_about_the_audio_without_it() {
    let app = TestApp::start().await;
    let (_, url) = starter(&app).await;
    let answer = app.send(app.http.head(&url)).await;
    assert_eq!((answer.status, answer.header("content-length")), (200, "144000"));
    assert_eq!((answer.header("content-type"), answer.body.len()), ("audio/mpeg", 0));
    let bare = url.split('?').next().unwrap();
    assert_eq!(app.send(app.http.head(bare)).await.status, 403);
}

#[tokio::test]
async fn no_signature_or_a_changed_one_is_refused() {
    let app = TestApp::start().await;
    let (_, url) = starter(&app).await;
    let other = app.listener("eve@example.com", Some("starter")).await;
    let url = url::Url::parse(&url).unwrap();
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let with = |pairs: &[(String, String)]| {
        let mut changed = url.clone();
        changed.query_pairs_mut().clear().extend_pairs(pairs);
        changed
    };
    for (index, (name, value)) in pairs.iter().enumerate() {
        let mut without = pairs.clone();
        without.remove(index);
        get(&app, with(&without).as_str(), &[]).await.expect_error(403, "media_forbidden");
        for value in
            [format!("{value}1"), format!("1{}", &value[1..]), String::new(), other.id.clone()]
        {
            let mut changed = pairs.clone();
            if changed[index].1 == value {
                continue;
            }
            changed[index].1 = value;
            let answer = get(&app, with(&changed).as_str(), &[]).await;
            assert_eq!(answer.status, 403, "{name}: {changed:?}");
        }
    }
    let mut twice = url.clone();
    twice.query_pairs_mut().append_pair("expires", "99999999999");
    get(&app, twice.as_str(), &[]).await.expect_error(403, "media_forbidden");

    let episodes = app.episodes(Some(&other.token)).await;
    let mut elsewhere = url.clone();
    elsewhere.set_path(&format!("/media/{}", episodes[2]["id"].as_str().unwrap()));
    get(&app, elsewhere.as_str(), &[]).await.expect_error(403, "media_forbidden");
}

#[tokio::test]
async fn a_copied_address_ends_with_its_owners_access() {
    let app = TestApp::start().await;
    let (listener, url) = starter(&app).await;
    let free = audio_url(&app.episodes(Some(&listener.token)).await, 211);
    assert_eq!(get(&app, &url, &[]).await.status, 200);
    app.revoke(&listener).await;
    get(&app, &url, &[]).await.expect_error(403, "media_forbidden");
    get(&app, &url, &[("range", "bytes=100-")]).await.expect_error(403, "media_forbidden");
    assert_eq!(get(&app, &free, &[]).await.status, 200, "what is free stays open");
    app.grant(&listener, "pro").await;
    assert_eq!(get(&app, &url, &[]).await.status, 200);
}

#[tokio::test]
async fn an_address_ends_when_its_episode_asks_for_a_higher_plan_or_is_removed() {
    let app = TestApp::start().await;
    let (_, url) = starter(&app).await;
    let library = app.library().await;
    let higher = api::episodes::publish::EpisodeChange {
        opening: Some(api::episodes::import::Opening::Plan("pro".to_owned())),
        ..Default::default()
    };
    library.edit("213", higher).await.unwrap();
    get(&app, &url, &[]).await.expect_error(403, "media_forbidden");
    library.remove("213").await.unwrap();
    get(&app, &url, &[]).await.expect_error(404, "not_found");
}

#[tokio::test]
async fn paths_lead_nowhere_else() {
    let app = TestApp::start().await;
    let (_, url) = starter(&app).await;
    let query = url.split('?').nth(1).unwrap();
    for path in [
        "/media/..%2fcircle.db",
        "/media/%2e%2e%2fsecret.key",
        "/media/f/x/..%2f..%2fcircle.db",
        "/media/",
        "/media",
    ] {
        let answer = app.get(&format!("{path}?{query}")).await;
        assert!(matches!(answer.status, 403 | 404), "{path}: {}", answer.status);
    }
}

#[tokio::test]
async fn a_download_counts_once_a_day_for_each_listener() {
    let app = TestApp::start().await;
    let (_, url) = starter(&app).await;
    let (grace, other) = {
        let listener = app.listener("grace@example.com", Some("pro")).await;
        let episodes = app.episodes(Some(&listener.token)).await;
        (listener, audio_url(&episodes, 213))
    };
    let feed = app.get_as(&grace.token, "/api/feed").await.expect(200);
    let feed = get(&app, feed["url"].as_str().unwrap(), &[]).await;
    let feed = rss::Channel::read_from(&feed.body[..]).unwrap();
    let newest = feed.items()[0].enclosure().unwrap().url().to_owned();
    let player = ("user-agent", "Overcast/3.0 (+http://overcast.fm/; iOS podcast app)");
    for headers in [
        &[player][..],
        &[player, ("range", "bytes=0-")],
        &[player, ("range", "bytes=1000-2000")],
        &[("user-agent", "Mozilla/5.0 (compatible; Googlebot/2.1)")],
        &[player, ("range", "bytes=0-1")],
    ] {
        get(&app, &url, headers).await;
    }
    // Last of all, so that what comes before it is counted when this is.
    get(&app, &other, &[player]).await;
    get(&app, &newest, &[player]).await;

    let library = app.library().await;
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let statistics = loop {
        let statistics = library.statistics(7).await.unwrap();
        if statistics.days.iter().map(|(_, count)| count).sum::<i64>() >= 3 {
            break statistics;
        }
        assert!(tokio::time::Instant::now() < deadline, "{statistics:?}");
        tokio::task::yield_now().await;
    };
    let counted: Vec<_> = statistics
        .episodes
        .iter()
        .map(|episode| (episode.number, episode.in_span, episode.total))
        .collect();
    assert_eq!(counted[..3], [(214, 1, 1), (213, 2, 2), (212, 0, 0)]);
    assert_eq!((statistics.days.len(), statistics.by_feed), (7, 1));
}
