//! When the clock has to look at an object next.

use super::{
    billing::{items, pending_update, schedules, subscribe::TRIAL_NOTICE},
    object::{Kind, Object},
    payment::delayed,
};

/// Seconds a subscription waits for its first payment.
pub(crate) const INCOMPLETE_TIME: i64 = 23 * 3_600;

/// When the sandbox's own clock has to look at an object. What is on a test clock waits for that clock; a test
/// clock on its way is due at once.
pub(crate) fn due_by_itself(object: &Object) -> Option<i64> {
    match object.kind {
        Kind::TestClock => (object.text("status") == Some("advancing")).then_some(0),
        _ if object.body["test_clock"].is_string() || object.private["test_clock"].is_string() => {
            None
        }
        _ => due(object),
    }
}

/// Unix seconds of the next thing that happens to the object by itself; `None` when nothing does.
pub(crate) fn due(object: &Object) -> Option<i64> {
    match object.kind {
        Kind::CheckoutSession if object.text("status") == Some("open") => {
            object.integer("expires_at")
        }
        Kind::Subscription => subscription_due(object),
        Kind::SubscriptionSchedule => schedules::due(object),
        Kind::Dispute
            if matches!(
                object.text("status"),
                Some("needs_response" | "warning_needs_response")
            ) =>
        {
            object.body["evidence_details"]["due_by"].as_i64()
        }
        Kind::PaymentIntent | Kind::Refund => delayed::settles_at(object),
        Kind::Invoice => match object.text("status") {
            Some("draft") => object.integer("automatically_finalizes_at"),
            Some("open") => object.integer("next_payment_attempt"),
            _ => None,
        },
        _ => None,
    }
}

fn subscription_due(subscription: &Object) -> Option<i64> {
    let cancel_at = subscription.integer("cancel_at");
    let collects_at = subscription.body["pause_collection"]["resumes_at"].as_i64();
    // What lapses by itself: a pause of collection, a change that is not paid for.
    let lapses_at = collects_at.into_iter().chain(pending_update::expires_at(subscription)).min();
    let renews_at = items::first_period_end(subscription);
    let candidates = match subscription.text("status")? {
        "incomplete" => [
            subscription.integer("created").map(|created| created + INCOMPLETE_TIME),
            None,
            None,
            None,
        ],
        "trialing" => {
            let notice = subscription.integer("trial_end").map(|end| end - TRIAL_NOTICE);
            let notice = notice.filter(|_| subscription.private["trial_will_end_told"] != true);
            let told = notice.into_iter().chain(upcoming_at(subscription)).min();
            [cancel_at, lapses_at, subscription.integer("trial_end"), told]
        }
        "active" | "past_due" => [cancel_at, lapses_at, renews_at, upcoming_at(subscription)],
        "unpaid" => [cancel_at, lapses_at, renews_at, None],
        "paused" => [cancel_at, subscription.private["resumes_at"].as_i64(), None, None],
        _ => return None,
    };
    candidates.into_iter().flatten().min()
}

/// Seconds before a renewal at which its invoice is told of.
const UPCOMING_NOTICE: i64 = 7 * 86_400;

/// When the next renewal's invoice is to be told of; `None` when it has been, when there will be none, and in periods
/// shorter than the notice.
pub(crate) fn upcoming_at(subscription: &Object) -> Option<i64> {
    let end = items::first_period_end(subscription)?;
    let start = items::of(subscription).iter().map(|item| items::period(item).start).min()?;
    let is_told = subscription.private["upcoming_told"].as_i64() == Some(end);
    let ends_before = subscription.integer("cancel_at").is_some_and(|cancel| cancel <= end);
    let notice = end - UPCOMING_NOTICE;
    (notice > start && !is_told && !ends_before).then_some(notice)
}

/// The kind of a scheduled object, by its name.
pub(crate) fn kind(name: &str) -> Option<Kind> {
    [
        Kind::CheckoutSession,
        Kind::Dispute,
        Kind::Invoice,
        Kind::PaymentIntent,
        Kind::Refund,
        Kind::Subscription,
        Kind::SubscriptionSchedule,
        Kind::TestClock,
    ]
    .into_iter()
    .find(|kind| kind.name() == name)
}
