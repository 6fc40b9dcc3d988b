//! Things a button does that take time: one at a time, with its error kept for the page to show.

use std::{future::Future, pin::Pin, rc::Rc};

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

/// The work of an action.
pub(crate) type Work = Pin<Box<dyn Future<Output = Result<Done, ApiError>>>>;

/// An action and how it stands.
pub(crate) struct Action<T> {
    /// Whether it is under way.
    pub(crate) busy: bool,
    /// Why the last try failed.
    pub(crate) error: Option<ApiError>,
    /// Starts it, unless it is under way.
    pub(crate) run: Callback<T>,
}

#[derive(Clone, PartialEq)]
enum Progress {
    Idle,
    Busy,
    Failed(ApiError),
}

type Start<T> = Rc<dyn Fn(T) -> Work>;

/// An action that does `work`.
#[hook]
pub(crate) fn use_action<T, F>(work: F) -> Action<T>
where
    T: 'static,
    F: Fn(T) -> Work + 'static,
{
    let progress = use_state_eq(|| Progress::Idle);
    // The state is read only after the next render; two presses before it must still start one.
    let under_way = use_mut_ref(|| false);
    let latest = use_mut_ref(|| None::<Start<T>>);
    latest.replace(Some(Rc::new(work)));
    let run = use_callback((), {
        let progress = progress.setter();
        let under_way = under_way.clone();
        move |input: T, ()| {
            let Some(work) = latest.borrow().clone() else { return };
            if under_way.replace(true) {
                return;
            }
            progress.set(Progress::Busy);
            let progress = progress.clone();
            let under_way = under_way.clone();
            spawn_local(async move {
                match work(input).await {
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
    Action { busy: *progress == Progress::Busy, error, run }
}
