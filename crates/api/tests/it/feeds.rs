//! Private feeds, as podcast apps use them.

use api::db::{DbError, schema::feeds};
use diesel::{QueryDsl, RunQueryDsl};
use rss::Channel;
use serde_json::Value;

use crate::harness::{Answer, Listener, TestApp};

async fn feed_url(app: &TestApp, listener: &Listener) -> String {
    let address = app.get_as(&listener.token, "/api/feed").await.expect(200);
    address["url"].as_str().unwrap().to_owned()
}

async fn get(app: &TestApp, url: &str) -> Answer {
    app.send(app.http.get(url)).await
}

async fn read(app: &TestApp, url: &str) -> Channel {
    let answer = get(app, url).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    Channel::read_from(&answer.body[..]).unwrap()
}

fn titles(channel: &Channel) -> Vec<&str> {
    channel.items().iter().map(|item| item.title().unwrap()).collect()
}

#[tokio::test]
async fn a_feed_holds_what_the_plan_reaches_and_the_audio_behind_it() {
    let app = TestApp::start().await;
    let listener = app.listener("ada@example.com", Some("starter")).await;
    app.episodes(None).await;
    let url = feed_url(&app, &listener).await;
    let answer = get(&app, &url).await;
    for (name, value) in [
        ("content-type", "application/rss+xml; charset=utf-8"),
        ("cache-control", "private, no-cache"),
        ("x-robots-tag", "noindex, nofollow"),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    let channel = read(&app, &url).await;
    assert_eq!(channel.items().len(), 5);
    for item in channel.items() {
        let enclosure = item.enclosure().unwrap();
        let audio = get(&app, enclosure.url()).await;
        assert_eq!(
            (audio.status, audio.body.len().to_string()),
            (200, enclosure.length().to_owned())
        );
        assert_eq!(audio.header("content-type"), enclosure.mime_type());
        let request = app.http.get(enclosure.url()).header("range", "bytes=0-1");
        assert_eq!(app.send(request).await.status, 206);
        assert_eq!(app.send(app.http.head(enclosure.url())).await.status, 200);
    }
    app.grant(&listener, "enterprise").await;
    assert_eq!(read(&app, &url).await.items().len(), 8);
    let cover = channel.itunes_ext().unwrap().image().unwrap();
    assert_eq!(get(&app, cover).await.header("content-type"), "image/png");
}

#[tokio::test]
async fn a_feed_comes_with_its_ways_into_an_app() {
    let app = TestApp::start().await;
    let listener = app.listener("ada@example.com", Some("starter")).await;
    let feed = app.get_as(&listener.token, "/api/feed").await.expect(200);
    let address = feed["url"].as_str().unwrap();
    assert!(feed["qr_svg"].as_str().unwrap().starts_with("<svg"), "{feed}");
    let (_, rest) = address.split_once("://").unwrap();
    let apps = feed["apps"].as_array().unwrap();
    let names: Vec<_> = apps.iter().map(|app| app["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Apple Podcasts", "Overcast", "Pocket Casts"]);
    assert_eq!(apps[0]["url"], format!("podcast://{rest}"));
}

#[tokio::test]
async fn the_address_stays_until_it_is_replaced() {
    let app = TestApp::start().await;
    let listener = app.listener("ada@example.com", Some("pro")).await;
    app.episodes(None).await;
    let old = feed_url(&app, &listener).await;
    assert_eq!(feed_url(&app, &listener).await, old);
    let audio = read(&app, &old).await.items()[0].enclosure().unwrap().url().to_owned();

    let rotated = app.post_as(&listener.token, "/api/feed/rotate", Value::Null).await.expect(200);
    let new = rotated["url"].as_str().unwrap();
    assert_ne!(new, old);
    assert_eq!(feed_url(&app, &listener).await, new);
    get(&app, &old).await.expect_error(410, "feed_rotated");
    get(&app, &audio).await.expect_error(410, "feed_rotated");
    assert_eq!(read(&app, new).await.items().len(), 7);

    let app = app.restart().await;
    let moved = |url: &str| app.url(url::Url::parse(url).unwrap().path());
    assert_eq!(get(&app, &moved(new)).await.status, 200, "a restart keeps it");
    get(&app, &moved(&old)).await.expect_error(410, "feed_rotated");
}

#[tokio::test]
async fn a_feed_that_did_not_change_is_not_sent_again() {
    let app = TestApp::start().await;
    let listener = app.listener("ada@example.com", Some("starter")).await;
    app.episodes(None).await;
    let url = feed_url(&app, &listener).await;
    let etag = get(&app, &url).await.header("etag").to_owned();
    assert!(etag.starts_with('"'), "{etag}");
    let ask = async || {
        app.send(app.http.get(&url).header("if-none-match", format!("\"x\", {etag}"))).await
    };
    let same = ask().await;
    assert_eq!((same.status, same.body.len(), same.header("etag")), (304, 0, &*etag));
    let head = app.send(app.http.head(&url)).await;
    assert_eq!((head.status, head.header("etag")), (200, &*etag));
    app.library().await.remove("214").await.unwrap();
    let changed = ask().await;
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), etag);
}

