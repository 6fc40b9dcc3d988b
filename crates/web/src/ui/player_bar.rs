//! The bar at the bottom that plays, and stays while pages come and go.

use std::rc::Rc;

use shared::episodes::Episode;
use web_sys::{HtmlInputElement, HtmlSelectElement, ProgressEvent};
use yew::prelude::*;

use crate::{
    format,
    navigation::Link,
    player::{Heard, PlayerAction, use_player},
    route::Route,
    session::{Session, use_client, use_session},
    ui::{
        controls::{BACK, FORWARD, use_controls},
        episode_list::PlayButton,
        sound::Sound,
    },
};

/// How many addresses in a row may fail before the bar gives up: one expired, one that broke.
const ADDRESSES: u32 = 2;
const SPEEDS: [(&str, f64); 6] =
    [("0.8x", 0.8), ("1x", 1.0), ("1.2x", 1.2), ("1.5x", 1.5), ("1.75x", 1.75), ("2x", 2.0)];
const NORMAL_SPEED: usize = 1;
/// How often the position is written down, in seconds of audio.
const SAVE_EVERY: u32 = 5;

/// The player bar; nothing until something is played.
#[component]
pub(crate) fn PlayerBar() -> Html {
    let player = use_player();
    let visitor = use_session() == Session::Visitor;
    use_effect_with(visitor, {
        let player = player.dispatcher();
        move |visitor| {
            if *visitor {
                player.dispatch(PlayerAction::Close);
            }
        }
    });
    match player.episode.clone() {
        Some(episode) => html! { <Bar {episode} /> },
        None => Html::default(),
    }
}

#[derive(Properties, PartialEq)]
struct BarProps {
    episode: Rc<Episode>,
}

