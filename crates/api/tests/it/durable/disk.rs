//! A disk that is full: 5xx with a word in the log, and back without a restart.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::{
    process::{Server, Variables},
    webhooks,
};

/// A small disk of its own, where that is allowed.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path) -> Option<Self> {
        fs::create_dir(at).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"])
            .arg(at)
            .output()
            .is_ok_and(|output| output.status.success());
        mounted.then(|| Self(at.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Makes room for nothing more, and room again.
enum Filling {
    /// A file takes what is left of a small disk.
    Ballast(PathBuf),
    /// No file of the process may grow.
    Limit(u32),
}

impl Filling {
    fn fill(&self) {
        match self {
            Self::Ballast(file) => {
                let mut size = 4 * 1024 * 1024;
                // Fails when the disk is full; what was written stays.
                while fs::write(file, vec![0; size]).is_err() && size > 4096 {
                    size -= 16 * 1024;
                }
                let _ = fs::write(file.with_extension("rest"), vec![0; 64 * 1024]);
            }
            Self::Limit(process) => limit_files(*process, "4096"),
        }
    }

    fn empty(&self) {
        match self {
            Self::Ballast(file) => {
                fs::remove_file(file).unwrap();
                let _ = fs::remove_file(file.with_extension("rest"));
            }
            Self::Limit(process) => limit_files(*process, "unlimited"),
        }
    }
}

fn limit_files(process: u32, bytes: &str) {
    let limit = format!("--fsize={bytes}:unlimited");
    let limited =
        Command::new("prlimit").args(["--pid", &process.to_string(), &limit]).status().unwrap();
    assert!(limited.success());
}

/// How many more times the log says that the database cannot be written than that it is written again.
fn unsettled_failures(server: &Server) -> usize {
    let log = server.process.output();
    let [failed, back] = ["the database cannot be written", "the database is written again"]
        .map(|line| log.matches(line).count());
    assert!(failed > 0, "{log}");
    failed - back
}

async fn survives_a_full_disk(database: &Path, disk: Option<&SmallDisk>) {
    let folder = TempDir::new().unwrap();
    let mut variables: Variables = webhooks::variables();
    variables.push(("DATABASE_URL".to_owned(), format!("sqlite://{}", database.display())));
    let db = webhooks::open(&variables).await;
    webhooks::make_listeners(&db, 3_000).await;
    let server = Server::start("server", folder.path(), variables);
    server.ready().await;
    assert_eq!(webhooks::deliver(&server, 1).await, 200);

    let filling = match disk {
        Some(disk) => Filling::Ballast(disk.0.join("ballast")),
        None => Filling::Limit(server.process.id()),
    };
    filling.fill();
    // What is left of the files' own room is used up first.
    let mut number = 1;
    let refused = loop {
        number += 1;
        assert!(number < 2_900, "the disk is never full");
        match webhooks::deliver(&server, number).await {
            200 => {}
            status => break status,
        }
    };
    assert_eq!(refused, 503, "Stripe is told to come again");
    assert_eq!(webhooks::deliver(&server, number).await, 503, "the writer lives on");
    server.send(server.get("/api/plans")).await.expect(200);
    // Said once, not at each refusal; a smaller write in between may have found the last of the room.
    assert_eq!(unsettled_failures(&server), 1);

    filling.empty();
    assert_eq!(webhooks::deliver(&server, number).await, 200);
    assert_eq!(unsettled_failures(&server), 0);
    let stored = webhooks::stored(&db).await;
    for number in 1..=number {
        let expected = Some(&("applied".to_owned(), 1, true));
        assert_eq!(stored.get(&format!("evt_{number}")), expected, "event {number}");
    }
}

#[tokio::test]
async fn a_full_disk_refuses_events_until_there_is_room() {
    let folder = TempDir::new().unwrap();
    match SmallDisk::mount(&folder.path().join("disk")) {
        Some(disk) => survives_a_full_disk(&disk.0.join("circle.db"), Some(&disk)).await,
        // Past the harness, which keeps to itself what a test prints that passes.
        None => writeln!(
            io::stderr(),
            "a_full_disk_refuses_events_until_there_is_room: skipped, as this user may not mount a small disk; \
             a_file_that_may_not_grow_refuses_events_until_it_may stands for it"
        )
        .unwrap(),
    }
}

#[tokio::test]
async fn a_file_that_may_not_grow_refuses_events_until_it_may() {
    let folder = TempDir::new().unwrap();
    survives_a_full_disk(&folder.path().join("circle.db"), None).await;
}
