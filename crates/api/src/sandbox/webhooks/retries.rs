//! When a delivery that failed is made again.

/// How deliveries that fail are repeated. See <https://docs.stripe.com/webhooks#retries>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Retries {
    /// Soon and often at first, for an endpoint whose developer is restarting it; for three days.
    #[default]
    Brisk,
    /// As Stripe's test mode: three attempts in a few hours.
    Test,
    /// As Stripe's live mode: for three days, with growing pauses.
    Live,
}

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

impl Retries {
    pub(crate) const ALL: [Retries; 3] = [Retries::Brisk, Retries::Test, Retries::Live];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Retries::Brisk => "brisk",
            Retries::Test => "test",
            Retries::Live => "live",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Retries> {
        Retries::ALL.into_iter().find(|retries| retries.name() == name)
    }

    /// Seconds until the next attempt after so many failed ones; none when the delivery is given up. Attempts are
    /// counted, not days, because the clock may leap past them all before the first.
    pub(super) fn pause(self, attempts: i64) -> Option<i64> {
        // The pauses, and how often the last one comes again.
        let (pauses, repeated): (&[i64], i64) = match self {
            Retries::Brisk => {
                (&[1, 5, 30, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR], 10)
            }
            Retries::Test => (&[HOUR, 2 * HOUR], 0),
            Retries::Live => {
                (&[5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR, 12 * HOUR], 2)
            }
        };
        let last = i64::try_from(pauses.len()).ok()? - 1;
        let place = attempts - 1;
        (place <= last + repeated)
            .then(|| pauses[usize::try_from(place.clamp(0, last)).unwrap_or(0)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_schedule_lasts_as_long_as_it_says() {
        const DAY: i64 = 24 * HOUR;
        for (retries, attempts, least, most) in [
            (Retries::Brisk, 20, 2 * DAY, 3 * DAY),
            (Retries::Test, 3, 2 * HOUR, 4 * HOUR),
            (Retries::Live, 10, 2 * DAY, 3 * DAY),
        ] {
            let pauses: Vec<i64> = (1..).map_while(|made| retries.pause(made)).collect();
            assert_eq!(pauses.len() + 1, attempts, "{retries:?}");
            assert!(pauses.is_sorted(), "{retries:?}: {pauses:?}");
            let total: i64 = pauses.iter().sum();
            assert!((least..=most).contains(&total), "{retries:?}: {total}");
            assert_eq!(Retries::named(retries.name()), Some(retries));
        }
    }
}
