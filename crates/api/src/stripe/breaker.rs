//! Whether Stripe is called at all: a pure state machine that opens after failures in a row and, some time later, lets
//! one call through to see whether Stripe is back.
//!
//! Without it every request that needs Stripe would wait out its timeouts for as long as Stripe is down.

use std::time::{Duration, Instant};

/// When to stop calling, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerSettings {
    /// Failed tries in a row, of whatever calls, that open it; 5.
    pub failures: u32,
    /// How long it stays open at first; 1 s. It doubles with each probe that fails.
    pub first_pause: Duration,
    /// The longest it stays open before the next probe; 30 s.
    pub longest_pause: Duration,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self {
            failures: 5,
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(30),
        }
    }
}

/// What a try said of Stripe's health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// It answered; a refusal is an answer.
    Up,
    /// No answer, or a 5xx.
    Down,
    /// Nothing: the caller went away, or had no time left to wait.
    None,
}

/// How the breaker stands, for people and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// Calls go through.
    Closed,
    /// Calls are refused.
    Open,
    /// One call is on its way to see whether Stripe is back; others are refused.
    Probing,
}

impl BreakerState {
    /// The word for it, in logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::Probing => "probing",
        }
    }
}

/// Leave to make one try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leave {
    probe: bool,
}

/// The state machine. Time is given to it.
#[derive(Clone, Debug)]
pub struct Breaker {
    settings: BreakerSettings,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant, pause: Duration },
    Probing { since: Instant, pause: Duration },
}

impl Breaker {
    /// A closed one.
    pub fn new(settings: BreakerSettings) -> Self {
        Self { settings, state: State::Closed { failures: 0 } }
    }

    /// How it stands.
    pub fn state(&self) -> BreakerState {
        match self.state {
            State::Closed { .. } => BreakerState::Closed,
            State::Open { .. } => BreakerState::Open,
            State::Probing { .. } => BreakerState::Probing,
        }
    }

    /// How long a call made now would be refused; `None` when it would go through.
    pub fn refuses(&self, now: Instant) -> Option<Duration> {
        match self.state {
            State::Open { until, .. } if now < until => Some(until - now),
            State::Probing { since, pause } => {
                // A probe is a call, and calls end; a second one is let through all the same if this one does not.
                let over = since + pause.max(self.settings.longest_pause);
                (now < over).then_some(pause.min(over - now))
            }
            State::Closed { .. } | State::Open { .. } => None,
        }
    }

    /// Leave to make a try.
    ///
    /// # Errors
    /// The time to come back after, when Stripe is known to be down.
    pub fn admit(&mut self, now: Instant) -> Result<Leave, Duration> {
        if let Some(wait) = self.refuses(now) {
            return Err(wait);
        }
        match self.state {
            State::Closed { .. } => Ok(Leave { probe: false }),
            State::Open { pause, .. } | State::Probing { pause, .. } => {
                self.state = State::Probing { since: now, pause };
                Ok(Leave { probe: true })
            }
        }
    }

    /// Takes in how a try ended.
    pub fn note(&mut self, leave: Leave, sign: Sign, now: Instant) {
        self.state = match (self.state, sign) {
            (State::Closed { .. }, Sign::Up) => State::Closed { failures: 0 },
            (State::Closed { failures }, Sign::Down) if failures + 1 < self.settings.failures => {
                State::Closed { failures: failures + 1 }
            }
            (State::Closed { .. }, Sign::Down) => self.open(self.settings.first_pause, now),
            // What was sent before it opened says that Stripe answers; it is as good as a probe.
            (State::Open { .. } | State::Probing { .. }, Sign::Up) => State::Closed { failures: 0 },
            (State::Probing { pause, .. }, Sign::Down) if leave.probe => {
                self.open(pause.saturating_mul(2).min(self.settings.longest_pause), now)
            }
            // The next one is the probe.
            (State::Probing { pause, .. }, Sign::None) if leave.probe => {
                State::Open { until: now, pause }
            }
            (unmoved, _) => unmoved,
        };
    }

