//! The Customer Portal: which page a session opens at, who may do what, what comes after.

pub(super) mod billing_information;
pub(super) mod cancel;
pub(super) mod home;
pub(super) mod pause;
pub(super) mod payment_methods;
pub(super) mod plan;

use actix_web::{HttpResponse, web};
use maud::{Markup, html};
use serde::Deserialize;

use super::reply::{self, Answer, PageError};
use super::shell::{self, Frame};
use crate::sandbox::Sandbox;
use crate::sandbox::error::ApiError;
use crate::sandbox::portal::{self, AfterFlow, PortalPage, PortalSubscription, Task};

/// A portal session that has been looked up, with the secret its addresses carry.
struct Portal {
    secret: String,
    page: PortalPage,
}

impl Portal {
    async fn load(sandbox: &Sandbox, secret: &str) -> Result<Portal, PageError> {
        let page = portal::load(sandbox, secret).await?;
        Ok(Portal { secret: secret.to_owned(), page })
    }

    /// `/portal/{secret}{rest}`; `rest` begins with a slash.
    fn path(&self, rest: &str) -> String {
        format!("/portal/{}{rest}", self.secret)
    }

    /// A page about one subscription: `/portal/{secret}/subscriptions/{id}/{action}`.
    fn subscription_path(&self, subscription: &str, action: &str) -> String {
        self.path(&format!("/subscriptions/{subscription}/{action}"))
    }

    /// The customer's subscription with this id; 404 for everybody else's.
    fn subscription(&self, id: &str) -> Result<&PortalSubscription, PageError> {
        let found = self.page.subscriptions.iter().find(|subscription| subscription.id == id);
        found.ok_or_else(|| ApiError::invalid("No such subscription").in_path().into())
    }

    /// Where the page of a task leads back to: home, or out if the session is for this task alone.
    fn way_back(&self, in_flow: bool) -> Option<(String, String)> {
        match (&self.page.return_url, in_flow) {
            (Some(url), true) => Some((format!("Return to {}", self.page.merchant), url.clone())),
            (None, true) => None,
            (_, false) => Some(("Back".to_owned(), self.path("/home"))),
        }
    }

    /// A page of the portal: the business, the way back, the terms.
    fn frame(&self, title: &str, way_back: Option<(String, String)>, body: Markup) -> Markup {
        let business = &self.page.business;
        let links =
            [("Terms", &business.terms_of_service_url), ("Privacy", &business.privacy_policy_url)];
        let links: Vec<_> =
            links.iter().filter_map(|(text, url)| Some((*text, url.as_deref()?))).collect();
        let body = html! {
            div.stack.wide {
                div.row.apart {
                    (shell::business(&self.page.merchant))
                    @if let Some((text, address)) = &way_back { (shell::back_link(text, address)) }
                }
                (body)
            }
        };
        shell::page(&format!("{title} · {}", self.page.merchant), Frame::Column, &links, body)
    }

    /// Leads on after something was done: as the flow says if it was the flow's task, else home.
    fn finish(&self, done: Done) -> HttpResponse {
        let after = self
            .page
            .flow
            .as_ref()
            .filter(|flow| done.completes(&flow.task))
            .map(|flow| &flow.after);
        match after {
            Some(AfterFlow::Redirect { url }) => reply::see_other(url),
            Some(AfterFlow::HostedConfirmation { .. }) => {
                reply::see_other(&self.path(&done.query("/done")))
            }
            Some(AfterFlow::PortalHomepage) | None => {
                reply::see_other(&self.path(&done.query("/home")))
            }
        }
    }
}

/// The refusal of a route whose feature the configuration has turned off.
fn feature_is_off() -> PageError {
    ApiError::forbidden("This is not offered here. Go back to where you came from.").into()
}

/// What has just been done, told on the next page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Done {
    PlanChanged,
    Canceled,
    Resumed,
    Retained,
    Paused,
    Unpaused,
    CardAdded,
    DefaultChanged,
    CardRemoved,
    InformationSaved,
}

