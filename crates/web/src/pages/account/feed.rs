//! The private feed, for the podcast app the listener uses.

use shared::{episodes::FeedAddress, paths};
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::{
    resource::{Resource, use_resource},
    session::use_client,
    ui::{
        action::{Done, use_action},
        button::{Button, action_error},
    },
};

const WITH_ONE_TAP: &str = "Add it with one tap on the device that has the app:";
const SCAN: &str = "Or scan this with your phone.";

/// The card of the feed.
#[component]
pub(super) fn FeedCard() -> Html {
    let client = use_client();
    let fetched = use_resource::<FeedAddress>(Some(paths::FEED.to_owned()), None);
    let url = fetched.resource.ready().map(|feed| feed.url.clone()).unwrap_or_default();
    let input = use_node_ref();
    let said = use_state_eq(|| "");
    let copy = use_action();
    let rotate = use_action();
    let oncopy = {
        let (url, input, said, runner) = (url.clone(), input.clone(), said.setter(), copy.runner);
        move |()| {
            let (url, input, said) = (url.clone(), input.clone(), said.clone());
            runner.run(async move {
                let copied = copy_text(&url).await;
                if let Some(input) = input.cast::<HtmlInputElement>().filter(|_| !copied) {
                    // Without the clipboard (plain http), the selected text is one key away.
                    input.select();
                }
                said.set(if copied {
                    "Copied."
                } else {
                    "Selected. Press Ctrl+C or ⌘C to copy."
                });
                Ok(Done::Stay)
            });
        }
    };
    let onrotate = {
        let (replace, said, runner) = (fetched.replace, said.setter(), rotate.runner);
        move |()| {
            let (client, replace, said) = (client.clone(), replace.clone(), said.clone());
            runner.run(async move {
                replace.with(client.rotate_feed().await?);
                said.set("This is the new address. The old one has stopped working.");
                Ok(Done::Stay)
            });
        }
    };
    let error = rotate.error.or_else(|| match &fetched.resource {
        Resource::Failed(error) => Some(error.clone()),
        Resource::Loading | Resource::Ready(_) => None,
    });
    html! {
        <div class="card feed">
            <h2 class="h3">{ "Listen in your app" }</h2>
            <p class="soft small">
                { "Paste this address where your podcast app adds a feed. " }
                { "It is yours alone; if it gets out, make a new one." }
            </p>
            <div class="field">
                <input ref={input} readonly=true value={url.clone()} aria-label="Feed address" spellcheck="false" />
            </div>
            { action_error(error.as_ref()) }
            <div class="actions">
                <Button busy={copy.busy} onclick={oncopy}>{ "Copy" }</Button>
                <Button class="quiet" busy={rotate.busy} onclick={onrotate}>{ "New address" }</Button>
            </div>
            <p class="soft small" role="status">{ *said }</p>
            { into_app(&fetched.resource) }
        </div>
    }
}

/// The ways that need no typing: links on this device, the camera of another. Until they are known they take their
/// room, so that nothing moves when they come.
fn into_app(resource: &Resource<FeedAddress>) -> Html {
    let feed = match resource {
        Resource::Ready(feed) => feed,
        Resource::Failed(_) => return Html::default(),
        Resource::Loading => {
            let apps = ["Apple Podcasts", "Overcast", "Pocket Casts"];
            return html! {
                <div class="into-app to-come" aria-hidden="true">
                    <div>
                        <p class="small">{ WITH_ONE_TAP }</p>
                        <ul class="apps">
                            for name in apps { <li><span class="btn quiet">{ name }</span></li> }
                        </ul>
                    </div>
                    <figure><svg /><figcaption class="small">{ SCAN }</figcaption></figure>
                </div>
            };
        }
    };
    html! {
        <div class="into-app">
            <div>
                <p class="small">{ WITH_ONE_TAP }</p>
                <ul class="apps">
                    for app in &feed.apps {
                        <li><a class="btn quiet" href={app.url.clone()}>{ &app.name }</a></li>
                    }
                </ul>
            </div>
            <figure>
                // Drawn by the server.
                <div role="img" aria-label="QR code of the feed address">
                    { Html::from_html_unchecked(AttrValue::from(feed.qr_svg.clone())) }
                </div>
                <figcaption class="soft small">{ SCAN }</figcaption>
            </figure>
        </div>
    }
}

/// Whether the browser took the text to its clipboard.
async fn copy_text(text: &str) -> bool {
    let Some(window) = web_sys::window() else { return false };
    if !window.is_secure_context() {
        return false;
    }
    JsFuture::from(window.navigator().clipboard().write_text(text)).await.is_ok()
}
