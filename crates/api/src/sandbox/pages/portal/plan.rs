//! Changing the plan: choose a price, see what it costs now and later, confirm.

mod confirmation;

use actix_web::http::StatusCode;
use actix_web::web;
use maud::{Markup, html};
use serde::Deserialize;

use self::confirmation::confirm_view;
use super::home::price;
use super::{Done, Portal, feature_is_off};
use crate::sandbox::Sandbox;
use crate::sandbox::checkout::Cadence;
use crate::sandbox::pages::display;
use crate::sandbox::pages::reply::{self, Answer, PageError};
use crate::sandbox::portal::{self, ChangePreview, Offer, PortalSubscription, Task, WantedChange};

/// The rest of the confirmation's path, after the subscription.
pub(super) fn confirm(price: &str, quantity: Option<i64>) -> String {
    let quantity = quantity.map(|quantity| format!("&quantity={quantity}")).unwrap_or_default();
    format!("confirm?price={price}{quantity}")
}

/// Which intervals are shown, and whether the form came back without a choice.
#[derive(Debug, Deserialize)]
pub(in crate::sandbox::pages) struct ChooseQuery {
    every: Option<String>,
    #[serde(default)]
    missing: bool,
}

/// What was chosen.
#[derive(Debug, Deserialize)]
pub(in crate::sandbox::pages) struct Choice {
    price: Option<String>,
    quantity: Option<i64>,
    code: Option<String>,
    at: Option<i64>,
}

impl Choice {
    fn wanted(&self, subscription: &PortalSubscription) -> WantedChange {
        WantedChange {
            price: self.price.clone().unwrap_or_else(|| subscription.price.clone()),
            quantity: self.quantity,
            code: self.code.clone(),
            at: self.at,
        }
    }
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
    let wanted = choice.wanted(subscription);
    if is_same(&wanted, subscription) {
        return Ok(reply::see_other(
            &portal.subscription_path(&subscription.id, "update?missing=true"),
        ));
    }
    let (shown, refusal) = preview(&sandbox, &portal, subscription, wanted).await?;
    let offer = offer(&portal, subscription, &shown.wanted.price)?;
    let page = confirm_view(&portal, subscription, &offer, &shown, refusal.as_deref());
    let status = if refusal.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(reply::page_with(status, page, None))
}

/// `POST /portal/{secret}/subscriptions/{id}/confirm`
pub(in crate::sandbox::pages) async fn change(
    sandbox: web::Data<Sandbox>,
    path: web::Path<(String, String)>,
    choice: web::Form<Choice>,
) -> Answer {
    let portal = Portal::load(&sandbox, &path.0).await?;
    let subscription = changeable(&portal, &path.1)?;
    let wanted = choice.wanted(subscription);
    let offer = offer(&portal, subscription, &wanted.price)?;
    if is_same(&wanted, subscription) {
        // The second click of a double submit, after the first one changed the plan.
        return Ok(portal.finish(Done::PlanChanged));
    }
    let secret = &portal.secret;
    match portal::change_plan(&sandbox, secret, &subscription.id, wanted.clone()).await {
        Ok(()) => Ok(portal.finish(Done::PlanChanged)),
        Err(refused) if refused.status == 402 || refused.param.is_some() => {
            let (shown, _) = preview(&sandbox, &portal, subscription, wanted).await?;
            let message = match refused.status {
                402 => format!("{} Your plan has not changed.", refused.message),
                _ => refused.message,
            };
            let page = confirm_view(&portal, subscription, &offer, &shown, Some(&message));
            let status = StatusCode::from_u16(refused.status).unwrap_or(StatusCode::BAD_REQUEST);
            Ok(reply::page_with(status, page, None))
        }
        Err(error) => Err(error.into()),
    }
}

/// A change and what it would cost.
struct Shown {
    wanted: WantedChange,
    preview: ChangePreview,
}

/// What the change would cost; without the code, and the reason why, when the code is refused.
async fn preview(
    sandbox: &Sandbox,
    portal: &Portal,
    subscription: &PortalSubscription,
    mut wanted: WantedChange,
) -> Result<(Shown, Option<String>), PageError> {
    let (secret, id) = (&portal.secret, &subscription.id);
    let mut refusal = None;
    let preview = match portal::preview_change(sandbox, secret, id, &wanted).await {
        Err(error) if error.param.as_deref() == Some("promotion_code") => {
            refusal = Some(error.message);
            wanted.code = None;
            portal::preview_change(sandbox, secret, id, &wanted).await?
        }
        Err(error) if error.param.as_deref() == Some("quantity") => {
            refusal = Some(error.message);
            wanted.quantity = None;
            portal::preview_change(sandbox, secret, id, &wanted).await?
        }
        answer => answer?,
    };
    Ok((Shown { wanted, preview }, refusal))
}

fn is_same(wanted: &WantedChange, subscription: &PortalSubscription) -> bool {
    wanted.price == subscription.price
        && wanted.quantity.is_none_or(|quantity| quantity == subscription.quantity)
}

fn changeable<'a>(
    portal: &'a Portal,
    subscription: &str,
) -> Result<&'a PortalSubscription, PageError> {
    let subscription = portal.subscription(subscription)?;
    let offered = portal.page.features.subscription_update && subscription.is_changeable;
    if offered { Ok(subscription) } else { Err(feature_is_off()) }
}

/// The offer of a price; the plan there is can stay, though it is no longer offered.
fn offer(
    portal: &Portal,
    subscription: &PortalSubscription,
    price: &str,
) -> Result<Offer, PageError> {
    if let Some(offer) = portal.page.offers.iter().find(|offer| offer.price == price) {
        return Ok(offer.clone());
    }
    if subscription.price != price {
        return Err(feature_is_off());
    }
    Ok(Offer {
        price: subscription.price.clone(),
        product_name: subscription.product_name.clone(),
        product_description: None,
        product_image: subscription.product_image.clone(),
        features: Vec::new(),
        unit_amount: subscription.unit_amount.clone(),
        amount: subscription.amount,
        currency: subscription.currency.clone(),
        cadence: subscription.cadence.clone(),
    })
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
                    (offer_choice(offer, subscription))
                }
            }
            @if let Some((least, most)) = subscription.quantity_bounds {
                div.field {
                    label for="quantity" { "Quantity" }
                    input id="quantity" name="quantity" type="number" inputmode="numeric" min=(least) max=(most)
                        value=(subscription.quantity) required;
                }
            }
            div.row { button.btn type="submit" data-testid="submit" { "Continue" } }
        }
    };
    portal.frame("Update your plan", portal.way_back(in_flow(portal)), body)
}

fn offer_choice(offer: &Offer, subscription: &PortalSubscription) -> Markup {
    let is_current = offer.price == subscription.price;
    // The same plan can be had in another number.
    let is_fixed = is_current && subscription.quantity_bounds.is_none();
    let every = display::interval(&offer.cadence.interval, offer.cadence.count);
    html! {
        label.choice for=(offer.price) {
            input type="radio" name="price" id=(offer.price) value=(offer.price) required disabled[is_fixed]
                checked[is_current && !is_fixed];
            span.stack.tight {
                span.strong { (offer.product_name) @if is_current { " " span.pill { "Current plan" } } }
                @if let Some(description) = &offer.product_description { span.soft.small { (description) } }
                @if !offer.features.is_empty() { span.soft.small { (offer.features.join(" · ")) } }
            }
            span.end.num {
                span.strong { (display::unit(offer.unit_amount.as_deref(), offer.amount, &offer.currency)) } " "
                span.soft.small { (every) }
            }
        }
    }
}
