//! Says that there is no connection.

use yew::prelude::*;

use crate::browser::use_online;

/// A line at the top of the page while the browser has no connection.
#[component]
pub(crate) fn Offline() -> Html {
    let online = use_online();
    html! {
        <div role="status" class="offline">
            if !online {
                <p class="wrap">
                    <b>{ "You are offline. " }</b>
                    { "What you see may be a little old. It brings itself up to date once you are back." }
                </p>
            }
        </div>
    }
}
