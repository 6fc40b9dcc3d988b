//! Nothing is at this address.

use yew::prelude::*;

use crate::{navigation::Link, route::Route};

/// The page for every other address.
pub(crate) fn not_found() -> Html {
    html! {
        <div class="page narrow">
            <h1 class="h2">{ "There is no page here." }</h1>
            <p class="soft">{ "It may have moved, or the address has a slip in it." }</p>
            <div class="actions">
                <Link to={Route::Home} class="btn">{ "Go to the start" }</Link>
                <Link to={Route::Episodes} class="btn quiet">{ "See the episodes" }</Link>
            </div>
        </div>
    }
}
