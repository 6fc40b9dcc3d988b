//! Moving between pages: the browser's history, links that stay in the app, titles and focus.

use std::rc::Rc;

use gloo_events::EventListener;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{FocusOptions, HtmlElement};
use yew::prelude::*;

use crate::route::Route;

/// The present page, and the way to others.
#[derive(Clone, PartialEq)]
pub(crate) struct Navigator {
    route: Rc<Route>,
    visit: Callback<Visit>,
}

enum Visit {
    Push(Route),
    Replace(Route),
}

impl Navigator {
    /// The page that is shown.
    pub(crate) fn route(&self) -> &Route {
        &self.route
    }

    /// Goes to a page; Back returns here.
    pub(crate) fn push(&self, route: Route) {
        self.visit.emit(Visit::Push(route));
    }

    /// Goes to a page that takes this one's place in the history.
    pub(crate) fn replace(&self, route: Route) {
        self.visit.emit(Visit::Replace(route));
    }
}

/// The navigator of the component that asks.
#[hook]
pub(crate) fn use_navigator() -> Navigator {
    use_context::<Navigator>().expect("every component renders inside NavigationProvider")
}

#[derive(Properties)]
pub(crate) struct NavigationProviderProps {
    /// Whether this bundle has a page; any other is loaded by the browser.
    pub(crate) has: fn(&Route) -> bool,
    pub(crate) children: Html,
}

/// A bundle's pages never change.
impl PartialEq for NavigationProviderProps {
    fn eq(&self, other: &Self) -> bool {
        self.children == other.children
    }
}

/// Holds the present route and follows the browser's Back and Forward.
#[component]
pub(crate) fn NavigationProvider(props: &NavigationProviderProps) -> Html {
    let route = use_state_eq(|| Rc::new(current_route()));
    let set_route = route.setter();
    use_effect_with((), {
        let set_route = set_route.clone();
        move |()| {
            let listener = window().map(|window| {
                EventListener::new(&window, "popstate", move |_| {
                    set_route.set(Rc::new(current_route()));
                })
            });
            move || drop(listener)
        }
    });
    let has = props.has;
    let visit = use_callback((), move |visit: Visit, ()| {
        let Some(window) = window() else { return };
        let (Visit::Push(next) | Visit::Replace(next)) = &visit;
        if !has(next) {
            let location = window.location();
            // Addresses of our own are well formed.
            drop(match &visit {
                Visit::Push(_) => location.assign(&next.href()),
                Visit::Replace(_) => location.replace(&next.href()),
            });
            return;
        }
        let href = Some(next.href());
        let Ok(history) = window.history() else { return };
        let written = match &visit {
            Visit::Push(_) => history.push_state_with_url(&JsValue::NULL, "", href.as_deref()),
            Visit::Replace(_) => {
                history.replace_state_with_url(&JsValue::NULL, "", href.as_deref())
            }
        };
        // Browsers refuse more than some hundred changes in a few seconds; the page is shown all the same.
        drop(written);
        window.scroll_to_with_x_and_y(0.0, 0.0);
        set_route.set(Rc::new(next.clone()));
    });
    let navigator = Navigator { route: (*route).clone(), visit };
    html! { <ContextProvider<Navigator> context={navigator}>{ props.children.clone() }</ContextProvider<Navigator>> }
}

#[derive(Properties, PartialEq)]
pub(crate) struct LinkProps {
    pub(crate) to: Route,
    #[prop_or_default]
    pub(crate) class: Classes,
    #[prop_or_default]
    pub(crate) label: Option<AttrValue>,
    pub(crate) children: Html,
}

/// A link to a page of the app; opening it in a new tab works as with any other link.
#[component]
pub(crate) fn Link(props: &LinkProps) -> Html {
    let navigator = use_navigator();
    let current = *navigator.route() == props.to;
    let onclick =
        use_callback((navigator, props.to.clone()), |event: MouseEvent, (navigator, to)| {
            let modified =
                event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key();
            if event.button() == 0 && !modified {
                event.prevent_default();
                if navigator.route() != to {
                    navigator.push(to.clone());
                }
            }
        });
    html! {
        <a href={props.to.href()} class={props.class.clone()} {onclick}
            aria-label={props.label.clone()} aria-current={current.then_some("page")}>
            { props.children.clone() }
        </a>
    }
}

/// Tells people who do not see the page that it changed: sets the title, says it, moves focus to the content.
#[hook]
pub(crate) fn use_announcement(route: &Route) -> Html {
    let said = use_state(|| None::<&'static str>);
    let first = use_mut_ref(|| true);
    use_effect_with(route.clone(), {
        let said = said.setter();
        move |route| {
            set_title(route.title());
            // The browser itself announces the page it loaded first.
            if !std::mem::take(&mut *first.borrow_mut()) {
                said.set(Some(route.title()));
                focus_main();
            }
        }
    });
    html! { <div class="unseen" role="status" aria-live="polite">{ *said }</div> }
}

/// Names the browser's tab.
pub(crate) fn set_title(title: &str) {
    if let Some(document) = window().and_then(|window| window.document()) {
        document.set_title(&format!("{title} · Inner Circle"));
    }
}

/// Leaves the app for a page hosted elsewhere, or a file.
pub(crate) fn leave_for(url: &str) {
    if let Some(window) = window() {
        // Only a malformed address is refused, and the API makes none.
        drop(window.location().set_href(url));
    }
}

/// Loads the page anew.
pub(crate) fn reload() {
    if let Some(window) = window() {
        // A document that is shown can be reloaded.
        drop(window.location().reload());
    }
}

fn focus_main() {
    let main = window().and_then(|window| window.document()?.get_element_by_id("content"));
    if let Some(main) = main.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        let options = FocusOptions::new();
        options.set_prevent_scroll(true);
        drop(main.focus_with_options(&options));
    }
}

fn current_route() -> Route {
    let location = window().map(|window| window.location());
    let path = location.as_ref().and_then(|location| location.pathname().ok());
    let query = location.and_then(|location| location.search().ok());
    Route::parse(
        path.as_deref().unwrap_or("/"),
        query.as_deref().unwrap_or_default().trim_start_matches('?'),
    )
}

fn window() -> Option<web_sys::Window> {
    web_sys::window()
}
