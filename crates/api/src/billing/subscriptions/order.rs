//! Which of two things Stripe said is newer, as far as whole seconds can tell.
//!
//! Deliveries come in any order and twice, and are stamped in whole seconds. What cannot be told from the
//! stamps is not guessed: Stripe is asked.

use crate::stripe::SubscriptionStatus;

/// How new a stored subscription is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Stripe's time of what was last written: an event's `created`, or the `Date` of an answer.
    pub version: i64,
    /// Events stamped before this second are in the row. For an event that is its own second; for an answer the
    /// second the question was sent in, because what happened between the two may or may not be in it.
    pub settled_before: i64,
    /// Counts the refreshes, so that two of them cannot overwrite each other.
    pub refresh_no: i64,
}

/// What to do with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It is news.
    Apply,
    /// It is in the row already, or can change nothing any more; why.
    Skip(&'static str),
    /// The stamps do not tell.
    Refresh,
}

/// Judges an event about a subscription, of which `stored` is known.
pub fn judge(
    stored: Option<(&SubscriptionStatus, Stamp)>,
    incoming: &SubscriptionStatus,
    created: i64,
    on_test_clock: bool,
) -> Judgement {
    match stored {
        Some((status, _)) if status.is_final() => Judgement::Skip("ended_before"),
        // Events are stamped with real time, in which a simulated clock does months within a second.
        _ if on_test_clock => Judgement::Refresh,
        None => Judgement::Apply,
        Some((_, stamp)) if created > stamp.version => Judgement::Apply,
        // Whatever else was stamped with that second came before: nothing follows an end.
        Some((_, stamp)) if incoming.is_final() && created >= stamp.settled_before => {
            Judgement::Apply
        }
        // An end cannot be older than a life, so one of the stamps misleads.
        Some(_) if incoming.is_final() => Judgement::Refresh,
        Some((_, stamp)) if created < stamp.settled_before => Judgement::Skip("older"),
        Some(_) => Judgement::Refresh,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_decide_what_they_can() {
        use Judgement::{Apply, Refresh, Skip};
        let event = Stamp { version: 100, settled_before: 100, refresh_no: 0 };
        let answer = Stamp { version: 103, settled_before: 100, refresh_no: 1 };
        for (stored, incoming, created, expected) in [
            (None, "active", 5, Apply),
            (None, "canceled", 5, Apply),
            (Some(("active", event)), "past_due", 99, Skip("older")),
            (Some(("active", event)), "past_due", 100, Refresh),
            (Some(("active", event)), "past_due", 101, Apply),
            (Some(("active", event)), "canceled", 100, Apply),
            (Some(("active", event)), "canceled", 99, Refresh),
            (Some(("canceled", event)), "active", 101, Skip("ended_before")),
            (Some(("incomplete_expired", event)), "active", 101, Skip("ended_before")),
            (Some(("active", answer)), "past_due", 99, Skip("older")),
            (Some(("active", answer)), "past_due", 100, Refresh),
            (Some(("active", answer)), "past_due", 103, Refresh),
            (Some(("active", answer)), "past_due", 104, Apply),
            (Some(("active", answer)), "canceled", 102, Apply),
        ] {
            let stored = stored.map(|(status, stamp)| (SubscriptionStatus::from(status), stamp));
            let known = stored.as_ref().map(|(status, stamp)| (status, *stamp));
            let incoming = SubscriptionStatus::from(incoming);
            assert_eq!(
                judge(known, &incoming, created, false),
                expected,
                "{stored:?} {incoming} {created}"
            );
        }
    }

    #[test]
    fn objects_on_a_test_clock_are_asked_for() {
        let stored =
            (&SubscriptionStatus::Active, Stamp { version: 1, settled_before: 1, refresh_no: 0 });
        assert_eq!(judge(None, &SubscriptionStatus::Active, 9, true), Judgement::Refresh);
        assert_eq!(judge(Some(stored), &SubscriptionStatus::Canceled, 9, true), Judgement::Refresh);
        let ended = (&SubscriptionStatus::Canceled, stored.1);
        assert_eq!(
            judge(Some(ended), &SubscriptionStatus::Active, 9, true),
            Judgement::Skip("ended_before")
        );
    }
}
