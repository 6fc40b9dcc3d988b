//! Who is signed in. The access token lives in this memory only; the refresh cookie, which no script
//! can read, brings the session back after a reload or the trip to Stripe.

use std::{cell::RefCell, pin::Pin, rc::Rc};

use gloo_events::EventListener;
use gloo_timers::future::TimeoutFuture;
use js_sys::{Date, Promise};
use shared::{
    account::{Account, Session as SessionAnswer},
    error::ErrorCode,
    paths,
};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, future_to_promise, spawn_local};
use web_sys::{Response, StorageEvent};
use yew::prelude::*;

use crate::{
    api::{ApiError, Call, decode, text},
    browser::shared_storage,
    json::{self, FromJson},
    resource::Cache,
    tabs::{Tabs, Word, hold},
};

/// Marks in local storage that this browser has a session, so that a visitor's page makes no
/// refresh that must fail, and that the other tabs hear of a log-out. It is no secret and opens nothing.
const SIGNED_IN_MARK: &str = "signed-in";
/// A token this close to its end is traded for a new one before it is used.
const REFRESH_AHEAD_MS: f64 = 60_000.0;
/// The tab that trades the refresh cookie holds it.
const REFRESH_LOCK: &str = "inner-circle-refresh";
const RESTORE_RETRY_MS: u32 = 3_000;

/// Who looks at the page.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Session {
    /// Not known yet: the refresh cookie is being tried.
    Restoring,
    /// Somebody without a session.
    Visitor,
    /// Somebody signed in. Every page renders from this one account.
    Listener(Rc<Account>),
}

impl Session {
    /// The signed-in account.
    pub(crate) fn account(&self) -> Option<&Rc<Account>> {
        match self {
            Self::Listener(account) => Some(account),
            Self::Restoring | Self::Visitor => None,
        }
    }
}

/// Calls the API in the name of whoever is signed in.
#[derive(Clone)]
pub(crate) struct Client(Rc<Inner>);

struct Inner {
    token: RefCell<Option<Token>>,
    /// The refresh that is under way, so that concurrent requests share one.
    refresh: RefCell<Option<Promise>>,
    tabs: Tabs,
    cache: Cache,
    changed: Callback<Session>,
}

#[derive(Clone)]
struct Token {
    bearer: String,
    account_id: String,
    /// Milliseconds of the wall clock.
    expires_at: f64,
}

impl PartialEq for Client {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Client {
    fn new(changed: Callback<Session>) -> Self {
        Self(Rc::new(Inner {
            token: RefCell::default(),
            refresh: RefCell::default(),
            tabs: Tabs::open(),
            cache: Cache::of_page(),
            changed,
        }))
    }

    /// What was fetched for this listener.
    pub(crate) fn cache(&self) -> &Cache {
        &self.0.cache
    }

    /// The other tabs of this site.
    pub(crate) fn tabs(&self) -> &Tabs {
        &self.0.tabs
    }

    /// Sends a call and reads its answer.
    pub(crate) async fn fetch<T: FromJson>(&self, call: Call<'_>) -> Result<T, ApiError> {
        decode(&self.text(call).await?)
    }

    /// Sends a call; its answer as it came. Boxed, so that the bundle holds the machinery once.
    pub(crate) fn text<'a>(
        &'a self,
        call: Call<'a>,
    ) -> Pin<Box<dyn Future<Output = Result<String, ApiError>> + 'a>> {
        Box::pin(async move { text(self.send(call).await?).await })
    }

    /// Sends a call with the access token, if there is one: a fresh one when it is about to expire,
    /// and once more with a new one when it is refused.
    pub(crate) async fn send(&self, call: Call<'_>) -> Result<Response, ApiError> {
        let Some(token) = self.token() else { return call.send(None).await };
        if token.expires_at - Date::now() < REFRESH_AHEAD_MS {
            self.refresh().await?;
        }
        let refused = match call.send(self.bearer().as_deref()).await {
            Err(error) if error.is(ErrorCode::Unauthenticated) => error,
            answer => return answer,
        };
        if self.token().is_none() {
            return Err(refused);
        }
        self.refresh().await?;
        call.send(self.bearer().as_deref()).await
    }

    /// Takes over the session that register, log in or refresh answered.
    pub(crate) fn adopt(&self, session: SessionAnswer) {
        let SessionAnswer { token, expires_in, account } = session;
        // Seconds far below 2^52: exact.
        #[expect(clippy::cast_precision_loss)]
        let expires_at = Date::now() + expires_in as f64 * 1_000.0;
        let token = Token { bearer: token, account_id: account.id.clone(), expires_at };
        let before = self.0.token.replace(Some(token));
        if before.is_none_or(|before| before.account_id != account.id) {
            self.0.cache.clear();
        }
        mark_signed_in(true);
        self.0.changed.emit(Session::Listener(Rc::new(account)));
    }

    /// Shows `account`, if it is still the one that is signed in.
    pub(crate) fn account_changed(&self, account: Account) {
        if self.token().is_some_and(|token| token.account_id == account.id) {
            self.0.changed.emit(Session::Listener(Rc::new(account)));
        }
    }

    /// Forgets the session in this tab, and by its mark in the others.
    pub(crate) fn sign_out(&self) {
        self.forget();
        mark_signed_in(false);
    }

    fn forget(&self) {
        self.0.token.replace(None);
        self.0.tabs.forget();
        self.0.cache.clear();
        self.0.changed.emit(Session::Visitor);
    }

    /// Tries the refresh cookie until there is a clear answer.
    async fn restore(self) {
        while let Err(error) = self.refresh().await {
            if error.status == 401 {
                return;
            }
            TimeoutFuture::new(RESTORE_RETRY_MS).await;
        }
    }

    /// Trades the refresh cookie for a new token. An error other than 401 leaves things as they are.
    async fn refresh(&self) -> Result<(), ApiError> {
        let running = self.0.refresh.borrow().clone();
        let promise = running.unwrap_or_else(|| {
            let client = self.clone();
            let promise = future_to_promise(async move {
                let status = client.refresh_now().await.err().map_or(200, |error| error.status);
                client.0.refresh.replace(None);
                Ok(JsValue::from(status))
            });
            self.0.refresh.replace(Some(promise.clone()));
            promise
        });
        let status = JsFuture::from(promise).await.ok().and_then(|status| status.as_f64());
        match status {
            Some(200.0) => Ok(()),
            Some(401.0) => Err(ApiError::unreachable(401)),
            _ => Err(ApiError::unreachable(0)),
        }
    }

    /// One tab at a time: the next one finds the token that it was told of.
    async fn refresh_now(&self) -> Result<(), ApiError> {
        let before = self.bearer();
        let _turn = hold(REFRESH_LOCK, None).await;
        // What the last tab said arrives before its lock does.
        if self.bearer() != before {
            return Ok(());
        }
        let answer = Call::post(paths::REFRESH).send(None).await;
        match answer {
            Ok(response) => {
                let text = text(response).await?;
                self.adopt(decode(&text)?);
                self.0.tabs.tell(Word::Session(&text));
                Ok(())
            }
            Err(error) => {
                if error.status == 401 {
                    self.sign_out();
                }
                Err(error)
            }
        }
    }

    /// Whether somebody is signed in.
    pub(crate) fn is_signed_in(&self) -> bool {
        self.0.token.borrow().is_some()
    }

    fn token(&self) -> Option<Token> {
        self.0.token.borrow().clone()
    }

    fn bearer(&self) -> Option<String> {
        self.token().map(|token| token.bearer)
    }
}

