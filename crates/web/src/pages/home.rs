//! What this is.

use shared::{episodes::Episodes, paths};
use yew::prelude::*;

use crate::{
    navigation::Link,
    resource::{Resource, use_resource},
    route::Route,
    session::{Session, use_session},
    ui::{
        episode_list::episode_list, icons, notice::MembershipNotice, placeholder::skeleton,
        plan_cards::PlanCards,
    },
};

const LATEST: usize = 4;

/// The home page.
#[component]
pub(crate) fn Home() -> Html {
    let session = use_session();
    let account = session.account().cloned();
    // What is locked depends on who asks, so the question waits until that is known.
    let fetched = use_resource::<Episodes>(
        (session != Session::Restoring).then(|| paths::EPISODES.to_owned()),
        account.clone(),
    );
    let listen = if account.is_some() {
        html! { <Link to={Route::Episodes} class="btn">{ "Start listening" }</Link> }
    } else {
        html! { <Link to={Route::Pricing} class="btn">{ "See the plans" }</Link> }
    };
    html! {
        <>
            if let Some(account) = &account { <MembershipNotice account={account.clone()} /> }
            <div class="stage">
                <div class="hero">
                    <h1>{ "Stay in the circle." }</h1>
                    <p class="soft">
                        { "A private podcast for people who build software for a living. " }
                        { "New conversations every week, in the app you already listen with." }
                    </p>
                    <div class="actions">
                        { listen }
                        if session == Session::Visitor {
                            <Link to={Route::Episodes} class="btn quiet">{ "Hear a free episode" }</Link>
                        }
                    </div>
                </div>
                { icons::rings() }
            </div>
            if account.is_none() { <section>{ how_it_works() }</section> }
            <section>{ latest(&fetched.resource) }</section>
            <section><PlanCards heading="One circle, three ways in" /></section>
        </>
    }
}

fn latest(episodes: &Resource<Episodes>) -> Html {
    let list = match episodes {
        Resource::Ready(page) => {
            episode_list(page.episodes.get(..LATEST).unwrap_or(&page.episodes))
        }
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
