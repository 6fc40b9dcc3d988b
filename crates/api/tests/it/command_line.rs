//! `circle` as it is typed: what its help shows, what it says, and how it exits.

use std::process::{Command, Output};

use crate::harness::TestApp;

/// Runs `circle` in an empty environment, in the folder of a product or else where there is nothing.
async fn circle(app: Option<&TestApp>, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_circle"));
    command.env_clear().args(arguments);
    match app {
        Some(app) => {
            let sandbox = app.sandbox.trim_start_matches("http://");
            command.current_dir(app.data_dir()).envs(app.variables());
            command.env("DATA_DIR", app.data_dir()).env("SANDBOX_ADDR", sandbox);
        }
        None => drop(command.current_dir("/")),
    }
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

#[tokio::test]
async fn help_shows_what_a_command_uses_and_no_more() {
    for (command, shown, hidden) in [
        (
            &["serve", "--help"][..],
            &["Requests:", "--cors-origins", "Audio:", "--s3-bucket", "SMTP_URL", "SECRET_KEYS"][..],
            &[][..],
        ),
        (
            &["explain", "--help"],
            &[
                "Database:",
                "--data-dir",
                "Stripe:",
                "Catalog:",
                "DATABASE_URL",
                "STRIPE_SECRET_KEY",
            ],
            &[
                "--cors-origins",
                "--workers",
                "--s3-bucket",
                "--listen-addr",
                "SMTP_URL",
                "SECRET_KEYS",
            ],
        ),
        (
            &["events", "list", "-h"],
            &["--state", "received, applied, ignored, failed", "Database:"],
            &["Stripe:", "STRIPE_SECRET_KEY", "--public-url"],
        ),
        (
            &["episode", "add", "-h"],
            &["--title", "--s3-bucket", "S3_ACCESS_KEY_ID"],
            &["--sandbox-addr", "STRIPE_SECRET_KEY"],
        ),
    ] {
        let output = circle(None, command).await;
        let help = printed(&output);
        assert!(output.status.success(), "{command:?}: {help}");
        for text in shown {
            assert!(help.contains(text), "{command:?} does not show {text}:\n{help}");
        }
        for text in hidden {
            assert!(!help.contains(text), "{command:?} shows {text}:\n{help}");
        }
    }
}

#[tokio::test]
async fn what_is_no_command_exits_with_2_and_what_fails_with_1() {
    for (arguments, says) in [
        (&["events", "list", "--state", "typo"][..], "received"),
        (&["events", "list", "--limit=0"], "--limit"),
        (&["events", "list", "--limit=-1"], "--limit"),
    ] {
        let refused = circle(None, arguments).await;
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
        assert!(printed(&refused).contains(says), "{arguments:?}: {}", printed(&refused));
    }
    let folder = tempfile::TempDir::new().unwrap();
    std::fs::write(folder.path().join(".env"), "LISTEN_ADDR\n").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_circle"));
    command.env_clear().current_dir(folder.path()).arg("openapi");
    let refused = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(printed(&refused).starts_with("circle: .env: "), "{}", printed(&refused));
}

#[tokio::test]
async fn grants_are_given_and_taken_back_in_words() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    for (arguments, says) in [
        (&["grant", "ada@example.com", "--revoke"][..], "ada@example.com had no grant."),
        (&["grant", "ada@example.com", "--plan", "pro"], "Given to ada@example.com."),
        (&["grant", "ada@example.com", "--revoke"], "1 grant taken back from ada@example.com."),
        (&["grant", "ada@example.com", "--revoke"], "ada@example.com had no grant."),
    ] {
        let done = circle(Some(&app), arguments).await;
        assert!(done.status.success(), "{arguments:?}: {}", printed(&done));
        assert_eq!(String::from_utf8_lossy(&done.stdout).trim(), says, "{arguments:?}");
        let allowed = app.account(&ada).await["access"]["allowed"] == true;
        assert_eq!(allowed, arguments.contains(&"--plan"), "{arguments:?}");
    }
}
