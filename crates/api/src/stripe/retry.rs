//! When a failed try is repeated, and after how long: pure functions, after the official SDKs.

use std::time::Duration;

use super::breaker::Sign;

/// How one try ended, as far as the decision needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// No complete answer came: refused, reset, silent for too long.
    NoAnswer,
    /// An answer with this HTTP status.
    Answered {
        /// The HTTP status.
        status: u16,
        /// What the header `Stripe-Should-Retry` says, when it is there.
        should_retry: Option<bool>,
    },
}

/// Whether to try again.
///
/// `repeatable`: sending twice does no more than sending once. `retries_left`: how many are still allowed.
/// Stripe's own word decides first; without it, a conflict (409) and a server's failure (5xx) are worth another
/// try, while a rate limit (429) is not: a client that insists makes it worse.
pub fn should_retry(outcome: Outcome, repeatable: bool, retries_left: u32) -> bool {
    if !repeatable || retries_left == 0 {
        return false;
    }
    match outcome {
        Outcome::NoAnswer => true,
        Outcome::Answered { status: 200..300, .. } => false,
        Outcome::Answered { should_retry: Some(told), .. } => told,
        Outcome::Answered { status, should_retry: None } => status == 409 || status >= 500,
    }
}

/// What a failed try says of Stripe's health: a refusal is an answer like another.
pub fn health(outcome: Outcome) -> Sign {
    match outcome {
        Outcome::NoAnswer | Outcome::Answered { status: 500.., .. } => Sign::Down,
        Outcome::Answered { .. } => Sign::Up,
    }
}

/// The wait before retry number `retry` (1 is the first): `base · 2^(retry−1)`, at most ten times `base`,
/// times a jitter between a half and one, and never under `base`. `random` is in `0.0..1.0`.
pub fn delay(base: Duration, retry: u32, random: f64) -> Duration {
    let doubled = base.saturating_mul(2_u32.saturating_pow(retry.saturating_sub(1)));
    let capped = doubled.min(base.saturating_mul(10));
    capped.mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0).max(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn answered(status: u16, should_retry: Option<bool>) -> Outcome {
        Outcome::Answered { status, should_retry }
    }

    #[test]
    fn outcomes_decide_as_in_the_official_sdks() {
        for (outcome, retried) in [
            (Outcome::NoAnswer, true),
            (answered(200, None), false),
            (answered(200, Some(true)), false),
            (answered(400, None), false),
            (answered(400, Some(true)), true),
            (answered(401, None), false),
            (answered(402, None), false),
            (answered(403, None), false),
            (answered(404, None), false),
            (answered(409, None), true),
            (answered(409, Some(false)), false),
            (answered(429, None), false),
            (answered(429, Some(true)), true),
            (answered(500, None), true),
            (answered(500, Some(false)), false),
            (answered(502, None), true),
            (answered(503, None), true),
        ] {
            assert_eq!(should_retry(outcome, true, 2), retried, "{outcome:?}");
            assert!(!should_retry(outcome, true, 0), "no retries left: {outcome:?}");
            assert!(!should_retry(outcome, false, 2), "not repeatable: {outcome:?}");
        }
    }

    #[test]
    fn delays_double_with_jitter_between_base_and_cap() {
        let base = Duration::from_millis(500);
        for (retry, random, millis) in [
            (1, 0.0, 500),
            (1, 1.0, 500),
            (2, 0.0, 500),
            (2, 1.0, 1000),
            (3, 0.5, 1500),
            (4, 1.0, 4000),
            (5, 1.0, 5000),
            (60, 0.0, 2500),
            (60, 1.0, 5000),
        ] {
            assert_eq!(
                delay(base, retry, random),
                Duration::from_millis(millis),
                "{retry} {random}"
            );
        }
    }
}
