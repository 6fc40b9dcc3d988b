//! What stands in place of a page that cannot be had without a connection.

use yew::prelude::*;

use crate::{navigation::reload, ui::button::Button};

/// The page. The server sends the same, see `http/site` there.
pub(crate) fn offline() -> Html {
    html! {
        <div class="page narrow">
            <h1 class="h2">{ "This page needs a connection." }</h1>
            <p class="soft">{ "It shows as soon as there is one again." }</p>
            <div class="actions"><Button onclick={|()| reload()}>{ "Try again" }</Button></div>
        </div>
    }
}
