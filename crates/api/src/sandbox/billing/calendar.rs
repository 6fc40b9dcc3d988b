//! Billing periods: boundaries counted from an anchor, so that short months do not wear it down.

use jiff::{Span, Timestamp, Zoned, tz::TimeZone};
use serde_json::Value;

/// How often a recurring price is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interval {
    pub(crate) unit: Unit,
    pub(crate) count: i64,
}

/// `recurring.interval`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Day,
    Week,
    Month,
    Year,
}

impl Unit {
    /// `day`, `week` or `month`; everything else is a year.
    pub(crate) fn of_word(word: &str) -> Unit {
        match word {
            "day" => Unit::Day,
            "week" => Unit::Week,
            "month" => Unit::Month,
            _ => Unit::Year,
        }
    }
}

impl Interval {
    /// The interval of a price; `None` for a one-time price.
    pub(crate) fn of_price(price: &Value) -> Option<Interval> {
        let recurring = price["recurring"].as_object()?;
        let unit = Unit::of_word(recurring["interval"].as_str()?);
        Some(Interval { unit, count: recurring["interval_count"].as_i64().unwrap_or(1).max(1) })
    }

    /// The first boundary after `time`, of those counted from `anchor` in both directions. Unix seconds.
    pub(crate) fn next_boundary(self, anchor: i64, time: i64) -> i64 {
        let mut periods = self.estimate(anchor, time);
        while self.boundary(anchor, periods) > time {
            periods -= 1;
        }
        while self.boundary(anchor, periods) <= time {
            periods += 1;
        }
        self.boundary(anchor, periods)
    }

    /// The last boundary before `boundary`, itself one of those counted from `anchor`.
    pub(crate) fn boundary_before(self, anchor: i64, boundary: i64) -> i64 {
        let mut periods = self.estimate(anchor, boundary) + 1;
        while self.boundary(anchor, periods) >= boundary {
            periods -= 1;
        }
        self.boundary(anchor, periods)
    }

    /// The boundary `periods` after the anchor. A day the month lacks is its last day.
    fn boundary(self, anchor: i64, periods: i64) -> i64 {
        let units = periods * self.count;
        let months = match self.unit {
            Unit::Day => return anchor + units * 86_400,
            Unit::Week => return anchor + units * 7 * 86_400,
            Unit::Month => units,
            Unit::Year => units * 12,
        };
        // Out of the calendar's range only after the year 9999: then the last second there is.
        let moved =
            Span::new().try_months(months).ok().and_then(|span| utc(anchor).checked_add(span).ok());
        moved.map_or(Timestamp::MAX.as_second(), |zoned| zoned.timestamp().as_second())
    }

    fn estimate(self, anchor: i64, time: i64) -> i64 {
        match self.unit {
            Unit::Day => (time - anchor).div_euclid(86_400 * self.count),
            Unit::Week => (time - anchor).div_euclid(7 * 86_400 * self.count),
            Unit::Month => months_between(anchor, time).div_euclid(self.count),
            Unit::Year => months_between(anchor, time).div_euclid(12 * self.count),
        }
    }
}

fn months_between(anchor: i64, time: i64) -> i64 {
    let (from, to) = (utc(anchor).date(), utc(time).date());
    (i64::from(to.year()) - i64::from(from.year())) * 12 + i64::from(to.month())
        - i64::from(from.month())
}

fn utc(time: i64) -> Zoned {
    Timestamp::from_second(time).unwrap_or_default().to_zoned(TimeZone::UTC)
}

/// `12 Nov 2026`, as invoice lines write it.
pub(crate) fn day(time: i64) -> String {
    utc(time).strftime("%-d %b %Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_second()
    }

    fn every(unit: Unit, count: i64) -> Interval {
        Interval { unit, count }
    }

    #[test]
    fn a_monthly_anchor_on_the_31st_survives_short_months() {
        let anchor = at("2027-01-31T10:00:00Z");
        let mut time = anchor;
        let mut days = Vec::new();
        for _ in 0..5 {
            time = every(Unit::Month, 1).next_boundary(anchor, time);
            days.push(day(time));
        }
        assert_eq!(
            days,
            ["28 Feb 2027", "31 Mar 2027", "30 Apr 2027", "31 May 2027", "30 Jun 2027"]
        );
    }

    #[test]
    fn a_yearly_anchor_on_february_29_comes_back_in_leap_years() {
        let anchor = at("2028-02-29T00:00:00Z");
        let yearly = every(Unit::Year, 1);
        let first = yearly.next_boundary(anchor, anchor);
        assert_eq!(first, at("2029-02-28T00:00:00Z"));
        assert_eq!(
            yearly.next_boundary(anchor, at("2031-06-01T00:00:00Z")),
            at("2032-02-29T00:00:00Z")
        );
    }

    #[test]
    fn boundaries_are_found_before_and_long_after_the_anchor() {
        let anchor = at("2027-06-15T12:30:00Z");
        assert_eq!(every(Unit::Month, 1).next_boundary(anchor, at("2027-05-20T00:00:00Z")), anchor);
        assert_eq!(
            every(Unit::Month, 1).boundary_before(anchor, anchor),
            at("2027-05-15T12:30:00Z")
        );
        assert_eq!(every(Unit::Month, 3).next_boundary(anchor, anchor), at("2027-09-15T12:30:00Z"));
        assert_eq!(every(Unit::Week, 2).next_boundary(anchor, anchor + 1), anchor + 14 * 86_400);
        assert_eq!(every(Unit::Day, 1).next_boundary(anchor, anchor - 1), anchor);
        assert_eq!(
            every(Unit::Month, 1).next_boundary(anchor, at("2099-01-01T00:00:00Z")),
            at("2099-01-15T12:30:00Z")
        );
    }
}
