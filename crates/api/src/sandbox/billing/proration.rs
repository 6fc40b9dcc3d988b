//! Proration: the part of a price that falls on the rest of a period, to the second.

/// A billing period in Unix seconds, the end not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) start: i64,
    pub(crate) end: i64,
}

/// The share of `amount` (minor units for the whole period) that falls on the time from `at` to the end,
/// rounded to the nearest minor unit, halves away from zero.
pub(crate) fn share(amount: i64, period: Period, at: i64) -> i64 {
    let length = i128::from(period.end) - i128::from(period.start);
    if length <= 0 {
        return 0;
    }
    let left = (i128::from(period.end) - i128::from(at)).clamp(0, length);
    round_half_away(i128::from(amount) * left, length)
}

/// The quotient, rounded to the nearest whole, halves away from zero.
pub(crate) fn round_half_away(dividend: i128, divisor: i128) -> i64 {
    let magnitude = (dividend.abs() * 2 + divisor) / (divisor * 2);
    let rounded = if dividend < 0 { -magnitude } else { magnitude };
    // The share of an i64 amount is no larger than the amount.
    i64::try_from(rounded).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const JUNE: Period = Period { start: 0, end: 30 * 86_400 };

    #[test]
    fn the_share_follows_the_time_that_is_left() {
        assert_eq!(share(3_000, JUNE, 0), 3_000);
        assert_eq!(share(3_000, JUNE, 15 * 86_400), 1_500);
        assert_eq!(share(3_000, JUNE, 30 * 86_400), 0);
        assert_eq!(share(3_000, JUNE, 30 * 86_400 - 1), 0);
        assert_eq!(share(3_000_000, JUNE, 30 * 86_400 - 1), 1);
    }

    #[test]
    fn halves_are_rounded_away_from_zero_on_both_sides() {
        let period = Period { start: 0, end: 2 };
        assert_eq!(share(5, period, 1), 3);
        assert_eq!(share(-5, period, 1), -3);
        assert_eq!(share(-4, period, 1), -2);
    }

    #[test]
    fn no_amount_overflows() {
        assert_eq!(share(i64::MAX, JUNE, 0), i64::MAX);
        assert_eq!(share(-i64::MAX, JUNE, 0), -i64::MAX);
        assert_eq!(share(100, Period { start: 5, end: 5 }, 5), 0);
    }

    #[test]
    fn a_time_outside_the_period_counts_as_its_edge() {
        assert_eq!(share(100, JUNE, -5), 100);
        assert_eq!(share(100, JUNE, 31 * 86_400), 0);
    }
}
