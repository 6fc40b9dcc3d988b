//! Opening a session.

use shared::account::Credentials;
use yew::prelude::*;

use super::register::{AlreadyIn, EntryProps};
use crate::{
    navigation::Link,
    route::Route,
    session::{use_client, use_session},
    ui::{
        account_form::{AccountForm, AccountFormKind},
        action::{Done, Work, use_action},
    },
};

/// The log-in page.
#[component]
pub(crate) fn LogIn(props: &EntryProps) -> Html {
    let client = use_client();
    let choice = props.afterwards.choice.clone();
    let log_in = use_action(move |credentials: Credentials| -> Work {
        let (client, choice) = (client.clone(), choice.clone());
        Box::pin(async move {
            client.log_in(credentials).await?;
            match choice {
                Some(choice) => client.way_to_plan(choice).await.map(Done::Leave),
                None => Ok(Done::Stay),
            }
        })
    });
    if use_session().account().is_some() && !log_in.busy {
        return html! { <AlreadyIn afterwards={props.afterwards.clone()} error={log_in.error} /> };
    }
    html! {
        <div class="page"><div class="card entry">
            <h1 class="h3">{ "Log in" }</h1>
            <AccountForm kind={AccountFormKind::LogIn} button="Log in" busy={log_in.busy} error={log_in.error}
                onsubmit={log_in.run} />
            <p class="soft small">
                { "New here? " }
                <Link to={Route::Register(props.afterwards.clone())}>{ "Create an account" }</Link>{ "." }
            </p>
        </div></div>
    }
}
