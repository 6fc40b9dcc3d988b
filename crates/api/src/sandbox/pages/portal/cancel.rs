//! Cancelling the plan, and taking a planned cancellation back.

use actix_web::web;
use maud::{Markup, html};
use serde::Deserialize;

use super::{Done, Portal, feature_is_off};
use crate::sandbox::Sandbox;
use crate::sandbox::pages::display;
use crate::sandbox::pages::reply::{self, Answer, PageError};
use crate::sandbox::portal::{self, CancelFeature, CancelWhen, PortalSubscription, Task};

/// Why the customer leaves, if they say so.
#[derive(Debug, Deserialize)]
pub(in crate::sandbox::pages) struct CancelForm {
    reason: Option<String>,
    comment: Option<String>,
}

/// `GET /portal/{secret}/subscriptions/{id}/cancel`
pub(in crate::sandbox::pages) async fn show(
    sandbox: web::Data<Sandbox>,
    path: web::Path<(String, String)>,
) -> Answer {
    let portal = Portal::load(&sandbox, &path.0).await?;
    let feature = cancel_feature(&portal)?;
    let subscription = portal.subscription(&path.1)?;
    if subscription.ends_at.is_some() {
        return Ok(portal.finish(Done::Canceled));
    }
    Ok(reply::page(view(&portal, feature, subscription)))
}

/// `POST /portal/{secret}/subscriptions/{id}/cancel`
pub(in crate::sandbox::pages) async fn cancel(
    sandbox: web::Data<Sandbox>,
    path: web::Path<(String, String)>,
    form: web::Form<CancelForm>,
) -> Answer {
    let portal = Portal::load(&sandbox, &path.0).await?;
    let feature = cancel_feature(&portal)?;
    let subscription = portal.subscription(&path.1)?;
    if subscription.ends_at.is_none() {
        let CancelForm { reason, comment } = form.into_inner();
        let reason = reason.filter(|reason| feature.reasons.contains(reason));
        let comment = comment.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let comment = comment.filter(|_| !feature.reasons.is_empty());
        portal::cancel(&sandbox, &portal.secret, &subscription.id, reason, comment).await?;
    }
    Ok(portal.finish(Done::Canceled))
}

/// `POST /portal/{secret}/subscriptions/{id}/resume`
pub(in crate::sandbox::pages) async fn resume(
    sandbox: web::Data<Sandbox>,
    path: web::Path<(String, String)>,
) -> Answer {
    let portal = Portal::load(&sandbox, &path.0).await?;
    cancel_feature(&portal)?;
    let subscription = portal.subscription(&path.1)?;
    if subscription.ends_at.is_some() {
        portal::undo_cancel(&sandbox, &portal.secret, &subscription.id).await?;
    }
    Ok(portal.finish(Done::Resumed))
}

/// `POST /portal/{secret}/subscriptions/{id}/retain`: stays, for the coupon that the flow offers.
pub(in crate::sandbox::pages) async fn retain(
    sandbox: web::Data<Sandbox>,
    path: web::Path<(String, String)>,
) -> Answer {
    let portal = Portal::load(&sandbox, &path.0).await?;
    cancel_feature(&portal)?;
    portal.subscription(&path.1)?;
    portal::accept_retention(&sandbox, &portal.secret).await?;
    Ok(portal.finish(Done::Retained))
}

fn cancel_feature(portal: &Portal) -> Result<&CancelFeature, PageError> {
    portal.page.features.subscription_cancel.as_ref().ok_or_else(feature_is_off)
}

fn view(portal: &Portal, feature: &CancelFeature, subscription: &PortalSubscription) -> Markup {
    let plan = &subscription.product_name;
    // What is not paid for has no period to wait for: it ends at once.
    let is_paid = matches!(subscription.status.as_str(), "active" | "trialing");
    let when = if is_paid { feature.when } else { CancelWhen::Immediately };
    let consequence = match when {
        CancelWhen::AtPeriodEnd => format!(
            "{plan} stays yours until {}. After that it ends, and you will not be charged again.",
            display::date(subscription.current_period_end)
        ),
        CancelWhen::Immediately => {
            format!("{plan} ends at once, and you will not be charged again.")
        }
    };
    let in_flow = matches!(
        portal.page.flow.as_ref().map(|flow| &flow.task),
        Some(Task::SubscriptionCancel { .. })
    );
    let way_back = portal.way_back(in_flow);
    let retention = match portal.page.flow.as_ref().map(|flow| &flow.task) {
        Some(Task::SubscriptionCancel { retention, .. }) => retention.as_ref(),
        _ => None,
    };
    let body = html! {
        @if let Some(retention) = retention {
            form.card.stack.wide method="post" action=(portal.subscription_path(&subscription.id, "retain"))
                aria-labelledby="offer" {
                h2 id="offer" { "Stay, and get " (retention.text) }
                p { "The discount starts with your next invoice. You can still cancel at any time." }
                div.row { button.btn type="submit" { "Keep plan with the discount" } }
            }
        }
        form.card.stack.wide method="post" action=(portal.subscription_path(&subscription.id, "cancel")) {
            div.stack {
                h1 { "Cancel your plan" }
                p { (consequence) }
            }
            @if !feature.reasons.is_empty() { (reasons(&feature.reasons)) }
            div.row {
                button.btn.danger type="submit" data-testid="submit" { "Cancel plan" }
                @if let Some((_, address)) = &way_back { a.btn.quiet href=(address) { "Keep plan" } }
            }
        }
    };
    portal.frame("Cancel your plan", way_back, body)
}

fn reasons(reasons: &[String]) -> Markup {
    html! {
        fieldset.stack {
            legend { "Why are you canceling? " span.soft { "(optional)" } }
            div.choices {
                @for reason in reasons {
                    @let id = format!("reason-{reason}");
                    label.choice for=(id) {
                        input type="radio" name="reason" id=(id) value=(reason);
                        span { (reason_text(reason)) }
                    }
                }
            }
        }
        div.field {
            label for="comment" { "Anything else? " span.soft { "(optional)" } }
            textarea id="comment" name="comment" maxlength="500" {}
        }
    }
}

/// The reasons of `cancellation_reason.options`, as a customer would say them.
fn reason_text(reason: &str) -> &str {
    match reason {
        "customer_service" => "The support was not good enough",
        "low_quality" => "The quality is lower than I expected",
        "missing_features" => "Something I need is missing",
        "switched_service" => "I found something else",
        "too_complex" => "It is too complicated",
        "too_expensive" => "It is too expensive",
        "unused" => "I do not use it enough",
        "other" => "Another reason",
        unknown => unknown,
    }
}
