//! E-mail, password, and leaving for good.

use std::rc::Rc;

use shared::account::Account;
use yew::prelude::*;

use crate::{
    forms::{CURRENT_PASSWORD, EMAIL, FieldSpec, NEW_PASSWORD},
    membership::{self, Tone},
    session::use_client,
    ui::{
        action::{Done, use_action},
        button::{Button, action_error},
        dialog::Dialog,
        form::Form,
        notice::pill,
    },
};

const NEW_EMAIL: &[FieldSpec] =
    &[FieldSpec { label: "New e-mail", autocomplete: "email", ..EMAIL }, CURRENT_PASSWORD];
const PASSWORDS: &[FieldSpec] =
    &[CURRENT_PASSWORD, FieldSpec { label: "New password", ..NEW_PASSWORD }];
const PROOF: &[FieldSpec] = &[CURRENT_PASSWORD];

/// What is being changed.
#[derive(Clone, Copy, PartialEq)]
enum Asked {
    Email,
    Password,
    Leave,
}

#[derive(Properties, PartialEq)]
pub(super) struct SecurityProps {
    pub(super) account: Rc<Account>,
}

/// The card of the account itself.
#[component]
pub(super) fn Security(props: &SecurityProps) -> Html {
    let account = &props.account;
    let client = use_client();
    let asked = use_state_eq(|| None::<Asked>);
    let said = use_state_eq(|| None::<String>);
    let resend = use_action();
    let ask = |what: Asked, class: &'static str, words: &'static str| {
        let (asked, said) = (asked.setter(), said.setter());
        let onclick = move |()| {
            said.set(None);
            asked.set(Some(what));
        };
        html! { <Button {class} {onclick}>{ words }</Button> }
    };
    let onresend = {
        let (runner, said) = (resend.runner, said.setter());
        move |()| {
            let (client, said) = (client.clone(), said.clone());
            runner.run(async move {
                client.resend_verification().await?;
                said.set(Some("The mail is on its way.".to_owned()));
                Ok(Done::Stay)
            });
        }
    };
    let waiting = account.pending_email.as_ref();
    let onclose = {
        let asked = asked.setter();
        move |()| asked.set(None)
    };
    let ondone = {
        let (asked, said) = (asked.setter(), said.setter());
        move |words: String| {
            asked.set(None);
            said.set(Some(words));
        }
    };
    html! {
        <div class="card roomy">
            <h2 class="h3">{ "E-mail and password" }</h2>
            <dl class="kv">
                <dt>{ "E-mail" }</dt><dd>{ &account.email }</dd>
                <dt>{ "Confirmed" }</dt>
                <dd>
                    if account.email_verified { { pill(Tone::Good, "Yes") } } else { { pill(Tone::Warn, "Not yet") } }
                </dd>
                if let Some(email) = waiting { <dt>{ "Changes to" }</dt><dd>{ email }</dd> }
            </dl>
            if waiting.is_some() {
                <p class="soft small">{ "The change waits until you open the link that we mailed to the new address." }</p>
            }
            <p class="soft small" role="status">{ (*said).clone() }</p>
            { action_error(resend.error.as_ref()) }
            <div class="actions">
                if !account.email_verified || waiting.is_some() {
                    <Button class="quiet" busy={resend.busy} onclick={onresend}>{ "Mail me the link again" }</Button>
                }
                { ask(Asked::Email, "quiet", "Change e-mail") }
                { ask(Asked::Password, "quiet", "Change password") }
                { ask(Asked::Leave, "quiet danger", "Delete account") }
            </div>
            if let Some(what) = *asked {
                <Ask key={what as u8} {what} account={account.clone()} {onclose} {ondone} />
            }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct AskProps {
    what: Asked,
    account: Rc<Account>,
    onclose: Callback<()>,
    /// Gets what to say about it.
    ondone: Callback<String>,
}

/// The dialog that changes one thing, with the password as proof.
#[component]
fn Ask(props: &AskProps) -> Html {
    let AskProps { what, account, onclose, ondone } = props;
    let client = use_client();
    let action = use_action();
    let (title, text, fields, button) = match what {
        Asked::Email => (
            "Change your e-mail",
            "We mail a link to the new address. You log in with the old one until you open it.",
            NEW_EMAIL,
            "Change e-mail",
        ),
        Asked::Password => (
            "Change your password",
            "Your other sessions end; this one stays.",
            PASSWORDS,
            "Change password",
        ),
        Asked::Leave => (
            "Delete your account?",
            if membership::is_live(&account.subscription_status) {
                "Your plan is cancelled at once, what is left of the paid period is not refunded, and your data is \
                 erased. This cannot be undone."
            } else {
                "Your data is erased and your private feed stops working. This cannot be undone."
            },
            PROOF,
            "Delete my account",
        ),
    };
    let onsubmit = {
        let (what, runner, ondone) = (*what, action.runner, ondone.clone());
        move |values: Vec<String>| {
            let (client, ondone) = (client.clone(), ondone.clone());
            runner.run(async move {
                let [first, second] =
                    [0, 1].map(|index| values.get(index).map_or("", String::as_str));
                let words = match what {
                    Asked::Email => {
                        client.change_account(Some(first.trim()), None, second).await?;
                        format!("We mailed a link to {}.", first.trim())
                    }
                    Asked::Password => {
                        client.change_account(None, Some(second), first).await?;
                        "Your password is changed.".to_owned()
                    }
                    Asked::Leave => {
                        client.delete_account(first).await?;
                        String::new()
                    }
                };
                ondone.emit(words);
                Ok(Done::Stay)
            });
        }
    };
    let danger = (*what == Asked::Leave).then_some("danger");
    html! {
        <Dialog {title} onclose={onclose.clone()}>
            <p class="soft">{ text }</p>
            <Form {fields} {button} button_class={classes!("wide", danger)} busy={action.busy} error={action.error} {onsubmit} />
            <Button class="quiet wide" onclick={onclose.clone()}>{ "Keep it as it is" }</Button>
        </Dialog>
    }
}
