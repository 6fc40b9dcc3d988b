//! The plan: a seed and rules, as JSON.
//!
//! ```json
//! {"seed": 7, "rules": [
//!   {"on": "api", "method": "POST", "path": "/v1/subscriptions/*", "kind": "error", "status": 500, "probability": 0.1, "times": 3},
//!   {"on": "api", "kind": "timeout", "seconds": 5, "when": "after"},
//!   {"on": "api", "kind": "reset"},
//!   {"on": "webhook", "event": "customer.subscription.*", "kind": "late", "seconds": 2},
//!   {"on": "webhook", "kind": "twice"},
//!   {"on": "webhook", "kind": "reorder"},
//!   {"on": "webhook", "kind": "lose", "probability": 0.2}
//! ]}
//! ```

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::pattern::Pattern;

/// Longest time a fault may take, in seconds.
const MAX_SECONDS: f64 = 600.0;
/// How long `timeout` keeps silent when it does not say: longer than clients wait.
const SILENCE: f64 = 90.0;
/// How late `late` is when it does not say, in seconds.
const DELAY: f64 = 5.0;

/// What goes wrong, and how often.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultPlan {
    /// Decides which of those that meet a rule are struck.
    #[serde(default)]
    pub(super) seed: u64,
    #[serde(default)]
    pub(super) rules: Vec<Rule>,
}

/// Why a plan cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the faults cannot be used: {0}")]
pub struct InvalidPlan(#[from] serde_json::Error);

impl FaultPlan {
    /// Reads a plan from JSON.
    pub fn parse(json: &[u8]) -> Result<FaultPlan, InvalidPlan> {
        Ok(serde_json::from_slice(json)?)
    }

    /// Whether nothing goes wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// In the order they are asked.
    pub(crate) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Adds a rule behind the others.
    pub(crate) fn add(&mut self, rule: Rule) {
        self.rules.push(rule);
    }

    /// Takes a rule out; a place without one changes nothing.
    pub(crate) fn remove(&mut self, place: usize) {
        if place < self.rules.len() {
            self.rules.remove(place);
        }
    }
}

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "WrittenRule", into = "WrittenRule")]
pub(crate) struct Rule {
    pub(super) target: Target,
    /// From 0 to 1.
    pub(super) probability: f64,
    /// Strikes this often at most; without limit when not set.
    pub(super) times: Option<u64>,
}

/// What a rule means, and what it does to that.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Target {
    /// Requests of the API.
    Api { method: Option<String>, path: Option<Pattern>, when: When, fault: ApiFault },
    /// Deliveries of events.
    Webhook { event: Option<Pattern>, fault: WebhookFault },
}

/// What a request meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ApiFault {
    /// An error in Stripe's envelope.
    Error {
        /// HTTP status, 400 to 599.
        status: u16,
    },
    /// No answer; the connection is closed after this long.
    Timeout(Duration),
    /// The connection is reset.
    Reset,
}

impl ApiFault {
    /// As a rule's `kind`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            ApiFault::Error { .. } => "error",
            ApiFault::Timeout(_) => "timeout",
            ApiFault::Reset => "reset",
        }
    }
}

/// Whether the request's work is done when the fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum When {
    /// Nothing was done.
    #[default]
    Before,
    /// The work had begun: nothing of it stays, but the error is kept for the request's idempotency key, as Stripe
    /// keeps what it answered once it began. See <https://docs.stripe.com/api/idempotent_requests>.
    During,
    /// The work is done and its answer is lost.
    After,
}

/// What an attempt to deliver an event meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WebhookFault {
    /// It is made so much later, by the wall's clock.
    Late(Duration),
    /// It is made twice, one after the other.
    Twice,
    /// It waits until a later one to the same endpoint has been made.
    Reorder,
    /// It is never made, and given up.
    Lose,
}

/// A rule as JSON has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRule {
    on: On,
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<Pattern>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event: Option<Pattern>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    when: Option<When>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    probability: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    times: Option<u64>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum On {
    Api,
    Webhook,
}

impl TryFrom<WrittenRule> for Rule {
    type Error = String;

    fn try_from(written: WrittenRule) -> Result<Rule, String> {
        let probability = written.probability.unwrap_or(1.0);
        if !(0.0..=1.0).contains(&probability) {
            return Err("probability goes from 0 to 1".to_owned());
        }
        let times = written.times;
        let target = match written.on {
            On::Api => written.api()?,
            On::Webhook => written.webhook()?,
        };
        Ok(Rule { target, probability, times })
    }
}

