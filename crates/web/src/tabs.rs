//! The other tabs of this site: one at a time does what need not be done in each, and tells the rest.

use std::cell::RefCell;

use gloo_events::EventListener;
use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, BroadcastChannel, MessageEvent};

const CHANNEL: &str = "inner-circle";
const SESSION: &str = "session ";
const ACCOUNT: &str = "account ";
const ASK: &str = "ask";

/// Something that one tab tells the others. The texts are JSON as the API sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word<'a> {
    /// A new access token.
    Session(&'a str),
    /// The account changed.
    Account(&'a str),
    /// What is the account now? From a tab that may have slept.
    Ask,
}

impl<'a> Word<'a> {
    fn write(self) -> String {
        match self {
            Self::Session(text) => [SESSION, text].concat(),
            Self::Account(text) => [ACCOUNT, text].concat(),
            Self::Ask => ASK.to_owned(),
        }
    }

    fn read(word: &'a str) -> Option<Self> {
        if word == ASK {
            return Some(Self::Ask);
        }
        let session = || word.strip_prefix(SESSION).map(Self::Session);
        word.strip_prefix(ACCOUNT).map(Self::Account).or_else(session)
    }
}

/// The way to the other tabs; without the browser's help each tab is on its own.
pub(crate) struct Tabs {
    channel: Option<BroadcastChannel>,
    /// What this tab said last of the account, if it is the one that follows it.
    account: RefCell<Option<String>>,
}

impl Tabs {
    pub(crate) fn open() -> Self {
        Self { channel: BroadcastChannel::new(CHANNEL).ok(), account: RefCell::default() }
    }

    /// Tells the other tabs.
    pub(crate) fn tell(&self, word: Word<'_>) {
        if let Word::Account(text) = word {
            self.account.replace(Some(text.to_owned()));
        }
        if let Some(channel) = &self.channel {
            // A text can always be sent.
            drop(channel.post_message(&JsValue::from(word.write())));
        }
    }

    /// Tells once more what this tab knows as the one that follows the account.
    pub(crate) fn answer(&self) {
        let account = self.account.borrow().clone();
        if let Some(text) = account {
            self.tell(Word::Account(&text));
        }
    }

    /// Forgets it, when another tab follows from now on or nobody is signed in.
    pub(crate) fn forget(&self) {
        self.account.replace(None);
    }

    /// Hears the other tabs until the listener is dropped.
    pub(crate) fn listen(&self, hear: impl Fn(Word<'_>) + 'static) -> Option<EventListener> {
        let channel = self.channel.as_ref()?;
        Some(EventListener::new(channel, "message", move |event| {
            let data = event.dyn_ref::<MessageEvent>().and_then(|event| event.data().as_string());
            if let Some(word) = data.as_deref().and_then(Word::read) {
                hear(word);
            }
        }))
    }
}

/// A Web Lock, released when this is dropped or the tab goes away.
pub(crate) struct Held(Function);

impl Drop for Held {
    fn drop(&mut self) {
        drop(self.0.call0(&JsValue::UNDEFINED));
    }
}

/// Waits until no other tab holds the lock `name`. `None` where the browser has no locks (plain http), or when
/// `stop` ended the wait.
pub(crate) async fn hold(name: &str, stop: Option<&AbortSignal>) -> Option<Held> {
    let navigator = web_sys::window()?.navigator();
    let locks = property(&navigator, "locks").filter(JsValue::is_object)?;
    let request: Function = property(&locks, "request")?.dyn_into().ok()?;
    let (granted, grant) = deferred();
    // The lock is held for as long as the promise that this returns is open.
    let callback = Closure::once_into_js(move |_: JsValue| {
        let (held, release) = deferred();
        drop(grant.call1(&JsValue::UNDEFINED, &release));
        held
    });
    let options = Object::new();
    if let Some(stop) = stop {
        // Setting a property of a plain object cannot fail.
        drop(Reflect::set(&options, &"signal".into(), stop));
    }
    let end = request.call3(&locks, &name.into(), &options, &callback).ok()?;
    let first = Promise::race(&Array::of2(&granted, &end));
    Some(Held(JsFuture::from(first).await.ok()?.dyn_into().ok()?))
}

fn property(of: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(of, &name.into()).ok()
}

/// A promise and what resolves it.
fn deferred() -> (Promise, Function) {
    let mut resolver = None;
    let promise = Promise::new(&mut |resolve, _| resolver = Some(resolve));
    // The executor runs before the constructor returns.
    (promise, resolver.unwrap_or_else(|| JsValue::UNDEFINED.unchecked_into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_tab_says_another_understands() {
        for word in [Word::Session("{\"a\":1}"), Word::Account("{}"), Word::Ask] {
            assert_eq!(Word::read(&word.write()), Some(word));
        }
        assert_eq!(Word::read("something else"), None);
    }
}
