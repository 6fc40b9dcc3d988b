//! Every episode.

use std::rc::Rc;

use shared::{account::Account, episodes::Episodes as EpisodesAnswer, paths};
use yew::prelude::*;

use crate::{
    resource::{Resource, use_resource},
    session::use_client,
    ui::{
        action::{Done, use_action},
        button::{Button, action_error},
        episode_list::episode_list,
        notice::MembershipNotice,
        placeholder::{skeleton, unavailable},
    },
};

#[derive(Properties, PartialEq)]
pub(crate) struct EpisodesProps {
    /// What is locked changes with it; `None` for a visitor, who has no plan.
    pub(crate) account: Option<Rc<Account>>,
}

/// The list page.
#[component]
pub(crate) fn Episodes(props: &EpisodesProps) -> Html {
    let account = &props.account;
    let client = use_client();
    let fetched = use_resource::<EpisodesAnswer>(Some(paths::EPISODES.to_owned()), account.clone());
    let older = use_action();
    let show_older = {
        let (resource, replace) = (fetched.resource.clone(), fetched.replace.clone());
        let runner = older.runner.clone();
        move |()| {
            let (client, resource, replace) = (client.clone(), resource.clone(), replace.clone());
            runner.run(async move {
                if let Some(shown) = resource.ready()
                    && let Some(last) = shown.episodes.last()
                {
                    let more = client.episodes_before(last.number).await?;
                    let episodes = shown.episodes.iter().cloned().chain(more.episodes).collect();
                    replace.with(EpisodesAnswer { episodes, has_more: more.has_more });
                }
                Ok(Done::Stay)
            });
        }
    };
    let list = match &fetched.resource {
        Resource::Loading => skeleton(6, "rows"),
        Resource::Failed(error) => unavailable(error, &fetched.retry),
        Resource::Ready(page) if page.episodes.is_empty() => html! {
            <p class="soft">{ "The first episode is on its way. Come back soon." }</p>
        },
        Resource::Ready(page) => html! {
            <>
                { episode_list(&page.episodes) }
                { action_error(older.error.as_ref()) }
                if page.has_more {
                    <div class="actions centered">
                        <Button class="quiet" busy={older.busy} onclick={show_older}>{ "Show older episodes" }</Button>
                    </div>
                }
            </>
        },
    };
    html! {
        <div class="page">
            if let Some(account) = account { <MembershipNotice account={account.clone()} /> }
            <h1 class="h2">{ "Episodes" }</h1>
            { list }
        </div>
    }
}
