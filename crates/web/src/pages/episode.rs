//! One episode with its notes.

use std::rc::Rc;

use shared::{
    account::Account,
    episodes::{Chapter, Episode as Listed, EpisodePage},
    plans::Plan,
};
use yew::prelude::*;

use super::not_found::not_found;
use crate::{
    api::episodes::episode_path,
    format,
    navigation::{Link, set_title},
    offer,
    plan_list::use_plan_list,
    player::{PlayerAction, use_player},
    resource::{Resource, use_resource},
    route::Route,
    ui::{
        episode_list::PlayButton,
        icons,
        placeholder::{skeleton, unavailable},
    },
};

#[derive(Properties, PartialEq)]
pub(crate) struct EpisodeProps {
    /// Whether it is locked changes with it; `None` for a visitor, who has no plan.
    pub(crate) account: Option<Rc<Account>>,
    pub(crate) id: String,
}

/// The episode's page.
#[component]
pub(crate) fn Episode(props: &EpisodeProps) -> Html {
    let plans = use_plan_list();
    let path = Some(episode_path(&props.id));
    let fetched = use_resource::<EpisodePage>(path, props.account.clone());
    let title = fetched.resource.ready().map(|page| page.episode.title.clone());
    use_effect_with(title, |title| {
        if let Some(title) = title {
            set_title(title);
        }
    });
    match &fetched.resource {
        Resource::Loading => html! { <div class="page prose">{ skeleton(6, "") }</div> },
        Resource::Failed(error) if error.status == 404 => not_found(),
        Resource::Failed(error) => {
            html! { <div class="page">{ unavailable(error, &fetched.retry) }</div> }
        }
        Resource::Ready(page) => notes(page, plans.plans()),
    }
}

fn notes(page: &EpisodePage, plans: &[Plan]) -> Html {
    let EpisodePage { episode, description_html, chapters } = page;
    let opener = episode.required_plan.as_deref().map(|id| offer::name_of(plans, id));
    let (day, minutes) = (format::day(episode.published_at), format::minutes(episode.duration));
    html! {
        <article class="page prose">
            <p class="soft small">{ format!("Episode {}, {day}, {minutes}", episode.number) }</p>
            <h1 class="h2">{ &episode.title }</h1>
            if episode.locked {
                <div class="notice calm">
                    <div class="listen">
                        { icons::lock() }
                        <b>{ format!("This episode opens with {}.", opener.as_deref().unwrap_or("a plan")) }</b>
                    </div>
                    <Link to={Route::Pricing} class="btn">{ "See the plans" }</Link>
                </div>
            } else {
                <div class="listen">
                    <PlayButton episode={Rc::new(episode.clone())} />
                    <span class="soft">{ "Listen to this episode" }</span>
                </div>
            }
            if description_html.is_empty() {
                <p>{ &episode.summary }</p>
            } else {
                // Sanitised by the server when it was imported.
                <div class="notes">{ Html::from_html_unchecked(AttrValue::from(description_html.clone())) }</div>
            }
            if !chapters.is_empty() {
                <Chapters episode={Rc::new(episode.clone())} chapters={chapters.clone()} />
            }
            <p><Link to={Route::Episodes}>{ "All episodes" }</Link></p>
        </article>
    }
}

#[derive(Properties, PartialEq)]
struct ChaptersProps {
    episode: Rc<Listed>,
    chapters: Vec<Chapter>,
}

/// The chapters; each plays from its start, unless the episode is locked.
#[component]
fn Chapters(props: &ChaptersProps) -> Html {
    let player = use_player();
    let chapter = |Chapter { start, title }: &Chapter| {
        let start = u32::try_from(*start).unwrap_or_default();
        let time = html! { <span class="soft num">{ format::clock(start) }</span> };
        if props.episode.locked {
            return html! { <li>{ time }<span>{ title }</span></li> };
        }
        let (player, episode) = (player.dispatcher(), props.episode.clone());
        let onclick =
            move |_: MouseEvent| player.dispatch(PlayerAction::Jump(episode.clone(), start));
        html! { <li><button type="button" {onclick}>{ time }<span>{ title }</span></button></li> }
    };
    html! {
        <section class="part" aria-labelledby="chapters">
            <h2 class="h3" id="chapters">{ "Chapters" }</h2>
            <ol class="chapters">{ for props.chapters.iter().map(chapter) }</ol>
        </section>
    }
}
