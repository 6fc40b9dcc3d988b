//! How often something may be tried: counted in the database, and floods stopped before it.
//!
//! A window starts with its first hit. Memory holds the windows as the database last counted them, so that it refuses
//! nothing that the database would take; what is over the limit already costs no write.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::store;
use crate::{
    clock::Clock,
    db::{Db, DbError},
    keys::{Keys, Purpose},
};

/// Names kept in memory at the most.
const CAPACITY: usize = 10_000;

/// `max` hits in each `window` seconds, counted apart for each subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What is limited; part of the row's name.
    pub name: &'static str,
    /// Hits in a window at the most.
    pub max: i64,
    /// Seconds.
    pub window: i64,
}

/// Why a hit was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LimitError {
    /// Too many in this window.
    #[error("too many tries; the next may come in {retry_after} s")]
    Exceeded {
        /// Seconds until the window ends.
        retry_after: u64,
    },
    /// The database could not count.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// A window that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// Unix seconds.
    pub(super) start: i64,
    pub(super) hits: i64,
}

impl Window {
    /// The window after one more hit at `now`.
    fn hit(previous: Option<Self>, limit: &Limit, now: i64) -> Self {
        match previous {
            Some(window) if !window.is_over(limit, now) => Self { hits: window.hits + 1, ..window },
            _ => Self { start: now, hits: 1 },
        }
    }

    fn is_over(self, limit: &Limit, now: i64) -> bool {
        now >= self.start + limit.window
    }

    fn check(self, limit: &Limit, now: i64) -> Result<(), LimitError> {
        if self.hits <= limit.max {
            return Ok(());
        }
        let wait = (self.start + limit.window - now).clamp(1, limit.window.max(1));
        Err(LimitError::Exceeded { retry_after: wait.unsigned_abs() })
    }
}

/// Counts hits against limits, or lets everything through. Cheap to clone.
#[derive(Clone)]
pub struct Limits {
    counting: Option<Arc<Counting>>,
}

struct Counting {
    db: Db,
    clock: Clock,
    keys: Keys,
    recent: Mutex<HashMap<String, Known>>,
}

struct Known {
    window: Window,
    /// When it may be forgotten, Unix seconds.
    end: i64,
}

impl Limits {
    /// Limits that hold.
    pub fn on(db: Db, clock: Clock, keys: Keys) -> Self {
        Self { counting: Some(Arc::new(Counting { db, clock, keys, recent: Mutex::default() })) }
    }

    /// No limits, for load tests.
    pub fn off() -> Self {
        Self { counting: None }
    }

    /// Counts one hit by `subject`: an id, an e-mail address, a network address. Only its hash is kept.
    pub async fn hit(&self, limit: &'static Limit, subject: &str) -> Result<(), LimitError> {
        let Some(counting) = &self.counting else { return Ok(()) };
        let now = counting.clock.wall();
        let name = counting.name(limit, subject);
        counting.hit_in_memory(limit, &name, now)?;
        let row = name.clone();
        let window =
            counting.db.write(move |conn| store::hit(conn, &row, limit.window, now)).await?;
        counting.learn(limit, name, window);
        window.check(limit, now)
    }

    /// Counts one hit in this process alone: for floods, which must not reach the database.
    pub fn hit_in_memory(&self, limit: &Limit, subject: &str) -> Result<(), LimitError> {
        let Some(counting) = &self.counting else { return Ok(()) };
        counting.hit_in_memory(limit, &counting.name(limit, subject), counting.clock.wall())
    }
}

impl Counting {
    fn name(&self, limit: &Limit, subject: &str) -> String {
        let pseudonym = self.keys.sign(Purpose::Pseudonym, subject.as_bytes());
        format!("{}:{}", limit.name, hex::encode(&pseudonym[..16]))
    }

    fn hit_in_memory(&self, limit: &Limit, name: &str, now: i64) -> Result<(), LimitError> {
        let mut recent = self.recent();
        if recent.len() >= CAPACITY && !recent.contains_key(name) {
            recent.retain(|_, known| known.end > now);
            // A flood from more places than that starts over rather than lock everybody out.
            if recent.len() >= CAPACITY {
                recent.clear();
            }
        }
        let window = Window::hit(recent.get(name).map(|known| known.window), limit, now);
        recent.insert(name.to_owned(), Known { window, end: window.start + limit.window });
        window.check(limit, now)
    }

    /// Takes over the window as the database has it, with what hit it here in the meantime.
    fn learn(&self, limit: &Limit, name: String, counted: Window) {
        let mut recent = self.recent();
        let here = recent.get(&name).filter(|known| known.window.start == counted.start);
        let hits = here.map_or(counted.hits, |known| known.window.hits.max(counted.hits));
        let window = Window { hits, ..counted };
        recent.insert(name, Known { window, end: window.start + limit.window });
    }

    fn recent(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whom a network address stands for: the address, or the /64 of an IPv6 one, which one household has to itself.
pub(super) fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Limit = Limit { name: "test", max: 2, window: 60 };

    fn retry_after(result: Result<(), LimitError>) -> Option<u64> {
        match result {
            Err(LimitError::Exceeded { retry_after }) => Some(retry_after),
            _ => None,
        }
    }

    #[test]
    fn a_window_refuses_what_is_over_the_limit_until_it_ends() {
        let mut window = None;
        for (now, refused) in
            [(100, None), (130, None), (131, Some(29)), (159, Some(1)), (160, None), (161, None)]
        {
            let next = Window::hit(window, &LIMIT, now);
            assert_eq!(retry_after(next.check(&LIMIT, now)), refused, "at {now}");
            window = Some(next);
        }
    }

    #[test]
    fn neighbours_in_one_ipv6_network_count_as_one() {
        for (address, expected) in [
            ("203.0.113.7", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ] {
            assert_eq!(network(address.parse().unwrap()), expected);
        }
    }
}
