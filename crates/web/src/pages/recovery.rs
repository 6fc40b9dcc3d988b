//! The pages that mailed links lead to, and the one that asks for such a mail.

use yew::prelude::*;

use crate::{
    api::ApiError,
    forms::{EMAIL, FieldSpec, NEW_PASSWORD},
    membership::Tone,
    navigation::Link,
    route::{Afterwards, Route},
    session::{use_client, use_session},
    ui::{
        action::{Done, use_action},
        button::{Button, action_error},
        form::Form,
        notice::pill,
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

/// Chooses a new password.
#[component]
pub(crate) fn ResetPassword(props: &TokenProps) -> Html {
    let client = use_client();
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
    let dead = reset.error.as_ref().is_some_and(ApiError::is_dead_link);
    let Some(token) = props.token.clone().filter(|_| !dead) else {
        return dead_link("choose a new password");
    };
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
    let done = use_state_eq(|| false);
    let verify = use_action();
    if *done {
        let (to, words) = if signed_in {
            (Route::Account, "Go to your account")
        } else {
            (Route::LogIn(Afterwards::default()), "Log in")
        };
        return card(html! {
            <div role="status" class="stack">
                { pill(Tone::Good, "Confirmed") }
                <h1 class="h3">{ "Your address is confirmed." }</h1>
                <p class="soft">{ "What we have to tell you about your account reaches you from now on." }</p>
                <Link {to} class="btn">{ words }</Link>
            </div>
        });
    }
    let dead = verify.error.as_ref().is_some_and(ApiError::is_dead_link);
    let Some(token) = props.token.clone().filter(|_| !dead) else {
        return dead_link("confirm your address");
    };
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

/// A link that was used, is too old or is not whole.
fn dead_link(purpose: &'static str) -> Html {
    card(html! {
        <div role="status" class="stack">
            { pill(Tone::Warn, "Link used up") }
            <h1 class="h3">{ "This link does not work any more." }</h1>
            <p class="soft">{ format!("Each link to {purpose} works once and for a short time. Ask for a new one.") }</p>
            <div class="actions">
                if purpose.starts_with("choose") {
                    <Link to={Route::ForgotPassword} class="btn">{ "Ask for a new link" }</Link>
                } else {
                    <Link to={Route::Account} class="btn">{ "Go to your account" }</Link>
                }
            </div>
        </div>
    })
}

fn card(content: Html) -> Html {
    html! { <div class="page"><div class="card entry">{ content }</div></div> }
}