    fn open(&self, pause: Duration, now: Instant) -> State {
        State::Open { until: now + pause, pause }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: BreakerSettings = BreakerSettings {
        failures: 3,
        first_pause: Duration::from_secs(1),
        longest_pause: Duration::from_secs(4),
    };

    /// A try at a second of its own, and how it ends.
    #[derive(Clone, Copy, Debug)]
    enum Step {
        Try(u64, Sign),
        Refused(u64),
    }
    use Sign::{Down, None as Nothing, Up};
    use Step::{Refused, Try};

    #[test]
    fn it_opens_after_failures_in_a_row_and_probes_again() {
        for (steps, state) in [
            (vec![Try(0, Down), Try(0, Down)], BreakerState::Closed),
            (vec![Try(0, Down), Try(0, Down), Try(0, Up), Try(0, Down)], BreakerState::Closed),
            (vec![Try(0, Down), Try(0, Down), Try(0, Nothing)], BreakerState::Closed),
            (vec![Try(0, Down), Try(0, Down), Try(0, Down)], BreakerState::Open),
            (vec![Try(0, Down), Try(0, Down), Try(0, Down), Refused(0)], BreakerState::Open),
            // After the pause one try decides.
            (vec![Try(0, Down), Try(0, Down), Try(0, Down), Try(1, Up)], BreakerState::Closed),
            (
                vec![Try(0, Down), Try(0, Down), Try(0, Down), Try(1, Down), Refused(2)],
                BreakerState::Open,
            ),
            // Pauses double up to the longest, and start over once Stripe was back.
            (
                vec![
                    Try(0, Down),
                    Try(0, Down),
                    Try(0, Down),
                    Try(1, Down),
                    Try(3, Down),
                    Refused(6),
                    Try(7, Down),
                    Refused(10),
                    Try(11, Up),
                    Try(11, Down),
                    Try(11, Down),
                    Try(11, Down),
                    Refused(11),
                    Try(12, Up),
                ],
                BreakerState::Closed,
            ),
            // A probe that was dropped leaves the next one the turn.
            (
                vec![Try(0, Down), Try(0, Down), Try(0, Down), Try(1, Nothing), Try(1, Up)],
                BreakerState::Closed,
            ),
        ] {
            let start = Instant::now();
            let mut breaker = Breaker::new(SETTINGS);
            for step in &steps {
                match *step {
                    Try(at, sign) => {
                        let now = start + Duration::from_secs(at);
                        let leave = breaker.admit(now).unwrap_or_else(|_| panic!("{steps:?}"));
                        breaker.note(leave, sign, now);
                    }
                    Refused(at) => {
                        let refused = breaker.admit(start + Duration::from_secs(at)).unwrap_err();
                        assert!(!refused.is_zero(), "{steps:?}");
                    }
                }
            }
            assert_eq!(breaker.state(), state, "{steps:?}");
        }
    }

    #[test]
    fn one_probe_at_a_time_and_never_stuck_behind_it() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut breaker = Breaker::new(SETTINGS);
        let early: Vec<_> = (0..4).map(|_| breaker.admit(start).unwrap()).collect();
        for leave in &early[..3] {
            breaker.note(*leave, Sign::Down, start);
        }
        let probe = breaker.admit(at(1)).unwrap();
        assert_eq!(breaker.state(), BreakerState::Probing);
        assert!(breaker.admit(at(2)).is_err());
        // A straggler from before it opened does not end the probe, unless it brings good news.
        breaker.note(early[3], Sign::Down, at(2));
        assert_eq!(breaker.state(), BreakerState::Probing);
        // The probe never came back.
        assert!(breaker.admit(at(5)).is_ok());
        breaker.note(probe, Sign::Up, at(6));
        assert_eq!(breaker.state(), BreakerState::Closed);
    }
}
