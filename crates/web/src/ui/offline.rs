//! Says that there is no connection.

use yew::prelude::*;

/// A line at the top of the page while the browser has no connection.
pub(crate) fn offline_notice(online: bool) -> Html {
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
