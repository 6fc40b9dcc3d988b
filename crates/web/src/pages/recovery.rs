//! The pages that mailed links lead to, and the one that asks for such a mail.

use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::{
    api::ApiError,
    forms::{EMAIL, FieldSpec, NEW_PASSWORD},
    membership::Tone,
    navigation::Link,
    route::{Afterwards, Route},
    session::{Session, use_client, use_session},
    ui::{
        action::{Done, use_action},
        button::{Button, action_error},
        form::Form,
        notice::pill,
        placeholder::skeleton,
    },
};

const FORGOT: &[FieldSpec] = &[EMAIL];
const RESET: &[FieldSpec] = &[FieldSpec { label: "New password", ..NEW_PASSWORD }];

/// Asks for a mail with which to choose a new password.
#[component]
pub(crate) fn ForgotPassword() -> Html {
    let client = use_client();
    let sent_to = use_state_eq(|| None::<String>);
    let send = use_action();
    if let Some(email) = &*sent_to {
        return card(html! {
            <div role="status" class="stack">
                <h1 class="h3">{ "Check your e-mail" }</h1>
                <p class="soft">
                    { format!("If {email} has an account, a link to choose a new password is on its way. \
                               It works once, for 30 minutes.") }
                </p>
                <p class="soft small">{ "Nothing there? Look among the unwanted mail, or ask again in some minutes." }</p>
                <Link to={Route::LogIn(Afterwards::default())} class="btn quiet">{ "Back to log in" }</Link>
            </div>
        });
    }
    let (runner, sent_to) = (send.runner, sent_to.setter());
    let onsubmit = move |values: Vec<String>| {
        let (client, sent_to) = (client.clone(), sent_to.clone());
        runner.run(async move {
            let email = values.concat().trim().to_owned();
            client.forgot_password(&email).await?;
            sent_to.set(Some(email));
            Ok(Done::Stay)
        });
    };
    card(html! {
        <>
            <h1 class="h3">{ Route::ForgotPassword.title() }</h1>
            <p class="soft">{ "Tell us your address, and we mail you a link to choose a new one." }</p>
            <Form fields={FORGOT} button="Send the link" busy={send.busy} error={send.error} {onsubmit} />
            <p class="soft small">
                { "Remembered it? " }<Link to={Route::LogIn(Afterwards::default())}>{ "Log in" }</Link>{ "." }
            </p>
        </>
    })
}

#[derive(Properties, PartialEq)]
pub(crate) struct TokenProps {
    /// From the mailed link; absent when somebody typed the address.
    pub(crate) token: Option<String>,
}

/// Whether a mailed link still works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MailedLink {
    /// The server is being asked.
    Asking,
    Works,
    /// It was used, or is too old.
    WornOut,
}

/// Asks before anything is typed for a link that is dead. Without an answer, the page's own button tells.
#[hook]
fn use_mailed_link(token: Option<&String>) -> MailedLink {
    let client = use_client();
    let link = use_state_eq(|| MailedLink::Asking);
    use_effect_with(token.cloned(), {
        let link = link.setter();
        move |token| {
            if let Some(token) = token.clone() {
                spawn_local(async move {
                    let answer = client.check_link(&token).await;
                    let dead = refused(answer.err().as_ref());
                    link.set(if dead { MailedLink::WornOut } else { MailedLink::Works });
                });
            }
        }
    });
    *link
}

/// Chooses a new password.
#[component]
pub(crate) fn ResetPassword(props: &TokenProps) -> Html {
    let client = use_client();
    let link = use_mailed_link(props.token.as_ref());
    let done = use_state_eq(|| false);
    let reset = use_action();
    if *done {
        return card(html! {
            <div role="status" class="stack">
                { pill(Tone::Good, "Changed") }
                <h1 class="h3">{ "Your password is new." }</h1>
                <p class="soft">{ "Every session of your account has ended. Log in with the new password." }</p>
                <Link to={Route::LogIn(Afterwards::default())} class="btn">{ "Log in" }</Link>
            </div>
        });
    }
    let ask_again = html! {
        <div class="actions">
            <Link to={Route::ForgotPassword} class="btn">{ "Ask for a new link" }</Link>
        </div>
    };
    let works = "A link to choose a new password works once, for 30 minutes. \
                 This one was used already, or is older.";
    let Some(token) = props.token.clone() else { return incomplete_link(ask_again) };
    match link {
        MailedLink::Asking => return card(skeleton(4, "")),
        MailedLink::Works if !refused(reset.error.as_ref()) => {}
        _ => return worn_out_link(works, ask_again),
    }
    let (runner, done) = (reset.runner, done.setter());
    let onsubmit = move |values: Vec<String>| {
        let (client, done, token) = (client.clone(), done.clone(), token.clone());
        runner.run(async move {
            client.reset_password(&token, &values.concat()).await?;
            done.set(true);
            Ok(Done::Stay)
        });
    };
    card(html! {
        <>
            <h1 class="h3">{ "Choose a new password" }</h1>
            <p class="soft">{ "Whoever is logged in to your account anywhere is logged out by this." }</p>
            <Form fields={RESET} button="Save the password" busy={reset.busy} error={reset.error} {onsubmit} />
        </>
    })
}

