//! What this is.

use std::rc::Rc;

use shared::{episodes, paths};
use yew::prelude::*;

use crate::{
    navigation::Link,
    resource::{Resource, use_resource},
    route::{Afterwards, Route},
    session::{Session, use_session},
    ui::{
        episode_list::EpisodeList, icons, notice::MembershipNotice, placeholder::Skeleton,
        plan_cards::PlanCards,
    },
};

const LATEST: usize = 4;

/// The home page.
#[component]
pub(crate) fn Home() -> Html {
    let session = use_session();
    let listener = session.account().is_some();
    let listen = if listener {
        html! { <Link to={Route::Episodes} class="btn">{ "Start listening" }</Link> }
    } else {
        html! { <Link to={Route::Pricing} class="btn">{ "See the plans" }</Link> }
    };
    let free = Route::Register(Afterwards { next: Some(Route::Episodes.href()), choice: None });
    html! {
        <>
            if listener { <MembershipNotice /> }
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
                            <Link to={free} class="btn quiet">{ "Hear a free episode" }</Link>
                        }
                    </div>
                </div>
                { icons::rings() }
            </div>
            if listener {
                <Latest />
            } else {
                <section><HowItWorks /></section>
            }
            <section><PlanCards heading="One circle, three ways in" /></section>
        </>
    }
}

#[component]
fn Latest() -> Html {
    let session = use_session();
    let access = session.account().map(|account| account.access.clone());
    let fetched = use_resource::<episodes::Episodes, _>(Some(paths::EPISODES.to_owned()), access);
    let list = match &fetched.resource {
        Resource::Ready(page) => {
            let latest: Vec<_> = page.episodes.iter().take(LATEST).cloned().map(Rc::new).collect();
            html! { <EpisodeList episodes={latest} /> }
        }
        Resource::Loading => html! { <Skeleton lines={LATEST} class="rows" /> },
        Resource::Failed(_) => Html::default(),
    };
    html! {
        <section>
            <div class="section-head">
                <h2>{ "Latest episodes" }</h2>
                <Link to={Route::Episodes} class="item">{ "All episodes" }</Link>
            </div>
            { list }
        </section>
    }
}

#[component]
fn HowItWorks() -> Html {
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
