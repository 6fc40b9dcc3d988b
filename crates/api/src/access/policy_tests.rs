//! The decision, over every status, period, planned end, pause and grace.

use super::*;

const NOW: i64 = 1_700_000_000;
const PAST: i64 = NOW - 10 * DAY;
const FUTURE: i64 = NOW + 10 * DAY;

fn policy() -> Policy {
    Policy::new(["starter", "pro", "enterprise"].map(|plan| (plan.to_owned(), 7)))
}

fn subscription(status: &str) -> SubscriptionFacts {
    SubscriptionFacts {
        id: "sub_1".to_owned(),
        status: SubscriptionStatus::from(status),
        plan: Some("pro".to_owned()),
        current_period_end: Some(FUTURE),
        cancel_at: None,
        cancel_at_period_end: false,
        ended_at: None,
        trial_end: None,
        pause_behavior: None,
        pause_resumes_at: None,
        paid_until: None,
        past_due_since: None,
        latest_invoice: Some("in_1".to_owned()),
        money_back: MoneyBack::default(),
        created: PAST,
        as_of: NOW,
    }
}

fn of_plan(id: &str, plan: Option<&str>, facts: SubscriptionFacts) -> SubscriptionFacts {
    SubscriptionFacts { id: id.to_owned(), plan: plan.map(str::to_owned), ..facts }
}

fn judged(facts: &SubscriptionFacts) -> (bool, &'static str, Option<i64>) {
    let verdict = verdict(facts, &policy(), NOW);
    (verdict.allowed, verdict.reason.as_str(), verdict.until)
}

const STATUSES: [&str; 9] = [
    "active",
    "trialing",
    "past_due",
    "canceled",
    "unpaid",
    "paused",
    "incomplete",
    "incomplete_expired",
    "from_the_future",
];

#[test]
fn only_three_statuses_ever_open_anything() {
    for status in STATUSES {
        for current_period_end in
            [None, Some(PAST), Some(NOW - 1), Some(NOW), Some(NOW + 1), Some(FUTURE)]
        {
            for cancel_at in [None, Some(PAST), Some(FUTURE)] {
                for cancel_at_period_end in [false, true] {
                    for pause_behavior in
                        [None, Some("void"), Some("keep_as_draft"), Some("mark_uncollectible")]
                    {
                        for past_due_since in [None, Some(PAST), Some(NOW)] {
                            let facts = SubscriptionFacts {
                                current_period_end,
                                cancel_at,
                                cancel_at_period_end,
                                pause_behavior: pause_behavior.map(str::to_owned),
                                past_due_since,
                                ..subscription(status)
                            };
                            assert_sound(&facts);
                        }
                    }
                }
            }
        }
    }
}

/// What holds for every combination of facts.
fn assert_sound(facts: &SubscriptionFacts) {
    let Verdict { allowed, until, reason } = verdict(facts, &policy(), NOW);
    let status = facts.status.as_str();
    if !matches!(status, "active" | "trialing" | "past_due") {
        assert!(!allowed, "{facts:?}");
    }
    if let Some(until) = until {
        assert!(until > NOW, "{facts:?}");
        let then = verdict(facts, &policy(), until);
        assert_ne!(then.allowed, allowed, "changes when it says: {facts:?}");
        assert_eq!(
            verdict(facts, &policy(), until - 1).allowed,
            allowed,
            "and not before: {facts:?}"
        );
    }
    assert!(!allowed || until.is_some(), "no subscription opens for ever: {facts:?}");
    let planned =
        facts.cancel_at.or(facts.current_period_end.filter(|_| facts.cancel_at_period_end));
    if planned.is_some_and(|end| end <= NOW) {
        assert!(!allowed, "{facts:?}");
    }
    if facts.pause_behavior.as_deref() == Some("void")
        && facts.current_period_end.is_some_and(|end| end <= NOW)
    {
        assert!(!allowed, "{facts:?}");
    }
    let unsold = SubscriptionFacts { plan: None, ..facts.clone() };
    assert!(!verdict(&unsold, &policy(), NOW).allowed, "{unsold:?}");
    assert_eq!(
        allowed,
        matches!(reason, Reason::Active | Reason::Trialing | Reason::Grace),
        "{facts:?}"
    );
}

