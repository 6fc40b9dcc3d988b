//! The small bundle: the pages that people without a session come for first.

use yew::prelude::*;

use super::Bundle;
use crate::{
    navigation::{reload, use_navigator},
    pages::{
        self,
        entry::{Entry, EntryKind},
    },
    route::Route,
    session::{Session, use_session},
};

/// The pages on the way in.
pub(super) struct FirstPages;

impl Bundle for FirstPages {
    fn has(route: &Route) -> bool {
        route.is_for_visitors()
    }

    fn page(route: Route, _: Session) -> Html {
        page(route)
    }

    fn around(pages: Html) -> Html {
        html! { <>{ pages }<HandOver /></> }
    }
}

/// The pages as visitors see them, in both bundles.
pub(super) fn page(route: Route) -> Html {
    match route {
        Route::Home => html! { <pages::home::Front /> },
        Route::Pricing => pages::pricing::for_visitors(),
        Route::Terms => pages::legal::terms(),
        Route::Privacy => pages::legal::privacy(),
        Route::Register(afterwards) => {
            html! { <Entry key="register" kind={EntryKind::Register} {afterwards} /> }
        }
        Route::LogIn(afterwards) => {
            html! { <Entry key="log-in" kind={EntryKind::LogIn} {afterwards} /> }
        }
        Route::Offline => pages::offline::offline(),
        _ => pages::not_found::not_found(),
    }
}

/// Loads the page with the whole app once its visitor is signed in, which happens in another tab;
/// the forms of the way in lead on by themselves.
#[component]
fn HandOver() -> Html {
    let signed_in = use_session().account().is_some();
    let navigator = use_navigator();
    let on_the_way_in = matches!(navigator.route(), Route::Register(_) | Route::LogIn(_));
    use_effect_with((signed_in, on_the_way_in), |(signed_in, on_the_way_in)| {
        if *signed_in && !on_the_way_in {
            reload();
        }
    });
    Html::default()
}