/// Confirms an address. At the press of a button, since some mail programs open every link by themselves.
#[component]
pub(crate) fn VerifyEmail(props: &TokenProps) -> Html {
    let client = use_client();
    let signed_in = use_session().account().is_some();
    let link = use_mailed_link(props.token.as_ref());
    let done = use_state_eq(|| false);
    let verify = use_action();
    if *done {
        return card(confirmed(signed_in));
    }
    let works = "A link to confirm an address works for a day. \
                 This one is older, or the address is not wanted any more.";
    let ask_again = html! { <NewConfirmation /> };
    let Some(token) = props.token.clone() else { return incomplete_link(ask_again) };
    match link {
        MailedLink::Asking => return card(skeleton(3, "")),
        MailedLink::Works if !refused(verify.error.as_ref()) => {}
        _ => return worn_out_link(works, ask_again),
    }
    let (runner, done) = (verify.runner, done.setter());
    let onclick = move |()| {
        let (client, done, token) = (client.clone(), done.clone(), token.clone());
        runner.run(async move {
            client.verify_email(&token).await?;
            done.set(true);
            Ok(Done::Stay)
        });
    };
    card(html! {
        <>
            <h1 class="h3">{ Route::VerifyEmail { token: None }.title() }</h1>
            <p class="soft">{ "One press, and we know that your mail reaches you." }</p>
            { action_error(verify.error.as_ref()) }
            <Button class="wide" busy={verify.busy} {onclick}>{ "Confirm my address" }</Button>
        </>
    })
}

/// The way to another link that confirms the address: at once for whoever is logged in.
#[component]
fn NewConfirmation() -> Html {
    let client = use_client();
    let session = use_session();
    let sent = use_state_eq(|| false);
    let resend = use_action();
    let account = match &session {
        Session::Restoring => return skeleton(1, ""),
        Session::Visitor => {
            // Back here, logged in, the button is there.
            let to = Route::VerifyEmail { token: None }.behind_log_in();
            return html! {
                <>
                    <p class="soft">{ "Log in, and we mail you another one." }</p>
                    <div class="actions"><Link {to} class="btn">{ "Log in" }</Link></div>
                </>
            };
        }
        Session::Listener(account) => account,
    };
    let Some(waiting) = account
        .pending_email
        .as_ref()
        .or_else(|| (!account.email_verified).then_some(&account.email))
    else {
        return html! {
            <>
                <p class="soft">{ format!("{} is confirmed already, so there is nothing left to do.", account.email) }</p>
                <div class="actions"><Link to={Route::Account} class="btn">{ "Go to your account" }</Link></div>
            </>
        };
    };
    if *sent {
        return html! {
            <p role="status">
                <b>{ format!("A new link is on its way to {waiting}.") }</b>
                { " Nothing there? Look among the unwanted mail." }
            </p>
        };
    }
    let (runner, sent) = (resend.runner, sent.setter());
    let onclick = move |()| {
        let (client, sent) = (client.clone(), sent.clone());
        runner.run(async move {
            client.resend_verification().await?;
            sent.set(true);
            Ok(Done::Stay)
        });
    };
    html! {
        <>
            { action_error(resend.error.as_ref()) }
            <div class="actions">
                <Button busy={resend.busy} {onclick}>{ "Mail me a new link" }</Button>
                <Link to={Route::Account} class="btn quiet">{ "Go to your account" }</Link>
            </div>
        </>
    }
}

fn confirmed(signed_in: bool) -> Html {
    let (to, words) = if signed_in {
        (Route::Account, "Go to your account")
    } else {
        (Route::LogIn(Afterwards::default()), "Log in")
    };
    html! {
        <div role="status" class="stack">
            { pill(Tone::Good, "Confirmed") }
            <h1 class="h3">{ "Your address is confirmed." }</h1>
            <p class="soft">{ "What we have to tell you about your account reaches you from now on." }</p>
            <Link {to} class="btn">{ words }</Link>
        </div>
    }
}

fn refused(error: Option<&ApiError>) -> bool {
    error.is_some_and(ApiError::is_dead_link)
}

/// A link that was used or is too old; `works` says what such a link is good for.
fn worn_out_link(works: &'static str, way_on: Html) -> Html {
    dead_link("Link expired", "This link does not work any more.", works, way_on)
}

/// An address that was cut off on its way.
fn incomplete_link(way_on: Html) -> Html {
    let text = "Some mail programs break long addresses in two. Copy the whole address from the mail, \
                or have another one sent.";
    dead_link("Link incomplete", "This link is not complete.", text, way_on)
}

fn dead_link(state: &'static str, title: &'static str, text: &'static str, way_on: Html) -> Html {
    card(html! {
        <div class="stack">
            <div role="status" class="stack">
                { pill(Tone::Warn, state) }
                <h1 class="h3">{ title }</h1>
                <p class="soft">{ text }</p>
            </div>
            { way_on }
        </div>
    })
}

fn card(content: Html) -> Html {
    html! { <div class="page"><div class="card entry">{ content }</div></div> }
}
