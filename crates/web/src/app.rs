//! The frame around every page: who is signed in, the plans, the player, header and footer.

use yew::prelude::*;

use crate::{
    navigation::{NavigationProvider, RouteAnnouncer, use_navigator},
    pages::{
        self,
        entry::{Entry, EntryKind},
    },
    plan_list::PlanListProvider,
    player::PlayerProvider,
    route::Route,
    session::{Session, SessionProvider, use_session},
    ui::{
        layout::{Header, footer},
        placeholder::skeleton,
        player_bar::PlayerBar,
    },
};

/// The element of index.html that holds the shell shown until this runs.
const ROOT: &str = "app";

/// Shows the app in place of the shell.
pub(crate) fn start() {
    let root = web_sys::window().and_then(|window| window.document()?.get_element_by_id(ROOT));
    match root {
        Some(root) => drop(yew::Renderer::<App>::with_root(root).render()),
        None => drop(yew::Renderer::<App>::new().render()),
    }
}

#[component]
fn App() -> Html {
    html! {
        <NavigationProvider>
            <SessionProvider>
                <PlanListProvider>
                    <PlayerProvider>
                        <a class="skip" href="#content">{ "Skip to content" }</a>
                        <Header />
                        <main id="content" class="wrap" tabindex="-1"><Page /></main>
                        { footer() }
                        <PlayerBar />
                        <RouteAnnouncer />
                    </PlayerProvider>
                </PlanListProvider>
            </SessionProvider>
        </NavigationProvider>
    }
}

#[component]
fn Page() -> Html {
    let navigator = use_navigator();
    let session = use_session();
    let route = navigator.route().clone();
    let turned_away = route.is_for_listeners() && session == Session::Visitor;
    use_effect_with((route.clone(), turned_away), move |(route, turned_away)| {
        if *turned_away {
            navigator.replace(route.behind_log_in());
        }
    });
    let account = session.account().cloned();
    match (route, session) {
        (Route::Home, _) => html! { <pages::home::Home /> },
        (Route::Pricing, _) => html! { <pages::pricing::Pricing /> },
        (Route::Terms, _) => pages::legal::terms(),
        (Route::Privacy, _) => pages::legal::privacy(),
        (Route::Register(afterwards), _) => {
            html! { <Entry key="register" kind={EntryKind::Register} {afterwards} /> }
        }
        (Route::LogIn(afterwards), _) => {
            html! { <Entry key="log-in" kind={EntryKind::LogIn} {afterwards} /> }
        }
        (Route::NotFound, _) => pages::not_found::not_found(),
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
        // The session is being restored, or the visitor is on the way to log in.
        (route, Session::Restoring | Session::Visitor) => html! {
            <div class="page"><h1 class="h2">{ route.title() }</h1>{ skeleton(4, "rows") }</div>
        },
    }
}