/// The session of the component that asks.
#[hook]
pub(crate) fn use_session() -> Session {
    use_context::<Session>().expect("every component renders inside SessionProvider")
}

/// The API client of the component that asks.
#[hook]
pub(crate) fn use_client() -> Client {
    use_context::<Client>().expect("every component renders inside SessionProvider")
}

#[derive(Properties, PartialEq)]
pub(crate) struct SessionProviderProps {
    pub(crate) children: Html,
}

/// Holds the session: restores it at the start.
#[component]
pub(crate) fn SessionProvider(props: &SessionProviderProps) -> Html {
    let session = use_state_eq(|| if has_mark() { Session::Restoring } else { Session::Visitor });
    let client = use_memo((), |()| {
        let set_session = session.setter();
        Client::new(Callback::from(move |next| set_session.set(next)))
    });
    use_effect_with((*client).clone(), |client| {
        if has_mark() {
            spawn_local(client.clone().restore());
        }
        let client = client.clone();
        let heard = client.tabs().listen({
            let client = client.clone();
            move |word| other_tab_said(&client, word)
        });
        let awake = web_sys::window().and_then(|window| window.document()).map(|document| {
            let client = client.clone();
            // A tab that slept may have missed what was said.
            EventListener::new(&document, "visibilitychange", move |_| {
                client.tabs().tell(Word::Ask)
            })
        });
        let stored = web_sys::window().map(|window| {
            EventListener::new(&window, "storage", move |event| other_tab(&client, event))
        });
        move || drop((heard, awake, stored))
    });
    html! {
        <ContextProvider<Client> context={(*client).clone()}>
            <ContextProvider<Session> context={(*session).clone()}>{ props.children.clone() }</ContextProvider<Session>>
        </ContextProvider<Client>>
    }
}

/// Another tab logged in or out.
fn other_tab(client: &Client, event: &web_sys::Event) {
    let Some(event) = event.dyn_ref::<StorageEvent>() else { return };
    if event.key().is_some_and(|key| key != SIGNED_IN_MARK) {
        return;
    }
    match (has_mark(), client.token().is_some()) {
        (false, true) => client.forget(),
        (true, false) => spawn_local(client.clone().restore()),
        _ => {}
    }
}

fn other_tab_said(client: &Client, word: Word<'_>) {
    match word {
        Word::Session(text) if has_mark() => {
            if let Some(session) = json::decode::<SessionAnswer>(text) {
                client.adopt(session);
            }
        }
        Word::Account(text) => {
            if let Some(account) = json::decode(text) {
                client.account_changed(account);
            }
        }
        Word::Ask => client.tabs().answer(),
        Word::Session(_) => {}
    }
}

fn mark_signed_in(signed_in: bool) {
    let Some(storage) = shared_storage() else { return };
    // Storage can be full or forbidden; then a reload asks to log in again.
    drop(if signed_in {
        storage.set_item(SIGNED_IN_MARK, "yes")
    } else {
        storage.remove_item(SIGNED_IN_MARK)
    });
}

fn has_mark() -> bool {
    shared_storage().is_some_and(|storage| matches!(storage.get_item(SIGNED_IN_MARK), Ok(Some(_))))
}
