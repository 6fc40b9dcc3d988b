//! Changing the plan: choose a price, see what it costs now and later, confirm.

use actix_web::http::StatusCode;
use actix_web::web;
use maud::{Markup, html};
use serde::Deserialize;

use super::home::{card_name, price};
use super::{Done, Portal, feature_is_off};
use crate::sandbox::Sandbox;
use crate::sandbox::checkout::Cadence;
use crate::sandbox::pages::display;
use crate::sandbox::pages::reply::{self, Answer, PageError};
use crate::sandbox::portal::{self, ChangePreview, Offer, PortalSubscription, Task};

/// The rest of the confirmation's path, after the subscription.
pub(super) fn confirm(price: &str) -> String {
    format!("confirm?price={price}")
}

/// Which intervals are shown, and whether the form came back without a choice.
#[derive(Debug, Deserialize)]
pub(in crate::sandbox::pages) struct ChooseQuery {
    every: Option<String>,
    #[serde(default)]
    missing: bool,
}

/// The chosen price.
#[derive(Debug, Deserialize)]
pub(in crate::sandbox::pages) struct Choice {
    price: Option<String>,
}

/// `GET /portal/{secret}/subscriptions/{id}/update`
pub(in crate::sandbox::pages) async fn choose(
    sandbox: web::Data<Sandbox>,
    path: web::Path<(String, String)>,
    query: web::Query<ChooseQuery>,
) -> Answer {
    let portal = Portal::load(&sandbox, &path.0).await?;
    let subscription = changeable(&portal, &path.1)?;
    Ok(reply::page(choose_view(&portal, subscription, &query)))
}

/// `GET /portal/{secret}/subscriptions/{id}/confirm?price=…`
pub(in crate::sandbox::pages) async fn show_confirm(
    sandbox: web::Data<Sandbox>,
    path: web::Path<(String, String)>,
    choice: web::Query<Choice>,
) -> Answer {
    let portal = Portal::load(&sandbox, &path.0).await?;
    let subscription = changeable(&portal, &path.1)?;
    let Some(price) = choice.price.as_deref().filter(|price| *price != subscription.price) else {
        return Ok(reply::see_other(
            &portal.subscription_path(&subscription.id, "update?missing=true"),
        ));
    };
    let preview = portal::preview_change(&sandbox, &portal.secret, &subscription.id, price).await?;
    Ok(reply::page(confirm_view(&portal, subscription, offer(&portal, price)?, &preview, None)))
}

/// `POST /portal/{secret}/subscriptions/{id}/confirm`
pub(in crate::sandbox::pages) async fn change(
    sandbox: web::Data<Sandbox>,
    path: web::Path<(String, String)>,
    choice: web::Form<Choice>,
) -> Answer {
    let portal = Portal::load(&sandbox, &path.0).await?;
    let subscription = changeable(&portal, &path.1)?;
    let offer = offer(&portal, choice.price.as_deref().unwrap_or_default())?;
    if offer.price == subscription.price {
        // The second click of a double submit, after the first one changed the plan.
        return Ok(portal.finish(Done::PlanChanged));
    }
    match portal::change_plan(&sandbox, &portal.secret, &subscription.id, &offer.price).await {
        Ok(()) => Ok(portal.finish(Done::PlanChanged)),
        Err(declined) if declined.status == 402 => {
            let preview =
                portal::preview_change(&sandbox, &portal.secret, &subscription.id, &offer.price)
                    .await?;
            let page =
                confirm_view(&portal, subscription, offer, &preview, Some(&declined.message));
            Ok(reply::page_with(StatusCode::PAYMENT_REQUIRED, page, None))
        }
        Err(error) => Err(error.into()),
    }
}

fn changeable<'a>(
    portal: &'a Portal,
    subscription: &str,
) -> Result<&'a PortalSubscription, PageError> {
    let subscription = portal.subscription(subscription)?;
    let offered = portal.page.features.subscription_update && subscription.is_changeable;
    if offered { Ok(subscription) } else { Err(feature_is_off()) }
}

fn offer<'a>(portal: &'a Portal, price: &str) -> Result<&'a Offer, PageError> {
    portal.page.offers.iter().find(|offer| offer.price == price).ok_or_else(feature_is_off)
}

fn in_flow(portal: &Portal) -> bool {
    let task = portal.page.flow.as_ref().map(|flow| &flow.task);
    matches!(task, Some(Task::SubscriptionUpdate { .. } | Task::SubscriptionUpdateConfirm { .. }))
}

/// `1-month`: a cadence in a query.
fn key(cadence: &Cadence) -> String {
    format!("{}-{}", cadence.count, cadence.interval)
}

