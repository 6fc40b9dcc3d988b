//! E-mail and password: the form of register and log in.

use shared::account::Credentials;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

use crate::{
    api::ApiError,
    forms::AccountErrors,
    pages::entry::EntryKind,
    ui::{button::Button, field::Field},
};

#[derive(Properties, PartialEq)]
pub(crate) struct AccountFormProps {
    pub(crate) kind: EntryKind,
    /// The button's words.
    pub(crate) button: AttrValue,
    pub(crate) busy: bool,
    /// The API's refusal of what was sent last.
    pub(crate) error: Option<ApiError>,
    pub(crate) onsubmit: Callback<Credentials>,
}

/// The form. What is wrong stands beside its field, and the focus goes there.
#[component]
pub(crate) fn AccountForm(props: &AccountFormProps) -> Html {
    let email = use_state_eq(String::new);
    let password = use_state_eq(String::new);
    let errors = use_state_eq(AccountErrors::default);
    let form = use_node_ref();
    use_effect_with(props.error.clone(), {
        let errors = errors.setter();
        move |error| {
            if let Some(error) = error {
                errors.set(AccountErrors::from_api(error));
            }
        }
    });
    use_effect_with((*errors).clone(), {
        let form = form.clone();
        move |errors| {
            if errors.email.is_some() || errors.password.is_some() {
                focus_first_invalid(&form);
            }
        }
    });
    let onsubmit = {
        let (email, password, errors) = (email.clone(), password.clone(), errors.clone());
        let (kind, busy, onsubmit) = (props.kind, props.busy, props.onsubmit.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            if busy {
                return;
            }
            let found = match kind {
                EntryKind::Register => AccountErrors::of_new(&email, &password),
                EntryKind::LogIn => AccountErrors::of_log_in(&email, &password),
            };
            if found.is_empty() {
                onsubmit.emit(Credentials {
                    email: email.trim().to_owned(),
                    password: (*password).clone(),
                });
            }
            errors.set(found);
        }
    };
    let set_email = {
        let (email, errors) = (email.setter(), errors.clone());
        move |value| {
            email.set(value);
            errors.set(AccountErrors { email: None, ..(*errors).clone() });
        }
    };
    let set_password = {
        let (password, errors) = (password.setter(), errors.clone());
        move |value| {
            password.set(value);
            errors.set(AccountErrors { password: None, ..(*errors).clone() });
        }
    };
    let (password_autocomplete, hint) = match props.kind {
        EntryKind::Register => ("new-password", Some("At least 12 characters.")),
        EntryKind::LogIn => ("current-password", None),
    };
    html! {
        <form class="stack" ref={form} {onsubmit} novalidate=true>
            <Field id="email" label="E-mail" kind="email" autocomplete="username" value={(*email).clone()}
                oninput={set_email} error={errors.email.clone().map(AttrValue::from)} />
            <Field id="password" label="Password" kind="password" autocomplete={password_autocomplete}
                value={(*password).clone()} oninput={set_password} {hint}
                error={errors.password.clone().map(AttrValue::from)} />
            <div role="alert" class="action-error">
                if let Some(message) = &errors.form { <p class="msg">{ message }</p> }
            </div>
            <Button submit=true busy={props.busy} class="wide">{ &props.button }</Button>
        </form>
    }
}

fn focus_first_invalid(form: &NodeRef) {
    let invalid = form
        .cast::<web_sys::Element>()
        .and_then(|form| form.query_selector("[aria-invalid=true]").ok()?)
        .and_then(|element| element.dyn_into::<HtmlElement>().ok());
    if let Some(element) = invalid {
        // An element of this form, in the page: focusing it cannot fail.
        drop(element.focus());
    }
}