#[test]
fn statuses_give_what_they_say() {
    let believed = Some(FUTURE + STALE_AFTER);
    for (status, expected) in [
        ("active", (true, "active", believed)),
        ("trialing", (true, "trialing", believed)),
        ("past_due", (true, "grace", Some(NOW + 7 * DAY))),
        ("canceled", (false, "ended", None)),
        ("unpaid", (false, "unpaid", None)),
        ("paused", (false, "paused", None)),
        ("incomplete", (false, "incomplete", None)),
        ("incomplete_expired", (false, "incomplete_expired", None)),
        ("from_the_future", (false, "unknown_status", None)),
    ] {
        assert_eq!(judged(&subscription(status)), expected, "{status}");
    }
}

#[test]
fn a_planned_end_is_honoured_in_both_encodings() {
    for (cancel_at, cancel_at_period_end, current_period_end, expected) in [
        (Some(NOW + 1), false, FUTURE, (true, "active", Some(NOW + 1))),
        (Some(NOW), false, FUTURE, (false, "ended", None)),
        (None, true, NOW + 1, (true, "active", Some(NOW + 1))),
        (None, true, NOW, (false, "ended", None)),
        (Some(FUTURE), true, FUTURE, (true, "active", Some(FUTURE))),
        // An end beyond the period still takes a renewal to get there.
        (Some(FUTURE + 90 * DAY), false, FUTURE, (true, "active", Some(FUTURE + STALE_AFTER))),
    ] {
        let facts = SubscriptionFacts {
            cancel_at,
            cancel_at_period_end,
            current_period_end: Some(current_period_end),
            ..subscription("active")
        };
        assert_eq!(judged(&facts), expected, "{facts:?}");
    }
}

#[test]
fn active_is_believed_three_days_past_its_period() {
    for (end, expected) in [
        (NOW, (true, "active", Some(NOW + STALE_AFTER))),
        (NOW - STALE_AFTER + 1, (true, "active", Some(NOW + 1))),
        (NOW - STALE_AFTER, (false, "stale", None)),
    ] {
        let facts = SubscriptionFacts { current_period_end: Some(end), ..subscription("active") };
        assert_eq!(judged(&facts), expected, "{end}");
    }
    let unknown = SubscriptionFacts { current_period_end: None, ..subscription("active") };
    assert_eq!(
        judged(&unknown),
        (true, "active", Some(NOW + STALE_AFTER)),
        "believed as long as it is fresh"
    );
    let unknown = SubscriptionFacts { as_of: NOW - STALE_AFTER, ..unknown };
    assert_eq!(judged(&unknown), (false, "stale", None));
}

#[test]
fn the_grace_runs_from_the_oldest_unpaid_invoice() {
    let grace = 7 * DAY;
    for (since, expected) in [
        (NOW - grace + 1, (true, "grace", Some(NOW + 1))),
        (NOW - grace, (false, "past_due", None)),
        (NOW - grace - 1, (false, "past_due", None)),
    ] {
        let facts = SubscriptionFacts { past_due_since: Some(since), ..subscription("past_due") };
        assert_eq!(judged(&facts), expected, "{since}");
        let problem = payment_problem(&facts, &policy()).unwrap();
        assert_eq!((problem.kind.as_str(), problem.deadline), ("past_due", Some(since + grace)));
    }
}

#[test]
fn a_first_payment_on_its_way_opens_nothing_whatever_the_status() {
    for (status, expected) in [
        ("active", (false, "incomplete", None)),
        ("past_due", (false, "incomplete", None)),
        ("trialing", (true, "trialing", Some(FUTURE + STALE_AFTER))),
        ("unpaid", (false, "unpaid", None)),
    ] {
        let facts = SubscriptionFacts { paid_until: Some(PAST), ..subscription(status) };
        assert_eq!(judged(&facts), expected, "{status}");
    }
}

