//! The frame around every page: who is signed in, the plans, header and footer; and which pages a bundle has.

mod listener;
mod visitor;

use yew::prelude::*;

use crate::{
    browser::use_online,
    navigation::{NavigationProvider, use_announcement, use_navigator},
    plan_list::PlanListProvider,
    route::Route,
    session::{Session, SessionProvider, use_session},
    ui::{
        layout::{footer, header},
        offline::offline_notice,
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
    html! {
        <NavigationProvider has={B::has as fn(&Route) -> bool}>
            <SessionProvider>
                <PlanListProvider>{ B::around(html! { <Frame<B> /> }) }</PlanListProvider>
            </SessionProvider>
        </NavigationProvider>
    }
}

/// The page and what is the same on all of them. One component, because each costs half a kilobyte of the bundle.
#[component]
fn Frame<B: Bundle>() -> Html {
    let route = use_navigator().route().clone();
    let session = use_session();
    let online = use_online();
    let announcement = use_announcement(&route);
    html! {
        <>
            <a class="skip" href="#content">{ "Skip to content" }</a>
            { offline_notice(online) }
            { header(&session) }
            <main id="content" class="wrap" tabindex="-1">{ B::page(route, session) }</main>
            { footer() }
            { announcement }
        </>
    }
}
