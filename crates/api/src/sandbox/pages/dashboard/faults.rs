//! What goes wrong, switched on and off.

use actix_web::web;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answer, page, reply};
use crate::sandbox::{FaultPlan, Sandbox, error::ApiError, faults::Rule};

const PATH: &str = "/dashboard/faults";

/// Bad days at a click: title, what it means, and the rule.
const PRESETS: &[(&str, &str, &str)] = &[
    (
        "Stripe is down",
        "Every request is answered with 503.",
        r#"{"on": "api", "kind": "error", "status": 503}"#,
    ),
    (
        "Stripe fails now and then",
        "Three requests in ten are answered with 500.",
        r#"{"on": "api", "kind": "error", "status": 500, "probability": 0.3}"#,
    ),
    (
        "Answers get lost",
        "Three POSTs in ten are carried out, and answered with 502.",
        r#"{"on": "api", "method": "POST", "kind": "error", "status": 502, "when": "after", "probability": 0.3}"#,
    ),
    (
        "Too many requests",
        "Half of all requests are answered with 429 rate_limit.",
        r#"{"on": "api", "kind": "error", "status": 429, "probability": 0.5}"#,
    ),
    (
        "Conflicts",
        "Three POSTs in ten are answered with 409 lock_timeout.",
        r#"{"on": "api", "method": "POST", "kind": "error", "status": 409, "probability": 0.3}"#,
    ),
    (
        "Stripe does not answer",
        "Three requests in ten hang for 30 seconds.",
        r#"{"on": "api", "kind": "timeout", "seconds": 30, "probability": 0.3}"#,
    ),
    (
        "Connections break",
        "Three requests in ten are reset.",
        r#"{"on": "api", "kind": "reset", "probability": 0.3}"#,
    ),
    (
        "Webhooks come late",
        "Each delivery is five seconds late.",
        r#"{"on": "webhook", "kind": "late", "seconds": 5}"#,
    ),
    (
        "Webhooks come twice",
        "Each delivery is made twice.",
        r#"{"on": "webhook", "kind": "twice"}"#,
    ),
    (
        "Webhooks come out of order",
        "Deliveries change places with the next one.",
        r#"{"on": "webhook", "kind": "reorder"}"#,
    ),
    (
        "Webhooks get lost",
        "Three deliveries in ten are never made.",
        r#"{"on": "webhook", "kind": "lose", "probability": 0.3}"#,
    ),
];

/// `GET /dashboard/faults`
pub(super) async fn show(sandbox: web::Data<Sandbox>) -> Answer {
    let (plan, struck) = sandbox.faults.show();
    let body = html! {
        h1 { "Faults" }
        p.soft { "What a client of Stripe meets on a bad day. The first rule that strikes decides." }
        section.card.stack aria-labelledby="presets" {
            h2 id="presets" { "Bad days" }
            ul.list.switches {
                @for (place, (title, meaning, rule)) in PRESETS.iter().enumerate() {
                    @let is_on = rule_of(rule).is_some_and(|rule| plan.rules().contains(&rule));
                    li {
                        span.stack.tight {
                            span.strong id=(format!("preset-{place}")) { (title) }
                            span.small.soft { (meaning) }
                        }
                        form method="post" action="/dashboard/faults/preset" {
                            button.btn.slim.quiet[!is_on] type="submit" name="preset" value=(place)
                                aria-pressed=(if is_on { "true" } else { "false" })
                                aria-describedby=(format!("preset-{place}")) {
                                @if is_on { "On" } @else { "Off" }
                            }
                        }
                    }
                }
            }
        }
        (rules_card(&plan, &struck))
        (new_rule_card())
    };
    page("Faults", PATH, body)
}

fn rules_card(plan: &FaultPlan, struck: &[u64]) -> Markup {
    html! {
        section.card.stack aria-labelledby="rules" {
            h2 id="rules" { "Rules in force" }
            @if plan.is_empty() {
                p.soft { "None: everything works." }
            } @else {
                ul.list {
                    @for (place, (rule, struck)) in plan.rules().iter().zip(struck).enumerate() {
                        li data-testid="rule" {
                            code { (json!(rule)) }
                            span.row {
                                span.small.soft { "struck " (struck) }
                                form method="post" action="/dashboard/faults/remove" {
                                    button.btn.quiet.slim type="submit" name="place" value=(place)
                                        aria-label=(format!("Remove rule {}", place + 1)) { "Remove" }
                                }
                            }
                        }
                    }
                }
                form method="post" action="/dashboard/faults/clear" {
                    button.btn.quiet type="submit" { "Remove all" }
                }
            }
        }
    }
}

