//! Settings as the environment and `.env` give them: what cannot be used stops the start and is named.

use std::{
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::Path,
    process::{Command, Output},
};

use tempfile::TempDir;

fn circle(folder: &Path, variables: &[(&str, &OsStr)], arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_circle"))
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .current_dir(folder)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn what_cannot_be_used_is_named() {
    let folder = TempDir::new().unwrap();
    let binary = OsStr::from_bytes(b"sk_test_\xff");
    for (variable, value) in [
        ("RUST_LOG", OsStr::new(" ")),
        ("RUST_LOG", OsStr::new("api=loud")),
        ("LOG_FORMAT", OsStr::new("")),
        ("LOG_FORMAT", OsStr::new("xml")),
        ("STRIPE_SECRET_KEY", binary),
        ("LISTEN_ADDR", OsStr::new("")),
    ] {
        let output = circle(folder.path(), &[(variable, value)], &["migrate"]);
        assert!(!output.status.success(), "{variable}={value:?}");
        assert!(said(&output).contains(variable), "{variable}={value:?}: {}", said(&output));
    }
    // What is not ours may be whatever it likes.
    let output = circle(folder.path(), &[("ELSEWHERE", binary)], &["migrate"]);
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn only_the_working_directorys_env_file_counts() {
    let folder = TempDir::new().unwrap();
    let inner = folder.path().join("inner");
    std::fs::create_dir(&inner).unwrap();
    std::fs::write(folder.path().join(".env"), "LISTEN_ADDR=nowhere\n").unwrap();
    let output = circle(folder.path(), &[], &["migrate"]);
    assert!(said(&output).contains("LISTEN_ADDR"), "{}", said(&output));
    let output = circle(&inner, &[], &["migrate"]);
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn a_password_for_the_target_of_a_copy_is_no_argument() {
    let folder = TempDir::new().unwrap();
    let from = ["db", "copy", "--from", "sqlite:///nowhere/circle.db"];
    let output = circle(folder.path(), &[], &from);
    assert!(said(&output).contains("DATABASE_URL: set it"), "{}", said(&output));
    let with_target = [&from[..], &["--to", "postgres://user:hush@localhost/circle"]].concat();
    let output = circle(folder.path(), &[], &with_target);
    assert!(said(&output).contains("unexpected argument '--to'"), "{}", said(&output));
}
