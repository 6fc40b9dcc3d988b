//! The way in: register and log in, and with a plan chosen straight on to pay for it.

use shared::account::Credentials;
use yew::prelude::*;

use crate::{
    api::{ApiError, account::Registered},
    format,
    forms::{EMAIL, FieldSpec, NEW_PASSWORD, PASSWORD},
    navigation::{Link, use_navigator},
    offer,
    plan_list::{PlanList, use_plan_list},
    route::{Afterwards, Choice, Route},
    session::{Client, use_client, use_session},
    ui::{
        action::{Done, use_action},
        button::{Button, action_error},
        form::Form,
        placeholder::skeleton,
    },
};

const REGISTER: &[FieldSpec] = &[EMAIL, NEW_PASSWORD];
const LOG_IN: &[FieldSpec] = &[EMAIL, PASSWORD];

/// Which way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntryKind {
    /// A new account.
    Register,
    /// An account that exists.
    LogIn,
}

#[derive(Properties, PartialEq)]
pub(crate) struct EntryProps {
    pub(crate) kind: EntryKind,
    /// What follows.
    pub(crate) afterwards: Afterwards,
}

/// The page. Somebody who is signed in already goes straight on, or to payment at the press of a button.
#[component]
pub(crate) fn Entry(props: &EntryProps) -> Html {
    let EntryProps { kind, afterwards } = props;
    let client = use_client();
    let navigator = use_navigator();
    let plans = use_plan_list();
    let session = use_session();
    let check_email = use_state_eq(|| false);
    let action = use_action();
    let account = session.account().filter(|_| !action.busy);
    use_effect_with((account.is_some(), afterwards.clone()), move |(signed_in, afterwards)| {
        if *signed_in && afterwards.choice.is_none() {
            let next = afterwards.next.as_deref().map_or(Route::Episodes, Route::parse_href);
            navigator.replace(next);
        }
    });

    if let Some(account) = account {
        let Some(choice) = afterwards.choice.clone() else { return Html::default() };
        let sentence = what_will_be_paid(&plans, &choice);
        let onclick = {
            let (client, runner) = (client.clone(), action.runner.clone());
            move |()| runner.run(go_to_payment(client.clone(), choice.clone()))
        };
        return almost_there(&account.email, sentence, action.error.as_ref(), onclick);
    }
    if *check_email {
        return check_your_email();
    }
    let onsubmit = {
        let (kind, choice, runner) = (*kind, afterwards.choice.clone(), action.runner.clone());
        let check_email = check_email.setter();
        move |values: Vec<String>| {
            let [email, password] =
                [0, 1].map(|index| values.get(index).cloned().unwrap_or_default());
            let credentials = Credentials { email: email.trim().to_owned(), password };
            let (client, choice, check_email) =
                (client.clone(), choice.clone(), check_email.clone());
            runner.run(async move {
                let entered = match kind {
                    EntryKind::Register => client.register(credentials).await?,
                    EntryKind::LogIn => {
                        client.log_in(credentials).await.map(|()| Registered::SignedIn)?
                    }
                };
                match (entered, choice) {
                    (Registered::SignedIn, Some(choice)) => {
                        return go_to_payment(client, choice).await;
                    }
                    (Registered::SignedIn, None) => {}
                    (Registered::CheckEmail, _) => check_email.set(true),
                }
                Ok(Done::Stay)
            });
        }
    };
    let (heading, fields, button) = match kind {
        EntryKind::Register if afterwards.choice.is_some() => {
            ("Create your account", REGISTER, "Continue to payment")
        }
        EntryKind::Register => ("Create your account", REGISTER, "Create account"),
        EntryKind::LogIn => ("Log in", LOG_IN, "Log in"),
    };
    let sentence = match &afterwards.choice {
        Some(choice) => Some(what_will_be_paid(&plans, choice)),
        None if *kind == EntryKind::Register => {
            Some(html! { "Free episodes are open at once, without a card. A plan opens the rest." })
        }
        None => None,
    };
    card(html! {
        <>
            <h1 class="h3">{ heading }</h1>
            if let Some(sentence) = sentence { <div class="soft">{ sentence }</div> }
            <Form key={button} {fields} {button} busy={action.busy} error={action.error.clone()} {onsubmit} />
            <p class="soft small">{ other_way(*kind, afterwards) }</p>
        </>
    })
}

async fn go_to_payment(client: Client, choice: Choice) -> Result<Done, ApiError> {
    client.way_to_plan(choice).await.map(Done::Leave)
}

/// For who is signed in and chose a plan.
fn almost_there(
    email: &str,
    sentence: Html,
    error: Option<&ApiError>,
    onclick: impl Fn(()) + 'static,
) -> Html {
    card(html! {
        <>
            <h1 class="h3">{ "Almost there" }</h1>
            <p class="soft">{ format!("You are signed in as {email}.") }</p>
            <div class="soft">{ sentence }</div>
            { action_error(error) }
            <Button class="wide" {onclick}>{ "Continue to payment" }</Button>
        </>
    })
}

fn check_your_email() -> Html {
    card(html! {
        <div role="status" class="stack">
            <h1 class="h3">{ "Check your e-mail" }</h1>
            <p class="soft">{ "We sent you a message with the next step." }</p>
        </div>
    })
}

/// For who came in at the wrong door.
fn other_way(kind: EntryKind, afterwards: &Afterwards) -> Html {
    match kind {
        EntryKind::Register => html! {
            <>
                { "By joining you accept the " }<Link to={Route::Terms}>{ "terms" }</Link>{ ". Have an account? " }
                <Link to={Route::LogIn(afterwards.clone())}>{ "Log in instead" }</Link>{ "." }
            </>
        },
        EntryKind::LogIn => html! {
            <>
                <Link to={Route::ForgotPassword}>{ "Forgot your password?" }</Link>{ " " }
                { "New here? " }
                <Link to={Route::Register(afterwards.clone())}>{ "Create an account" }</Link>{ "." }
            </>
        },
    }
}

fn card(content: Html) -> Html {
    html! { <div class="page"><div class="card entry">{ content }</div></div> }
}

fn what_will_be_paid(plans: &PlanList, choice: &Choice) -> Html {
    if plans.resource.ready().is_none() {
        return skeleton(1, "");
    }
    let plan = offer::find(plans.plans(), &choice.plan);
    match plan.and_then(|plan| Some((plan, offer::price_of(plan, choice.interval)?))) {
        Some((plan, price)) => {
            let money = format::price(&offer::money_of(price));
            let per = format::per(choice.interval);
            html! { { format!("Then pay for {}, {money} {per}, on the next page.", plan.name) } }
        }
        None => html! {
            <>{ "The plan you chose is not on offer any more. " }<Link to={Route::Pricing}>{ "See the plans" }</Link></>
        },
    }
}
