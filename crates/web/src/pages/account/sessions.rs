//! Where the account is logged in.

use shared::{
    account::{SessionInfo, Sessions},
    paths,
};
use yew::prelude::*;

use crate::{
    format,
    membership::Tone,
    resource::{Replace, Resource, use_resource},
    session::use_client,
    ui::{
        action::{Done, use_action},
        button::{Button, action_error},
        notice::pill,
        placeholder::{skeleton, unavailable},
    },
};

/// The card of the sessions.
#[component]
pub(super) fn SessionList() -> Html {
    let fetched = use_resource::<Sessions>(Some(paths::SESSIONS.to_owned()), None);
    let body = match &fetched.resource {
        Resource::Loading => skeleton(1, "rows"),
        Resource::Failed(error) => unavailable(error, &fetched.retry),
        Resource::Ready(list) => html! {
            <ul class="sessions">
                for session in &list.sessions {
                    <Row key={session.id.clone()} session={session.clone()} replace={fetched.replace.clone()} />
                }
            </ul>
        },
    };
    html! { <div class="card roomy"><h2 class="h3">{ "Where you are logged in" }</h2>{ body }</div> }
}

#[derive(Properties, PartialEq)]
struct RowProps {
    session: SessionInfo,
    replace: Replace<Sessions>,
}

#[component]
fn Row(props: &RowProps) -> Html {
    let session = &props.session;
    let client = use_client();
    let end = use_action();
    let name = device(&session.user_agent);
    let onclick = {
        let (runner, id, replace) = (end.runner, session.id.clone(), props.replace.clone());
        move |()| {
            let (client, id, replace) = (client.clone(), id.clone(), replace.clone());
            runner.run(async move {
                client.end_session(&id).await?;
                replace.with(client.sessions().await?);
                Ok(Done::Stay)
            });
        }
    };
    html! {
        <li>
            <div>
                <b>{ &name }</b>
                <div class="soft small">{ "Last used " }{ format::day(session.last_seen_at) }</div>
                { action_error(end.error.as_ref()) }
            </div>
            if session.current {
                { pill(Tone::Good, "This browser") }
            } else {
                <Button class="quiet" busy={end.busy} {onclick}>
                    { "End" }<span class="unseen">{ " the session of " }{ &name }</span>
                </Button>
            }
        </li>
    }
}

/// A browser and its system in words that people know, from how the browser names itself.
fn device(user_agent: &str) -> String {
    let first = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    // Chrome calls itself Safari too, and Edge calls itself both: the most particular first.
    let browser = first(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = first(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => "Another program".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_named_by_browser_and_system() {
        for (user_agent, name) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
                "Chrome on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 14.0; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox on Mac",
            ),
            ("curl/8.5.0", "curl"),
            ("", "Another program"),
        ] {
            assert_eq!(device(user_agent), name);
        }
    }
}