fn new_rule_card() -> Markup {
    let field = |id: &str, label: &str, example: &str| {
        html! {
            div.field {
                label for=(id) { (label) }
                input id=(id) name=(id) placeholder=(example) autocomplete="off" spellcheck="false";
            }
        }
    };
    html! {
        section.card.stack aria-labelledby="new" {
            h2 id="new" { "Another rule" }
            form.stack method="post" action="/dashboard/faults/rule" {
                div.fields {
                    div.field {
                        label for="kind" { "What happens" }
                        select id="kind" name="kind" {
                            optgroup label="To a request" {
                                option value="api error" { "An error is answered" }
                                option value="api timeout" { "No answer comes" }
                                option value="api reset" { "The connection is reset" }
                            }
                            optgroup label="To a webhook" {
                                option value="webhook late" { "It comes late" }
                                option value="webhook twice" { "It comes twice" }
                                option value="webhook reorder" { "It comes after the next one" }
                                option value="webhook lose" { "It never comes" }
                            }
                        }
                    }
                    (field("method", "Method (requests)", "POST"))
                    (field("path", "Path (requests)", "/v1/subscriptions/*"))
                    (field("event", "Event (webhooks)", "customer.subscription.*"))
                    (field("status", "Status (errors)", "500"))
                    (field("seconds", "Seconds (no answer, late)", "5"))
                    (field("probability", "Probability, 0 to 1", "1"))
                    (field("times", "At most so often", "no limit"))
                    div.field {
                        label for="when" { "When (requests)" }
                        select id="when" name="when" {
                            option value="" { "Before the work is done" }
                            option value="during" { "During it: undone, and kept for the idempotency key" }
                            option value="after" { "After: only the answer is lost" }
                        }
                    }
                }
                div { button.btn type="submit" { "Add rule" } }
            }
        }
    }
}

fn rule_of(json: &str) -> Option<Rule> {
    serde_json::from_str(json).ok()
}

#[derive(Deserialize)]
pub(super) struct Preset {
    preset: usize,
}

/// `POST /dashboard/faults/preset`: on when it is off, off when it is on.
pub(super) async fn switch_preset(sandbox: web::Data<Sandbox>, form: web::Form<Preset>) -> Answer {
    let rule = PRESETS.get(form.preset).and_then(|(_, _, rule)| rule_of(rule));
    let rule = rule.ok_or_else(|| ApiError::invalid("There is no such preset."))?;
    let (mut plan, _) = sandbox.faults.show();
    match plan.rules().iter().position(|present| *present == rule) {
        Some(place) => plan.remove(place),
        None => plan.add(rule),
    }
    sandbox.faults.replace(plan);
    Ok(reply::see_other(PATH))
}

/// `POST /dashboard/faults/rule`
pub(super) async fn add_rule(
    sandbox: web::Data<Sandbox>,
    form: web::Form<Vec<(String, String)>>,
) -> Answer {
    let rule = written(&form)
        .and_then(|rule| serde_json::from_value(rule).map_err(|error| error.to_string()))
        .map_err(ApiError::invalid)?;
    let (mut plan, _) = sandbox.faults.show();
    plan.add(rule);
    sandbox.faults.replace(plan);
    Ok(reply::see_other(PATH))
}

/// The rule as JSON has it: what was left empty is absent, numbers are numbers.
fn written(form: &[(String, String)]) -> Result<Value, String> {
    let mut rule = Map::new();
    for (name, value) in form {
        let value = value.trim();
        match name.as_str() {
            _ if value.is_empty() => {}
            "kind" => {
                let (on, kind) = value.split_once(' ').ok_or("There is no such fault.")?;
                rule.insert("on".to_owned(), json!(on));
                rule.insert("kind".to_owned(), json!(kind));
            }
            "status" | "seconds" | "probability" | "times" => {
                let number: serde_json::Number =
                    value.parse().map_err(|_| format!("{name} is a number, not “{value}”."))?;
                rule.insert(name.clone(), Value::Number(number));
            }
            _ => {
                rule.insert(name.clone(), json!(value));
            }
        }
    }
    Ok(Value::Object(rule))
}

#[derive(Deserialize)]
pub(super) struct Place {
    place: usize,
}

/// `POST /dashboard/faults/remove`
pub(super) async fn remove_rule(sandbox: web::Data<Sandbox>, form: web::Form<Place>) -> Answer {
    let (mut plan, _) = sandbox.faults.show();
    plan.remove(form.place);
    sandbox.faults.replace(plan);
    Ok(reply::see_other(PATH))
}

/// `POST /dashboard/faults/clear`
pub(super) async fn clear(sandbox: web::Data<Sandbox>) -> Answer {
    sandbox.faults.replace(FaultPlan::default());
    Ok(reply::see_other(PATH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_a_rule() {
        for (title, _, rule) in PRESETS {
            assert!(rule_of(rule).is_some(), "{title}");
        }
    }

    #[test]
    fn what_was_left_empty_is_absent() {
        let form = [("kind", "api error"), ("status", "429"), ("path", ""), ("method", " POST ")];
        let form: Vec<_> =
            form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let rule = json!({ "on": "api", "kind": "error", "status": 429, "method": "POST" });
        assert_eq!(written(&form), Ok(rule));
        assert!(written(&[("status".to_owned(), "many".to_owned())]).is_err());
    }
}
