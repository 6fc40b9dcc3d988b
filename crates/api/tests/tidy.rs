//! The habits of this codebase, held: what imports what, module docs, file sizes, names, migration twins, error codes.

#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

const MAX_LINES: usize = 400;

/// The modules of `crates/api/src`, in the order of ARCHITECTURE.md: each may import those of the lines below its own,
/// and none of its neighbours.
const LAYERS: &[&[&str]] = &[
    &["main"],
    &["cli"],
    &["app", "telemetry"],
    &["http", "jobs", "sandbox"],
    &["inbox", "doctor"],
    &["episodes", "billing"],
    &["account", "status"],
    &["catalog", "access", "config"],
    &["stripe", "mail"],
    &["db", "keys"],
    &["clock", "loopback", "secret"],
];

/// Writes its own JSON: with a type of the client's, a wrong one would agree with itself. So it imports nothing of ours
/// but the last line of [`LAYERS`].
const STANDS_ALONE: &str = "sandbox";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn rust_files() -> Vec<(PathBuf, String)> {
    let crates = root().join("crates");
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        (path, text)
    };
    files(&crates, "rs").into_iter().map(read).collect()
}

#[test]
fn every_module_says_what_it_is_on_its_first_line() {
    for (path, text) in rust_files() {
        assert!(text.starts_with("//! "), "{} does not begin with //!", path.display());
    }
}

#[test]
fn no_file_is_longer_than_400_lines() {
    for (path, text) in rust_files() {
        let lines = text.lines().count();
        assert!(lines <= MAX_LINES, "{} has {lines} lines", path.display());
    }
}

#[test]
fn no_module_is_a_drawer_for_odds_and_ends() {
    for (path, _) in rust_files() {
        for part in path.strip_prefix(root()).unwrap().components() {
            let name = part.as_os_str().to_string_lossy();
            let name = name.trim_end_matches(".rs");
            assert!(
                !["util", "utils", "helper", "helpers", "common", "misc"].contains(&name),
                "{} is named after nothing",
                path.display()
            );
        }
    }
}

#[test]
fn imports_go_one_way() {
    let source = root().join("crates/api/src");
    let layer = |name: &str| LAYERS.iter().position(|layer| layer.contains(&name));
    for (path, text) in rust_files().into_iter().filter(|(path, _)| path.starts_with(&source)) {
        let inside = path.strip_prefix(&source).unwrap();
        let module = inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
        let module = module.trim_end_matches(".rs");
        if module == "lib" {
            continue;
        }
        let from = layer(module).unwrap_or_else(|| panic!("{module} has no place in LAYERS"));
        for imported in imported_modules(&text) {
            let Some(to) = layer(&imported) else { continue };
            let allowed = imported == module
                || (to > from && (module != STANDS_ALONE || to == LAYERS.len() - 1));
            assert!(allowed, "{}: {module} must not import {imported}", inside.display());
        }
    }
}

/// The first segments behind `crate::`, in paths and in `use crate::{…}`.
fn imported_modules(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for rest in text.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            None => found.insert(identifier(rest)),
            Some(list) => {
                let mut depth = 0_usize;
                let mut start = true;
                for (at, letter) in list.char_indices() {
                    match letter {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => start = true,
                        letter if start && letter.is_alphabetic() => {
                            found.insert(identifier(&list[at..]));
                            start = false;
                        }
                        _ => {}
                    }
                }
                true
            }
        };
    }
    found
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

#[test]
fn frameworks_stay_in_their_folders() {
    let source = root().join("crates/api/src");
    for (path, text) in rust_files().into_iter().filter(|(path, _)| path.starts_with(&source)) {
        let inside = path.strip_prefix(&source).unwrap().to_string_lossy().into_owned();
        let begins = |folders: &[&str]| folders.iter().any(|folder| inside.starts_with(folder));
        let is_store = inside.ends_with("store.rs") || inside.contains("/store/");
        for (framework, allowed) in [
            ("actix_web", begins(&["http/", "sandbox/", "app"])),
            ("diesel", begins(&["db/"]) || is_store),
            ("reqwest", begins(&["stripe/", "sandbox/", "episodes/"])),
        ] {
            let uses = text.lines().any(|line| {
                !line.trim_start().starts_with("//")
                    && (line.contains(&format!("use {framework}"))
                        || line.contains(&format!("{framework}::")))
            });
            assert!(!uses || allowed, "{inside} must not use {framework}");
        }
    }
}

#[test]
fn migrations_are_twins() {
    let names = |engine: &str| -> BTreeSet<String> {
        let folder = root().join("migrations").join(engine);
        let path_of = |path: PathBuf| path.strip_prefix(&folder).unwrap().display().to_string();
        files(&folder, "sql").into_iter().map(path_of).collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
    assert!(!names("sqlite").is_empty());
    // Diesel knows a migration by its stamp: of two with the same, one would never run.
    let stamp = |name: &str| name.split('_').next().map(str::to_owned);
    let folders: BTreeSet<String> = names("sqlite")
        .iter()
        .filter_map(|path| path.split('/').next().map(str::to_owned))
        .collect();
    let stamps: BTreeSet<_> = folders.iter().map(|folder| stamp(folder)).collect();
    assert_eq!(stamps.len(), folders.len(), "two migrations have one stamp: {folders:?}");
}

#[test]
fn every_error_code_is_documented() {
    let document = fs::read_to_string(root().join("docs/api.md")).unwrap();
    let codes = shared::error::ErrorCode::ALL.iter();
    let missing: Vec<_> = codes
        .map(|code| (code.status(), code.as_str()))
        .filter(|(status, code)| {
            let row = |line: &str| {
                line.starts_with(&format!("| {status} |")) && line.contains(&format!("`{code}`"))
            };
            !document.lines().any(row)
        })
        .collect();
    assert!(missing.is_empty(), "docs/api.md does not tell of {missing:?}");
}

#[test]
fn every_error_code_is_used() {
    let shared = fs::read_to_string(root().join("crates/shared/src/error.rs")).unwrap();
    let api = root().join("crates/api/src");
    let used: String = rust_files()
        .into_iter()
        .filter(|(path, _)| path.starts_with(&api))
        .map(|(_, text)| text)
        .collect();
    let named = |line: &'static str| line.trim().split_once(" = \"").map(|(variant, _)| variant);
    let variants = shared
        .leak()
        .lines()
        .filter_map(named)
        .filter(|name| name.chars().all(char::is_alphanumeric));
    let unused: Vec<_> =
        variants.filter(|variant| !used.contains(&format!("ErrorCode::{variant}"))).collect();
    assert!(unused.is_empty(), "no answer carries {unused:?}");
}
