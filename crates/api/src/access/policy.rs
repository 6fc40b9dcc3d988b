//! The decision: subscriptions, grants and the time in, access out. No clock, no database.
//!
//! It is an allow-list. A status that is not named here, a product that is not sold here and an end that has
//! passed all mean no access, so that what Stripe adds tomorrow opens nothing.

use shared::account::PaymentProblem;

use super::{MoneyBack, Reason, Suspension};
use crate::stripe::SubscriptionStatus;

const DAY: i64 = 86_400;

/// How long `active` outlives its period when Stripe tells nothing newer, in seconds. Renewals are announced
/// within minutes; whoever is still `active` after this is no longer believed.
pub const STALE_AFTER: i64 = 3 * DAY;

/// How long Stripe waits for the first payment, in seconds.
const FIRST_PAYMENT_WITHIN: i64 = 23 * 3_600;

/// What the operator decides: the plans on sale, and how patient each is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    plans: Vec<PlanRule>,
    suspension: Suspension,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct PlanRule {
    id: String,
    grace_days: u32,
}

impl Policy {
    /// The ids of the plans on sale, lowest first, each with the days a listener whose renewal failed keeps access.
    pub fn new(plans: impl IntoIterator<Item = (String, u32)>) -> Self {
        Self {
            plans: plans.into_iter().map(|(id, grace_days)| PlanRule { id, grace_days }).collect(),
            suspension: Suspension::default(),
        }
    }

    /// The same, with what money that goes back does.
    #[must_use]
    pub fn suspending(self, suspension: Suspension) -> Self {
        Self { suspension, ..self }
    }

    /// Whether money that goes back does anything, so that it is worth asking about.
    pub fn suspends(&self) -> bool {
        self.suspension.on_refund || self.suspension.on_dispute
    }

    /// The place of a plan, 0 for the lowest; `None` for one that is not on sale.
    pub fn rank(&self, plan: &str) -> Option<usize> {
        self.plans.iter().position(|known| known.id == plan)
    }

    /// Whether `plan` opens what asks for `required`. A plan that is not on sale opens nothing and is opened by
    /// nothing.
    pub fn covers(&self, plan: &str, required: &str) -> bool {
        matches!((self.rank(plan), self.rank(required)), (Some(has), Some(needs)) if has >= needs)
    }

    /// Seconds of grace that a plan gives.
    pub fn grace(&self, plan: Option<&str>) -> i64 {
        let rule = plan.and_then(|plan| self.plans.iter().find(|known| known.id == plan));
        rule.map_or(0, |rule| i64::from(rule.grace_days) * DAY)
    }
}

/// What the decision needs to know of a subscription. Times are Unix seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionFacts {
    /// `sub_…`.
    pub id: String,
    /// Where it stands.
    pub status: SubscriptionStatus,
    /// The plan its product is; `None` for a product that is not sold here.
    pub plan: Option<String>,
    /// End of the period that is running.
    pub current_period_end: Option<i64>,
    /// One encoding of a planned end.
    pub cancel_at: Option<i64>,
    /// The other one: it ends with the period.
    pub cancel_at_period_end: bool,
    /// When it ended.
    pub ended_at: Option<i64>,
    /// End of the trial.
    pub trial_end: Option<i64>,
    /// How payments are not collected for a while; `None` when they are.
    pub pause_behavior: Option<String>,
    /// When they are collected again.
    pub pause_resumes_at: Option<i64>,
    /// End of what was paid, known where status and period do not tell: while invoices are being voided, and while the
    /// first payment has not come, for which it is the beginning.
    pub paid_until: Option<i64>,
    /// When the oldest unpaid invoice was made, known while the status is past_due.
    pub past_due_since: Option<i64>,
    /// When it was made.
    pub created: i64,
    /// The invoice made last.
    pub latest_invoice: Option<String>,
    /// Money that went back.
    pub money_back: MoneyBack,
    /// How old these facts are: Stripe's time of the newest one.
    pub as_of: i64,
}

/// Access given by the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The plan it opens.
    pub plan: String,
    /// When it ends; `None` for never.
    pub until: Option<i64>,
    /// When it was taken back.
    pub revoked_at: Option<i64>,
}

/// What one subscription or grant gives by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it opens its plan.
    pub allowed: bool,
    /// When that changes by itself, always ahead; `None` for never.
    pub until: Option<i64>,
    /// The rule.
    pub reason: Reason,
}

impl Verdict {
    const fn allow(reason: Reason, until: Option<i64>) -> Self {
        Self { allowed: true, until, reason }
    }

