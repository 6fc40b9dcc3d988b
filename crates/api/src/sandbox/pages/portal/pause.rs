//! Pausing the plan for a time, or until further notice, and going on with it.

use actix_web::web;
use maud::{Markup, html};
use serde::Deserialize;

use super::{Done, Portal, feature_is_off};
use crate::sandbox::Sandbox;
use crate::sandbox::pages::display;
use crate::sandbox::pages::reply::{self, Answer, PageError};
use crate::sandbox::portal::{self, PauseFeature, PortalSubscription, Task};

/// For how long, as a place in the configuration's options.
#[derive(Debug, Deserialize)]
pub(in crate::sandbox::pages) struct PauseForm {
    option: Option<usize>,
}

/// `GET /portal/{secret}/subscriptions/{id}/pause`
pub(in crate::sandbox::pages) async fn show(
    sandbox: web::Data<Sandbox>,
    path: web::Path<(String, String)>,
) -> Answer {
    let portal = Portal::load(&sandbox, &path.0).await?;
    let feature = pause_feature(&portal)?;
    let subscription = portal.subscription(&path.1)?;
    if subscription.status == "paused" {
        return Ok(portal.finish(Done::Paused));
    }
    Ok(reply::page(view(&portal, feature, subscription)))
}

/// `POST /portal/{secret}/subscriptions/{id}/pause`
pub(in crate::sandbox::pages) async fn pause(
    sandbox: web::Data<Sandbox>,
    path: web::Path<(String, String)>,
    form: web::Form<PauseForm>,
) -> Answer {
    let portal = Portal::load(&sandbox, &path.0).await?;
    pause_feature(&portal)?;
    let subscription = portal.subscription(&path.1)?;
    if subscription.status != "paused" {
        let option = form.option.unwrap_or(0);
        portal::pause(&sandbox, &portal.secret, &subscription.id, option).await?;
    }
    Ok(portal.finish(Done::Paused))
}

/// `POST /portal/{secret}/subscriptions/{id}/unpause`
pub(in crate::sandbox::pages) async fn unpause(
    sandbox: web::Data<Sandbox>,
    path: web::Path<(String, String)>,
) -> Answer {
    let portal = Portal::load(&sandbox, &path.0).await?;
    pause_feature(&portal)?;
    let subscription = portal.subscription(&path.1)?;
    if subscription.status == "paused" {
        portal::unpause(&sandbox, &portal.secret, &subscription.id).await?;
    }
    Ok(portal.finish(Done::Unpaused))
}

fn pause_feature(portal: &Portal) -> Result<&PauseFeature, PageError> {
    portal.page.features.subscription_pause.as_ref().ok_or_else(feature_is_off)
}

fn view(portal: &Portal, feature: &PauseFeature, subscription: &PortalSubscription) -> Markup {
    let plan = &subscription.product_name;
    let task = portal.page.flow.as_ref().map(|flow| &flow.task);
    let way_back = portal.way_back(matches!(task, Some(Task::SubscriptionPause { .. })));
    let body = html! {
        form.card.stack.wide method="post" action=(portal.subscription_path(&subscription.id, "pause")) {
            div.stack {
                h1 { "Pause your plan" }
                p {
                    (plan) " stops now, and nothing is charged while it is paused. "
                    "The time you have paid for and not used is credited."
                }
            }
            @if feature.options.is_empty() {
                p.soft { "It stays paused until you resume it." }
            } @else {
                fieldset.stack {
                    legend { "For how long?" }
                    div.choices {
                        @for (place, (count, unit)) in feature.options.iter().enumerate() {
                            @let id = format!("option-{place}");
                            label.choice for=(id) {
                                input type="radio" name="option" id=(id) value=(place) checked[place == 0] required;
                                span { (display::counted(*count, unit)) }
                            }
                        }
                    }
                }
            }
            div.row {
                button.btn type="submit" data-testid="submit" { "Pause plan" }
                @if let Some((_, address)) = &way_back { a.btn.quiet href=(address) { "Keep plan" } }
            }
        }
    };
    portal.frame("Pause your plan", way_back, body)
}
