//! Faults on demand: what a client of Stripe meets on a bad day, when and as often as its developer wants it.
//!
//! A [`FaultPlan`] is a seed and rules; the first rule that a request, or a webhook delivery, meets and that strikes
//! decides. Whether a rule strikes is a pure function of the seed, the rule's place and how many have met it before,
//! so the same seed and the same sequence bring the same faults.
//!
//! Rules are kept in memory: a restarted sandbox works, unless it is started with a plan.

mod chance;
mod connection;
mod pattern;
mod plan;

use std::sync::Mutex;

use self::chance::Tally;
pub use self::plan::{FaultPlan, InvalidPlan};
pub(crate) use self::{
    connection::{keep_hold, leave_unanswered},
    plan::{ApiFault, Rule, WebhookFault, When},
};

/// The plan in force and how often its rules were met.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Armed>);

#[derive(Debug, Default)]
struct Armed {
    plan: FaultPlan,
    tallies: Vec<Tally>,
}

impl Faults {
    pub(crate) fn new(plan: FaultPlan) -> Faults {
        let faults = Faults::default();
        faults.replace(plan);
        faults
    }

    /// Puts a plan in force; counting begins anew.
    pub(crate) fn replace(&self, plan: FaultPlan) {
        if let Ok(mut armed) = self.0.lock() {
            let tallies = vec![Tally::default(); plan.rules.len()];
            *armed = Armed { plan, tallies };
        }
    }

    /// The plan in force, and how often each of its rules has struck.
    pub(crate) fn show(&self) -> (FaultPlan, Vec<u64>) {
        let shown = |armed: &Armed| {
            (armed.plan.clone(), armed.tallies.iter().map(|tally| tally.struck).collect())
        };
        self.0.lock().map(|armed| shown(&armed)).unwrap_or_default()
    }

    /// What happens to this request of the API, and when.
    pub(crate) fn strike_request(&self, method: &str, path: &str) -> Option<(ApiFault, When)> {
        self.strike(|target| match target {
            plan::Target::Api { method: only, path: pattern, when, fault } => {
                let is_meant = only.as_deref().is_none_or(|only| only.eq_ignore_ascii_case(method))
                    && pattern.as_ref().is_none_or(|pattern| pattern.matches(path));
                is_meant.then_some((*fault, *when))
            }
            plan::Target::Webhook { .. } => None,
        })
    }

    /// What happens to an attempt to deliver an event of this type.
    pub(crate) fn strike_delivery(&self, event: &str) -> Option<WebhookFault> {
        self.strike(|target| match target {
            plan::Target::Webhook { event: pattern, fault } => {
                pattern.as_ref().is_none_or(|pattern| pattern.matches(event)).then_some(*fault)
            }
            plan::Target::Api { .. } => None,
        })
    }

    fn strike<T>(&self, meant: impl Fn(&plan::Target) -> Option<T>) -> Option<T> {
        let mut armed = self.0.lock().ok()?;
        let Armed { plan, tallies } = &mut *armed;
        for (place, (rule, tally)) in plan.rules.iter().zip(tallies).enumerate() {
            let Some(fault) = meant(&rule.target) else { continue };
            if tally.meet(plan.seed, place, rule.probability, rule.times) {
                return Some(fault);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(json: &str) -> Faults {
        Faults::new(FaultPlan::parse(json.as_bytes()).unwrap())
    }

    #[test]
    fn the_same_seed_and_sequence_bring_the_same_faults() {
        let run = |seed: u64| {
            let rules = r#"[
                {"on": "api", "method": "POST", "kind": "error", "status": 500, "probability": 0.3},
                {"on": "api", "kind": "reset", "probability": 0.2},
                {"on": "webhook", "kind": "twice", "probability": 0.5}
            ]"#;
            let faults = faults(&format!(r#"{{"seed": {seed}, "rules": {rules}}}"#));
            (0..200)
                .map(|n| {
                    let method = if n % 3 == 0 { "GET" } else { "POST" };
                    let request = faults.strike_request(method, "/v1/customers");
                    (request, faults.strike_delivery("customer.created"))
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
    }

    #[test]
    fn only_what_a_rule_means_meets_it() {
        let faults = faults(
            r#"{"rules": [
                {"on": "api", "method": "POST", "path": "/v1/subscriptions/*", "kind": "error", "status": 503},
                {"on": "webhook", "event": "customer.subscription.*", "kind": "lose"}
            ]}"#,
        );
        assert_eq!(faults.strike_request("GET", "/v1/subscriptions/sub_1"), None);
        assert_eq!(faults.strike_request("POST", "/v1/subscriptions"), None);
        assert_eq!(
            faults.strike_request("POST", "/v1/subscriptions/sub_1"),
            Some((ApiFault::Error { status: 503 }, When::Before))
        );
        assert_eq!(faults.strike_delivery("invoice.paid"), None);
        assert_eq!(
            faults.strike_delivery("customer.subscription.updated"),
            Some(WebhookFault::Lose)
        );
        assert_eq!(faults.show().1, [1, 1]);
    }

    #[test]
    fn a_rule_that_is_used_up_leaves_the_next_one_its_turn() {
        let faults = faults(
            r#"{"rules": [
                {"on": "api", "kind": "error", "status": 429, "times": 2},
                {"on": "api", "kind": "reset", "when": "after", "times": 1}
            ]}"#,
        );
        let met: Vec<_> = (0..4).map(|_| faults.strike_request("GET", "/v1/prices")).collect();
        let limited = Some((ApiFault::Error { status: 429 }, When::Before));
        assert_eq!(met, [limited, limited, Some((ApiFault::Reset, When::After)), None]);
    }
}
