//! Playing from outside the bar: the keyboard, and the controls that the system shows (a lock screen, headphones).

use std::rc::Rc;

use gloo_events::EventListener;
use js_sys::{Array, Function, Object, Reflect};
use shared::episodes::Episode;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Element, KeyboardEvent, window};
use yew::prelude::*;

use crate::{
    player::{PlayerAction, use_player},
    ui::sound::Sound,
};

/// How far the back and forward buttons go, in seconds.
pub(crate) const BACK: f64 = -15.0;
pub(crate) const FORWARD: f64 = 30.0;

/// What a key or a button of the system asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wish {
    PlayOrPause,
    Play(bool),
    Skip(f64),
    Seek(f64),
}

impl Wish {
    /// What a key asks for outside of fields and buttons, which have uses of their own for keys.
    fn of_key(key: &str) -> Option<Self> {
        match key {
            " " | "k" => Some(Self::PlayOrPause),
            "ArrowLeft" | "j" => Some(Self::Skip(BACK)),
            "ArrowRight" | "l" => Some(Self::Skip(FORWARD)),
            _ => None,
        }
    }
}

/// Lets the keyboard and the system play `episode`.
#[hook]
pub(crate) fn use_controls(sound: &Sound, episode: &Rc<Episode>) {
    let player = use_player();
    let playing = player.playing;
    let obey = {
        let (sound, player, episode) = (sound.clone(), player.dispatcher(), episode.clone());
        Callback::from(move |wish| match wish {
            Wish::PlayOrPause => player.dispatch(PlayerAction::Toggle(episode.clone())),
            Wish::Play(playing) => player.dispatch(PlayerAction::Play(playing)),
            Wish::Skip(seconds) => sound.skip(seconds),
            Wish::Seek(position) => sound.seek(position),
        })
    };
    use_effect_with(episode.id.clone(), {
        let (obey, episode) = (obey.clone(), episode.clone());
        move |_| {
            let handlers = media_session().map(|session| show(&session, &episode, &obey));
            let keys = listen_to_keys(obey);
            move || {
                if let Some(session) = media_session() {
                    set(&session, "metadata", &JsValue::NULL);
                    for action in ACTIONS {
                        handle(&session, action, &JsValue::NULL);
                    }
                }
                drop((handlers, keys));
            }
        }
    });
    use_effect_with(playing, |playing| {
        if let Some(session) = media_session() {
            let state = if *playing { "playing" } else { "paused" };
            set(&session, "playbackState", &state.into());
        }
    });
}

/// What the system may offer, by the standard's names.
/// Source: <https://w3c.github.io/mediasession/#enumdef-mediasessionaction>.
const ACTIONS: [&str; 5] = ["play", "pause", "seekbackward", "seekforward", "seekto"];

type Handler = Closure<dyn FnMut(JsValue)>;

/// Shows the episode in the system's controls; they work until the handlers are dropped.
fn show(session: &JsValue, episode: &Episode, obey: &Callback<Wish>) -> Vec<Handler> {
    let about = Object::new();
    set(&about, "title", &episode.title.as_str().into());
    set(&about, "artist", &"Inner Circle".into());
    let constructor = property(&js_sys::global(), "MediaMetadata")
        .and_then(|constructor| constructor.dyn_into::<Function>().ok());
    if let Some(Ok(metadata)) =
        constructor.map(|constructor| Reflect::construct(&constructor, &Array::of1(&about)))
    {
        set(session, "metadata", &metadata);
    }
    let handler = |action: &'static str| {
        let obey = obey.clone();
        let handler = Handler::new(move |details: JsValue| {
            obey.emit(match action {
                "play" => Wish::Play(true),
                "pause" => Wish::Play(false),
                "seekbackward" => Wish::Skip(BACK),
                "seekforward" => Wish::Skip(FORWARD),
                _ => {
                    let position = property(&details, "seekTime").and_then(|it| it.as_f64());
                    Wish::Seek(position.unwrap_or(f64::NAN))
                }
            });
        });
        handle(session, action, handler.as_ref());
        handler
    };
    ACTIONS.into_iter().map(handler).collect()
}

fn handle(session: &JsValue, action: &str, handler: &JsValue) {
    let set_handler =
        property(session, "setActionHandler").and_then(|it| it.dyn_into::<Function>().ok());
    if let Some(set_handler) = set_handler {
        // A browser that does not know the action refuses it, and offers the others.
        drop(set_handler.call2(session, &action.into(), handler));
    }
}

fn set(of: &JsValue, name: &str, value: &JsValue) {
    // A property that cannot be set changes nothing, and nothing depends on these.
    drop(Reflect::set(of, &name.into(), value));
}

fn property(of: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(of, &name.into()).ok()
}

fn listen_to_keys(obey: Callback<Wish>) -> Option<EventListener> {
    let document = window()?.document()?;
    let options = gloo_events::EventListenerOptions::enable_prevent_default();
    Some(EventListener::new_with_options(&document, "keydown", options, move |event| {
        let Some(event) = event.dyn_ref::<KeyboardEvent>() else { return };
        let modified = event.ctrl_key() || event.meta_key() || event.alt_key();
        if modified || event.default_prevented() || has_own_use_of_keys(event) {
            return;
        }
        if let Some(wish) = Wish::of_key(&event.key()) {
            event.prevent_default();
            obey.emit(wish);
        }
    }))
}

fn has_own_use_of_keys(event: &KeyboardEvent) -> bool {
    const OWN_USE: &str = "input, select, textarea, button, summary, a, dialog, [contenteditable]";
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    target.is_some_and(|element| matches!(element.closest(OWN_USE), Ok(Some(_))))
}

/// Absent in some browsers. The bindings have no stable type for it.
fn media_session() -> Option<JsValue> {
    property(&window()?.navigator(), "mediaSession").filter(JsValue::is_object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_ask_for_what_players_usually_do_with_them() {
        for (key, wish) in [
            (" ", Some(Wish::PlayOrPause)),
            ("k", Some(Wish::PlayOrPause)),
            ("ArrowLeft", Some(Wish::Skip(-15.0))),
            ("ArrowRight", Some(Wish::Skip(30.0))),
            ("a", None),
        ] {
            assert_eq!(Wish::of_key(key), wish, "{key}");
        }
    }
}
