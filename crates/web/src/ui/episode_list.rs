//! Episodes in a list: play, how far they were heard, or what opens them.

use std::rc::Rc;

use shared::episodes::Episode;
use yew::prelude::*;

use crate::{
    format,
    navigation::Link,
    offer,
    plan_list::use_plan_list,
    player::{Heard, PlayerAction, use_player},
    route::Route,
    ui::icons,
};

/// The episodes, in the order given.
pub(crate) fn episode_list(episodes: &[Episode]) -> Html {
    html! {
        <ul class="eps">
            for episode in episodes {
                <EpisodeRow key={episode.id.clone()} episode={Rc::new(episode.clone())} />
            }
        </ul>
    }
}

#[derive(Properties, PartialEq)]
struct EpisodeRowProps {
    episode: Rc<Episode>,
}

#[component]
fn EpisodeRow(props: &EpisodeRowProps) -> Html {
    let episode = &props.episode;
    let player = use_player();
    let plans = use_plan_list();
    let heard = Heard::load(&episode.id);
    let title = html! {
        <Link to={Route::Episode { id: episode.id.clone() }} class="t">
            { format!("{}. {}", episode.number, episode.title) }
        </Link>
    };
    let when =
        format!("{}, {}", format::day(episode.published_at), format::minutes(episode.duration));
    if episode.locked {
        let plan = episode.required_plan.as_deref().map(|id| offer::name_of(plans.plans(), id));
        return html! {
            <li class="ep locked">
                <span class="play">{ icons::lock() }</span>
                <div>
                    { title }
                    <div class="soft small">
                        { when }
                        if let Some(plan) = plan { { format!(", with {plan}") } }
                    </div>
                </div>
                <Link to={Route::Pricing} class="btn quiet end" label={format!("Unlock {}", episode.title)}>
                    { "Unlock" }
                </Link>
            </li>
        };
    }
    let end = match heard {
        Some(heard) if heard.is_finished() => "Heard".to_owned(),
        Some(heard) => format!("{} left", format::minutes(heard.left().into())),
        None if episode.required_plan.is_none() => "Free".to_owned(),
        None => String::new(),
    };
    html! {
        <li class={classes!("ep", player.holds(&episode.id).then_some("on"))}>
            <PlayButton episode={episode.clone()} />
            <div>
                { title }
                <div class="soft small">{ when }</div>
                if let Some(heard) = heard.filter(|heard| !heard.is_finished()) {
                    <progress class="bar" max={heard.duration.to_string()} value={heard.position.to_string()}
                        aria-label={format!("Heard of {}", episode.title)} />
                }
            </div>
            <span class="soft small num end">{ end }</span>
        </li>
    }
}

#[derive(Properties, PartialEq)]
pub(crate) struct PlayButtonProps {
    pub(crate) episode: Rc<Episode>,
    /// Whether the episode's title stands right beside it, so that its name need not say it.
    #[prop_or_default]
    pub(crate) titled: bool,
}

/// The round button that plays or pauses an episode.
#[component]
pub(crate) fn PlayButton(props: &PlayButtonProps) -> Html {
    let player = use_player();
    let playing = player.is_playing(&props.episode.id);
    let onclick = {
        let (player, episode) = (player.dispatcher(), props.episode.clone());
        move |_: MouseEvent| player.dispatch(PlayerAction::Toggle(episode.clone()))
    };
    let verb = if playing { "Pause" } else { "Play" };
    let label =
        if props.titled { verb.to_owned() } else { format!("{verb} {}", props.episode.title) };
    html! {
        <button type="button" class="play" aria-label={label} {onclick}>{ icons::play_pause(playing) }</button>
    }
}
