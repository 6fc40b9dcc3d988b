//! `circle feed import`: from a web server, by the command, and from servers that do not behave.

use std::{
    net::SocketAddr,
    path::Path,
    process::{Command, Output},
    sync::{Arc, Mutex},
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    web::{self, Bytes},
};
use api::episodes::import::{ImportError, ImportOptions, Imported, Source};
use futures_util::stream;

use crate::harness::TestApp;

const FEED: &str = r#"<rss version="2.0"><channel><title>Elsewhere</title>
    <item><title>One</title><guid>one</guid><pubDate>Wed, 18 Nov 2026 06:00:00 GMT</pubDate>
    <enclosure url="audio/1.mp3" length="1000" type="audio/mpeg"/></item>
    <item><title>Two</title></item></channel></rss>"#;

/// What a server was asked for with, by `If-None-Match`.
type Asked = Arc<Mutex<Vec<Option<String>>>>;

/// A web server with a feed that has an `ETag`, one that never ends and one that is a page.
fn web_server() -> (SocketAddr, Asked) {
    let asked = Asked::default();
    let seen = Arc::clone(&asked);
    let server = HttpServer::new(move || {
        let seen = Arc::clone(&seen);
        let feed = move |request: HttpRequest| {
            let known = request
                .headers()
                .get("if-none-match")
                .map(|known| known.to_str().unwrap().to_owned());
            seen.lock().unwrap().push(known.clone());
            let mut answer = match known.as_deref() {
                Some("\"v1\"") => HttpResponse::NotModified(),
                _ => HttpResponse::Ok(),
            };
            answer.insert_header(("ETag", "\"v1\""));
            async move { if known.is_some() { answer.finish() } else { answer.body(FEED) } }
        };
        let endless = async || {
            let piece = Bytes::from_static(&[b' '; 1024 * 1024]);
            HttpResponse::Ok()
                .streaming(stream::repeat_with(move || Ok::<_, std::io::Error>(piece.clone())))
        };
        let moved = async || {
            HttpResponse::MovedPermanently().insert_header(("Location", "/shows/feed.xml")).finish()
        };
        App::new()
            .route("/shows/feed.xml", web::get().to(feed))
            .route("/old/feed", web::get().to(moved))
            .route("/endless", web::get().to(endless))
            .route(
                "/page",
                web::get().to(async || HttpResponse::Ok().body("<html><body>Hello</body></html>")),
            )
    });
    let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
    let addr = server.addrs()[0];
    tokio::spawn(server.run());
    (addr, asked)
}

async fn import(
    app: &TestApp,
    address: &str,
    unconditional: bool,
) -> Result<Imported, ImportError> {
    let options = ImportOptions { unconditional, ..ImportOptions::default() };
    app.library().await.import(&Source::parse(address), options, Arc::new(|_| ())).await
}

fn circle(data: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_circle"));
    command.args(arguments).current_dir(data).env_clear().env("DATA_DIR", data.join("data"));
    command.output().unwrap()
}

#[tokio::test]
async fn a_feed_that_did_not_change_is_not_read_again() {
    let app = TestApp::start().await;
    let (addr, asked) = web_server();
    let address = format!("http://{addr}/shows/feed.xml");
    let first = import(&app, &address, false).await.unwrap();
    assert_eq!((first.added, first.skipped.len()), (1, 1));
    let episodes = app.library().await.list().await.unwrap();
    let one = episodes.iter().find(|episode| episode.guid == "one").unwrap();
    assert_eq!(one.audio, format!("http://{addr}/shows/audio/1.mp3"));

    assert!(import(&app, &address, false).await.unwrap().not_modified);
    assert_eq!(import(&app, &address, true).await.unwrap().unchanged, 1);
    assert_eq!(*asked.lock().unwrap(), [None, Some("\"v1\"".to_owned()), None]);
}

