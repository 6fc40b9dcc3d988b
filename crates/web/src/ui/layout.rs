//! Header and footer.

use yew::prelude::*;

use crate::{navigation::Link, route::Route, session::Session, ui::icons};

/// The header. Its left half is the same for everybody, so that nothing moves once the session is known.
pub(crate) fn header(session: &Session) -> Html {
    let end = match session {
        Session::Restoring => Html::default(),
        Session::Visitor => html! {
            <>
                <Link to={Route::LogIn(Default::default())} class="item">{ "Log in" }</Link>
                <Link to={Route::join()} class="btn">{ "Join" }</Link>
            </>
        },
        Session::Listener(_) => {
            html! { <Link to={Route::Account} class="btn quiet">{ "Account" }</Link> }
        }
    };
    html! {
        <header class="wrap site-header">
            <Link to={Route::Home} class="mark">{ icons::mark() }{ "Inner Circle" }</Link>
            <nav aria-label="Main">
                <Link to={Route::Episodes} class="item">{ "Episodes" }</Link>
                <Link to={Route::Pricing} class="item">{ "Pricing" }</Link>
            </nav>
            <div class="end">{ end }</div>
        </header>
    }
}

/// The footer.
pub(crate) fn footer() -> Html {
    html! {
        <footer class="site-footer">
            <div class="wrap">
                <span>{ "Inner Circle, a private podcast." }</span>
                <nav aria-label="Legal">
                    <Link to={Route::Terms} class="item">{ "Terms" }</Link>
                    <Link to={Route::Privacy} class="item">{ "Privacy" }</Link>
                </nav>
            </div>
        </footer>
    }
}