impl Done {
    fn query(self, path: &str) -> String {
        let done = match self {
            Done::PlanChanged => "plan-changed",
            Done::Canceled => "canceled",
            Done::Resumed => "resumed",
            Done::Retained => "retained",
            Done::Paused => "paused",
            Done::Unpaused => "unpaused",
            Done::CardAdded => "card-added",
            Done::DefaultChanged => "default-changed",
            Done::CardRemoved => "card-removed",
            Done::InformationSaved => "information-saved",
        };
        format!("{path}?done={done}")
    }

    fn message(self) -> &'static str {
        match self {
            Done::PlanChanged => "Your plan has been updated.",
            Done::Canceled => "Your plan has been canceled.",
            Done::Resumed => "Your plan goes on. The cancellation was taken back.",
            Done::Retained => "Your plan goes on, with the discount.",
            Done::Paused => "Your plan has been paused.",
            Done::Unpaused => "Your plan goes on.",
            Done::CardAdded => "Your card has been saved.",
            Done::DefaultChanged => "Your default payment method has been changed.",
            Done::CardRemoved => "The card has been removed.",
            Done::InformationSaved => "Your billing information has been saved.",
        }
    }

    /// Whether this is what a session with `task` was opened for.
    fn completes(self, task: &Task) -> bool {
        match task {
            Task::CustomerUpdate => self == Done::InformationSaved,
            Task::PaymentMethodUpdate => matches!(self, Done::CardAdded | Done::DefaultChanged),
            Task::SubscriptionCancel { .. } => matches!(self, Done::Canceled | Done::Retained),
            Task::SubscriptionUpdate { .. } | Task::SubscriptionUpdateConfirm { .. } => {
                self == Done::PlanChanged
            }
            Task::SubscriptionPause { .. } => self == Done::Paused,
        }
    }
}

/// The query of a page that tells what has just been done.
#[derive(Debug, Default, Deserialize)]
pub(super) struct DoneQuery {
    done: Option<Done>,
}

/// `GET /portal/{secret}`: the page of the session's flow, else home.
pub(super) async fn start(sandbox: web::Data<Sandbox>, secret: web::Path<String>) -> Answer {
    let portal = Portal::load(&sandbox, &secret).await?;
    let rest = match portal.page.flow.as_ref().map(|flow| &flow.task) {
        None => portal.path("/home"),
        Some(Task::CustomerUpdate) => portal.path("/billing-information"),
        Some(Task::PaymentMethodUpdate) => portal.path("/payment-methods/add"),
        Some(Task::SubscriptionCancel { subscription, .. }) => {
            portal.subscription_path(subscription, "cancel")
        }
        Some(Task::SubscriptionUpdate { subscription }) => {
            portal.subscription_path(subscription, "update")
        }
        Some(Task::SubscriptionUpdateConfirm { subscription, price, quantity }) => {
            let price = match price.as_str() {
                "" => &portal.subscription(subscription)?.price,
                price => price,
            };
            portal.subscription_path(subscription, &plan::confirm(price, *quantity))
        }
        Some(Task::SubscriptionPause { subscription }) => {
            portal.subscription_path(subscription, "pause")
        }
    };
    Ok(reply::see_other(&rest))
}

/// `GET /portal/{secret}/done`: the hosted confirmation at the end of a flow.
pub(super) async fn done(
    sandbox: web::Data<Sandbox>,
    secret: web::Path<String>,
    query: web::Query<DoneQuery>,
) -> Answer {
    let portal = Portal::load(&sandbox, &secret).await?;
    let message = match portal.page.flow.as_ref().map(|flow| &flow.after) {
        Some(AfterFlow::HostedConfirmation { message }) => message.as_deref(),
        _ => return Ok(reply::see_other(&portal.path("/home"))),
    };
    let what = query.done.map_or("Your changes have been saved.", Done::message);
    let body = html! {
        div.card.stack {
            (shell::seal())
            h1 { (what) }
            @if let Some(message) = message { p.soft { (message) } }
            @if let Some(url) = &portal.page.return_url {
                div.row { a.btn href=(url) rel="noreferrer" { "Return to " (portal.page.merchant) } }
            }
        }
    };
    Ok(reply::page(portal.frame("Done", None, body)))
}
