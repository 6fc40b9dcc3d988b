//! What an operator hears of a store for the audio that is not as it has to be.

use std::process::Command;

use actix_web::{HttpResponse, http::StatusCode, web};
use tempfile::TempDir;

use crate::harness::serve;

/// A store that answers every request so.
fn store(status: u16, code: &'static str) -> String {
    serve(move |config| {
        config.default_service(web::to(move || async move {
            HttpResponse::build(StatusCode::from_u16(status).unwrap())
                .body(format!("<Error><Code>{code}</Code></Error>"))
        }));
    })
}

/// Runs a command whose audio is in the store at `endpoint`; what it printed.
fn circle(folder: &TempDir, endpoint: &str, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_circle"))
        .args(arguments)
        .env_clear()
        .envs([
            ("S3_BUCKET", "podcast"),
            ("S3_ENDPOINT", endpoint),
            ("S3_ACCESS_KEY_ID", "id"),
            ("S3_SECRET_ACCESS_KEY", "hush"),
        ])
        .current_dir(folder.path())
        .output()
        .unwrap();
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_looks_at_the_bucket() {
    let folder = TempDir::new().unwrap();
    circle(&folder, "http://127.0.0.1:9", &["migrate"]);
    for (status, code, found) in [
        (404, "NoSuchKey", "ok    media"),
        (404, "NoSuchBucket", "FAIL  media"),
        (403, "AccessDenied", "warn  media"),
        (403, "InvalidAccessKeyId", "FAIL  media"),
        (500, "InternalError", "FAIL  media"),
    ] {
        let findings = circle(&folder, &store(status, code), &["doctor"]);
        assert!(findings.contains(found), "{code}: {findings}");
    }
}

#[test]
fn a_store_that_does_not_answer_is_told_without_the_signed_address() {
    let folder = TempDir::new().unwrap();
    let audio = concat!(env!("CARGO_MANIFEST_DIR"), "/../../seed/audio/207-clocks.mp3");
    let told = circle(&folder, "http://127.0.0.1:9", &["episode", "add", audio, "--title", "One"]);
    assert!(told.contains("the media store does not answer"), "{told}");
    assert!(!told.contains("Signature") && !told.contains("/podcast/"), "{told}");
}
