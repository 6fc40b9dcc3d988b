//! What strace sees: a flush of the disk before each 200.

use std::{
    fs,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;
use tokio::time::{Duration, Instant, sleep};

use super::{process::Server, webhooks};
use crate::harness::PATIENCE;

/// Traces a process until it is dropped.
struct Trace(Child);

impl Drop for Trace {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-INT", &self.0.id().to_string()]).status();
        let _ = self.0.wait();
    }
}

/// Whether every thread of the process is traced.
fn is_traced(process: u32) -> bool {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    tasks.flatten().all(|task| {
        fs::read_to_string(task.path().join("status"))
            .is_ok_and(|status| !status.contains("TracerPid:\t0\n"))
    })
}

#[tokio::test]
async fn the_disk_is_flushed_before_each_answer() {
    let folder = TempDir::new().unwrap();
    let database = folder.path().join("circle.db");
    let mut variables = webhooks::variables();
    variables.push(("DATABASE_URL".to_owned(), format!("sqlite://{}", database.display())));
    let db = webhooks::open(&variables).await;
    webhooks::make_listeners(&db, 20).await;
    let server = Server::start("server", folder.path(), variables);
    server.ready().await;
    assert_eq!(webhooks::deliver(&server, 1).await, 200);

    let log = folder.path().join("trace");
    let tracing = Command::new("strace")
        .args(["-f", "-qq", "-s", "32", "-e", "trace=fdatasync,fsync,write,writev,sendto", "-o"])
        .arg(&log)
        .args(["-p", &server.process.id().to_string()])
        .stderr(Stdio::null())
        .spawn();
    // Where there is no strace, or tracing is not allowed, nothing can be seen.
    let Ok(tracing) = tracing else { return };
    let mut trace = Trace(tracing);
    let deadline = Instant::now() + PATIENCE;
    while !is_traced(server.process.id()) {
        if trace.0.try_wait().unwrap().is_some() {
            return;
        }
        assert!(Instant::now() < deadline, "strace does not attach");
        sleep(Duration::from_millis(10)).await;
    }
    for number in 2..=12 {
        assert_eq!(webhooks::deliver(&server, number).await, 200);
    }
    drop(trace);

    let seen = fs::read_to_string(&log).unwrap();
    let (mut flushed, mut answers) = (false, 0);
    for line in seen.lines() {
        if (line.contains("fdatasync") || line.contains("fsync")) && line.ends_with("= 0") {
            flushed = true;
        }
        if line.contains("HTTP/1.1 200") {
            assert!(flushed, "an answer without a flush before it:\n{seen}");
            (flushed, answers) = (false, answers + 1);
        }
    }
    assert_eq!(answers, 11, "{seen}");
}
