//! Every episode: what was begun, a search, and the list.

use std::rc::Rc;

use gloo_timers::callback::Timeout;
use shared::{
    account::Account,
    episodes::{Episode, Episodes as EpisodesAnswer},
};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::{
    api::episodes::episodes_path,
    player::Heard,
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

/// How long typing pauses before the search begins, in milliseconds.
const TYPING: u32 = 250;

/// Episodes that "continue listening" shows at the most.
const BEGUN: usize = 3;

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
    let sought = use_state_eq(String::new);
    let unplayed = use_state_eq(|| false);
    let fetched = use_resource::<EpisodesAnswer>(Some(episodes_path(&sought)), account.clone());
    let onsearch = use_callback(sought.setter(), |words, sought| sought.set(words));
    let older = use_action();
    let show_older = {
        let (resource, replace) = (fetched.resource.clone(), fetched.replace.clone());
        let (runner, sought) = (older.runner.clone(), sought.clone());
        move |()| {
            let (client, resource, replace) = (client.clone(), resource.clone(), replace.clone());
            let sought = sought.clone();
            runner.run(async move {
                if let Some(shown) = resource.ready()
                    && let Some(last) = shown.episodes.last()
                {
                    let more = client.episodes_before(last.number, &sought).await?;
                    let episodes = shown.episodes.iter().cloned().chain(more.episodes).collect();
                    replace.with(EpisodesAnswer { episodes, has_more: more.has_more });
                }
                Ok(Done::Stay)
            });
        }
    };
    let ontoggle = {
        let (unplayed, now) = (unplayed.setter(), *unplayed);
        move |_: MouseEvent| unplayed.set(!now)
    };
    let list = match &fetched.resource {
        Resource::Loading => skeleton(6, "rows"),
        Resource::Failed(error) => unavailable(error, &fetched.retry),
        Resource::Ready(page) => {
            let shown: Vec<_> = page
                .episodes
                .iter()
                .filter(|episode| !*unplayed || is_unplayed(episode))
                .cloned()
                .collect();
            html! {
                <>
                    if sought.is_empty() && !*unplayed { { begun(&page.episodes) } }
                    if shown.is_empty() {
                        <p class="soft">{ nothing(&sought, *unplayed, page.has_more) }</p>
                    }
                    { episode_list(&shown) }
                    { action_error(older.error.as_ref()) }
                    if page.has_more {
                        <div class="actions centered">
                            <Button class="quiet" busy={older.busy} onclick={show_older}>{ "Show older episodes" }</Button>
                        </div>
                    }
                </>
            }
        }
    };
    html! {
        <div class="page">
            if let Some(account) = account { <MembershipNotice account={account.clone()} /> }
            <h1 class="h2">{ "Episodes" }</h1>
            <div class="finder" role="search">
                <Search onsearch={onsearch} />
                <button type="button" class="btn quiet" aria-pressed={unplayed.to_string()} onclick={ontoggle}>
                    { "Unplayed" }
                </button>
            </div>
            <div aria-live="polite" aria-busy={matches!(fetched.resource, Resource::Loading).then_some("true")}>
                { list }
            </div>
        </div>
    }
}

/// What was begun and not heard to its end, to go on with at once.
fn begun(episodes: &[Episode]) -> Html {
    let is_begun = |episode: &&Episode| {
        !episode.locked
            && Heard::load(&episode.id)
                .is_some_and(|heard| heard.position > 0 && !heard.is_finished())
    };
    let begun: Vec<_> = episodes.iter().filter(is_begun).take(BEGUN).cloned().collect();
    if begun.is_empty() {
        return Html::default();
    }
    html! {
        <section class="part" aria-labelledby="continue">
            <h2 class="h3" id="continue">{ "Continue listening" }</h2>
            { episode_list(&begun) }
            <h2 class="h3">{ "All episodes" }</h2>
        </section>
    }
}

/// Whether there is something of it left to hear.
fn is_unplayed(episode: &Episode) -> bool {
    !episode.locked && Heard::load(&episode.id).is_none_or(|heard| !heard.is_finished())
}

/// Why the list is empty.
fn nothing(sought: &str, unplayed: bool, has_more: bool) -> String {
    match (sought.trim(), unplayed) {
        ("", false) => "The first episode is on its way. Come back soon.".to_owned(),
        ("", true) if has_more => "You have heard all of these. There are older ones.".to_owned(),
        ("", true) => "You have heard everything that is open to you.".to_owned(),
        (sought, false) => format!("No episode mentions “{sought}”."),
        (sought, true) => format!("No unplayed episode mentions “{sought}”."),
    }
}

#[derive(Properties, PartialEq)]
struct SearchProps {
    /// What to look for, once typing pauses.
    onsearch: Callback<String>,
}

/// The search field.
#[component]
fn Search(props: &SearchProps) -> Html {
    let pause = use_mut_ref(|| None::<Timeout>);
    let oninput = use_callback(props.onsearch.clone(), move |event: InputEvent, onsearch| {
        let (words, onsearch) =
            (event.target_unchecked_into::<HtmlInputElement>().value(), onsearch.clone());
        // Dropping the former one cancels it.
        pause.replace(Some(Timeout::new(TYPING, move || onsearch.emit(words))));
    });
    html! {
        <input type="search" class="search" aria-label="Search episodes" placeholder="Search episodes"
            autocomplete="off" {oninput} />
    }
}

#[cfg(test)]
mod tests {
    use super::nothing;

    #[test]
    fn an_empty_list_says_why() {
        for (sought, unplayed, has_more, begins) in [
            ("", false, false, "The first episode"),
            (" ", true, true, "You have heard all of these"),
            ("", true, false, "You have heard everything"),
            (" rust ", false, false, "No episode mentions “rust”"),
            ("rust", true, true, "No unplayed episode mentions “rust”"),
        ] {
            let text = nothing(sought, unplayed, has_more);
            assert!(text.starts_with(begins), "{text}");
        }
    }
}
