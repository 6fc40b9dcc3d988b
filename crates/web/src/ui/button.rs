//! The button.

use yew::prelude::*;

use crate::api::ApiError;

#[derive(Properties, PartialEq)]
pub(crate) struct ButtonProps {
    /// Says that it works, and does nothing when pressed again. It keeps the focus.
    #[prop_or_default]
    pub(crate) busy: bool,
    /// Sends the form it stands in.
    #[prop_or_default]
    pub(crate) submit: bool,
    #[prop_or_default]
    pub(crate) class: Classes,
    #[prop_or_default]
    pub(crate) onclick: Callback<()>,
    pub(crate) children: Html,
}

/// A button that shows when it works.
#[component]
pub(crate) fn Button(props: &ButtonProps) -> Html {
    let onclick = use_callback(
        (props.busy, props.submit, props.onclick.clone()),
        |event: MouseEvent, (busy, submit, onclick)| match (busy, submit) {
            (true, _) => event.prevent_default(),
            (false, true) => {}
            (false, false) => onclick.emit(()),
        },
    );
    let busy = props.busy.then_some("true");
    html! {
        <button type={if props.submit { "submit" } else { "button" }} class={classes!("btn", props.class.clone())}
            {onclick} aria-busy={busy} aria-disabled={busy}>
            if props.busy { <span class="spinner" aria-hidden="true" /> }
            { props.children.clone() }
        </button>
    }
}

/// Why an action failed, said aloud.
pub(crate) fn action_error(error: Option<&ApiError>) -> Html {
    html! {
        <div role="alert" class="action-error">
            if let Some(error) = error { <p class="msg">{ &error.message }</p> }
        </div>
    }
}
