//! How long to leave something alone that failed.

/// Attempts after which an operator should know.
pub(super) const ALERT_AFTER: i64 = 5;

/// Seconds until the next try after `attempts` failures: from 2 seconds, doubling, to an hour.
pub(super) fn delay(attempts: i64) -> i64 {
    2_i64.saturating_pow(u32::try_from(attempts.clamp(1, 12)).unwrap_or(12)).min(3_600)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_an_hour() {
        assert_eq!([0, 1, 2, 3, 11, 12, i64::MAX].map(delay), [2, 2, 4, 8, 2_048, 3_600, 3_600]);
    }
}
