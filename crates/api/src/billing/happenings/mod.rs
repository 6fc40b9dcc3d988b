//! What happens to a subscription and is told its listener by mail: joining, a trial's end, a failed payment, leaving.
//!
//! What is told follows from the row before and the row after, in the commit that writes it, whatever brought it:
//! an event, a refresh, a reconciliation. Its cause names the transition and not the event, so that neither
//! duplicates nor another order tell it twice; and what is long over is not told at all.

mod store;

use super::{Rules, subscriptions::SubscriptionRow};
use crate::{
    access::{self, Policy},
    db::{Conn, DbError},
    mail::{self, Mail, NewMail, Purchase},
    stripe::SubscriptionStatus,
};

const DAY: i64 = 86_400;

/// Seconds after which a beginning or an end is old news: longer than Stripe tries to deliver it.
const NEWS: i64 = 4 * DAY;

/// Seconds before a trial's end that it is told, as Stripe does; and an hour, since clocks differ.
const TRIAL_NOTICE: i64 = 3 * DAY + 3_600;

/// Seconds in which a mail is still of use.
const LIFETIME: i64 = 3 * DAY;

/// Tells the listener what follows from `row` in the place of `before`. That it has begun is told once it is `settled`
/// whether a first payment is still on its way; until then an `active` promises too much.
pub(super) fn tell(
    conn: &mut Conn,
    rules: &Rules,
    before: Option<&SubscriptionRow>,
    row: &SubscriptionRow,
    settled: bool,
) -> Result<(), DbError> {
    let happened = happenings(before, row, settled, &rules.policy, rules.clock.billing());
    let Some(user_id) = row.user_id.as_ref().filter(|_| !happened.is_empty()) else {
        return Ok(());
    };
    // Somebody who is leaving is told once, at the end.
    let Some(email) = store::find_staying_email(conn, user_id)? else { return Ok(()) };
    let now = rules.clock.wall();
    for Happening { cause, mail } in happened {
        let new = NewMail {
            cause: &cause,
            user_id: Some(user_id),
            recipient: &email,
            mail: &mail,
            useless_at: now + LIFETIME,
            now,
        };
        mail::enqueue(conn, &new)?;
    }
    Ok(())
}

/// Something to tell, and what makes it the same as another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Happening {
    cause: String,
    mail: Mail,
}

/// What is to be told at `now`, in billing time. Most of it was told before, which its cause shows.
pub(super) fn happenings(
    before: Option<&SubscriptionRow>,
    row: &SubscriptionRow,
    settled: bool,
    policy: &Policy,
    now: i64,
) -> Vec<Happening> {
    let status = row.status();
    let begins = settled
        && row.created_at > now - NEWS
        && matches!(status, SubscriptionStatus::Active | SubscriptionStatus::Trialing);
    let ends_at = planned_end(row).filter(|_| row.is_live());
    let mut told = Vec::new();
    let mut tell = |cause: String, mail: Mail| told.push(Happening { cause, mail });

    if begins && access::verdict(&row.into(), policy, now).allowed {
        tell(format!("joined:{}", row.id), Mail::Joined(purchase(row)));
    }
    if let (SubscriptionStatus::Trialing, Some(end), None) = (&status, row.trial_end, ends_at)
        && end > now
        && end - now <= TRIAL_NOTICE
        // A short trial's end stood in the mail about its beginning.
        && end - row.created_at > TRIAL_NOTICE + DAY
    {
        tell(format!("trial_ending:{}:{end}", row.id), Mail::TrialEnding(purchase(row)));
    }
    if let (SubscriptionStatus::PastDue, Some(since)) = (&status, row.past_due_since) {
        let deadline = since + policy.grace(row.plan.as_deref());
        if deadline > now {
            let mail = Mail::PaymentFailed { purchase: purchase(row), deadline };
            tell(format!("payment_failed:{}:{since}", row.id), mail);
        }
    }
    // Only what was seen to change: a row that is new here may have been cancelled long ago.
    if let (Some(before), Some(ends_at)) = (before, ends_at)
        && planned_end(before) != Some(ends_at)
        && ends_at > now
    {
        let mail = Mail::Ending { plan: row.plan.clone(), ends_at };
        tell(format!("ending:{}:{ends_at}", row.id), mail);
    }
    if let (SubscriptionStatus::Canceled, Some(before), Some(ended_at)) =
        (&status, before, row.ended_at)
        && before.is_live()
        && ended_at > now - NEWS
    {
        let mail = Mail::Ended { plan: row.plan.clone(), ended_at };
        tell(format!("ended:{}", row.id), mail);
    }
    told
}

/// Stripe has two encodings of it.
fn planned_end(row: &SubscriptionRow) -> Option<i64> {
    row.cancel_at.or(row.current_period_end.filter(|_| row.cancel_at_period_end))
}

