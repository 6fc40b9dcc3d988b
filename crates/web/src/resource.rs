//! Fetching what a page shows. What was fetched before is shown at once and fetched again behind it.

use std::{any::Any, cell::RefCell, collections::HashMap, rc::Rc};

use serde::de::DeserializeOwned;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::{
    api::{ApiError, Call},
    session::use_client,
};

/// Answers by path, for as long as the same listener stays signed in.
#[derive(Default)]
pub(crate) struct Cache(RefCell<HashMap<String, Rc<dyn Any>>>);

impl Cache {
    /// What `path` answered last, when it was read as a `T`.
    pub(crate) fn get<T: 'static>(&self, path: &str) -> Option<Rc<T>> {
        self.0.borrow().get(path)?.clone().downcast().ok()
    }

    /// Keeps what `path` answers now.
    pub(crate) fn put<T: 'static>(&self, path: &str, value: Rc<T>) {
        self.0.borrow_mut().insert(path.to_owned(), value);
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        self.0.borrow_mut().clear();
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

impl<T: PartialEq> PartialEq for Resource<T> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Loading, Self::Loading) => true,
            (Self::Ready(a), Self::Ready(b)) => a == b,
            (Self::Failed(a), Self::Failed(b)) => a == b,
            _ => false,
        }
    }
}

/// A resource and the way to get it anew.
pub(crate) struct Fetched<T> {
    /// How it stands.
    pub(crate) resource: Resource<T>,
    /// Fetches again, after an error.
    pub(crate) retry: Callback<()>,
    /// Replaces it by what another call answered.
    pub(crate) replace: Callback<T>,
}

/// Reads `path`, and again whenever `version` changes; `None` reads nothing. What is shown stays until the new arrives.
#[hook]
pub(crate) fn use_resource<T, V>(path: Option<String>, version: V) -> Fetched<T>
where
    T: DeserializeOwned + PartialEq + 'static,
    V: PartialEq + 'static,
{
    let client = use_client();
    let attempt = use_state(|| 0_u32);
    let resource =
        use_state_eq(|| cached(path.as_deref().and_then(|path| client.cache().get(path))));
    let shown_path = use_mut_ref(|| path.clone());
    let replace = use_callback((client.clone(), path.clone()), {
        let resource = resource.setter();
        move |value: T, (client, path)| {
            let value = Rc::new(value);
            if let Some(path) = path {
                client.cache().put(path, value.clone());
            }
            resource.set(Resource::Ready(value));
        }
    });
    use_effect_with((path, version, *attempt), {
        let resource = resource.setter();
        move |(path, _, _)| {
            let live = Rc::new(());
            let watch = Rc::downgrade(&live);
            if let Some(path) = path.clone() {
                if shown_path.replace(Some(path.clone())).as_ref() != Some(&path) {
                    resource.set(cached(client.cache().get(&path)));
                }
                spawn_local(async move {
                    let answer = client.fetch::<T>(Call::get(&path)).await;
                    // Another page or version was asked for in the meantime.
                    if watch.upgrade().is_none() {
                        return;
                    }
                    match answer {
                        Ok(value) => {
                            let value = Rc::new(value);
                            client.cache().put(&path, value.clone());
                            resource.set(Resource::Ready(value));
                        }
                        Err(error)
                            if client.cache().get::<T>(&path).is_none() || error.status == 404 =>
                        {
                            resource.set(Resource::Failed(error));
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
    Fetched { resource: (*resource).clone(), retry, replace }
}

fn cached<T>(value: Option<Rc<T>>) -> Resource<T> {
    value.map_or(Resource::Loading, Resource::Ready)
}