#[tokio::test]
async fn a_feed_without_access_says_how_to_come_back_and_gives_no_episode() {
    let app = TestApp::start().await;
    let listener = app.listener("ada@example.com", None).await;
    app.episodes(None).await;
    let url = feed_url(&app, &listener).await;
    assert_eq!(titles(&read(&app, &url).await), ["Choose a plan to listen"]);

    app.grant(&listener, "starter").await;
    let channel = read(&app, &url).await;
    let starter = channel
        .items()
        .iter()
        .find(|item| item.title() == Some("Idempotent, or why twice is fine"));
    let audio = starter.unwrap().enclosure().unwrap().url().to_owned();
    assert_eq!(get(&app, &audio).await.status, 200);

    app.revoke(&listener).await;
    let closed = read(&app, &url).await;
    assert_eq!(titles(&closed), ["Renew to keep listening"]);
    let voice = closed.items()[0].enclosure().unwrap();
    let whole = get(&app, voice.url()).await;
    assert_eq!(
        (whole.status, whole.header("content-type"), whole.body.len().to_string()),
        (200, "audio/mpeg", voice.length().to_owned())
    );
    for (asked, part) in [("bytes=0-1", 0..2), ("bytes=100-", 100..whole.body.len())] {
        let answer = app.send(app.http.get(voice.url()).header("range", asked)).await;
        assert_eq!((answer.status, &answer.body[..]), (206, &whole.body[part]), "{asked}");
    }
    get(&app, &audio).await.expect_error(403, "media_forbidden");
    app.grant(&listener, "starter").await;
    assert_eq!(get(&app, &audio).await.status, 200, "the same address works again");
}

#[tokio::test]
async fn feeds_are_secret_and_need_a_session_to_be_found() {
    let app = TestApp::start().await;
    let listener = app.listener("ada@example.com", Some("starter")).await;
    let other = app.listener("eve@example.com", Some("starter")).await;
    app.episodes(None).await;
    let url = feed_url(&app, &listener).await;
    assert_ne!(feed_url(&app, &other).await, url);
    app.get("/api/feed").await.expect_error(401, "unauthenticated");
    app.post("/api/feed/rotate", Value::Null).await.expect_error(401, "unauthenticated");
    app.get("/feeds/nope.xml").await.expect_error(404, "not_found");
    app.get("/media/f/nope/ep_1.mp3").await.expect_error(404, "not_found");
    let token = url.rsplit('/').next().unwrap().trim_end_matches(".xml").to_owned();
    app.get(&format!("/media/f/{token}/ep_nope.mp3")).await.expect_error(404, "not_found");

    assert_eq!(token.len(), 43);
    let db = app.db().await;
    let kept = db.read(|conn| {
        Ok::<_, DbError>(feeds::table.select(feeds::token_digest).load::<String>(conn)?)
    });
    let kept = kept.await.unwrap();
    assert_eq!(kept.len(), 2);
    assert!(!kept.contains(&token), "only its hash is kept");
}