#[component]
fn Bar(props: &BarProps) -> Html {
    let episode = &props.episode;
    let player = use_player();
    let session = use_session();
    let audio = use_node_ref();
    let position = use_state_eq(|| 0_u32);
    let length = use_state_eq(|| None::<u32>);
    let problem = use_state_eq(|| None::<&'static str>);
    let buffered = use_state_eq(|| 0_u32);
    // The last good position: what the element says is lost with a source that fails.
    let reached = use_mut_ref(|| 0_u32);
    let failures = use_mut_ref(|| 0_u32);
    let saved_at = use_mut_ref(|| 0_u32);
    let first = use_mut_ref(|| true);
    let sound = Sound {
        audio: audio.clone(),
        client: use_client(),
        player: player.dispatcher(),
        problem: problem.setter(),
    };

    use_effect_with(episode.id.clone(), {
        let (sound, episode, jump) = (sound.clone(), episode.clone(), player.jump);
        let (position, length) = (position.setter(), length.setter());
        let (reached, failures) = (reached.clone(), failures.clone());
        move |id| {
            let start =
                if jump.count > 0 { jump.to } else { Heard::load(id).map_or(0, Heard::resume_at) };
            failures.replace(0);
            reached.replace(start);
            position.set(start);
            length.set(None);
            match &episode.audio_url {
                Some(url) => sound.load(url, start, true),
                None => sound.renew(id, start, true),
            }
        }
    });
    use_effect_with(player.jump, {
        let sound = sound.clone();
        move |jump| {
            if jump.count > 0 {
                sound.seek(jump.to.into());
            }
        }
    });
    use_effect_with(player.playing, {
        let (sound, reached, id) = (sound.clone(), reached.clone(), episode.id.clone());
        let broken = problem.is_some();
        move |playing| match (playing, broken) {
            (true, true) => sound.renew(&id, *reached.borrow(), true),
            (true, false) => sound.play(),
            (false, _) => sound.pause(),
        }
    });
    use_effect_with(session.account().map(|account| account.access.clone()), {
        let (sound, id) = (sound.clone(), episode.id.clone());
        let first = first.clone();
        move |_| {
            // Access that changed may have closed this episode: the sound stops now, not at the next request.
            if !std::mem::take(&mut *first.borrow_mut()) {
                sound.stop_if_closed(&id);
            }
        }
    });

    use_controls(&sound, episode);

    let ontimeupdate = {
        let (sound, position, id) = (sound.clone(), position.setter(), episode.id.clone());
        let (reached, failures) = (reached.clone(), failures.clone());
        move |_: Event| {
            let Some(audio) = sound.element().filter(|audio| audio.error().is_none()) else {
                return;
            };
            let Some(duration) = whole_seconds(audio.duration()) else { return };
            let now = whole_seconds(audio.current_time()).unwrap_or_default();
            position.set(now);
            reached.replace(now);
            failures.replace(0);
            if audio.paused() || now.abs_diff(*saved_at.borrow()) >= SAVE_EVERY {
                saved_at.replace(now);
                Heard { position: now, duration }.save(&id);
            }
        }
    };
    let onloadedmetadata = {
        let (sound, length) = (sound.clone(), length.setter());
        move |_: Event| {
            length.set(sound.element().and_then(|audio| whole_seconds(audio.duration())));
        }
    };
    let onerror = {
        let (sound, id, playing) = (sound.clone(), episode.id.clone(), player.playing);
        move |_: Event| {
            // Taking the source away on purpose ends here too.
            if sound.element().is_none_or(|audio| !audio.has_attribute("src")) {
                return;
            }
            let failed = failures.replace_with(|failed| *failed + 1);
            if failed < ADDRESSES {
                sound.renew(&id, *reached.borrow(), playing);
            } else {
                sound.give_up();
            }
        }
    };
    // The keyboard's media keys and the end of the episode play and pause past our buttons.
    let follow = |playing: bool| {
        let sound = sound.clone();
        move |_: Event| {
            if sound.element().is_some_and(|audio| audio.error().is_none()) {
                sound.player.dispatch(PlayerAction::Play(playing));
            }
        }
    };
    let skip = |seconds: f64| {
        let sound = sound.clone();
        move |_: MouseEvent| sound.skip(seconds)
    };
    let onseek = {
        let (sound, position) = (sound.clone(), position.setter());
        move |event: InputEvent| {
            let to = event.target_unchecked_into::<HtmlInputElement>().value_as_number();
            sound.seek(to);
            position.set(whole_seconds(to).unwrap_or_default());
        }
    };
    let onspeed = {
        let sound = sound.clone();
        move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            let chosen = usize::try_from(select.selected_index()).ok();
            if let Some((_, speed)) = chosen.and_then(|index| SPEEDS.get(index)) {
                sound.set_speed(*speed);
            }
        }
    };
    let onprogress = {
        let (sound, buffered) = (sound.clone(), buffered.setter());
        move |_: ProgressEvent| buffered.set(sound.buffered_to())
    };
    let length = length.unwrap_or(u32::try_from(episode.duration).unwrap_or_default());
    let percent =
        |seconds: u32| (seconds.min(length) * 100).checked_div(length).unwrap_or_default();
    let track = format!("--played:{}%;--buffered:{}%", percent(*position), percent(*buffered));
    let (now, all) = (format::clock(*position), format::clock(length));
    html! {
        <section class="player" aria-label="Player">
            <audio ref={audio} preload="metadata" {ontimeupdate} {onloadedmetadata} {onerror} {onprogress}
                onplay={follow(true)} onpause={follow(false)} />
            <PlayButton episode={episode.clone()} titled=true />
            <div class="what">
                <Link to={Route::Episode { id: episode.id.clone() }} class="t">
                    { format!("{}. {}", episode.number, episode.title) }
                </Link>
                <div role="status" class="msg small">{ *problem }</div>
            </div>
            <div class="seek">
                <span class="soft small num" aria-hidden="true">{ &now }</span>
                <input type="range" aria-label="Position" aria-valuetext={format!("{now} of {all}")} min="0"
                    max={length.to_string()} step="1" value={position.to_string()} oninput={onseek}
                    style={track} />
                <span class="soft small num" aria-hidden="true">{ &all }</span>
            </div>
            <div class="more">
                <button type="button" class="skip-by" aria-label="-15 s, back" onclick={skip(BACK)}>
                    { "-15 s" }
                </button>
                <button type="button" class="skip-by" aria-label="+30 s, forward" onclick={skip(FORWARD)}>
                    { "+30 s" }
                </button>
                <select aria-label="Speed" onchange={onspeed}>
                    for (index, (name, _)) in SPEEDS.into_iter().enumerate() {
                        <option selected={index == NORMAL_SPEED}>{ name }</option>
                    }
                </select>
            </div>
        </section>
    }
}

/// The audio element's seconds; `None` while it does not know, or for a stream without end.
fn whole_seconds(seconds: f64) -> Option<u32> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast saturates")]
    seconds.is_finite().then_some(seconds as u32)
}
