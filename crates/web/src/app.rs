//! The frame around every page: who is signed in, the plans, the player, header and footer.

use yew::prelude::*;

use crate::{
    navigation::{NavigationProvider, RouteAnnouncer, use_navigator},
    pages,
    plan_list::PlanListProvider,
    player::PlayerProvider,
    route::Route,
    session::SessionProvider,
    ui::{
        layout::{Footer, Header},
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
                        <Footer />
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
    match navigator.route() {
        Route::Home => html! { <pages::home::Home /> },
        Route::Pricing => html! { <pages::pricing::Pricing /> },
        Route::Terms => html! { <pages::legal::Terms /> },
        Route::Privacy => html! { <pages::legal::Privacy /> },
        Route::Register(afterwards) => {
            html! { <pages::register::Register afterwards={afterwards.clone()} /> }
        }
        Route::LogIn(afterwards) => {
            html! { <pages::log_in::LogIn afterwards={afterwards.clone()} /> }
        }
        Route::CheckoutReturn { session_id } => {
            html! { <pages::checkout_return::CheckoutReturn session_id={session_id.clone()} /> }
        }
        Route::Episodes => html! { <pages::episodes::Episodes /> },
        Route::Episode { id } => {
            html! { <pages::episode::Episode key={id.clone()} id={id.clone()} /> }
        }
        Route::Account => html! { <pages::account::Account /> },
        Route::NotFound => html! { <pages::not_found::NotFound /> },
    }
}
