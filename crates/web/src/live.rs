//! The account as it changes: reads the API's event stream and connects again when it ends.
//!
//! `fetch` instead of `EventSource`, because the stream wants the bearer header.

use gloo_events::EventListener;
use gloo_timers::callback::Timeout;
use js_sys::{Array, Promise, Reflect, Uint8Array};
use shared::{account::Account, paths};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{AbortController, AbortSignal, ReadableStreamDefaultReader};

use yew::prelude::*;

use crate::{
    api::Call,
    json,
    session::{Client, use_client, use_session},
    tabs::{Word, hold},
};

const FIRST_PAUSE_MS: u32 = 500;
const LONGEST_PAUSE_MS: u32 = 30_000;
/// The server pings every 15 seconds.
const SILENCE_MS: u32 = 40_000;
/// The tab that follows the account holds it.
const STREAM_LOCK: &str = "inner-circle-stream";

/// Follows the account for as long as somebody is signed in. Shows nothing.
#[component]
pub(crate) fn Live() -> Html {
    let client = use_client();
    let account_id = use_session().account().map(|account| account.id.clone());
    use_effect_with(account_id, move |account_id| {
        let follower = account_id.as_ref().map(|_| follow(client));
        move || drop(follower)
    });
    Html::default()
}

/// Following ends when this is dropped.
struct Follower(Option<AbortController>);

impl Drop for Follower {
    fn drop(&mut self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}

/// Keeps the account of `client` up to date.
fn follow(client: Client) -> Follower {
    let controller = AbortController::new().ok();
    if let Some(signal) = controller.as_ref().map(AbortController::signal) {
        spawn_local(connect_again_and_again(client, signal));
    }
    Follower(controller)
}

/// One tab holds the stream and tells the others; when it goes away, the next one takes over.
/// The first message of each connection is the present account, so nothing is missed in between.
async fn connect_again_and_again(client: Client, stop: AbortSignal) {
    let _stream = hold(STREAM_LOCK, Some(&stop)).await;
    let mut pause = FIRST_PAUSE_MS;
    while !stop.aborted() {
        if read_stream(&client, &stop).await {
            pause = FIRST_PAUSE_MS;
        }
        if stop.aborted() {
            break;
        }
        pause_or_online(with_jitter(pause)).await;
        pause = (pause * 2).min(LONGEST_PAUSE_MS);
    }
    client.tabs().forget();
}

/// Reads one connection to its end; whether any message came.
async fn read_stream(client: &Client, stop: &AbortSignal) -> bool {
    let call = Call { abort: Some(stop), ..Call::get(paths::EVENTS) };
    let Ok(response) = client.send(call).await else { return false };
    let Some(reader) = response
        .body()
        .and_then(|body| body.get_reader().dyn_into::<ReadableStreamDefaultReader>().ok())
    else {
        return false;
    };
    let mut messages = Messages::default();
    let mut any = false;
    while let Some(chunk) = read_in_time(&reader).await {
        let value = Reflect::get(&chunk, &JsValue::from_str("value"));
        let Some(bytes) = value.ok().and_then(|value| value.dyn_into::<Uint8Array>().ok()) else {
            break;
        };
        for message in messages.push(&bytes.to_vec()) {
            if let Some(account) = json::decode::<Account>(&message) {
                any = true;
                client.tabs().tell(Word::Account(&message));
                client.account_changed(account);
            }
        }
    }
    any
}

/// The next piece; `None` at the end, and when not even a ping came for so long that the connection must be dead.
async fn read_in_time(reader: &ReadableStreamDefaultReader) -> Option<JsValue> {
    let mut timer = None;
    let silence = Promise::new(&mut |_, reject| {
        timer = Some(Timeout::new(SILENCE_MS, move || drop(reject.call0(&JsValue::UNDEFINED))));
    });
    let first = Promise::race(&Array::of2(&reader.read(), &silence));
    let chunk = JsFuture::from(first).await;
    drop(timer);
    if chunk.is_err() {
        // Frees the connection; one that is gone already refuses.
        drop(JsFuture::from(reader.cancel()).await);
    }
    chunk.ok()
}

/// Waits; a connection that comes back cuts it short.
async fn pause_or_online(milliseconds: u32) {
    let mut timer = None;
    let mut listener = None;
    let wait = Promise::new(&mut |resolve, _| {
        let wake = resolve.clone();
        timer = Some(Timeout::new(milliseconds, move || drop(wake.call0(&JsValue::UNDEFINED))));
        listener = web_sys::window().map(|window| {
            EventListener::once(&window, "online", move |_| {
                drop(resolve.call0(&JsValue::UNDEFINED))
            })
        });
    });
    // The promise has no way to fail.
    drop(JsFuture::from(wait).await);
    drop((timer, listener));
}

/// Half to all of the pause, so that tabs cut off together do not come back together.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "stays within the pause"
)]
fn with_jitter(milliseconds: u32) -> u32 {
    (f64::from(milliseconds) * (0.5 + js_sys::Math::random() / 2.0)) as u32
}

/// Cuts a `text/event-stream` into the data of its messages. Comments, names and ids are skipped.
///
/// Source: <https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream>.
#[derive(Default)]
struct Messages {
    line: Vec<u8>,
    data: Vec<String>,
    after_cr: bool,
}

impl Messages {
    /// The messages that `bytes` complete.
    fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut complete = Vec::new();
        for &byte in bytes {
            let after_cr = std::mem::replace(&mut self.after_cr, byte == b'\r');
            match byte {
                b'\n' if after_cr => {}
                b'\n' | b'\r' => complete.extend(self.end_line()),
                _ => self.line.push(byte),
            }
        }
        complete
    }

    fn end_line(&mut self) -> Option<String> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            let data = std::mem::take(&mut self.data);
            return (!data.is_empty()).then(|| data.join("\n"));
        }
        let line = String::from_utf8_lossy(&line);
        if let Some(data) = line.strip_prefix("data:") {
            self.data.push(data.strip_prefix(' ').unwrap_or(data).to_owned());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(chunks: &[&[u8]]) -> Vec<String> {
        let mut messages = Messages::default();
        chunks.iter().flat_map(|chunk| messages.push(chunk)).collect()
    }

    #[test]
    fn messages_come_whole_however_the_stream_is_cut() {
        let stream = ": ping\n\ndata: {\"a\":\"\u{e9}\"}\n\ndata:one\r\ndata: two\r\n\r\nevent: x\nid: 1\n\n";
        let expected = vec!["{\"a\":\"\u{e9}\"}".to_owned(), "one\ntwo".to_owned()];
        assert_eq!(messages(&[stream.as_bytes()]), expected);
        for cut in 0..stream.len() {
            let (head, tail) = stream.as_bytes().split_at(cut);
            assert_eq!(messages(&[head, tail]), expected, "cut at {cut}");
        }
    }

    #[test]
    fn a_message_cut_off_by_the_end_is_dropped() {
        assert!(messages(&[b"data: half\n"]).is_empty());
    }
}