impl WrittenRule {
    fn api(self) -> Result<Target, String> {
        let fault = match self.kind.as_str() {
            "error" => {
                let status = self.status.unwrap_or(500);
                if !(400..600).contains(&status) {
                    return Err("an error's status goes from 400 to 599".to_owned());
                }
                ApiFault::Error { status }
            }
            "timeout" => ApiFault::Timeout(self.duration(SILENCE)?),
            "reset" => ApiFault::Reset,
            other => return Err(format!("the API's kinds are error, timeout, reset; not {other}")),
        };
        if self.event.is_some() {
            return Err("event is for webhooks".to_owned());
        }
        if self.status.is_some() && self.kind != "error" {
            return Err("status is for errors".to_owned());
        }
        if self.seconds.is_some() && self.kind != "timeout" {
            return Err("seconds are for timeouts, and for late webhooks".to_owned());
        }
        let when = self.when.unwrap_or_default();
        if when == When::During && self.kind != "error" {
            return Err("during the work there are only errors".to_owned());
        }
        Ok(Target::Api { method: self.method, path: self.path, when, fault })
    }

    fn webhook(self) -> Result<Target, String> {
        let fault = match self.kind.as_str() {
            "late" => WebhookFault::Late(self.duration(DELAY)?),
            "twice" => WebhookFault::Twice,
            "reorder" => WebhookFault::Reorder,
            "lose" => WebhookFault::Lose,
            other => {
                return Err(format!(
                    "the webhooks' kinds are late, twice, reorder, lose; not {other}"
                ));
            }
        };
        if self.method.is_some()
            || self.path.is_some()
            || self.status.is_some()
            || self.when.is_some()
        {
            return Err("method, path, status and when are for the API".to_owned());
        }
        if self.seconds.is_some() && self.kind != "late" {
            return Err("seconds are for timeouts, and for late webhooks".to_owned());
        }
        Ok(Target::Webhook { event: self.event, fault })
    }

    fn duration(&self, default: f64) -> Result<Duration, String> {
        let seconds = self.seconds.unwrap_or(default);
        if (0.0..=MAX_SECONDS).contains(&seconds) {
            Ok(Duration::from_secs_f64(seconds))
        } else {
            Err(format!("seconds go from 0 to {MAX_SECONDS}"))
        }
    }
}

impl From<Rule> for WrittenRule {
    fn from(rule: Rule) -> WrittenRule {
        let blank = WrittenRule {
            on: On::Api,
            kind: String::new(),
            method: None,
            path: None,
            event: None,
            status: None,
            seconds: None,
            when: None,
            probability: Some(rule.probability).filter(|probability| *probability < 1.0),
            times: rule.times,
        };
        match rule.target {
            Target::Api { method, path, when, fault } => {
                let (status, seconds) = match fault {
                    ApiFault::Error { status } => (Some(status), None),
                    ApiFault::Timeout(time) => (None, Some(time.as_secs_f64())),
                    ApiFault::Reset => (None, None),
                };
                let when = Some(when).filter(|when| *when != When::Before);
                let kind = fault.name().to_owned();
                WrittenRule { kind, method, path, status, seconds, when, ..blank }
            }
            Target::Webhook { event, fault } => {
                let (kind, seconds) = match fault {
                    WebhookFault::Late(time) => ("late", Some(time.as_secs_f64())),
                    WebhookFault::Twice => ("twice", None),
                    WebhookFault::Reorder => ("reorder", None),
                    WebhookFault::Lose => ("lose", None),
                };
                WrittenRule { on: On::Webhook, kind: kind.to_owned(), event, seconds, ..blank }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_reads_as_it_is_shown() {
        let plan = r#"{"seed": 7, "rules": [
            {"on": "api", "method": "POST", "path": "/v1/subscriptions/*", "kind": "error", "status": 500, "probability": 0.1, "times": 3},
            {"on": "api", "kind": "timeout", "seconds": 5, "when": "after"},
            {"on": "api", "kind": "error", "when": "during"},
            {"on": "api", "kind": "reset"},
            {"on": "webhook", "event": "customer.subscription.*", "kind": "late", "seconds": 2},
            {"on": "webhook", "kind": "twice"},
            {"on": "webhook", "kind": "reorder"},
            {"on": "webhook", "kind": "lose", "probability": 0.2}
        ]}"#;
        let plan = FaultPlan::parse(plan.as_bytes()).unwrap();
        assert_eq!(plan.rules.len(), 8);
        assert_eq!(FaultPlan::parse(&serde_json::to_vec(&plan).unwrap()).unwrap(), plan);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for rule in [
            r#"{"on": "api", "kind": "late"}"#,
            r#"{"on": "api", "kind": "reset", "status": 500}"#,
            r#"{"on": "api", "kind": "reset", "when": "during"}"#,
            r#"{"on": "api", "kind": "error", "status": 200}"#,
            r#"{"on": "api", "kind": "error", "event": "*"}"#,
            r#"{"on": "api", "kind": "error", "probability": 2}"#,
            r#"{"on": "api", "kind": "timeout", "seconds": -1}"#,
            r#"{"on": "api", "kind": "error", "propability": 1}"#,
            r#"{"on": "webhook", "kind": "reset"}"#,
            r#"{"on": "webhook", "kind": "lose", "path": "/v1/*"}"#,
            r#"{"on": "mail", "kind": "lose"}"#,
        ] {
            let plan = format!(r#"{{"rules": [{rule}]}}"#);
            assert!(FaultPlan::parse(plan.as_bytes()).is_err(), "{rule}");
        }
    }
}
