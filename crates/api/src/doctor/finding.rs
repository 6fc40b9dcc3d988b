//! What is found, and what to make of it: pure functions.

use std::fmt;

use crate::stripe::webhook_endpoints::WebhookEndpoint;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// As it should be.
    Fine,
    /// Works, and deserves a look.
    Warning,
    /// Does not work.
    Failure,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What was looked at, in a word or two.
    pub subject: &'static str,
    /// What was found, and what to do about it.
    pub text: String,
}

impl Finding {
    /// As it should be.
    pub fn fine(subject: &'static str, text: impl Into<String>) -> Self {
        Self { severity: Severity::Fine, subject, text: text.into() }
    }

    /// Works, and deserves a look.
    pub fn warning(subject: &'static str, text: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, subject, text: text.into() }
    }

    /// Does not work.
    pub fn failure(subject: &'static str, text: impl Into<String>) -> Self {
        Self { severity: Severity::Failure, subject, text: text.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.severity {
            Severity::Fine => "ok  ",
            Severity::Warning => "warn",
            Severity::Failure => "FAIL",
        };
        write!(f, "{sign}  {:<12} {}", self.subject, self.text)
    }
}

/// Seconds of difference to Stripe's clock that are worth a word. Signatures are refused from 300 on, and tokens of
/// one machine by another much earlier.
const SKEW: i64 = 10;

/// Seconds from which nothing works well.
const MUCH_SKEW: i64 = 120;

/// What to make of our clock being `ahead` seconds of Stripe's.
pub fn clock(ahead: i64) -> Finding {
    let subject = "clock";
    let side = if ahead < 0 { "behind" } else { "ahead of" };
    let off = format!("{} s {side} Stripe's", ahead.unsigned_abs());
    match ahead.abs() {
        0..=SKEW => Finding::fine(subject, "agrees with Stripe's"),
        ..=MUCH_SKEW => Finding::warning(subject, off),
        _ => Finding::failure(
            subject,
            format!("{off}; signatures are refused from 300 s on: set up NTP"),
        ),
    }
}

/// The events without which access is not given or taken in time.
pub const NEEDED_EVENTS: [&str; 28] = [
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "customer.created",
    "customer.deleted",
    "customer.updated",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "invoice.paid",
    "invoice.payment_failed",
    "invoice.payment_action_required",
    "charge.refunded",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "refund.failed",
    "product.created",
    "product.updated",
    "product.deleted",
    "price.created",
    "price.updated",
    "price.deleted",
];

/// What to make of the endpoints at Stripe, when events are to arrive at `url`.
pub fn endpoints(endpoints: &[WebhookEndpoint], url: &str) -> Finding {
    let subject = "webhooks";
    let Some(endpoint) = endpoints.iter().find(|endpoint| endpoint.url == url) else {
        return Finding::warning(
            subject,
            format!(
                "no endpoint at Stripe leads to {url}; make one, or forward with `stripe listen`"
            ),
        );
    };
    if endpoint.status != "enabled" {
        return Finding::failure(subject, format!("{} is {}", endpoint.id, endpoint.status));
    }
    let sent =
        |event: &&&str| endpoint.enabled_events.iter().any(|sent| sent == "*" || sent == **event);
    let missing: Vec<_> = NEEDED_EVENTS.iter().filter(|event| !sent(event)).copied().collect();
    match missing.is_empty() {
        true => {
            Finding::fine(subject, format!("{} sends all that is needed to {url}", endpoint.id))
        }
        false => Finding::failure(
            subject,
            format!("{} does not send {}", endpoint.id, missing.join(", ")),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::billing::apply;

    #[test]
    fn a_clock_that_is_off_is_told() {
        for (ahead, severity, told) in [
            (0, Severity::Fine, "agrees"),
            (-10, Severity::Fine, "agrees"),
            (11, Severity::Warning, "11 s ahead of"),
            (-120, Severity::Warning, "120 s behind"),
            (121, Severity::Failure, "121 s ahead of"),
            (-121, Severity::Failure, "121 s behind"),
        ] {
            let finding = clock(ahead);
            assert_eq!(finding.severity, severity, "{ahead}");
            assert!(finding.text.starts_with(told), "{finding}");
        }
    }

    #[test]
    fn every_event_that_is_asked_for_is_dealt_with() {
        for event in NEEDED_EVENTS {
            assert!(apply::is_handled(event), "{event}");
        }
    }

    #[test]
    fn an_endpoint_must_be_there_enabled_and_send_what_is_needed() {
        let url = "https://circle.example/webhooks";
        let endpoint = |url: &str, status: &str, events: &[&str]| WebhookEndpoint {
            id: "we_1".to_owned(),
            url: url.to_owned(),
            status: status.to_owned(),
            enabled_events: events.iter().map(|event| (*event).to_owned()).collect(),
        };
        for (found, severity) in [
            (vec![], Severity::Warning),
            (vec![endpoint("https://elsewhere.example", "enabled", &["*"])], Severity::Warning),
            (vec![endpoint(url, "enabled", &["*"])], Severity::Fine),
            (vec![endpoint(url, "enabled", &NEEDED_EVENTS)], Severity::Fine),
            (vec![endpoint(url, "enabled", &NEEDED_EVENTS[1..])], Severity::Failure),
            (vec![endpoint(url, "disabled", &["*"])], Severity::Failure),
        ] {
            assert_eq!(endpoints(&found, url).severity, severity, "{found:?}");
        }
    }
}
