//! What this machine can do at the most, as one line of JSON: the limits that the bench compares the product with.
//!
//! `machine_limits FOLDER SECONDS` measures SQLite commits in a file in FOLDER, each of an event row and an update of
//! its listener's row, written durably, alone and 64 to a commit; and argon2id with the product's parameters.

// The `table!` macro writes items without documentation.
#![allow(missing_docs)]

use std::{
    env,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use argon2::{Algorithm, Argon2, Params, Version, password_hash::PasswordHasher};
use diesel::{Connection, RunQueryDsl, SqliteConnection, connection::SimpleConnection, prelude::*};

const SCHEMA: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
    CREATE TABLE listeners (id INTEGER PRIMARY KEY, status TEXT NOT NULL, until BIGINT NOT NULL); \
    CREATE TABLE deliveries (id TEXT NOT NULL PRIMARY KEY, payload BLOB NOT NULL);";

const LISTENERS: i32 = 1000;

/// About what a subscription's event deflates to.
const PAYLOAD: [u8; 1300] = [7; 1300];

diesel::table! {
    listeners (id) {
        id -> Integer,
        status -> Text,
        until -> BigInt,
    }
}

diesel::table! {
    deliveries (id) {
        id -> Text,
        payload -> Binary,
    }
}

fn main() -> anyhow::Result<()> {
    let mut arguments = env::args().skip(1);
    let folder = arguments.next().unwrap_or_else(|| ".".to_owned());
    let time = Duration::from_secs(arguments.next().map_or(Ok(2), |seconds| seconds.parse())?);
    let single = commits(Path::new(&folder), 1, time)?;
    let batched = commits(Path::new(&folder), 64, time)?;
    let cores = thread::available_parallelism()?.get();
    let hashes = hashes(cores, time)?;
    println!(
        r#"{{"sqlite_commits": {single:.0}, "sqlite_rows_by_64": {batched:.0}, "argon2id": {hashes:.1}, "cores": {cores}}}"#
    );
    Ok(())
}

/// Events with their updates a second, `batch` of them to a commit.
fn commits(folder: &Path, batch: usize, time: Duration) -> anyhow::Result<f64> {
    let path = folder.join(format!("limit-{batch}.db"));
    let mut conn = SqliteConnection::establish(&path.to_string_lossy())?;
    conn.batch_execute(SCHEMA)?;
    conn.transaction(|conn| {
        (0..LISTENERS).try_for_each(|id| {
            let listener =
                (listeners::id.eq(id), listeners::status.eq("active"), listeners::until.eq(0));
            diesel::insert_into(listeners::table).values(listener).execute(conn).map(drop)
        })
    })?;
    let start = Instant::now();
    let mut done: i32 = 0;
    while start.elapsed() < time {
        conn.transaction(|conn| {
            (0..batch).try_for_each(|_| {
                done += 1;
                let delivery = (
                    deliveries::id.eq(format!("evt_{done:024}")),
                    deliveries::payload.eq(PAYLOAD.as_slice()),
                );
                diesel::insert_into(deliveries::table).values(delivery).execute(conn)?;
                diesel::update(listeners::table.find(done % LISTENERS))
                    .set((listeners::status.eq("active"), listeners::until.eq(i64::from(done))))
                    .execute(conn)
                    .map(drop)
            })
        })?;
    }
    Ok(f64::from(done) / start.elapsed().as_secs_f64())
}

/// Hashes a second, one thread a core.
fn hashes(cores: usize, time: Duration) -> anyhow::Result<f64> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|error| anyhow::anyhow!("{error}"))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let start = Instant::now();
    let count = || {
        let mut done = 0_u32;
        while start.elapsed() < time && argon2.hash_password(b"correct horse battery").is_ok() {
            done += 1;
        }
        done
    };
    let done: u32 = thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(count)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(0)).sum()
    });
    Ok(f64::from(done) / start.elapsed().as_secs_f64())
}
