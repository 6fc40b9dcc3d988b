//! Back from Checkout: waits until the plan is open, without a reload.

use std::rc::Rc;

use gloo_timers::callback::Timeout;
use shared::{account::Account, billing::CheckoutResult, plans::Plan};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::{
    api::ApiError,
    checkout::{Outcome, outcome},
    membership::Tone,
    navigation::Link,
    offer,
    plan_list::use_plan_list,
    route::Route,
    session::use_client,
    ui::{button::Button, notice::pill},
};

/// Webhooks usually arrive within a second or two.
const PATIENCE_MS: u32 = 20_000;

#[derive(Properties, PartialEq)]
pub(crate) struct CheckoutReturnProps {
    pub(crate) account: Rc<Account>,
    /// From the address; absent when somebody typed it.
    pub(crate) session_id: Option<String>,
}

/// The page Checkout sends a listener to who paid.
#[component]
pub(crate) fn CheckoutReturn(props: &CheckoutReturnProps) -> Html {
    let plans = use_plan_list();
    let client = use_client();
    let answer = use_state_eq(|| None::<Result<CheckoutResult, ApiError>>);
    let patient = use_state_eq(|| true);
    let attempt = use_state_eq(|| 0_u32);
    use_effect_with((props.session_id.clone(), *attempt), {
        let answer = answer.setter();
        move |(session_id, _)| {
            let session_id = session_id.clone();
            spawn_local(async move {
                let result = match session_id {
                    Some(id) => client.checkout_result(&id).await,
                    None => {
                        Err(ApiError { code: "not_found".to_owned(), ..ApiError::unreachable(404) })
                    }
                };
                answer.set(Some(result));
            });
        }
    });
    use_effect_with(*attempt, {
        let patient = patient.setter();
        move |_| {
            patient.set(true);
            let timeout = Timeout::new(PATIENCE_MS, move || patient.set(false));
            move || drop(timeout)
        }
    });
    let again = use_callback(attempt, |(), attempt| attempt.set(**attempt + 1));
    let outcome = outcome(answer.as_ref(), &props.account, *patient);
    let busy = (outcome == Outcome::Waiting).then_some("true");
    html! {
        <div class="page"><div class="card entry" role="status" aria-busy={busy}>
            { words(outcome, &props.account, plans.plans(), &again) }
        </div></div>
    }
}

fn words(outcome: Outcome, account: &Account, plans: &[Plan], again: &Callback<()>) -> Html {
    let say = |state: (Tone, &'static str), title: &'static str, text: String, way_on: Html| {
        html! {
            <>
                { pill(state.0, state.1) }
                <h1 class="h2">{ title }</h1>
                <p class="soft">{ text }</p>
                { way_on }
            </>
        }
    };
    let to_plans = || html! { <Link to={Route::Pricing} class="btn">{ "See the plans" }</Link> };
    let to_account =
        || html! { <Link to={Route::Account} class="btn quiet">{ "Go to your account" }</Link> };
    match outcome {
        Outcome::Waiting => say(
            (Tone::Calm, "Working"),
            "Confirming your payment",
            "This takes a moment. The page goes on by itself.".to_owned(),
            html! { <span class="spinner" aria-hidden="true" /> },
        ),
        Outcome::Active => {
            let plan = account.plan.as_deref().map(|id| offer::name_of(plans, id));
            let plan = plan.as_deref().unwrap_or("Your plan");
            say(
                (Tone::Good, "Paid"),
                "You are in.",
                format!("{plan} is active. The invoice is on your account page."),
                html! { <Link to={Route::Episodes} class="btn">{ "Start listening" }</Link> },
            )
        }
        Outcome::Processing => say(
            (Tone::Warn, "Processing"),
            "Your bank is still working on it.",
            "Some payments take a while, those from a bank account a few days. You can close this page: \
             your plan opens as soon as yours is through."
                .to_owned(),
            to_account(),
        ),
        Outcome::Failed => say(
            (Tone::Warn, "Not paid"),
            "Your payment did not go through.",
            "Your bank refused it. On your account page you can pay another way.".to_owned(),
            html! { <Link to={Route::Account} class="btn">{ "Go to your account" }</Link> },
        ),
        Outcome::NotPaid => say(
            (Tone::Warn, "Not paid"),
            "You have not paid yet.",
            "Nothing was charged. Choose a plan to try again.".to_owned(),
            to_plans(),
        ),
        Outcome::Expired => say(
            (Tone::Warn, "Expired"),
            "This payment page has expired.",
            "Nothing was charged. Choose a plan to start over.".to_owned(),
            to_plans(),
        ),
        Outcome::Unknown => say(
            (Tone::Warn, "Unknown"),
            "We do not know this payment.",
            "The address is incomplete, or the payment belongs to another account.".to_owned(),
            to_account(),
        ),
        Outcome::Unreachable => say(
            (Tone::Warn, "No answer"),
            "We cannot check your payment right now.",
            "If you paid, your plan opens by itself; nothing is lost.".to_owned(),
            html! { <Button onclick={again.clone()}>{ "Try again" }</Button> },
        ),
    }
}