#[test]
fn voided_invoices_shut_at_the_end_of_what_was_paid() {
    let paused = |behavior: &str, period_end, paid_until, resumes_at| SubscriptionFacts {
        pause_behavior: Some(behavior.to_owned()),
        current_period_end: Some(period_end),
        paid_until,
        pause_resumes_at: resumes_at,
        ..subscription("active")
    };
    for (facts, expected) in [
        (paused("void", FUTURE, None, None), (true, "active", Some(FUTURE))),
        (paused("void", NOW, None, None), (false, "paused", None)),
        // Stripe renews it all the same; the renewed period was not paid.
        (paused("void", FUTURE, Some(NOW - 1), None), (false, "paused", None)),
        (paused("void", FUTURE, Some(NOW - 1), Some(NOW + 5)), (false, "paused", Some(NOW + 5))),
        (
            paused("void", FUTURE, Some(NOW - 1), Some(NOW)),
            (true, "active", Some(FUTURE + STALE_AFTER)),
        ),
        (paused("void", FUTURE, None, Some(FUTURE)), (true, "active", Some(FUTURE + STALE_AFTER))),
        (paused("keep_as_draft", FUTURE, None, None), (true, "active", Some(FUTURE + STALE_AFTER))),
        (
            paused("mark_uncollectible", FUTURE, None, None),
            (true, "active", Some(FUTURE + STALE_AFTER)),
        ),
    ] {
        assert_eq!(judged(&facts), expected, "{facts:?}");
    }
}

#[test]
fn the_highest_open_plan_counts() {
    let starter = of_plan("sub_starter", Some("starter"), subscription("active"));
    let pro = of_plan("sub_pro", Some("pro"), subscription("active"));
    let newer = |facts: &SubscriptionFacts| SubscriptionFacts { created: NOW, ..facts.clone() };
    let expired =
        of_plan("sub_expired", Some("enterprise"), newer(&subscription("incomplete_expired")));
    let foreign = of_plan("sub_foreign", None, newer(&subscription("active")));
    let unsold = of_plan("sub_unsold", Some("gone"), newer(&subscription("active")));
    let all = [starter, expired, pro, foreign.clone(), unsold];
    for rotation in 0..all.len() {
        let mut rotated = all.clone();
        rotated.rotate_left(rotation);
        let decision = decide(&rotated, &[], &policy(), NOW);
        assert_eq!(decision.plan.as_deref(), Some("pro"));
        assert_eq!(decision.subscription.as_deref(), Some("sub_pro"));
    }
    let decision = decide(&[foreign], &[], &policy(), NOW);
    assert_eq!((decision.allowed, decision.reason), (false, Reason::UnknownProduct));
}

#[test]
fn of_what_is_shut_the_one_to_look_after_counts() {
    let of = |id: &str, status: &str, created| SubscriptionFacts {
        created,
        past_due_since: Some(PAST),
        ..of_plan(id, Some("pro"), subscription(status))
    };
    let owing = of("sub_a", "past_due", PAST);
    let ended = of("sub_b", "canceled", NOW);
    let begun = of("sub_c", "incomplete", NOW);
    let decision = decide(&[ended.clone(), begun.clone(), owing], &[], &policy(), NOW);
    assert_eq!(
        (decision.reason, decision.subscription.as_deref()),
        (Reason::PastDue, Some("sub_a"))
    );
    let decision = decide(&[ended.clone(), begun], &[], &policy(), NOW);
    assert_eq!(decision.subscription.as_deref(), Some("sub_c"));
    let older = of("sub_d", "canceled", PAST);
    let decision = decide(&[ended, older], &[], &policy(), NOW);
    assert_eq!((decision.reason, decision.subscription.as_deref()), (Reason::Ended, Some("sub_b")));
    assert_eq!(decide(&[], &[], &policy(), NOW).reason, Reason::NoSubscription);
}

