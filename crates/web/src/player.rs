//! What is being heard, for every component that shows it. The sound itself is in `ui::player_bar`.

use std::rc::Rc;

use shared::episodes::Episode;
use yew::prelude::*;

use crate::browser::shared_storage;

/// The episode in the player and whether it shall sound.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PlayerState {
    /// What is in the player.
    pub(crate) episode: Option<Rc<Episode>>,
    /// Whether it plays, or will as soon as its audio is there.
    pub(crate) playing: bool,
    /// Where the listener last asked it to go on.
    pub(crate) jump: Jump,
}

/// A place in the episode that was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Jump {
    /// Seconds from the start.
    pub(crate) to: u32,
    /// Counts up, so that asking twice for the same place moves there twice; 0 means never asked.
    pub(crate) count: u32,
}

impl PlayerState {
    /// Whether this episode plays.
    pub(crate) fn is_playing(&self, id: &str) -> bool {
        self.playing && self.holds(id)
    }

    /// Whether this episode is in the player.
    pub(crate) fn holds(&self, id: &str) -> bool {
        self.episode.as_ref().is_some_and(|episode| episode.id == id)
    }
}

/// What the listener, or the audio element, does.
pub(crate) enum PlayerAction {
    /// The play button of an episode.
    Toggle(Rc<Episode>),
    /// A chapter of an episode; the seconds of its start.
    Jump(Rc<Episode>, u32),
    /// Sound starts or stops.
    Play(bool),
    /// The player goes away.
    Close,
}

impl Reducible for PlayerState {
    type Action = PlayerAction;

    fn reduce(self: Rc<Self>, action: PlayerAction) -> Rc<Self> {
        match action {
            PlayerAction::Toggle(episode) if self.holds(&episode.id) => {
                Rc::new(Self { playing: !self.playing, ..(*self).clone() })
            }
            PlayerAction::Toggle(episode) => {
                Rc::new(Self { episode: Some(episode), playing: true, jump: Jump::default() })
            }
            PlayerAction::Jump(episode, to) => {
                let count = self.jump.count + 1;
                Rc::new(Self { episode: Some(episode), playing: true, jump: Jump { to, count } })
            }
            PlayerAction::Play(playing) => Rc::new(Self { playing, ..(*self).clone() }),
            PlayerAction::Close => Rc::default(),
        }
    }
}

/// The player of the component that asks.
pub(crate) type Player = UseReducerHandle<PlayerState>;

/// The player of the component that asks.
#[hook]
pub(crate) fn use_player() -> Player {
    use_context::<Player>().expect("every component renders inside PlayerProvider")
}

#[derive(Properties, PartialEq)]
pub(crate) struct PlayerProviderProps {
    pub(crate) children: Html,
}

/// Holds the player's state while pages come and go.
#[component]
pub(crate) fn PlayerProvider(props: &PlayerProviderProps) -> Html {
    let player = use_reducer_eq(PlayerState::default);
    html! { <ContextProvider<Player> context={player}>{ props.children.clone() }</ContextProvider<Player>> }
}

/// How far an episode was heard, kept in this browser. Whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    /// Seconds from the start.
    pub(crate) position: u32,
    /// Seconds in all.
    pub(crate) duration: u32,
}

impl Heard {
    /// How far the episode was heard, if it was begun.
    pub(crate) fn load(id: &str) -> Option<Self> {
        let text = shared_storage()?.get_item(&key(id)).ok()??;
        let (position, duration) = text.split_once('/')?;
        Some(Self { position: position.parse().ok()?, duration: duration.parse().ok()? })
    }

    /// Remembers it.
    pub(crate) fn save(self, id: &str) {
        if let Some(storage) = shared_storage() {
            // A full or forbidden storage only forgets the position.
            drop(storage.set_item(&key(id), &format!("{}/{}", self.position, self.duration)));
        }
    }

    /// Where to go on: at the start again once the end was (nearly) reached.
    pub(crate) const fn resume_at(self) -> u32 {
        if self.is_finished() { 0 } else { self.position }
    }

    /// Whether the end was (nearly) reached: five seconds, or a tenth of something shorter.
    pub(crate) const fn is_finished(self) -> bool {
        let tenth = self.duration / 10;
        let nearly = if tenth < 5 { tenth } else { 5 };
        self.duration > 0 && self.position + nearly >= self.duration
    }

    /// Seconds left.
    pub(crate) const fn left(self) -> u32 {
        self.duration.saturating_sub(self.position)
    }
}

fn key(id: &str) -> String {
    format!("heard:{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn episode(id: &str) -> Rc<Episode> {
        Rc::new(Episode {
            id: id.to_owned(),
            number: 1,
            title: id.to_owned(),
            summary: String::new(),
            published_at: 0,
            duration: 60,
            required_plan: None,
            locked: false,
            audio_url: None,
        })
    }

    #[test]
    fn a_play_button_starts_pauses_and_switches() {
        let state = Rc::new(PlayerState::default());
        let state = state.reduce(PlayerAction::Toggle(episode("a")));
        assert!(state.is_playing("a"));
        let state = state.reduce(PlayerAction::Toggle(episode("a")));
        assert!(!state.is_playing("a") && state.holds("a"));
        let state = state.reduce(PlayerAction::Toggle(episode("b")));
        assert!(state.is_playing("b") && !state.holds("a"));
        assert_eq!(*state.reduce(PlayerAction::Close), PlayerState::default());
    }

    #[test]
    fn a_chapter_starts_its_episode_and_can_be_asked_for_twice() {
        let state = Rc::new(PlayerState::default()).reduce(PlayerAction::Jump(episode("a"), 30));
        assert!(state.is_playing("a"));
        let again = state.clone().reduce(PlayerAction::Jump(episode("a"), 30));
        assert_eq!(again.jump.to, 30);
        assert_ne!(again.jump, state.jump);
    }

    #[test]
    fn an_episode_heard_to_its_end_starts_over() {
        for (position, duration, finished, resume_at) in [
            (10, 100, false, 10),
            (96, 100, true, 0),
            (4, 8, false, 4),
            (8, 8, true, 0),
            (0, 0, false, 0),
        ] {
            let heard = Heard { position, duration };
            assert_eq!(
                (heard.is_finished(), heard.resume_at()),
                (finished, resume_at),
                "{heard:?}"
            );
        }
    }
}