fn choose_view(portal: &Portal, subscription: &PortalSubscription, query: &ChooseQuery) -> Markup {
    let offers: Vec<&Offer> =
        portal.page.offers.iter().filter(|offer| offer.currency == subscription.currency).collect();
    let mut cadences: Vec<&Cadence> = Vec::new();
    for offer in &offers {
        if !cadences.contains(&&offer.cadence) {
            cadences.push(&offer.cadence);
        }
    }
    let asked = query
        .every
        .as_deref()
        .and_then(|every| cadences.iter().find(|cadence| key(cadence) == every));
    let current = cadences.iter().find(|cadence| ***cadence == subscription.cadence);
    let shown: Option<&Cadence> = asked.or(current).or(cadences.first()).copied();
    let body = html! {
        div.stack.tight {
            h1 { "Update your plan" }
            p.soft.num { "Now: " (subscription.product_name) ", " (price(subscription)) }
        }
        @if query.missing { p.notice.bad role="alert" { "Choose a plan other than your current one." } }
        @if cadences.len() > 1 {
            nav.segments aria-label="Billing interval" {
                @for cadence in &cadences {
                    a href=(portal.subscription_path(&subscription.id, &format!("update?every={}", key(cadence))))
                        aria-current=[(Some(*cadence) == shown).then_some("true")] {
                        (display::interval_name(&cadence.interval, cadence.count))
                    }
                }
            }
        }
        form.stack.wide method="get" action=(portal.subscription_path(&subscription.id, "confirm")) {
            fieldset.choices {
                legend.hidden-label { "Plan" }
                @for offer in offers.iter().filter(|offer| Some(&offer.cadence) == shown) {
                    (offer_choice(offer, offer.price == subscription.price))
                }
            }
            div.row { button.btn type="submit" data-testid="submit" { "Continue" } }
        }
    };
    portal.frame("Update your plan", portal.way_back(in_flow(portal)), body)
}

fn offer_choice(offer: &Offer, is_current: bool) -> Markup {
    let every = display::interval(&offer.cadence.interval, offer.cadence.count);
    html! {
        label.choice for=(offer.price) {
            input type="radio" name="price" id=(offer.price) value=(offer.price) required disabled[is_current];
            span.stack.tight {
                span.strong { (offer.product_name) @if is_current { " " span.pill { "Current plan" } } }
                @if let Some(description) = &offer.product_description { span.soft.small { (description) } }
                @if !offer.features.is_empty() { span.soft.small { (offer.features.join(" · ")) } }
            }
            span.end.num {
                span.strong { (display::amount(offer.unit_amount, &offer.currency)) } " "
                span.soft.small { (every) }
            }
        }
    }
}

fn confirm_view(
    portal: &Portal,
    subscription: &PortalSubscription,
    offer: &Offer,
    preview: &ChangePreview,
    refusal: Option<&str>,
) -> Markup {
    let money = |amount: i64| display::amount(amount, &preview.currency);
    let every = display::interval(&offer.cadence.interval, offer.cadence.count);
    let card = portal
        .page
        .payment_methods
        .iter()
        .find(|card| Some(&card.id) == subscription.payment_method.as_ref());
    let difference: i64 = preview.lines.iter().map(|(_, amount)| amount).sum();
    let body = html! {
        h1 { "Confirm your update" }
        @if let Some(refusal) = refusal { p.notice.bad role="alert" { (refusal) " Your plan has not changed." } }
        section.card.stack aria-labelledby="change" {
            h2 id="change" { "Your plan" }
            dl.kv {
                dt { "Now" }
                dd.num { (subscription.product_name) ", " (price(subscription)) }
                dt { "New" }
                dd.strong.num { (offer.product_name) ", " (display::amount(offer.unit_amount, &offer.currency)) " "
                    (every) }
            }
        }
        section.card.stack aria-labelledby="cost" {
            h2 id="cost" { "What you pay" }
            @if !preview.lines.is_empty() {
                dl.totals.plain.soft.small.num { @for (text, amount) in &preview.lines { dt { (text) } dd { (money(*amount)) } } }
            }
            dl.totals.num {
                dt.due { "Due today" }
                dd.due data-testid="due-today" { (money(preview.due_now)) }
                @if preview.due_now == 0 && difference > 0 {
                    dt { "Added to your next invoice" }
                    dd { (money(difference)) }
                }
                @if preview.credit > 0 {
                    dt { "Credit for your next invoices" }
                    dd { (money(preview.credit)) }
                }
                dt.soft { "From " (display::date(preview.renews_at)) }
                dd.soft { (money(preview.recurring_total)) " " (every) }
            }
            @if let (Some(card), true) = (card, preview.due_now > 0) {
                p.soft.small.num { "Charged to " (card_name(card)) "." }
            }
        }
        form.row method="post" action=(portal.subscription_path(&subscription.id, "confirm")) {
            input type="hidden" name="price" value=(offer.price);
            button.btn type="submit" data-testid="submit" { "Confirm" }
            @if !matches!(portal.page.flow.as_ref().map(|flow| &flow.task), Some(Task::SubscriptionUpdateConfirm { .. })) {
                a.btn.quiet href=(portal.subscription_path(&subscription.id, "update")) { "Go back" }
            }
        }
    };
    portal.frame("Confirm your update", portal.way_back(in_flow(portal)), body)
}
