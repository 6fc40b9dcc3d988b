//! Every episode.

use std::rc::Rc;

use shared::{
    account::Access,
    episodes::{Episode, Episodes as EpisodesAnswer},
    paths,
};
use yew::prelude::*;

use super::gate::use_listener;
use crate::{
    resource::{Resource, use_resource},
    session::use_client,
    ui::{
        action::{Done, Work, use_action},
        button::{ActionError, Button},
        episode_list::EpisodeList,
        notice::MembershipNotice,
        placeholder::{Skeleton, Unavailable},
    },
};

/// The list page.
#[component]
pub(crate) fn Episodes() -> Html {
    let account = use_listener();
    html! {
        <div class="page">
            <MembershipNotice />
            <h1 class="h2">{ "Episodes" }</h1>
            if let Some(account) = account {
                <Archive access={account.access.clone()} />
            } else {
                <Skeleton lines={6} class="rows" />
            }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct ArchiveProps {
    /// What is locked changes with it.
    access: Access,
}

#[component]
fn Archive(props: &ArchiveProps) -> Html {
    let client = use_client();
    let fetched =
        use_resource::<EpisodesAnswer, _>(Some(paths::EPISODES.to_owned()), props.access.clone());
    let older = use_action({
        let (resource, replace) = (fetched.resource.clone(), fetched.replace.clone());
        move |()| -> Work {
            let (client, resource, replace) = (client.clone(), resource.clone(), replace.clone());
            Box::pin(async move {
                if let Some(shown) = resource.ready()
                    && let Some(last) = shown.episodes.last()
                {
                    let more = client.episodes_before(last.number).await?;
                    let episodes = shown.episodes.iter().cloned().chain(more.episodes).collect();
                    replace.emit(EpisodesAnswer { episodes, has_more: more.has_more });
                }
                Ok(Done::Stay)
            })
        }
    });
    match &fetched.resource {
        Resource::Loading => html! { <Skeleton lines={6} class="rows" /> },
        Resource::Failed(error) => {
            html! { <Unavailable error={error.clone()} retry={fetched.retry.clone()} /> }
        }
        Resource::Ready(page) if page.episodes.is_empty() => html! {
            <p class="soft">{ "The first episode is on its way. Come back soon." }</p>
        },
        Resource::Ready(page) => {
            let episodes: Vec<Rc<Episode>> = page.episodes.iter().cloned().map(Rc::new).collect();
            html! {
                <>
                    <EpisodeList {episodes} />
                    <ActionError error={older.error.clone()} />
                    if page.has_more {
                        <div class="actions centered">
                            <Button class="quiet" busy={older.busy} onclick={older.run.clone()}>
                                { "Show older episodes" }
                            </Button>
                        </div>
                    }
                </>
            }
        }
    }
}
