//! The way from the sandbox to real Stripe, step by step as the README tells it, with a sandbox of its own for Stripe.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use api::doctor::NEEDED_EVENTS;
use tempfile::TempDir;

use super::process::{Process, Server, Variables, free_port};

/// One command in the folder where `.env` lies, and nothing else in its environment.
fn circle(folder: &Path, arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_circle"))
        .args(arguments)
        .env_clear()
        .current_dir(folder)
        .output()
        .unwrap();
    let printed = String::from_utf8([stdout, stderr].concat()).unwrap();
    assert!(status.success(), "{arguments:?}: {printed}");
    printed
}

#[tokio::test]
async fn the_steps_to_real_stripe_work_in_their_order() {
    let (folder, of_stripe) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let folder = folder.path();
    let (stripe_addr, port) = (format!("127.0.0.1:{}", free_port()), free_port());
    let arguments = ["sandbox", "--addr", &stripe_addr, "--data", "."];
    let stripe = Process::start("sandbox", of_stripe.path(), &arguments, Variables::new());
    stripe.printed("Webhook secret").await;
    let (base, site) = (format!("http://{stripe_addr}"), format!("http://127.0.0.1:{port}"));

    // 1. A folder of its own with the settings.
    let mut settings = format!(
        "STRIPE_SECRET_KEY=sk_test_real\nSTRIPE_API_BASE={base}\nPUBLIC_URL={site}\nDATA_DIR={}\nSANDBOX_PUBLIC=no\n",
        folder.display()
    );
    fs::write(folder.join(".env"), &settings).unwrap();
    // 2. The plans.
    assert!(circle(folder, &["catalog", "plan"]).contains("circle_pro"));
    assert!(circle(folder, &["catalog", "apply"]).contains("circle_pro"));
    assert!(circle(folder, &["catalog", "plan"]).contains("nothing to change"));
    // 3. The endpoint with its events, and its secret.
    let mut endpoint = url::form_urlencoded::Serializer::new(String::new());
    endpoint.append_pair("url", &format!("{site}/webhooks"));
    for event in NEEDED_EVENTS {
        endpoint.append_pair("enabled_events[]", event);
    }
    let made = reqwest::Client::new()
        .post(format!("{base}/v1/webhook_endpoints"))
        .bearer_auth("sk_test_real")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(endpoint.finish())
        .send()
        .await
        .unwrap();
    let made: serde_json::Value = serde_json::from_str(&made.text().await.unwrap()).unwrap();
    settings += &format!("STRIPE_WEBHOOK_SECRET={}\n", made["secret"].as_str().unwrap());
    fs::write(folder.join(".env"), &settings).unwrap();
    // 4. The server, and whether all is well.
    let server = Server::on(port, "server", folder, Variables::new());
    server.ready().await;
    let found = circle(folder, &["doctor"]);
    for line in ["ok    webhooks", "ok    catalog", "ok    portal", "ok    Stripe"] {
        assert!(found.contains(line), "{line} is not in\n{found}");
    }
    assert!(
        found.contains("warn  settings     SANDBOX_PUBLIC is set and has no effect"),
        "{found}"
    );
    assert!(server.process.output().contains("SANDBOX_PUBLIC is set and has no effect"));
    // 5. Episodes are the operator's own: the samples of the sandbox are not published.
    assert!(circle(folder, &["episode", "list"]).contains("There are no episodes yet"));
    let audio = concat!(env!("CARGO_MANIFEST_DIR"), "/../../seed/audio/207-clocks.mp3");
    circle(folder, &["episode", "add", audio, "--title", "The first", "--plan", "pro"]);
    let listed = circle(folder, &["episode", "list"]);
    assert_eq!(listed.trim().lines().count(), 2, "{listed}");
    assert!(listed.contains("The first"), "{listed}");
}

#[test]
fn the_readme_names_every_event_that_is_needed() {
    let readme = include_str!("../../../../../README.md");
    for event in NEEDED_EVENTS {
        assert!(readme.contains(&format!("{event}\n")), "{event}");
    }
}
