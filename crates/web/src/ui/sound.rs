//! The audio element behind the player bar: its source, which expires, and what the listener does to it.

use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::HtmlAudioElement;
use yew::prelude::*;

use crate::{
    player::{PlayerAction, PlayerState},
    session::Client,
};

const NOT_NOW: &str = "This episode cannot be played right now. Try again in a moment.";
const CLOSED: &str = "This episode is not open to you any more.";

/// The sound of one player bar.
#[derive(Clone)]
pub(crate) struct Sound {
    /// Where the element is rendered.
    pub(crate) audio: NodeRef,
    pub(crate) client: Client,
    pub(crate) player: UseReducerDispatcher<PlayerState>,
    /// What the bar says when there is no sound.
    pub(crate) problem: UseStateSetter<Option<&'static str>>,
}

impl Sound {
    /// The element, once it is rendered.
    pub(crate) fn element(&self) -> Option<HtmlAudioElement> {
        self.audio.cast()
    }

    /// Takes `url` as the source, from `position` seconds on.
    pub(crate) fn load(&self, url: &str, position: u32, play: bool) {
        let Some(audio) = self.element() else { return };
        audio.set_src(url);
        audio.set_current_time(position.into());
        self.problem.set(None);
        if play {
            self.play();
        }
    }

    /// Asks for a new address of the episode's audio and goes on at `position`.
    /// Stops and says so when the episode is closed to the listener by now.
    pub(crate) fn renew(&self, id: &str, position: u32, play: bool) {
        let (sound, id) = (self.clone(), id.to_owned());
        spawn_local(async move {
            match sound.client.episode(&id).await.map(|page| page.episode.audio_url) {
                Ok(Some(url)) => sound.load(&url, position, play),
                Ok(None) => sound.stop(CLOSED),
                Err(_) => sound.stop(NOT_NOW),
            }
        });
    }

    /// Stops if the episode is closed to the listener by now; otherwise goes on undisturbed.
    pub(crate) fn stop_if_closed(&self, id: &str) {
        let (sound, id) = (self.clone(), id.to_owned());
        spawn_local(async move {
            if sound.client.episode(&id).await.is_ok_and(|page| page.episode.locked) {
                sound.stop(CLOSED);
            }
        });
    }

    /// Gives up on the source.
    pub(crate) fn give_up(&self) {
        self.stop(NOT_NOW);
    }

    /// Plays what is loaded. The browser may refuse, then the button shows that nothing plays.
    pub(crate) fn play(&self) {
        let Some(started) = self.element().and_then(|audio| audio.play().ok()) else { return };
        let player = self.player.clone();
        let audio = self.element();
        spawn_local(async move {
            let refused = JsFuture::from(started).await.is_err();
            // A new source also ends the wait, and plays by itself; an error has its own handler.
            if refused && audio.is_some_and(|audio| audio.paused() && audio.error().is_none()) {
                player.dispatch(PlayerAction::Play(false));
            }
        });
    }

    /// Pauses.
    pub(crate) fn pause(&self) {
        if let Some(audio) = self.element() {
            // The binding's error has no cause in the standard.
            drop(audio.pause());
        }
    }

    /// Moves by some seconds.
    pub(crate) fn skip(&self, seconds: f64) {
        if let Some(audio) = self.element() {
            audio.set_current_time((audio.current_time() + seconds).max(0.0));
        }
    }

    /// Moves to a position.
    pub(crate) fn seek(&self, position: f64) {
        if let Some(audio) = self.element().filter(|_| position.is_finite()) {
            audio.set_current_time(position);
        }
    }

    /// The second up to which the sound from here on is loaded.
    pub(crate) fn buffered_to(&self) -> u32 {
        let Some(audio) = self.element() else { return 0 };
        let (ranges, now) = (audio.buffered(), audio.current_time());
        let ends = (0..ranges.length()).filter_map(|index| {
            let (start, end) = (ranges.start(index).ok()?, ranges.end(index).ok()?);
            (start <= now && now <= end).then_some(end)
        });
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a cast saturates"
        )]
        ends.map(|end| end as u32).max().unwrap_or_default()
    }

    /// Sets the speed, also of the sources to come.
    pub(crate) fn set_speed(&self, speed: f64) {
        if let Some(audio) = self.element() {
            audio.set_default_playback_rate(speed);
            audio.set_playback_rate(speed);
        }
    }

    fn stop(&self, problem: &'static str) {
        self.pause();
        if let Some(audio) = self.element() {
            // Without this, what is buffered could still be heard.
            drop(audio.remove_attribute("src"));
            audio.load();
        }
        self.player.dispatch(PlayerAction::Play(false));
        self.problem.set(Some(problem));
    }
}