    const fn deny(reason: Reason) -> Self {
        Self { allowed: false, until: None, reason }
    }
}

/// What all of a listener's subscriptions and grants give together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether episodes of [`Self::plan`] open.
    pub allowed: bool,
    /// The plan that is open; `None` when not allowed.
    pub plan: Option<String>,
    /// When the decision changes by itself, always ahead; `None` for never.
    pub until: Option<i64>,
    /// The rule.
    pub reason: Reason,
    /// The subscription that counts: the one that opens most, else the one the listener should look after.
    pub subscription: Option<String>,
}

/// When a subscription is planned to end; Stripe has two encodings.
pub fn scheduled_end(facts: &SubscriptionFacts) -> Option<i64> {
    if facts.status.is_final() {
        return None;
    }
    facts.cancel_at.or(if facts.cancel_at_period_end { facts.current_period_end } else { None })
}

/// What one subscription gives at `now`.
pub fn verdict(facts: &SubscriptionFacts, policy: &Policy, now: i64) -> Verdict {
    let (reason, mut end) = match &facts.status {
        SubscriptionStatus::Active | SubscriptionStatus::PastDue if awaits_first_payment(facts) => {
            return Verdict::deny(Reason::Incomplete);
        }
        SubscriptionStatus::Active => (Reason::Active, believed_until(facts)),
        SubscriptionStatus::Trialing => (Reason::Trialing, believed_until(facts)),
        SubscriptionStatus::PastDue => (Reason::Grace, grace_end(facts, policy)),
        SubscriptionStatus::Canceled => return Verdict::deny(Reason::Ended),
        SubscriptionStatus::Unpaid => return Verdict::deny(Reason::Unpaid),
        SubscriptionStatus::Paused => return Verdict::deny(Reason::Paused),
        SubscriptionStatus::Incomplete => return Verdict::deny(Reason::Incomplete),
        SubscriptionStatus::IncompleteExpired => return Verdict::deny(Reason::IncompleteExpired),
        SubscriptionStatus::Other(_) => return Verdict::deny(Reason::UnknownStatus),
    };
    if facts.plan.as_deref().and_then(|plan| policy.rank(plan)).is_none() {
        return Verdict::deny(Reason::UnknownProduct);
    }
    if let Some(planned) = scheduled_end(facts) {
        if planned <= now {
            return Verdict::deny(Reason::Ended);
        }
        end = end.min(planned);
    }
    if let Some(reason) =
        facts.money_back.suspends(facts.latest_invoice.as_deref(), policy.suspension)
    {
        return Verdict::deny(reason);
    }
    if let Some(rest) = unpaid_rest(facts, now) {
        if rest.from <= now {
            return Verdict { until: rest.to, ..Verdict::deny(Reason::Paused) };
        }
        end = end.min(rest.from);
    }
    if end <= now {
        return Verdict::deny(if reason == Reason::Grace {
            Reason::PastDue
        } else {
            Reason::Stale
        });
    }
    Verdict::allow(reason, Some(end))
}

/// How long `active` and `trialing` are believed: past the period's end a little, because a renewal is announced
/// when it has happened. Facts without a period are believed as long, from when they were facts.
fn believed_until(facts: &SubscriptionFacts) -> i64 {
    facts.current_period_end.unwrap_or(facts.as_of) + STALE_AFTER
}

/// Until the invoice that is owed has been read from Stripe, the grace runs from when we heard.
fn grace_end(facts: &SubscriptionFacts, policy: &Policy) -> i64 {
    facts.past_due_since.unwrap_or(facts.as_of) + policy.grace(facts.plan.as_deref())
}

/// Whether nothing was ever paid. Stripe calls a subscription active while a bank debit is on its way.
fn awaits_first_payment(facts: &SubscriptionFacts) -> bool {
    facts.paid_until.is_some() && facts.pause_behavior.as_deref() != Some("void")
}

/// A stretch that nobody paid for and nobody will.
struct UnpaidRest {
    from: i64,
    to: Option<i64>,
}

/// The stretch behind the paid period while invoices are voided. Stripe renews such a subscription all the same,
/// so the period that is running says nothing about what was paid.
fn unpaid_rest(facts: &SubscriptionFacts, now: i64) -> Option<UnpaidRest> {
    let paused = facts.pause_behavior.as_deref() == Some("void");
    let resumed = facts.pause_resumes_at.is_some_and(|at| at <= now);
    if !paused || resumed {
        return None;
    }
    let from = facts.paid_until.or(facts.current_period_end).unwrap_or(facts.as_of);
    match facts.pause_resumes_at {
        Some(to) if to <= from => None,
        to => Some(UnpaidRest { from, to }),
    }
}

