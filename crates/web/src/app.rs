//! The frame around every page: who is signed in, the plans, header and footer; and which pages a bundle has.

mod listener;
mod visitor;

use yew::prelude::*;

use crate::{
    navigation::{NavigationProvider, RouteAnnouncer, use_navigator},
    plan_list::PlanListProvider,
    route::Route,
    session::{Session, SessionProvider, use_session},
    ui::{
        layout::{Header, footer},
        offline::Offline,
    },
};

/// The element of index.html that holds what is shown until this runs.
const ROOT: &str = "app";

/// What a bundle is made of.
pub(crate) trait Bundle: 'static {
    /// Whether it has the page at `route`; any other is left to the browser to load.
    fn has(route: &Route) -> bool;
    /// The page.
    fn page(route: Route, session: Session) -> Html;
    /// What stays around the pages.
    fn around(pages: Html) -> Html;
}

/// Shows the whole app in place of what the server sent.
pub fn start_for_listeners() {
    start::<listener::Everything>();
}

/// Shows the pages that visitors come for first, in place of what the server sent.
pub fn start_for_visitors() {
    start::<visitor::FirstPages>();
}

fn start<B: Bundle>() {
    let root = web_sys::window().and_then(|window| window.document()?.get_element_by_id(ROOT));
    match root {
        Some(root) => drop(yew::Renderer::<App<B>>::with_root(root).render()),
        None => drop(yew::Renderer::<App<B>>::new().render()),
    }
}

#[component]
fn App<B: Bundle>() -> Html {
    let pages = html! {
        <>
            <a class="skip" href="#content">{ "Skip to content" }</a>
            <Offline />
            <Header />
            <main id="content" class="wrap" tabindex="-1"><Page<B> /></main>
            { footer() }
            <RouteAnnouncer />
        </>
    };
    html! {
        <NavigationProvider has={B::has as fn(&Route) -> bool}>
            <SessionProvider>
                <PlanListProvider>{ B::around(pages) }</PlanListProvider>
            </SessionProvider>
        </NavigationProvider>
    }
}

#[component]
fn Page<B: Bundle>() -> Html {
    B::page(use_navigator().route().clone(), use_session())
}
