//! What this is.

use std::rc::Rc;

use shared::{account::Account, episodes::Episodes, paths};
use yew::prelude::*;

use crate::{
    format,
    navigation::Link,
    resource::{Resource, use_resource},
    route::Route,
    ui::{
        episode_list::episode_list, icons, notice::MembershipNotice, placeholder::skeleton,
        plan_cards::plans_for_visitors, plan_change::ListenerPlans,
    },
};

const LATEST: usize = 4;
const PLANS: &str = "One circle, three ways in";

/// The home page of somebody without an account.
#[component]
pub(crate) fn Front() -> Html {
    let fetched = use_resource::<Episodes>(Some(paths::EPISODES.to_owned()), None);
    let actions = html! {
        <>
            <Link to={Route::Pricing} class="btn">{ "See the plans" }</Link>
            <Link to={Route::Episodes} class="btn quiet">{ "Hear a free episode" }</Link>
        </>
    };
    html! {
        <>
            { stage(actions) }
            <section>{ how_it_works() }</section>
            <section>{ latest(&fetched.resource, teasers) }</section>
            <section>{ plans_for_visitors(PLANS, false) }</section>
        </>
    }
}

#[derive(Properties, PartialEq)]
pub(crate) struct HomeProps {
    pub(crate) account: Rc<Account>,
}

/// The home page of a listener.
#[component]
pub(crate) fn Home(props: &HomeProps) -> Html {
    let account = &props.account;
    let fetched = use_resource::<Episodes>(Some(paths::EPISODES.to_owned()), Some(account.clone()));
    let actions = html! { <Link to={Route::Episodes} class="btn">{ "Start listening" }</Link> };
    html! {
        <>
            <MembershipNotice account={account.clone()} />
            { stage(actions) }
            <section>{ latest(&fetched.resource, |page| episode_list(first_of(page))) }</section>
            <section><ListenerPlans account={account.clone()} heading={PLANS} /></section>
        </>
    }
}

/// The home page while it is not known whose it is.
pub(crate) fn waiting() -> Html {
    html! { <>{ stage(Html::default()) }<section>{ latest(&Resource::Loading, |_| Html::default()) }</section></> }
}

fn stage(actions: Html) -> Html {
    html! {
        <div class="stage">
            <div class="hero">
                <h1>{ "Stay in the circle." }</h1>
                <p class="soft">
                    { "A private podcast for people who build software for a living. " }
                    { "New conversations every week, in the app you already listen with." }
                </p>
                <div class="actions">{ actions }</div>
            </div>
            { icons::rings() }
        </div>
    }
}

fn latest(episodes: &Resource<Episodes>, list: impl Fn(&Episodes) -> Html) -> Html {
    let list = match episodes {
        Resource::Ready(page) => list(page),
        Resource::Loading => skeleton(LATEST, "rows"),
        Resource::Failed(_) => Html::default(),
    };
    html! {
        <>
            <div class="section-head">
                <h2>{ "Latest episodes" }</h2>
                <Link to={Route::Episodes} class="item">{ "All episodes" }</Link>
            </div>
            { list }
        </>
    }
}

fn first_of(page: &Episodes) -> &[shared::episodes::Episode] {
    page.episodes.get(..LATEST).unwrap_or(&page.episodes)
}

/// The episodes without a player, which the small bundle has not: each leads to its page.
fn teasers(page: &Episodes) -> Html {
    html! {
        <ul class="eps">
            for episode in first_of(page) {
                <li key={episode.id.clone()} class={classes!("ep", episode.locked.then_some("locked"))}>
                    <span class="play" aria-hidden="true">
                        { if episode.locked { icons::lock() } else { icons::play_pause(false) } }
                    </span>
                    <div>
                        <Link to={Route::Episode { id: episode.id.clone() }} class="t">
                            { format!("{}. {}", episode.number, episode.title) }
                        </Link>
                        <div class="soft small">
                            { format::day(episode.published_at) }{ ", " }{ format::minutes(episode.duration) }
                        </div>
                    </div>
                    <span class="soft small end">{ if episode.locked { "For members" } else { "Free" } }</span>
                </li>
            }
        </ul>
    }
}

fn how_it_works() -> Html {
    let step = |title: &'static str, text: &'static str| {
        html! { <li><h3>{ title }</h3><p class="soft">{ text }</p></li> }
    };
    html! {
        <>
            <h2>{ "How it works" }</h2>
            <ol class="steps">
                { step("Pick a plan",
                    "By the month or by the year, on Stripe's own payment page.") }
                { step("Listen here, or anywhere",
                    "In the browser, or with your private feed in the podcast app you use.") }
                { step("Leave when you like",
                    "Two clicks, no questions. What you paid for stays open to its end.") }
            </ol>
        </>
    }
}