#[tokio::test]
async fn a_feed_that_moved_is_followed_to_where_it_is_now() {
    let app = TestApp::start().await;
    let (addr, _) = web_server();
    let old = format!("http://{addr}/old/feed");
    assert_eq!(import(&app, &old, false).await.unwrap().added, 1);
    let episodes = app.library().await.list().await.unwrap();
    let one = episodes.iter().find(|episode| episode.guid == "one").unwrap();
    assert_eq!(one.audio, format!("http://{addr}/shows/audio/1.mp3"));
    assert!(import(&app, &old, false).await.unwrap().not_modified, "by its old address, too");
    let new = format!("http://{addr}/shows/feed.xml");
    assert_eq!(import(&app, &new, true).await.unwrap().unchanged, 1);
}

#[tokio::test]
async fn audio_that_stays_elsewhere_is_reached_through_us() {
    let app = TestApp::start().await;
    let (addr, _) = web_server();
    import(&app, &format!("http://{addr}/shows/feed.xml"), false).await.unwrap();
    let listener = app.listener("ada@example.com", Some("starter")).await;
    let episodes = app.episodes(Some(&listener.token)).await;
    let one = episodes.iter().find(|episode| episode["title"] == "One").unwrap();
    let client =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let ask = async || app.send(client.get(one["audio_url"].as_str().unwrap())).await;
    let there = ask().await;
    assert_eq!((there.status, there.header("cache-control")), (302, "private, no-store"));
    assert_eq!(there.header("location"), format!("http://{addr}/shows/audio/1.mp3"));
    app.revoke(&listener).await;
    ask().await.expect_error(403, "media_forbidden");
}

#[tokio::test]
async fn servers_that_do_not_behave_import_nothing() {
    let app = TestApp::start().await;
    let (addr, _) = web_server();
    for (path, problem) in [
        ("/endless", "sends more than 64 MiB"),
        ("/page", "this is not an RSS 2.0 feed"),
        ("/nope", "answers 404 Not Found"),
    ] {
        let error =
            import(&app, &format!("http://{addr}{path}"), false).await.unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
    assert_eq!(app.library().await.list().await.unwrap().len(), 8);
}

#[test]
fn the_command_tells_what_it_did_and_fails_when_it_did_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let write =
        |name: &str, content: &str| std::fs::write(folder.path().join(name), content).unwrap();
    write("feed.xml", &FEED.replace("audio/1.mp3", "https://cdn.example/1.mp3"));
    write("page.html", "<html><body>Hello</body></html>");

    let done = circle(folder.path(), &["feed", "import", "feed.xml", "--plan", "pro"]);
    assert!(done.status.success(), "{done:?}");
    assert_eq!(
        String::from_utf8_lossy(&done.stdout),
        "skipped  Two: it has no enclosure, so there is no audio\n\
         Elsewhere: 1 added, 0 updated, 0 unchanged, 1 skipped\n"
    );
    for (arguments, problem) in [
        (
            &["feed", "import", "page.html"][..],
            "nothing imported from page.html: this is not an RSS 2.0 feed",
        ),
        (&["feed", "import", "gone.xml"], "gone.xml: No such file or directory"),
        (&["feed", "import", "http://127.0.0.1:9/"], "cannot fetch http://127.0.0.1:9/: "),
        (&["feed", "import", "feed.xml", "--plan", "gold"], "the catalog has no plan gold"),
        (&["episode", "add", "feed.xml", "--title", "x"], "feed.xml: it is not an audio file"),
        (&["episode", "remove", "99"], "there is no episode 99"),
    ] {
        let failed = circle(folder.path(), arguments);
        let said = String::from_utf8_lossy(&failed.stderr).into_owned();
        assert_eq!(failed.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains(problem), "{arguments:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    let list = circle(folder.path(), &["episode", "list"]);
    let list = String::from_utf8_lossy(&list.stdout).into_owned();
    assert_eq!(list.lines().count(), 2, "{list}");
    assert!(list.contains("One") && list.contains("pro") && list.contains("elsewhere"), "{list}");
}