fn purchase(row: &SubscriptionRow) -> Purchase {
    let is_trial = row.status() == SubscriptionStatus::Trialing;
    Purchase {
        plan: row.plan.clone(),
        amount: row.amount,
        currency: row.currency.clone(),
        interval: row.interval.clone(),
        next_payment_at: row.current_period_end,
        trial_end: row.trial_end.filter(|_| is_trial),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::billing::subscriptions::blank;

    const NOW: i64 = 1_800_000_000;

    fn row(status: &str) -> SubscriptionRow {
        SubscriptionRow {
            status: status.to_owned(),
            plan: Some("pro".to_owned()),
            current_period_end: Some(NOW + 20 * DAY),
            created_at: NOW - 10 * DAY,
            ..blank()
        }
    }

    fn new(row: SubscriptionRow) -> SubscriptionRow {
        SubscriptionRow { created_at: NOW - 60, ..row }
    }

    fn trial(end: i64) -> SubscriptionRow {
        SubscriptionRow { trial_end: Some(end), ..row("trialing") }
    }

    fn past_due(since: i64) -> SubscriptionRow {
        SubscriptionRow { past_due_since: Some(since), ..row("past_due") }
    }

    fn ended(at: i64) -> SubscriptionRow {
        SubscriptionRow { ended_at: Some(at), ..row("canceled") }
    }

    fn ending() -> SubscriptionRow {
        SubscriptionRow { cancel_at: Some(NOW + DAY), ..row("active") }
    }

    #[test]
    fn a_beginning_is_told_once_it_opens_something() {
        let policy = Policy::new([("pro".to_owned(), 7)]);
        let told = |row: &SubscriptionRow, settled| {
            !happenings(None, row, settled, &policy, NOW).is_empty()
        };
        let begun = new(row("active"));
        assert!(told(&begun, true));
        assert!(!told(&begun, false), "a debit may be on its way");
        assert!(!told(
            &SubscriptionRow { paid_until: Some(begun.created_at), ..begun.clone() },
            true
        ));
        assert!(!told(&SubscriptionRow { plan: None, ..begun }, true), "it is not sold here");
    }

    #[test]
    fn each_transition_is_told_under_one_cause_and_old_news_is_not() {
        let at_period_end = SubscriptionRow { cancel_at_period_end: true, ..row("active") };
        let cancelled_trial = SubscriptionRow { cancel_at: Some(NOW + DAY), ..trial(NOW + DAY) };
        let in_two_days = NOW + 2 * DAY;
        let period_end = NOW + 20 * DAY;
        for (before, after, expected) in [
            (None, new(row("incomplete")), vec![]),
            (Some(row("incomplete")), new(row("active")), vec!["joined:sub_1".to_owned()]),
            (None, new(row("trialing")), vec!["joined:sub_1".to_owned()]),
            (None, row("active"), vec![]),
            (Some(row("past_due")), row("active"), vec![]),
            (
                Some(trial(in_two_days)),
                trial(in_two_days),
                vec![format!("trial_ending:sub_1:{in_two_days}")],
            ),
            (Some(trial(NOW + 4 * DAY)), trial(NOW + 4 * DAY), vec![]),
            (Some(trial(NOW - 1)), trial(NOW - 1), vec![]),
            (None, new(trial(in_two_days)), vec!["joined:sub_1".to_owned()]),
            (Some(cancelled_trial.clone()), cancelled_trial, vec![]),
            (
                Some(row("active")),
                past_due(NOW - DAY),
                vec![format!("payment_failed:sub_1:{}", NOW - DAY)],
            ),
            (Some(row("active")), row("past_due"), vec![]),
            (Some(row("active")), past_due(NOW - 30 * DAY), vec![]),
            (Some(row("active")), ending(), vec![format!("ending:sub_1:{}", NOW + DAY)]),
            (Some(ending()), ending(), vec![]),
            (None, ending(), vec![]),
            (Some(row("active")), at_period_end, vec![format!("ending:sub_1:{period_end}")]),
            (Some(row("active")), ended(NOW), vec!["ended:sub_1".to_owned()]),
            (Some(row("active")), ended(NOW - 9 * DAY), vec![]),
            (Some(row("incomplete")), ended(NOW), vec![]),
            (None, ended(NOW), vec![]),
        ] {
            let policy = Policy::new([("pro".to_owned(), 7)]);
            let told = happenings(before.as_ref(), &after, true, &policy, NOW);
            let causes: Vec<_> = told.into_iter().map(|happening| happening.cause).collect();
            let before = before.map(|row| row.status);
            assert_eq!(causes, expected, "{before:?} -> {} {:?}", after.status, after.trial_end);
        }
    }
}
