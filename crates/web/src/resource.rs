//! Fetching what a page shows. What was fetched before is shown at once and fetched again behind it.
//!
//! The machinery exists once for all types, and only decoding knows the type: the bundle stays small.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    marker::PhantomData,
    rc::Rc,
};

use shared::{account::Account, paths, plans::Plans};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::{
    api::{ApiError, Call},
    browser::use_reconnections,
    json::{self, FromJson},
    session::use_client,
};

type Value = Rc<dyn Any>;
type Decode = fn(&str) -> Option<Value>;

/// Answers by path, for as long as the same listener stays signed in.
#[derive(Default)]
pub(crate) struct Cache {
    all: RefCell<Vec<(String, Value)>>,
    /// The path whose answer came with the page, until somebody wants it.
    of_page: Cell<Option<&'static str>>,
}

impl Cache {
    fn get(&self, path: &str) -> Option<Value> {
        let all = self.all.borrow();
        all.iter().find(|(key, _)| key == path).map(|(_, value)| value.clone())
    }

    fn put(&self, path: &str, value: Value) {
        let mut all = self.all.borrow_mut();
        all.retain(|(key, _)| key != path);
        all.push((path.to_owned(), value));
    }

    /// Holds the plans, where the server put them into the page it sent.
    pub(crate) fn of_page() -> Self {
        let cache = Self::default();
        let document = web_sys::window().and_then(|window| window.document());
        let text = document.and_then(|it| it.get_element_by_id("plans")?.text_content());
        if let Some(plans) = text.and_then(|text| decode::<Plans>(&text)) {
            cache.put(paths::PLANS, plans);
            cache.of_page.set(Some(paths::PLANS));
        }
        cache
    }

    /// Whether the answer came with the page and nobody wanted it before: another one would say the same.
    fn is_new(&self, path: &str) -> bool {
        let new = self.of_page.get() == Some(path);
        if new {
            self.of_page.set(None);
        }
        new
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        self.all.borrow_mut().clear();
    }
}

/// Something that is fetched.
pub(crate) enum Resource<T> {
    /// Under way.
    Loading,
    /// Here.
    Ready(Rc<T>),
    /// It could not be had.
    Failed(ApiError),
}

impl<T> Resource<T> {
    /// What is here.
    pub(crate) fn ready(&self) -> Option<&T> {
        match self {
            Self::Ready(value) => Some(value),
            Self::Loading | Self::Failed(_) => None,
        }
    }
}

impl<T> Clone for Resource<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Loading => Self::Loading,
            Self::Ready(value) => Self::Ready(value.clone()),
            Self::Failed(error) => Self::Failed(error.clone()),
        }
    }
}

/// Equal means the same answer, not an equal one.
impl<T> PartialEq for Resource<T> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Loading, Self::Loading) => true,
            (Self::Ready(a), Self::Ready(b)) => Rc::ptr_eq(a, b),
            (Self::Failed(a), Self::Failed(b)) => a == b,
            _ => false,
        }
    }
}

/// A resource and what can be done with it.
pub(crate) struct Fetched<T> {
    /// How it stands.
    pub(crate) resource: Resource<T>,
    /// Fetches again, after an error.
    pub(crate) retry: Callback<()>,
    /// Replaces it by what another call answered.
    pub(crate) replace: Replace<T>,
}

/// Puts a new value in the place of a resource's.
pub(crate) struct Replace<T>(Callback<Value>, PhantomData<T>);

impl<T: 'static> Replace<T> {
    /// Shows `value` from now on.
    pub(crate) fn with(&self, value: T) {
        self.0.emit(Rc::new(value));
    }
}

impl<T> PartialEq for Replace<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> Clone for Replace<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

/// Reads `path`, and again whenever `account` changes or the connection comes back; no path reads nothing. What is
/// shown stays until the new arrives.
#[hook]
pub(crate) fn use_resource<T>(path: Option<String>, account: Option<Rc<Account>>) -> Fetched<T>
where
    T: FromJson + 'static,
{
    let (value, retry, replace) = use_value(path, account, decode::<T>);
    let resource = match value {
        Outcome::Loading => Resource::Loading,
        Outcome::Ready(value) => value.downcast().map_or(Resource::Loading, Resource::Ready),
        Outcome::Failed(error) => Resource::Failed(error),
    };
    Fetched { resource, retry, replace: Replace(replace, PhantomData) }
}

fn decode<T: FromJson + 'static>(text: &str) -> Option<Value> {
    json::decode::<T>(text).map(|value| Rc::new(value) as Value)
}

#[derive(Clone)]
enum Outcome {
    Loading,
    Ready(Value),
    Failed(ApiError),
}

impl Outcome {
    fn cached(value: Option<Value>) -> Self {
        value.map_or(Self::Loading, Self::Ready)
    }
}

#[hook]
fn use_value(
    path: Option<String>,
    account: Option<Rc<Account>>,
    decode: Decode,
) -> (Outcome, Callback<()>, Callback<Value>) {
    let client = use_client();
    let attempt = use_state(|| 0_u32);
    let reconnections = use_reconnections();
    let outcome =
        use_state(|| Outcome::cached(path.as_deref().and_then(|path| client.cache().get(path))));
    let shown_path = use_mut_ref(|| path.clone());
    let replace = use_callback((client.clone(), path.clone()), {
        let outcome = outcome.setter();
        move |value: Value, (client, path)| {
            if let Some(path) = path {
                client.cache().put(path, value.clone());
            }
            outcome.set(Outcome::Ready(value));
        }
    });
    use_effect_with((path, account, *attempt, reconnections), {
        let outcome = outcome.setter();
        move |(path, ..)| {
            let live = Rc::new(());
            let watch = Rc::downgrade(&live);
            if let Some(path) = path.clone().filter(|path| !client.cache().is_new(path)) {
                if shown_path.replace(Some(path.clone())).as_ref() != Some(&path) {
                    outcome.set(Outcome::cached(client.cache().get(&path)));
                }
                spawn_local(async move {
                    let answer = client.text(Call::get(&path)).await;
                    // Another page or account was asked for in the meantime.
                    if watch.upgrade().is_none() {
                        return;
                    }
                    let value =
                        answer.and_then(|text| decode(&text).ok_or(ApiError::unreachable(200)));
                    match value {
                        Ok(value) => {
                            client.cache().put(&path, value.clone());
                            outcome.set(Outcome::Ready(value));
                        }
                        Err(error)
                            if client.cache().get(&path).is_none() || error.status == 404 =>
                        {
                            outcome.set(Outcome::Failed(error));
                        }
                        // What is shown may be a little old, which beats an error page.
                        Err(_) => {}
                    }
                });
            }
            move || drop(live)
        }
    });
    let retry = use_callback(attempt, |(), attempt| attempt.set(**attempt + 1));
    ((*outcome).clone(), retry, replace)
}