#[test]
fn grants_stand_beside_subscriptions() {
    let grant = |plan: &str, until| Grant { plan: plan.to_owned(), until, revoked_at: None };
    let revoked = Grant { revoked_at: Some(PAST), ..grant("enterprise", None) };
    let paid = subscription("active");
    for (grants, expected) in [
        (vec![grant("enterprise", None)], (true, Some("enterprise"), "granted", None)),
        (
            vec![grant("enterprise", Some(FUTURE))],
            (true, Some("enterprise"), "granted", Some(FUTURE)),
        ),
        (
            vec![grant("enterprise", Some(NOW))],
            (true, Some("pro"), "active", Some(FUTURE + STALE_AFTER)),
        ),
        (vec![grant("starter", None)], (true, Some("pro"), "active", Some(FUTURE + STALE_AFTER))),
        (
            vec![grant("gone", None), revoked.clone()],
            (true, Some("pro"), "active", Some(FUTURE + STALE_AFTER)),
        ),
    ] {
        let decision = decide(std::slice::from_ref(&paid), &grants, &policy(), NOW);
        let Decision { allowed, plan, until, reason, subscription } = decision;
        assert_eq!((allowed, plan.as_deref(), reason.as_str(), until), expected, "{grants:?}");
        assert_eq!(subscription.as_deref(), Some("sub_1"), "what is paid keeps being shown");
    }
    assert_eq!(decide(&[], &[revoked], &policy(), NOW).reason, Reason::GrantEnded);
    let ended = subscription("canceled");
    let decision = decide(&[ended], &[grant("starter", Some(FUTURE))], &policy(), NOW);
    assert_eq!((decision.allowed, decision.plan.as_deref()), (true, Some("starter")));
}

#[test]
fn a_better_plan_that_resumes_by_itself_moves_the_deadline() {
    let paused = SubscriptionFacts {
        pause_behavior: Some("void".to_owned()),
        pause_resumes_at: Some(NOW + 5),
        paid_until: Some(PAST),
        ..of_plan("sub_paused", Some("enterprise"), subscription("active"))
    };
    let decision = decide(&[subscription("active"), paused.clone()], &[], &policy(), NOW);
    assert_eq!((decision.plan.as_deref(), decision.until), (Some("pro"), Some(NOW + 5)));
    let then = decide(&[subscription("active"), paused], &[], &policy(), NOW + 5);
    assert_eq!(then.plan.as_deref(), Some("enterprise"));
}

#[test]
fn plans_open_what_is_not_above_them() {
    let policy = policy();
    for (plan, required, opens) in [
        ("starter", "starter", true),
        ("starter", "pro", false),
        ("enterprise", "pro", true),
        ("gone", "starter", false),
        ("pro", "gone", false),
    ] {
        assert_eq!(policy.covers(plan, required), opens, "{plan} {required}");
    }
}

#[test]
fn money_that_went_back_shuts_what_was_open_and_nothing_else() {
    let refunded = MoneyBack { refunded_invoice: Some("in_1".to_owned()), dispute: None };
    let with = |status: &str| SubscriptionFacts {
        money_back: refunded.clone(),
        past_due_since: Some(NOW),
        ..subscription(status)
    };
    for (status, reason) in [
        ("active", "refunded"),
        ("trialing", "refunded"),
        ("past_due", "refunded"),
        ("canceled", "ended"),
        ("unpaid", "unpaid"),
        ("paused", "paused"),
        ("incomplete", "incomplete"),
    ] {
        assert_eq!(judged(&with(status)), (false, reason, None), "{status}");
    }
    // A renewal has followed.
    let renewed = SubscriptionFacts { latest_invoice: Some("in_2".to_owned()), ..with("active") };
    assert!(judged(&renewed).0);
    let forgiving = policy().suspending(Suspension { on_refund: false, on_dispute: true });
    assert!(verdict(&with("active"), &forgiving, NOW).allowed);
    // What else the listener has stays open.
    let other = of_plan("sub_2", Some("starter"), subscription("active"));
    let decision = decide(&[with("active"), other], &[], &policy(), NOW);
    assert_eq!((decision.allowed, decision.plan.as_deref()), (true, Some("starter")));
}
