//! What stands where something is still fetched, or could not be.

use yew::prelude::*;

use crate::{api::ApiError, ui::button::Button};

/// Grey bars in the place of content; `class` gives them its size, so that nothing moves when it comes.
pub(crate) fn skeleton(lines: usize, class: &'static str) -> Html {
    html! {
        <div class={classes!("skeleton", class)} aria-hidden="true">
            for _ in 0..lines { <span /> }
        </div>
    }
}

/// Says why something is not here, and offers to try again.
pub(crate) fn unavailable(error: &ApiError, retry: &Callback<()>) -> Html {
    html! {
        <div class="notice calm" role="alert">
            <div>{ &error.message }</div>
            <Button onclick={retry.clone()}>{ "Try again" }</Button>
        </div>
    }
}
