//! The sandbox's clock: the wall's time plus an offset that only grows.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use jiff::{Span, Timestamp, tz::TimeZone};

/// Unix seconds as the whole sandbox sees them. The offset may be shared with whoever must agree on the time.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    offset: Arc<AtomicI64>,
}

impl Clock {
    pub(crate) fn new(offset: Arc<AtomicI64>) -> Clock {
        Clock { offset }
    }

    /// Now, in Unix seconds.
    pub(crate) fn now(&self) -> i64 {
        wall() + self.offset()
    }

    /// Seconds ahead of the wall.
    pub(crate) fn offset(&self) -> i64 {
        self.offset.load(Ordering::SeqCst)
    }

    /// Moves ahead to `time`; a time in the past moves nothing.
    pub(crate) fn advance_to(&self, time: i64) {
        self.offset.fetch_max(time - wall(), Ordering::SeqCst);
    }
}

/// The wall's Unix seconds: what signatures are stamped with.
pub(crate) fn wall() -> i64 {
    Timestamp::now().as_second()
}

/// `now` moved by a span a person would write: `45s`, `30min`, `3days`, `2weeks`, `1month`, `1year 2d`.
pub(crate) fn after(now: i64, span: &str) -> Result<i64, String> {
    let refused = |error: jiff::Error| {
        format!("'{span}' is no span of time like 1month, 3days or 12h: {error}")
    };
    let parsed: Span = span.parse().map_err(refused)?;
    if parsed.is_negative() {
        return Err("the clock only moves ahead".to_owned());
    }
    let start = Timestamp::from_second(now).map_err(refused)?.to_zoned(TimeZone::UTC);
    Ok(start.checked_add(parsed).map_err(refused)?.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_follow_the_calendar() {
        let january_31: i64 = "2027-01-31T12:00:00Z".parse::<Timestamp>().unwrap().as_second();
        let february_28: i64 = "2027-02-28T12:00:00Z".parse::<Timestamp>().unwrap().as_second();
        assert_eq!(after(january_31, "1month"), Ok(february_28));
        assert_eq!(after(january_31, "3days"), Ok(january_31 + 3 * 86_400));
        assert_eq!(after(january_31, "90m"), Ok(january_31 + 5_400));
        assert!(after(january_31, "-1day").is_err());
        assert!(after(january_31, "soon").is_err());
    }
}
