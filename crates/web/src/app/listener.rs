//! The bundle with every page and the player.

use yew::prelude::*;

use super::Bundle;
use crate::{
    browser::use_online,
    live::Live,
    navigation::use_navigator,
    pages::{
        self,
        recovery::{ForgotPassword, ResetPassword, VerifyEmail},
    },
    player::PlayerProvider,
    route::Route,
    session::Session,
    ui::{placeholder::skeleton, player_bar::PlayerBar},
};

/// Every page.
pub(super) struct Everything;

impl Bundle for Everything {
    fn has(_: &Route) -> bool {
        true
    }

    fn page(route: Route, session: Session) -> Html {
        let account = session.account().cloned();
        match (route, session) {
            (Route::Home, Session::Listener(account)) => {
                html! { <pages::home::Home {account} /> }
            }
            (Route::Home, Session::Restoring) => pages::home::waiting(),
            (Route::Pricing, Session::Listener(account)) => pages::pricing::for_listeners(account),
            (Route::CheckoutReturn { session_id }, Session::Listener(account)) => {
                html! { <pages::checkout_return::CheckoutReturn {account} {session_id} /> }
            }
            (Route::Episodes, Session::Listener(_) | Session::Visitor) => {
                html! { <pages::episodes::Episodes {account} /> }
            }
            (Route::Episode { id }, Session::Listener(_) | Session::Visitor) => {
                html! { <pages::episode::Episode {account} {id} /> }
            }
            (Route::Account, Session::Listener(account)) => {
                html! { <pages::account::Account {account} /> }
            }
            (Route::ForgotPassword, _) => html! { <ForgotPassword /> },
            (Route::ResetPassword { token }, _) => html! { <ResetPassword {token} /> },
            (Route::VerifyEmail { token }, _) => html! { <VerifyEmail {token} /> },
            (route @ (Route::Account | Route::CheckoutReturn { .. }), Session::Visitor) => {
                html! { <ToLogIn {route} /> }
            }
            // The session is being restored.
            (
                route @ (Route::Episodes
                | Route::Episode { .. }
                | Route::Account
                | Route::CheckoutReturn { .. }),
                Session::Restoring,
            ) => html! { <Waiting {route} /> },
            (route, _) => super::visitor::page(route),
        }
    }

    fn around(pages: Html) -> Html {
        html! { <PlayerProvider><Live />{ pages }<PlayerBar /></PlayerProvider> }
    }
}

#[derive(Properties, PartialEq)]
struct RouteProps {
    route: Route,
}

/// Leads a visitor by log-in to a page that only listeners have.
#[component]
fn ToLogIn(props: &RouteProps) -> Html {
    let navigator = use_navigator();
    use_effect_with(props.route.clone(), move |route| navigator.replace(route.behind_log_in()));
    html! { <Waiting route={props.route.clone()} /> }
}

/// Stands for a page until it is known whose it is, which takes a connection.
#[component]
fn Waiting(props: &RouteProps) -> Html {
    let online = use_online();
    if !online {
        return pages::offline::offline();
    }
    html! { <div class="page waiting"><h1 class="h2">{ props.route.title() }</h1>{ skeleton(4, "rows") }</div> }
}
