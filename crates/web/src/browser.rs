//! What the browser remembers between pages, and its word on the connection. Storage can be full or forbidden:
//! then nothing is remembered, and nothing else breaks.

use std::cell::Cell;

use gloo_events::EventListener;
use web_sys::{Storage, window};
use yew::prelude::*;

/// Keeps what was typed into a field for as long as this tab is open.
pub(crate) fn keep_draft(field: &str, text: &str) {
    if let Some(storage) = tab_storage() {
        drop(storage.set_item(&draft_key(field), text));
    }
}

/// What was typed into the field before.
pub(crate) fn draft(field: &str) -> String {
    let kept = tab_storage().and_then(|storage| storage.get_item(&draft_key(field)).ok()?);
    kept.unwrap_or_default()
}

fn draft_key(field: &str) -> String {
    ["draft:", field].concat()
}

/// What all tabs of this site share.
pub(crate) fn shared_storage() -> Option<Storage> {
    window()?.local_storage().ok()?
}

fn tab_storage() -> Option<Storage> {
    window()?.session_storage().ok()?
}

/// Whether the browser believes it has a connection; the component renders again when that changes.
#[hook]
pub(crate) fn use_online() -> bool {
    let online = use_state_eq(is_online);
    use_effect_with((), {
        let online = online.setter();
        move |()| {
            let listeners = window().map(|window| {
                ["online", "offline"].map(|name| {
                    let online = online.clone();
                    EventListener::new(&window, name, move |_| online.set(is_online()))
                })
            });
            move || drop(listeners)
        }
    });
    *online
}

/// How often the connection came back since the component is shown; it renders again each time.
#[hook]
pub(crate) fn use_reconnections() -> u32 {
    let count = use_state_eq(|| 0_u32);
    use_effect_with((), {
        let count = count.setter();
        move |()| {
            let counted = Cell::new(0);
            let listener = window().map(|window| {
                EventListener::new(&window, "online", move |_| {
                    counted.set(counted.get() + 1);
                    count.set(counted.get());
                })
            });
            move || drop(listener)
        }
    });
    *count
}

fn is_online() -> bool {
    window().is_none_or(|window| window.navigator().on_line())
}