/// What a grant gives at `now`.
fn grant_verdict(grant: &Grant, policy: &Policy, now: i64) -> Verdict {
    if policy.rank(&grant.plan).is_none() {
        return Verdict::deny(Reason::UnknownProduct);
    }
    let over = grant.revoked_at.is_some() || grant.until.is_some_and(|until| until <= now);
    if over {
        Verdict::deny(Reason::GrantEnded)
    } else {
        Verdict::allow(Reason::Granted, grant.until)
    }
}

/// The decision over everything a listener has.
///
/// Of what is allowed the highest plan counts, and of two equal ones what lasts longer.
pub fn decide(
    subscriptions: &[SubscriptionFacts],
    grants: &[Grant],
    policy: &Policy,
    now: i64,
) -> Decision {
    let judged: Vec<_> =
        subscriptions.iter().map(|facts| (facts, verdict(facts, policy, now))).collect();
    let counting = judged.iter().max_by_key(|(facts, verdict)| importance(facts, *verdict, policy));
    let granted: Vec<_> =
        grants.iter().map(|grant| (grant, grant_verdict(grant, policy, now))).collect();

    let offers = judged
        .iter()
        .filter_map(|(facts, verdict)| Some((facts.plan.as_deref()?, *verdict)))
        .chain(granted.iter().map(|(grant, verdict)| (grant.plan.as_str(), *verdict)));
    let ranked: Vec<_> =
        offers.filter_map(|(plan, verdict)| Some((policy.rank(plan)?, plan, verdict))).collect();
    // Of equals the first counts, so a subscription before a grant; `max_by_key` would take the last.
    let best = ranked.iter().rev().filter(|(_, _, verdict)| verdict.allowed);
    let best = best.max_by_key(|(rank, _, verdict)| (*rank, lasts(verdict.until)));

    // Something better that is shut now may open by itself before the best one shuts.
    let rank = best.map(|(rank, ..)| *rank);
    let opens = ranked.iter().filter(|(other, _, verdict)| !verdict.allowed && Some(*other) > rank);
    let opens = opens.filter_map(|(_, _, verdict)| verdict.until).min();
    let subscription = counting.map(|(facts, _)| facts.id.clone());
    match best {
        Some((_, plan, verdict)) => Decision {
            allowed: true,
            plan: Some((*plan).to_owned()),
            until: [verdict.until, opens].into_iter().flatten().min(),
            reason: verdict.reason,
            subscription,
        },
        None => Decision {
            allowed: false,
            plan: None,
            until: opens,
            reason: match (counting, granted.first()) {
                (Some((_, verdict)), _) => verdict.reason,
                (None, Some((_, verdict))) => verdict.reason,
                (None, None) => Reason::NoSubscription,
            },
            subscription,
        },
    }
}

fn lasts(until: Option<i64>) -> i64 {
    until.unwrap_or(i64::MAX)
}

/// Orders subscriptions by how much they matter to the listener: what opens most, then what they could do
/// something about, ours before others', newer before older. The id makes it total.
fn importance<'a>(
    facts: &'a SubscriptionFacts,
    verdict: Verdict,
    policy: &Policy,
) -> impl Ord + use<'a> {
    let rank = facts.plan.as_deref().and_then(|plan| policy.rank(plan));
    let open = verdict.allowed.then(|| (rank, lasts(verdict.until)));
    let concern = match &facts.status {
        SubscriptionStatus::PastDue => 6,
        SubscriptionStatus::Unpaid => 5,
        SubscriptionStatus::Active | SubscriptionStatus::Trialing => 4,
        SubscriptionStatus::Paused => 3,
        SubscriptionStatus::Incomplete => 2,
        SubscriptionStatus::Other(_) => 1,
        SubscriptionStatus::Canceled | SubscriptionStatus::IncompleteExpired => 0,
    };
    (open, rank.is_some(), concern, facts.created, &facts.id)
}

/// What the listener owes on the subscription that counts, and how long there is.
pub fn payment_problem(facts: &SubscriptionFacts, policy: &Policy) -> Option<PaymentProblem> {
    let deadline = match &facts.status {
        SubscriptionStatus::PastDue => Some(grace_end(facts, policy)),
        SubscriptionStatus::Unpaid => None,
        SubscriptionStatus::Incomplete => Some(facts.created + FIRST_PAYMENT_WITHIN),
        _ => return None,
    };
    Some(PaymentProblem { kind: facts.status.as_str().to_owned(), deadline })
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
