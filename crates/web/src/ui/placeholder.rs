//! What stands where something is still fetched, or could not be.

use yew::prelude::*;

use crate::{api::ApiError, ui::button::Button};

#[derive(Properties, PartialEq)]
pub(crate) struct SkeletonProps {
    /// How many bars.
    pub(crate) lines: usize,
    /// The size of what is coming, so that nothing moves when it comes.
    #[prop_or_default]
    pub(crate) class: Classes,
}

/// Grey bars in the place of content.
#[component]
pub(crate) fn Skeleton(props: &SkeletonProps) -> Html {
    html! {
        <div class={classes!("skeleton", props.class.clone())} aria-hidden="true">
            for _ in 0..props.lines { <span /> }
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub(crate) struct UnavailableProps {
    pub(crate) error: ApiError,
    pub(crate) retry: Callback<()>,
}

/// Says why something is not here, and offers to try again.
#[component]
pub(crate) fn Unavailable(props: &UnavailableProps) -> Html {
    html! {
        <div class="notice calm" role="alert">
            <div>{ &props.error.message }</div>
            <Button onclick={props.retry.clone()}>{ "Try again" }</Button>
        </div>
    }
}
