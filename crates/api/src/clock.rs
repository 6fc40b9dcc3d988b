//! Two clocks: the wall, and the one that billing goes by.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use jiff::Timestamp;

/// Tells the time in Unix seconds.
///
/// [`Clock::wall`] is for tokens, cookies, signed URLs, signatures and limits. [`Clock::billing`] is for
/// access, grace, trials and deadlines: the wall plus an offset that the embedded sandbox moves when its
/// own clock is advanced. With real Stripe the offset stays zero.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    offset: Arc<AtomicI64>,
}

/// Now on the wall, for those without a [`Clock`].
pub fn wall() -> i64 {
    Timestamp::now().as_second()
}

/// A moment for operators to read, `2026-12-18 09:00:00 UTC`.
pub fn utc(at: i64) -> String {
    Timestamp::from_second(at)
        .map_or_else(|_| at.to_string(), |at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

impl Clock {
    /// A clock whose billing time is `offset` seconds ahead of the wall; whoever holds the offset moves it.
    pub fn with_offset(offset: Arc<AtomicI64>) -> Self {
        Self { offset }
    }

    /// Now, for security and limits.
    pub fn wall(&self) -> i64 {
        wall()
    }

    /// Now, for what is paid and until when.
    pub fn billing(&self) -> i64 {
        self.wall() + self.offset.load(Ordering::Relaxed)
    }
}
