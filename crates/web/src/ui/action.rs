//! Things a button does that take time: one at a time, with its error kept for the page to show.

use std::{future::Future, pin::Pin};

use gloo_events::EventListener;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::PageTransitionEvent;
use yew::prelude::*;

use crate::{api::ApiError, navigation::leave_for};

/// What follows when it worked.
pub(crate) enum Done {
    /// The page goes on.
    Stay,
    /// The browser goes to this address, and the button stays busy until it has.
    Leave(String),
}

type Work = Pin<Box<dyn Future<Output = Result<Done, ApiError>>>>;

/// An action and how it stands.
pub(crate) struct Action {
    /// Whether it is under way.
    pub(crate) busy: bool,
    /// Why the last try failed.
    pub(crate) error: Option<ApiError>,
    /// Starts it.
    pub(crate) runner: Runner,
}

/// Does the work of an action.
#[derive(Clone, PartialEq)]
pub(crate) struct Runner(Callback<Work>);

impl Runner {
    /// Does `work`, unless some is under way.
    pub(crate) fn run(&self, work: impl Future<Output = Result<Done, ApiError>> + 'static) {
        self.0.emit(Box::pin(work));
    }
}

#[derive(Clone, PartialEq)]
enum Progress {
    Idle,
    Busy,
    Failed(ApiError),
}

/// An action that is not under way yet.
#[hook]
pub(crate) fn use_action() -> Action {
    let progress = use_state_eq(|| Progress::Idle);
    // The state is read only after the next render; two presses before it must still start one.
    let under_way = use_mut_ref(|| false);
    let run = use_callback((), {
        let (progress, under_way) = (progress.setter(), under_way.clone());
        move |work: Work, ()| {
            if under_way.replace(true) {
                return;
            }
            progress.set(Progress::Busy);
            let (progress, under_way) = (progress.clone(), under_way.clone());
            spawn_local(async move {
                match work.await {
                    Ok(Done::Leave(url)) => return leave_for(&url),
                    Ok(Done::Stay) => progress.set(Progress::Idle),
                    Err(error) => progress.set(Progress::Failed(error)),
                }
                under_way.replace(false);
            });
        }
    });
    use_effect_with((), {
        let progress = progress.setter();
        move |()| {
            let listener = web_sys::window().map(|window| {
                EventListener::new(&window, "pageshow", move |event| {
                    // Back from the hosted page, to this page as it was left.
                    if event
                        .dyn_ref::<PageTransitionEvent>()
                        .is_some_and(PageTransitionEvent::persisted)
                    {
                        under_way.replace(false);
                        progress.set(Progress::Idle);
                    }
                })
            });
            move || drop(listener)
        }
    });
    let error = match &*progress {
        Progress::Failed(error) => Some(error.clone()),
        Progress::Idle | Progress::Busy => None,
    };
    Action { busy: *progress == Progress::Busy, error, runner: Runner(run) }
}
